/** A zone that is built from packed form is the same, word for word, as one that is built from objects. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { nameToWire } from '../../src/model/name.ts';
import type { StagedRRset } from '../../src/model/revision.ts';
import { IndexWriter } from '../../src/table/index.ts';
import { ENTRY, NODE, RRSET } from '../../src/table/layout.ts';
import { Arena, ArenaFull, createSharedTable } from '../../src/table/memory.ts';
import { NAMES_ASIDE_MIN } from '../../src/table/names-aside.ts';
import { ZoneBuilder } from '../../src/table/zone-builder.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { parseRdata } from '../../src/wire/rdata.ts';
import { packedPiece } from '../fixtures/packed.ts';
import { runs } from '../fixtures/runs.ts';
import { keyed } from '../fixtures/table.ts';

const apexes = ['example.test', '', 'x\\.y.test'];
const labels = [
  '',
  'a.',
  'b.',
  'a.b.',
  'c.a.b.',
  '*.',
  '*.b.',
  'd.*.b.',
  'e\\.f.',
  'g.e\\.f.',
  `${'abcdefg.'.repeat(28)}`,
];
/** Names that come in order, one label below the apex, are put in another way until another one comes. */
const hosts = ['a.', 'b.', 'b-c.', 'b0.'];
const values: readonly (readonly [number, readonly string[]])[] = [
  [TYPE.A, ['192.0.2.1']],
  [TYPE.A, ['192.0.2.1', '192.0.2.2', '192.0.2.3']],
  [TYPE.AAAA, ['2001:db8::1']],
  [TYPE.TXT, ['"x"', '"longer"', '"longest text"']],
  [TYPE.TXT, ['"a" "b"']],
  [TYPE.NS, ['ns.other.', 'ns.a.example.test.']],
  [TYPE.MX, ['10 a.example.test.']],
  [TYPE.MX, ['10 mail.other.', '20 A.Example.test.', '30 .', '40 a.b.example.test.']],
  [TYPE.CNAME, ['B.example.test.']],
  [TYPE.CNAME, ['b.example.test.']],
  [TYPE.CNAME, ['b.other.']],
  [TYPE.CNAME, ['B.Other.']],
  [TYPE.PTR, ['host.other.', 'a.example.test.']],
  [TYPE.DNAME, ['B.other.']],
  [TYPE.DNAME, ['b.other.']],
  [TYPE.DNAME, ['b.example.test.']],
  [TYPE.SRV, ['0 0 443 a.example.test.']],
  [TYPE.DS, [`1 8 2 ${'ab'.repeat(32)}`]],
  [65280, ['\\# 3 414243', '\\# 0']],
];

const rrset = fc
  .record({
    place: fc.nat(),
    value: fc.constantFrom(...values),
    ttlSeconds: fc.constantFrom(0, 300, 2 ** 31 - 1),
    hasTtls: fc.constantFrom(false, false, false, true),
  })
  .map(({ place, value: [type, rdata], ttlSeconds, hasTtls }) => ({ place, type, rdata, ttlSeconds, hasTtls }));

/** That of the packed form. */
function inOrder(a: StagedRRset, b: StagedRRset): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || a.type - b.type;
}

interface Dumped {
  readonly flags: number;
  readonly nodes: Readonly<Record<string, unknown>>;
}

function dump(arena: Arena, builder: ZoneBuilder): Dumped {
  // What is aside comes into the index with it.
  builder.finish();
  const { cell, flags } = builder;
  const { words, bytes } = arena.view;
  const index = new IndexWriter(arena, { retire: () => {} });
  const nameOf = (entry: number): string => {
    const first = (entry + ENTRY.NAME_BYTES) * 4;
    return Buffer.from(bytes.slice(first, first + (words[entry + ENTRY.NAME] & 0xff))).toString('hex');
  };
  const nodes = Array.from(index.entries(cell), (entry): [string, unknown] => {
    const version = words[entry + ENTRY.VERSION_WORD];
    const rrsets = Array.from({ length: words[version + NODE.COUNT] }, (_, i) => {
      const at = words[version + NODE.PAIRS + 2 * i + 1];
      return [words[version + NODE.PAIRS + 2 * i], ...words.slice(at, at + words[at + RRSET.WORDS])];
    });
    const parent = words[entry + ENTRY.PARENT];
    const head = [words[entry + ENTRY.HASH], words[entry + ENTRY.NAME], words[entry + ENTRY.CHILDREN]];
    return [nameOf(entry), { head, parent: parent && nameOf(parent), flags: words[version + NODE.FLAGS], rrsets }];
  });
  return { flags, nodes: Object.fromEntries(nodes) };
}

/** What a block held before must not show. */
function usedArena(): Arena {
  const arena = keyed(new Arena(createSharedTable(2 ** 20, 2 ** 26), 1024));
  const blocks = Array.from({ length: 300 }, (_, i) => ({
    words: 4 + 4 * (i % 8),
    at: arena.allocate(4 + 4 * (i % 8)),
  }));
  for (const { at, words } of blocks) {
    arena.view.words.fill(-1, at, at + words);
    arena.free(at, words);
  }
  return arena;
}

t.test('from packed form and from objects', async (t) => {
  let packed = 0;
  fc.assert(
    fc.property(
      fc.array(rrset, { maxLength: 40 }),
      fc.constantFrom(...apexes),
      fc.oneof(fc.nat(3000), fc.constant(NAMES_ASIDE_MIN)),
      fc.boolean(),
      fc.constantFrom(labels, hosts),
      (drawn, apex, expected, isInOrder, from) => {
        const made: StagedRRset[] = drawn.map(({ place, type, rdata, ttlSeconds, hasTtls }) => ({
          name: `${from[place % from.length]}${apex}`.replace(/\.$/, ''),
          type,
          ttlSeconds,
          rdata: rdata.map((text) => parseRdata(type, text) as Uint8Array),
          ...(hasTtls && { recordTtlSeconds: rdata.map((_, i) => i) }),
        }));
        const rrsets = isInOrder ? made.sort(inOrder) : made;
        const one = usedArena();
        const fromObjects = new ZoneBuilder(one, apex);
        for (const { name, type, ttlSeconds, recordTtlSeconds, rdata } of rrsets) {
          fromObjects.put(nameToWire(name), type, recordTtlSeconds ?? ttlSeconds, rdata);
        }
        const other = usedArena();
        const fromPacked = new ZoneBuilder(other, apex, 0, undefined, expected);
        // In two pieces, the memory of the first one written to again.
        const half = Math.floor(rrsets.length / 2);
        const first = packedPiece(rrsets.slice(0, half));
        fromPacked.putPacked(first);
        first.fill(255);
        fromPacked.putPacked(packedPiece(rrsets.slice(half)));
        t.strictSame(dump(other, fromPacked), dump(one, fromObjects));
        packed += rrsets.length;
      },
    ),
    { numRuns: runs(300) },
  );
  t.ok(packed > 500, 'there is something to compare');
});

t.test('many names, more than were expected and fewer', async (t) => {
  const count = 3000;
  const rrsets = Array.from({ length: count }, (_, i) => ({
    name: `n${i}.example.test`,
    type: 1,
    ttlSeconds: 60,
    rdata: [Uint8Array.of(10, 0, i >> 8, i & 255)],
  }));
  const dumps = [0, 100, 400, count, 50 * count].map((expected) => {
    const arena = keyed(new Arena(createSharedTable(2 ** 20, 2 ** 27), 1024));
    const builder = new ZoneBuilder(arena, 'example.test', 0, undefined, expected);
    builder.putPacked(packedPiece(rrsets));
    return dump(arena, builder);
  });
  t.equal(Object.keys(dumps[0].nodes).length, count + 1);
  for (const other of dumps.slice(1)) t.strictSame(other, dumps[0]);
});

t.test('names below thousands of others, by turns', async (t) => {
  const rrsets = Array.from({ length: 12_000 }, (_, i): StagedRRset => {
    const rdata = [Uint8Array.of(10, 0, i >> 8, i & 255)];
    return { name: `${i}.n${i % 6000}.example.test`, type: TYPE.A, ttlSeconds: 60, rdata };
  });
  const [one, other] = [usedArena(), usedArena()];
  const fromObjects = new ZoneBuilder(one, 'example.test');
  for (const { name, type, ttlSeconds, rdata } of rrsets) fromObjects.put(nameToWire(name), type, ttlSeconds, rdata);
  const fromPacked = new ZoneBuilder(other, 'example.test');
  fromPacked.putPacked(packedPiece(rrsets));
  // What differs would take minutes to show.
  t.ok(isDeepStrictEqual(dump(other, fromPacked), dump(one, fromObjects)));
});

t.test('names in order, many of which have several types and some are deeper', async (t) => {
  const count = 2000;
  const rrsets = Array.from({ length: count }, (_, i): StagedRRset[] => {
    const name = `${i % 7 === 0 ? 'x-' : ''}${i}.example.test`;
    const own = [{ name, type: TYPE.A, ttlSeconds: 60, rdata: [Uint8Array.of(10, 0, i >> 8, i & 255)] }];
    const mx = {
      name,
      type: TYPE.MX,
      ttlSeconds: 60,
      rdata: [parseRdata(TYPE.MX, '10 a.example.test.') as Uint8Array],
    };
    const txt = { name, type: TYPE.TXT, ttlSeconds: 60, rdata: [parseRdata(TYPE.TXT, '"x"') as Uint8Array] };
    return [...own, ...(i % 3 === 0 ? [mx] : []), ...(i % 2 === 0 ? [txt] : [])];
  }).flat();
  const deeper = (at: string): StagedRRset => ({
    name: `${at}.example.test`,
    type: 1,
    ttlSeconds: 1,
    rdata: [Buffer.alloc(4)],
  });
  const manyTypes = Array.from({ length: 100 }, (_, i) => ({ ...deeper('many'), type: 1000 + i }));
  for (const more of [[], [deeper('9.9')], [deeper('x-0.y'), deeper('y')], manyTypes]) {
    const sorted = [...rrsets, ...more].sort(inOrder);
    const dumps = [0, NAMES_ASIDE_MIN].map((expected) => {
      const arena = keyed(new Arena(createSharedTable(2 ** 20, 2 ** 27), 1024));
      const builder = new ZoneBuilder(arena, 'example.test', 0, undefined, expected);
      const half = sorted.length >> 1;
      builder.putPacked(packedPiece(sorted.slice(0, half)));
      builder.putPacked(packedPiece(sorted.slice(half)));
      return dump(arena, builder);
    });
    t.strictSame(dumps[1], dumps[0]);
    t.ok(Object.keys(dumps[0].nodes).length > count);
  }
});

t.test('what came to nothing is given back, aside or not', async (t) => {
  for (const expected of [1000, NAMES_ASIDE_MIN]) {
    const arena = keyed(new Arena(createSharedTable(2 ** 20, 4 * 2 ** 20)));
    const before = arena.usedBytes;
    const builder = new ZoneBuilder(arena, 'example.test', 0, undefined, expected);
    const fill = (): void => {
      for (let i = 100_000; ; i++) {
        const rdata = [Uint8Array.of(10, 0, i >> 8, i & 255)];
        builder.putPacked(packedPiece([{ name: `n${i}.example.test`, type: 1, ttlSeconds: 60, rdata }]));
      }
    };
    let thrown: unknown;
    try {
      fill();
    } catch (error) {
      thrown = error;
    }
    t.ok(thrown instanceof ArenaFull);
    t.equal(builder.left.length > 0, expected === NAMES_ASIDE_MIN);
    builder.dismantle();
    t.equal(arena.usedBytes, before);
  }
});
