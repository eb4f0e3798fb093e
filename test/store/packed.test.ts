/** The packed form of a zone's records: what goes in comes out, and how a file was laid out has no say in its hash. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import type { StagedRRset } from '../../src/model/revision.ts';
import { pack, unpack } from '../../src/store/packed.ts';
import { runs } from '../fixtures/runs.ts';

const rrset: fc.Arbitrary<StagedRRset> = fc
  .record({
    name: fc.stringMatching(/^[a-z0-9.\\]{0,60}$/),
    type: fc.integer({ min: 1, max: 65535 }),
    ttlSeconds: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    records: fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 2 ** 31 - 1 })), {
      minLength: 1,
      maxLength: 5,
    }),
    hasTtls: fc.boolean(),
  })
  .map(({ records, hasTtls, ...rest }) => ({
    ...rest,
    rdata: records.map(([data]) => data),
    ...(hasTtls && { recordTtlSeconds: records.map(([, ttl]) => ttl) }),
  }));

t.test('what is packed comes back', async (t) => {
  fc.assert(
    fc.property(fc.array(rrset, { maxLength: 30 }), (rrsets) => {
      t.same(unpack(pack(rrsets)), rrsets);
    }),
    { numRuns: runs(50) },
  );
});

t.test('large contents have several chunks, each smaller than 256 KiB', async (t) => {
  const random = (length: number, seed: number) =>
    Uint8Array.from({ length }, (_, i) => Math.imul(i + seed, 0x9e3779b1) >>> 24);
  const rrsets = Array.from({ length: 40 }, (_, i) => ({
    name: `n${i}.example`,
    type: 16,
    ttlSeconds: i,
    rdata: [random(30_000, i), random(10 + i, i * 7)],
  }));
  const packed = pack(rrsets);
  t.ok(packed.chunks.length > 3);
  t.ok(packed.chunks.every(({ length }) => length < 256 * 1024));
  t.same(unpack(packed), rrsets);
});

t.test('chunks of earlier versions are cut anywhere', async (t) => {
  const rrsets = Array.from({ length: 50 }, (_, i) => ({
    name: `n${i}.example`,
    type: 16,
    ttlSeconds: i,
    rdata: [new Uint8Array(100 + i).fill(i)],
  }));
  const { hash, chunks } = pack(rrsets);
  const whole = Buffer.concat(chunks.map((chunk) => zstdDecompressSync(chunk)));
  const cut = [0, 77, 78, 3000].map((from, i, all) => zstdCompressSync(whole.subarray(from, all[i + 1])));
  t.same(unpack({ hash, chunks: cut }), rrsets);
});

t.test('a content that is not what its hash says is found out', async (t) => {
  const packed = pack([{ name: 'a.example', type: 1, ttlSeconds: 60, rdata: [Uint8Array.of(192, 0, 2, 1)] }]);
  const other = pack([{ name: 'a.example', type: 1, ttlSeconds: 60, rdata: [Uint8Array.of(192, 0, 2, 2)] }]);
  t.not(packed.hash, other.hash);
  t.throws(() => unpack({ hash: packed.hash, chunks: other.chunks }), /its hash says/);
});

t.test('nothing is a content too', async (t) => {
  t.same(unpack(pack([])), []);
});
