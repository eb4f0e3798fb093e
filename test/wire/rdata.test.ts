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
  isMetaType,
  parseRdata,
  parseType,
  validateRdata,
} from '../../src/wire/rdata.ts';

function hex(bytes: Uint8Array | Malformed): string {
  return bytes instanceof Malformed ? `refused: ${bytes.reason}` : Buffer.from(bytes).toString('hex');
}

const bytesOf = (min: number, max = min): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: min, maxLength: max });
const concat = (...parts: fc.Arbitrary<Uint8Array>[]): fc.Arbitrary<Uint8Array> =>
  fc.tuple(...parts).map((all) => new Uint8Array(Buffer.concat(all)));
const name = fc
  .array(bytesOf(1, 20), { maxLength: 6 })
  .map((labels) => Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0]));
const strings = fc
  .array(bytesOf(0, 255), { minLength: 1, maxLength: 5 })
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [part.length, ...part])));

/** Valid RDATA of each type that has a form of its own. */
const rdataOf: Readonly<Record<string, fc.Arbitrary<Uint8Array>>> = {
  A: bytesOf(4),
  AAAA: bytesOf(16),
  NS: name,
  CNAME: name,
  PTR: name,
  SOA: concat(name, name, bytesOf(20)),
  MX: concat(bytesOf(2), name),
  TXT: strings,
  SRV: concat(bytesOf(6), name),
};

for (const [mnemonic, rdata] of Object.entries(rdataOf)) {
  const type = TYPE[mnemonic as keyof typeof TYPE];
  t.test(`${mnemonic}: any valid RDATA survives the way to text and back, in both forms`, async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(rdata, (bytes) => {
          assert.equal(validateRdata(type, bytes), undefined);
          const text = formatRdata(type, bytes);
          assert.doesNotMatch(text, /^\\#/, 'in the form of its own');
          assert.match(text, /^[\x20-\x7e]*$/);
          assert.equal(hex(parseRdata(type, text)), Buffer.from(bytes).toString('hex'));
          const generic = `\\# ${bytes.length} ${Buffer.from(bytes).toString('hex')}`;
          assert.equal(hex(parseRdata(type, generic)), Buffer.from(bytes).toString('hex'));
        }),
      ),
    );
  });

  t.test(`${mnemonic}: RDATA that is cut short or too long is refused, and still has a text`, async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(rdata, fc.nat(), (bytes, cut) => {
          const short = bytes.subarray(0, cut % bytes.length);
          // A TXT cut between its strings is a shorter TXT.
          if (type !== TYPE.TXT) assert.ok(validateRdata(type, short) instanceof Malformed);
          assert.equal(formatRdata(type, Uint8Array.of()), '\\# 0');
          const long = Uint8Array.from([...bytes, 1]);
          assert.match(validateRdata(type, long)?.reason ?? '', new RegExp(`RDATA of ${mnemonic}`));
          assert.equal(formatRdata(type, long), `\\# ${long.length} ${Buffer.from(long).toString('hex')}`);
        }),
      ),
    );
  });
}

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
    [TYPE.TXT, '"line\nend"', '086c696e650a656e64', '"line\\010end"'],
    [TYPE.TXT, '\\# 2 0141', '0141', '"A"'],
    [TYPE.TXT, '"\\# 2 0141"', '0823' + '2032' + '2030' + '313431', '"# 2 0141"'],
    [TYPE.A, '\\# 4 C0 00 0201', 'c0000201', '192.0.2.1'],
    [TYPE.CAA, '\\# 3 0aBc01', '0abc01', '\\# 3 0abc01'],
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
    [TYPE.TXT, '"abc', /no closing quote/],
    [TYPE.TXT, '"abc\\"', /no closing quote/],
    [TYPE.TXT, '"a""b"', /separated by spaces/],
    [TYPE.TXT, 'a"b"', /separated by spaces/],
    [TYPE.TXT, 'a\nb', /line end or control character/],
    [TYPE.TXT, `"${'x'.repeat(256)}"`, /at most 255 bytes.*has 256.*several quoted strings/],
    [TYPE.TXT, '"\\300"', /at most \\255/],
    [TYPE.TXT, 'a\\', /backslash must be followed/],
    [TYPE.TXT, '\ud800', /not well-formed Unicode/],
    [TYPE.TXT, Array(257).fill('x'.repeat(255)).join(' '), /at most 65535 bytes, not 65792/],
    [TYPE.A, '\\# 3 010203', /RDATA of A: address needs 4 bytes, 3 are left/],
    [TYPE.A, '\\# 5 0102030405', /RDATA of A: 1 bytes too many/],
    [TYPE.NS, '\\# 2 c00c', /name server is not an uncompressed name/],
    [TYPE.TXT, '\\# 0', /text needs at least one string/],
    [TYPE.TXT, '\\# 2 0541', /runs past the end/],
    [TYPE.CAA, '\\#', /followed by a length in bytes, not ""/],
    [TYPE.CAA, '\\# x 00', /length in bytes, not "x"/],
    [TYPE.CAA, '\\# 2 00', /announces 2 bytes, 1 are given/],
    [TYPE.CAA, '\\# 1 0', /pairs of hex digits/],
    [TYPE.CAA, '\\# 1 0g', /pairs of hex digits, not "0g"/],
    [TYPE.CAA, '0 issue "ca.example"', /CAA is written in the generic form/],
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
      { numRuns: 2000 },
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
  const offsets = (type: number, text: string): number[] =>
    compressibleNames(type, parseRdata(type, text) as Uint8Array);
  t.same(offsets(TYPE.NS, 'a.'), [0]);
  t.same(offsets(TYPE.CNAME, 'a.'), [0]);
  t.same(offsets(TYPE.PTR, 'a.'), [0]);
  t.same(offsets(TYPE.MX, '10 a.'), [2]);
  t.same(offsets(TYPE.SOA, 'ns.a. h.a. 1 2 3 4 5'), [0, 6]);
  t.same(offsets(TYPE.SRV, '1 2 3 a.'), [], 'RFC 2782, RFC 3597 §4');
  t.same(offsets(TYPE.TXT, 'a.'), []);
  t.same(offsets(TYPE.A, '192.0.2.1'), []);
  t.same(offsets(TYPE.DNAME, '\\# 1 00'), []);
});
