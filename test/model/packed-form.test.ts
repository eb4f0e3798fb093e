/** RRsets in packed form are gone through without loss, wherever the form was cut; so is what a zone file holds. */
import fc from 'fast-check';
import t from 'tap';
import { nameToWire } from '../../src/model/name.ts';
import { PackedCursor, PackedJoiner } from '../../src/model/packed-form.ts';
import type { StagedRRset } from '../../src/model/revision.ts';
import { ZoneContent } from '../../src/model/zone-content.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { Findings } from '../../src/wire/zone-file/finding.ts';
import { packedPiece } from '../fixtures/packed.ts';
import { runs } from '../fixtures/runs.ts';

const rrset: fc.Arbitrary<StagedRRset> = fc
  .record({
    name: fc.stringMatching(/^[a-z0-9.\\]{0,40}$/),
    type: fc.integer({ min: 1, max: 65535 }),
    ttlSeconds: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    records: fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(2 ** 31 - 1)), { minLength: 1, maxLength: 5 }),
    hasTtls: fc.boolean(),
  })
  .map(({ records, hasTtls, ...rest }) => ({
    ...rest,
    rdata: records.map(([data]) => data),
    ...(hasTtls && { recordTtlSeconds: records.map(([, ttl]) => ttl) }),
  }));

function rrsetsOf(piece: Uint8Array): StagedRRset[] {
  const cursor = new PackedCursor();
  cursor.begin(piece);
  const rrsets: StagedRRset[] = [];
  while (cursor.next()) rrsets.push(cursor.rrset);
  t.equal(cursor.end, piece.length);
  return rrsets;
}

t.test('what is cut anywhere is joined again', async (t) => {
  fc.assert(
    fc.property(fc.array(rrset, { maxLength: 20 }), fc.integer({ min: 1, max: 400 }), (rrsets, step) => {
      const whole = packedPiece(rrsets);
      const joiner = new PackedJoiner();
      const joined: StagedRRset[] = [];
      for (let at = 0; at < whole.length; at += step) {
        // What was given is written to again.
        const cut = new Uint8Array(whole.subarray(at, at + step));
        joined.push(...rrsetsOf(joiner.add(cut)));
        cut.fill(255);
      }
      joiner.end();
      t.strictSame(joined, rrsets);
    }),
    { numRuns: runs(100) },
  );
});

t.test('a content that ends in the middle of an RRset is found out', async (t) => {
  const joiner = new PackedJoiner();
  const whole = packedPiece([{ name: 'a.example', type: 1, ttlSeconds: 60, rdata: [Uint8Array.of(192, 0, 2, 1)] }]);
  t.equal(joiner.add(whole.subarray(0, -1)).length, 0);
  t.throws(() => joiner.end(), /ends with an RRset/);
});

const record = fc.record({
  owner: fc
    .constantFrom('example', 'a.example', 'b.a.example', '\\.\\200.example', 'c.example')
    .map((text) => Uint8Array.from(nameToWire(text))),
  type: fc.constantFrom(TYPE.A, TYPE.TXT, TYPE.SOA, TYPE.NS, 65280),
  ttlSeconds: fc.constantFrom(0, 60, 2 ** 31 - 1),
  rdata: fc.nat(300).map((n) => Uint8Array.of(n >> 8, n & 0xff)),
  file: fc.constant(''),
  line: fc.nat(100),
});
const signature = fc.record({
  owner: fc.constant(Uint8Array.from(nameToWire('a.example'))),
  type: fc.constant(TYPE.RRSIG),
  ttlSeconds: fc.constantFrom(5, 60),
  rdata: fc.nat(200).map((n) => Uint8Array.of(...new Uint8Array(18), 1, 97, 0, n)),
  file: fc.constant(''),
  line: fc.nat(100),
});

t.test('the records of a zone file, packed, are those that it has', async (t) => {
  const isLeftOut = (type: number, isApex: boolean): boolean => isApex && (type === TYPE.SOA || type === TYPE.NS);
  fc.assert(
    fc.property(fc.array(fc.oneof(record, record, signature), { maxLength: 100 }), (records) => {
      const content = new ZoneContent('example', new Findings());
      for (const each of records)
        content.add({ ...each, rdata: each.type === TYPE.NS ? Uint8Array.of(1, 97, 0) : each.rdata });
      const packed: StagedRRset[] = [];
      for (const piece of content.packed(isLeftOut)) packed.push(...rrsetsOf(piece));
      const expected = Array.from(content.inOrder(), ({ file, line, rdata, ...rest }) => ({
        ...rest,
        rdata: rdata.map((data) => new Uint8Array(data)),
      })).filter(({ name, type }) => !isLeftOut(type, name === 'example'));
      t.strictSame(packed, expected);
      t.equal(content.count(isLeftOut), expected.length);
    }),
    { numRuns: runs(100) },
  );
});

t.test('a name has its RRsets by type, however many it has', async (t) => {
  for (const count of [2, 15, 16, 17, 100]) {
    const content = new ZoneContent('example', new Findings());
    const owner = nameToWire('a.example');
    // Each once, out of order: 37 has no factor in common with any of those.
    const types = Array.from({ length: count }, (_, i) => 1000 + ((i * 37) % count));
    for (const type of types) content.add({ owner, type, ttlSeconds: 60, rdata: Uint8Array.of(1), file: '', line: 1 });
    const packed = [...content.packed(() => false)].flatMap((piece) => rrsetsOf(piece).map(({ type }) => type));
    t.same(packed, [...types].sort());
    t.equal(packed.length, count);
  }
});

t.test('pieces are of a size that can be sent on, but for an RRset that is larger by itself', async (t) => {
  const content = new ZoneContent('example', new Findings());
  const add = (name: string, bytes: number): void =>
    content.add({
      owner: nameToWire(name),
      type: 65280,
      ttlSeconds: 60,
      rdata: new Uint8Array(bytes),
      file: '',
      line: 1,
    });
  for (let i = 0; i < 30; i++) add(`n${i}.example`, 50_000 + i);
  for (let i = 0; i < 6; i++) add('large.example', 50_000 + i);
  const sizes: number[] = [];
  let rrsets = 0;
  for (const piece of content.packed(() => false)) {
    sizes.push(piece.length);
    rrsets += rrsetsOf(piece).length;
  }
  t.equal(rrsets, 31);
  t.equal(sizes.filter((size) => size > 240 * 1024).length, 1);
});

t.test('a piece may end between any two RRsets of a name, of which some are left out', async (t) => {
  const isLeftOut = (type: number): boolean => type === 65282;
  const content = new ZoneContent('example', new Findings());
  const types = [65284, 65280, 65282, 65281, 65283];
  for (let i = 0; i < 300; i++) {
    const owner = nameToWire(`n${i}.example`);
    for (const type of types)
      content.add({ owner, type, ttlSeconds: 60, rdata: new Uint8Array(4000 + 7 * i), file: '', line: 1 });
  }
  const lastTypes = new Set<number>();
  const packed: string[] = [];
  for (const piece of content.packed(isLeftOut)) {
    const rrsets = rrsetsOf(piece);
    lastTypes.add(rrsets.at(-1)?.type ?? 0);
    packed.push(...rrsets.map(({ name, type, rdata }) => `${name} ${type} ${rdata.map(({ length }) => length)}`));
  }
  const expected = [...content.inOrder()].filter(({ type }) => !isLeftOut(type));
  t.strictSame(
    packed,
    expected.map(({ name, type, rdata }) => `${name} ${type} ${rdata.map(({ length }) => length)}`),
  );
  t.same([...lastTypes].sort(), [65280, 65281, 65283, 65284], 'a piece has ended behind each');
});
