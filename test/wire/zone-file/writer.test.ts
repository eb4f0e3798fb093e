/** The zone-file writer: readable text that reads back as what was written, again and again the same. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { TYPE } from '../../../src/wire/constants.ts';
import { compareNames, formatLabels, lowerName, parseName } from '../../../src/wire/name.ts';
import { parseRdata, parseType } from '../../../src/wire/rdata.ts';
import { canonicalOrder, type WritableRRset, writeZoneFile } from '../../../src/wire/zone-file/writer.ts';
import { bytesOf, rdataOf } from '../../fixtures/rdata.ts';
import { runs } from '../../fixtures/runs.ts';
import { readRRsets } from './read.ts';

function write(zone: string, rrsets: readonly WritableRRset[], comments: readonly string[] = []): string {
  return [...writeZoneFile(zone, comments, rrsets)].join('');
}

function rrset(name: string, ttlSeconds: number, type: string, ...texts: string[]): WritableRRset {
  const code = parseType(type) as number;
  return { name, ttlSeconds, type: code, rdata: texts.map((text) => parseRdata(code, text) as Uint8Array) };
}

t.test('columns, relative owners, absolute names, a TTL on every line', async (t) => {
  const text = write('example', [
    rrset('example', 3600, 'SOA', 'ns1.example. h.example. 1 2 3 4 5'),
    rrset('example', 3600, 'NS', 'ns1.example.', 'ns.test.'),
    rrset('a.rather.long.name.in.the.zone.example', 2147483647, 'TXT', '"a b"'),
    rrset('*.example', 60, 'TYPE65280', '\\# 1 ff'),
  ]);
  t.equal(
    text,
    `$ORIGIN example.
@                       3600   IN SOA     ns1.example. h.example. 1 2 3 4 5
@                       3600   IN NS      ns1.example.
@                       3600   IN NS      ns.test.
a.rather.long.name.in.the.zone 2147483647 IN TXT     "a b"
*                       60     IN TYPE65280 \\# 1 ff
`,
  );
});

t.test('comments stay comments, whatever is in them', async (t) => {
  const text = write('example', [], ['service app.example.', '', 'x\nevil 1 A 192.0.2.1\r', 'é']);
  t.equal(text, '; service app.example.\n;\n; x?evil 1 A 192.0.2.1?\n; ?\n$ORIGIN example.\n');
});

t.test('the root as a zone', async (t) => {
  const text = write('', [rrset('', 1, 'NS', 'a.'), rrset('b', 1, 'NS', 'a.')]);
  t.match(text, /^\$ORIGIN \.\n@ .* NS +a\.\nb .* NS +a\.\n$/);
});

const labels = fc.array(
  fc.oneof(
    bytesOf(1, 8),
    fc.constantFrom('a', '@', '$x', '*', 'a.b', '\0', 'in', '60').map((text) => new Uint8Array(Buffer.from(text))),
  ),
  { maxLength: 3 },
);
const nameIn = (zone: string): fc.Arbitrary<string> =>
  labels.map((parts) => {
    const wire = [...parts.flatMap((part) => [part.length, ...part]), ...(parseName(zone) as Uint8Array)];
    return formatLabels(lowerName(Uint8Array.from(wire)));
  });
const anyRRset = (zone: string): fc.Arbitrary<WritableRRset> =>
  fc.constantFrom(...(Object.keys(rdataOf) as (keyof typeof rdataOf)[])).chain((mnemonic) =>
    fc.record<WritableRRset>(
      {
        name: nameIn(zone),
        type: fc.constant(TYPE[mnemonic]),
        ttlSeconds: fc.nat(0x7fffffff),
        rdata: fc.uniqueArray(rdataOf[mnemonic], { minLength: 1, maxLength: 3, selector: (rdata) => rdata.join() }),
      },
      { noNullPrototype: true },
    ),
  );

for (const zone of ['example', 'sub\\.zone.example', '']) {
  t.test(`what is written into ${zone || 'the root'} is read back, and written again the same`, async (t) => {
    const rrsets = fc.uniqueArray(anyRRset(zone), { maxLength: 6, selector: ({ name, type }) => `${name}/${type}` });
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(rrsets, (written) => {
          const text = write(zone, written);
          const back = readRRsets(text, zone);
          assert.deepEqual(back, written);
          assert.equal(write(zone, back), text);
        }),
        { numRuns: runs(300) },
      ),
    );
  });
}

t.test('the order is canonical, RFC 4034 §6.1, the zone first, SOA and NS before other types', async (t) => {
  const one = (name: string, type = 'TXT'): WritableRRset => ({
    name,
    type: parseType(type) as number,
    ttlSeconds: 1,
    rdata: [],
  });
  const sorted = canonicalOrder([
    one('z.a.example'),
    one('example', 'A'),
    one('example', 'NS'),
    one('a.example'),
    one('example', 'SOA'),
  ]);
  t.same(
    sorted.map(({ name, type }) => [name, type]),
    [
      ['example', TYPE.SOA],
      ['example', TYPE.NS],
      ['example', TYPE.A],
      ['a.example', TYPE.TXT],
      ['z.a.example', TYPE.TXT],
    ],
  );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(nameIn('example'), { maxLength: 8 }), (names) => {
        const wire = (name: string): Uint8Array => parseName(name) as Uint8Array;
        const expected = names.toSorted((a, b) => compareNames(wire(a), wire(b)));
        assert.deepEqual(
          canonicalOrder(names.map((name) => one(name))).map(({ name }) => name),
          expected,
        );
      }),
      { numRuns: runs(100) },
    ),
  );
});

t.test('a large zone comes in pieces', async (t) => {
  const many = Array.from({ length: 10_000 }, (_, i) => rrset(`host${i}.example`, 1, 'A', '192.0.2.1'));
  const pieces = [...writeZoneFile('example', [], many)];
  t.ok(pieces.length > 5);
  t.ok(pieces.every((piece) => piece.length < 70_000));
});
