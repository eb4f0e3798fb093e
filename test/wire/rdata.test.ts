/** RDATA: text and wire form agree for every type, bad input is refused with a reason, and only RFC 1035 names compress. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { TYPE } from '../../src/wire/constants.ts';
import { Malformed } from '../../src/wire/malformed.ts';
import {
  compressibleNames,
  formatRdata,
  formatType,
  hostNames,
  isMetaType,
  parseRdata,
  parseType,
  validateRdata,
} from '../../src/wire/rdata.ts';
import { genericTypes, opaqueOf, rdataOf } from '../fixtures/rdata.ts';
import { runs } from '../fixtures/runs.ts';

function hex(bytes: Uint8Array | Malformed): string {
  return bytes instanceof Malformed ? `refused: ${bytes.reason}` : Buffer.from(bytes).toString('hex');
}

for (const [mnemonic, rdata] of Object.entries(rdataOf)) {
  const type = TYPE[mnemonic as keyof typeof TYPE];
  t.test(`${mnemonic}: any valid RDATA survives the way to text and back, in both forms`, async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(rdata, (bytes) => {
          assert.equal(validateRdata(type, bytes)?.reason, undefined);
          const text = formatRdata(type, bytes);
          if (!genericTypes.includes(mnemonic)) assert.doesNotMatch(text, /^\\#/, 'in the form of its own');
          assert.match(text, /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
          assert.equal(hex(parseRdata(type, text)), Buffer.from(bytes).toString('hex'));
          const generic = `\\# ${bytes.length} ${Buffer.from(bytes).toString('hex')}`;
          assert.equal(hex(parseRdata(type, generic)), Buffer.from(bytes).toString('hex'));
        }),
        { numRuns: runs(100) },
      ),
    );
  });

  t.test(`${mnemonic}: damaged RDATA is refused, or is other RDATA that survives as well`, async (t) => {
    const damage = fc.tuple(rdata, fc.nat(), fc.nat(255), fc.constantFrom('cut', 'grow', 'change'));
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(damage, ([bytes, at, byte, kind]) => {
          const damaged = damagedBytes(bytes, at % bytes.length, byte, kind);
          const text = formatRdata(type, damaged);
          const refused = validateRdata(type, damaged);
          if (refused) {
            assert.match(refused.reason, new RegExp(`RDATA of ${mnemonic}: `));
            assert.match(text, /^\\# \d/, 'bytes that are not valid still have a text');
          } else {
            assert.equal(hex(parseRdata(type, text)), Buffer.from(damaged).toString('hex'));
          }
        }),
        { numRuns: runs(300) },
      ),
    );
  });
}

for (const [mnemonic, rdata] of Object.entries(opaqueOf)) {
  const type = TYPE[mnemonic as keyof typeof TYPE];
  t.test(`${mnemonic}: what its own form cannot say survives in the generic one`, async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(rdata, (bytes) => {
          assert.equal(validateRdata(type, bytes)?.reason, undefined);
          const text = formatRdata(type, bytes);
          assert.match(text, /^\\# \d/);
          assert.equal(hex(parseRdata(type, text)), Buffer.from(bytes).toString('hex'));
        }),
        { numRuns: runs(100) },
      ),
    );
  });
}

function damagedBytes(bytes: Uint8Array, at: number, byte: number, kind: string): Uint8Array {
  if (kind === 'cut') return bytes.subarray(0, at);
  if (kind === 'grow') return Uint8Array.from([...bytes, byte]);
  return bytes.with(at, byte);
}

t.test('SVCB: the key 65535 is no key (RFC 9460 §14.3.2), in text and on the wire', async () => {
  const rdata = Uint8Array.of(0, 1, 0, 255, 255, 0, 0);
  assert.match(validateRdata(TYPE.SVCB, rdata)?.reason ?? '', /65535/);
  assert.equal(formatRdata(TYPE.SVCB, rdata), '\\# 7 000100ffff0000');
  assert.ok(parseRdata(TYPE.SVCB, '1 . key65535') instanceof Malformed);
});

t.test('RDATA that is cut short or too long is refused where the type fixes its length', async () => {
  for (const mnemonic of ['A', 'AAAA', 'NS', 'MX', 'SOA', 'SRV', 'NAPTR', 'HINFO', 'LOC', 'EUI48', 'EUI64'] as const) {
    fc.assert(
      fc.property(rdataOf[mnemonic], fc.nat(), (bytes, cut) => {
        const short = validateRdata(TYPE[mnemonic], bytes.subarray(0, cut % bytes.length));
        assert.ok(short instanceof Malformed);
        const long = validateRdata(TYPE[mnemonic], Uint8Array.from([...bytes, 1]));
        assert.match(long?.reason ?? '', /1 bytes too many/);
      }),
      { numRuns: runs(100) },
    );
  }
});

t.test('every type with a mnemonic has a form of its own, but those that are never stored', async (t) => {
  for (const [mnemonic, code] of Object.entries(TYPE)) {
    t.equal(Object.hasOwn(rdataOf, mnemonic), !isMetaType(code) || code === TYPE.SPF, mnemonic);
  }
});

t.test('known texts and their bytes', async (t) => {
  const table: [number, string, string, string?][] = [
    [TYPE.A, '192.0.2.1', 'c0000201'],
    [TYPE.A, '  192.0.2.1\t', 'c0000201', '192.0.2.1'],
    [TYPE.AAAA, '2001:DB8::1', '20010db8000000000000000000000001', '2001:db8::1'],
    [TYPE.NS, 'ns1.a', '036e7331016100', 'ns1.a.'],
    [TYPE.CNAME, '.', '00'],
    [TYPE.PTR, 'A.b.', '0141016200'],
    [TYPE.MX, '10 mail.a.', '000a046d61696c016100'],
    [TYPE.MX, '0 .', '000000'],
    [TYPE.MX, '65535   a', 'ffff016100', '65535 a.'],
    [TYPE.SRV, '1 2 443 a.', '0001000201bb016100'],
    [TYPE.SOA, 'n. h. 1 2 3 4 4294967295', '016e000168000000000100000002000000030000000' + '4ffffffff'],
    [TYPE.TXT, '"a b" c ""', '036120620163' + '00', '"a b" "c" ""'],
    [TYPE.TXT, '"v=DKIM1; k=rsa"', '0e763d444b494d313b206b3d727361'],
    [TYPE.TXT, 'a\\;b\\"\\\\\\065', '06613b62225c41', '"a;b\\"\\\\A"'],
    [TYPE.TXT, '"\\000\\255 ( ; )"', '0800ff2028203b2029'],
    [TYPE.TXT, '"é"', '02c3a9', '"\\195\\169"'],
    [TYPE.TXT, '"a""b"c', '016101620163', '"a" "b" "c"'],
    [TYPE.TXT, '\\# 2 0141', '0141', '"A"'],
    [TYPE.TXT, '"\\# 2 0141"', '0823' + '2032' + '2030' + '313431', '"# 2 0141"'],
    [TYPE.A, '\\# 4 C0 00 0201', 'c0000201', '192.0.2.1'],
    [65281, '\\# 3 0aBc01', '0abc01', '\\# 3 0abc01'],
    [65280, '\\# 0', '', '\\# 0'],
  ];
  for (const [type, text, expected, canonical = text] of table) {
    const bytes = parseRdata(type, text);
    t.equal(hex(bytes), expected, text);
    t.equal(formatRdata(type, bytes as Uint8Array), canonical);
  }
});

t.test('bad text is refused with a reason that says what was expected', async (t) => {
  const table: [number, string, RegExp][] = [
    [TYPE.A, '', /<address>, too few words were given \(0\)/],
    [TYPE.A, '192.0.2.1 192.0.2.2', /too many words were given \(2\)/],
    [TYPE.A, '192.0.2.256', /IPv4 address such as 192\.0\.2\.1 was expected, not "192\.0\.2\.256"/],
    [TYPE.A, '2001:db8::1', /IPv4 address/],
    [TYPE.AAAA, '192.0.2.1', /IPv6 address such as/],
    [TYPE.NS, 'a..b', /name server: a label cannot be empty/],
    [TYPE.NS, '"a.b"', /name server must be a name without quotes/],
    [TYPE.CNAME, '@', /origin in full/],
    [TYPE.CNAME, '""', /target must be a name without quotes/],
    [TYPE.MX, 'mail.a.', /<preference> <exchange>, too few words were given \(1\)/],
    [TYPE.MX, 'mail.a. 10', /preference must be an integer from 0 to 65535, not "mail\.a\."/],
    [TYPE.MX, '65536 a.', /0 to 65535, not "65536"/],
    [TYPE.MX, '-1 a.', /0 to 65535/],
    [TYPE.MX, '1.5 a.', /0 to 65535/],
    [TYPE.MX, '0x1 a.', /0 to 65535/],
    [TYPE.MX, '"10" a.', /0 to 65535/],
    [TYPE.SRV, '1 2 99999 a.', /port must be an integer/],
    [TYPE.SOA, 'n. h. 4294967296 2 3 4 5', /serial must be an integer from 0 to 4294967295/],
    [TYPE.SOA, 'n. me@a. 1 2 3 4 5', /mailbox: "@".*mailbox with a dot/],
    [TYPE.SOA, 'n. h. ( 1 2 3 4 5 )', /a \( must be in a quoted string/],
    [TYPE.TXT, '', /<text> …, too few words were given \(0\)/],
    [TYPE.TXT, 'v=DKIM1; k=rsa', /; begins a comment.*quotes/],
    [TYPE.TXT, '"abc', /closing quote was expected: "\\"abc"/],
    [TYPE.TXT, '"abc\\"', /closing quote was expected/],
    [TYPE.TXT, 'a"b"', /quoted string begins after a space: "a\\"b/],
    [TYPE.TXT, 'a="b"', /key="value" has no meaning in TXT/],
    [TYPE.TXT, 'a\nb', /line end or control character/],
    [TYPE.TXT, 'a\x01b', /control character must be written as/],
    [TYPE.TXT, '"line\nend"', /closing quote was expected before the end of the line/],
    [TYPE.TXT, `"${'x'.repeat(256)}"`, /text: .*at most 255 bytes.*has 256.*several quoted strings/],
    [TYPE.TXT, '"\\300"', /at most \\255/],
    [TYPE.TXT, 'a\\', /backslash must be followed/],
    [TYPE.TXT, '\ud800', /not well-formed Unicode/],
    [TYPE.TXT, Array(257).fill('x'.repeat(255)).join(' '), /at most 65535 bytes, not 65792/],
    [TYPE.A, '\\# 3 010203', /RDATA of A: address needs 4 bytes, 3 are left/],
    [TYPE.A, '\\# 5 0102030405', /RDATA of A: 1 bytes too many/],
    [TYPE.NS, '\\# 2 c00c', /name server is not an uncompressed name/],
    [TYPE.TXT, '\\# 0', /text needs at least one string/],
    [TYPE.TXT, '\\# 2 0541', /runs past the end/],
    [65280, '\\#', /followed by a length in bytes up to 65535, not the end/],
    [65280, '\\# x 00', /length in bytes up to 65535, not "x"/],
    [65280, '\\# 65536 00', /length in bytes up to 65535, not "65536"/],
    [65280, '\\# 2 00', /announces 2 bytes, 1 are given/],
    [65280, '\\# 1 0', /pairs of hex digits/],
    [65280, '\\# 1 0g', /pairs of hex digits, not "0g"/],
    [65280, '\\# 1 "00"', /hex digits after .* have no quotes/],
    [65280, 'x', /TYPE65280 is written in the generic form/],
  ];
  for (const [type, text, reason] of table) {
    const result = parseRdata(type, text);
    t.ok(result instanceof Malformed, `refused: ${formatType(type)} ${JSON.stringify(text.slice(0, 30))}`);
    if (result instanceof Malformed) {
      t.match(result.reason, reason);
      t.ok(result.reason.length < 300, 'the reason stays short');
    }
  }
});

t.test('any text for any type gives valid RDATA or a reason', async (t) => {
  const words = fc.constantFrom(
    '10',
    'a.b',
    '"x y"',
    '\\#',
    '4',
    'c0000201',
    '"',
    '\\',
    ' ',
    '192.0.2.1',
    '::1',
    ';',
    '\\065',
    'é',
    '65536',
  );
  const text = fc.oneof(
    fc.array(words, { maxLength: 8 }).map((parts) => parts.join(' ')),
    fc.string({ unit: 'binary' }),
  );
  const types = fc.constantFrom(...Object.values(TYPE), 65280);
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(types, text, (type, input) => {
        const result = parseRdata(type, input);
        if (!(result instanceof Malformed)) assert.equal(validateRdata(type, result), undefined);
      }),
      { numRuns: runs(2000) },
    ),
  );
});

t.test('type names: mnemonics of any case and TYPEnnn', async (t) => {
  t.equal(parseType('a'), TYPE.A);
  t.equal(parseType('Aaaa'), TYPE.AAAA);
  t.equal(parseType('CAA'), TYPE.CAA);
  t.equal(parseType('TYPE1'), TYPE.A);
  t.equal(parseType('type65535'), 65535);
  t.equal(formatType(TYPE.HTTPS), 'HTTPS');
  t.equal(formatType(65280), 'TYPE65280');
  for (const code of [...Object.values(TYPE), 0, 999, 65535]) t.equal(parseType(formatType(code)), code);
  for (const text of ['', 'TYPE', 'TYPE65536', 'TYPE-1', 'TYPE1.5', 'B', 'toString', '1', 'A ']) {
    t.match(parseType(text), { reason: /record type such as/ }, `refused: ${JSON.stringify(text)}`);
  }
});

t.test('meta types cannot be stored', async (t) => {
  for (const code of [0, TYPE.OPT, 128, TYPE.TKEY, TYPE.TSIG, TYPE.IXFR, TYPE.AXFR, TYPE.ANY])
    t.ok(isMetaType(code), formatType(code));
  for (const code of [TYPE.A, TYPE.SPF, 127, 256, TYPE.CAA, 65280]) t.notOk(isMetaType(code), formatType(code));
});

t.test('only names of RFC 1035 types may be compressed', async (t) => {
  const offsets = (type: number, text: string): readonly number[] =>
    compressibleNames(type, parseRdata(type, text) as Uint8Array);
  t.same(offsets(TYPE.NS, 'a.'), [0]);
  t.same(offsets(TYPE.CNAME, 'a.'), [0]);
  t.same(offsets(TYPE.PTR, 'a.'), [0]);
  t.same(offsets(TYPE.MX, '10 a.'), [2]);
  t.same(offsets(TYPE.SOA, 'ns.a. h.a. 1 2 3 4 5'), [0, 6]);
  t.same(offsets(TYPE.SRV, '1 2 3 a.'), [], 'RFC 2782, RFC 3597 §4');
  t.same(offsets(TYPE.TXT, 'a.'), []);
  t.same(offsets(TYPE.A, '192.0.2.1'), []);
  t.same(offsets(TYPE.DNAME, 'a.'), [], 'RFC 6672 §2.5');
  t.same(offsets(TYPE.RP, 'a. b.'), [], 'RFC 3597 §4');
});

t.test('names of hosts whose addresses an answer may add', async (t) => {
  const offsets = (type: number, text: string): readonly number[] =>
    hostNames(type, parseRdata(type, text) as Uint8Array);
  t.same(offsets(TYPE.NS, 'a.'), [0]);
  t.same(offsets(TYPE.MX, '10 a.'), [2]);
  t.same(offsets(TYPE.SRV, '1 2 3 a.'), [6]);
  t.same(offsets(TYPE.SVCB, '1 a. port=53'), [2]);
  t.same(offsets(TYPE.HTTPS, '0 a.'), [2]);
  t.same(offsets(TYPE.CNAME, 'a.'), []);
  t.same(offsets(TYPE.SOA, 'ns.a. h.a. 1 2 3 4 5'), []);
  t.same(offsets(65280, '\\# 1 00'), []);
});

t.test('a refusal says at which byte of the text the offending piece begins', async (t) => {
  const table: [number, string, number][] = [
    [TYPE.A, '192.0.2.256', 0],
    [TYPE.MX, '10  a..b', 4],
    [TYPE.MX, '10 aü', 4],
    [TYPE.MX, 'x a.', 0],
    [TYPE.MX, '10 a. b.', 6],
    [TYPE.TXT, 'a "b', 2],
    [TYPE.TXT, 'a "b\\300"', 4],
    [TYPE.HTTPS, '1 . alpn=h2 port=x', 12],
    [TYPE.DS, '1 2 3x', 4],
    [TYPE.LOC, '1 N 2 E 3m 4x', 11],
    [65280, '\\# 2 00', 0],
  ];
  for (const [type, text, at] of table) t.equal((parseRdata(type, text) as Malformed).at, at, text);
});
