/** Whoever writes records and does not know a table's secret finds no names that all have one place in its index. */
import t from 'tap';
import { finishHash, HashedName, hashLabel, mix32 } from '../../src/table/hash.ts';
import { IndexWriter, segmentAt } from '../../src/table/index.ts';
import { DIRECTORY, ENTRY, KEY_WORDS, SEGMENT } from '../../src/table/layout.ts';
import { Arena, type ArenaView, createSharedTable } from '../../src/table/memory.ts';
import { writeName } from '../../src/table/unseen-nodes.ts';
import { ZoneBuilder } from '../../src/table/zone-builder.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { nameKeys } from '../fixtures/table.ts';

const APEX = 'example.test';
const apexWire = Buffer.from('\x07example\x04test\x00', 'latin1');
const SECRETS = [1, 2, 3, 4];
/** Chance brings some names this far from where a search for them begins: segments are filled to three quarters. */
const FAR = 150;
const HALVES = 13;
/** Of names that are all one, putting them in takes the square of their number. */
const ONE_HALVES = 10;
/** Letters of each. */
const HALF = 6;

function wire(label: string | Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(label.length), Buffer.from(label as string, 'latin1'), apexWire]);
}

/** FNV-1a from the root's state on, as names were hashed before there was a secret; bytes in the order in which it takes them. */
function fnv(state: number, bytes: Uint8Array): number {
  return bytes.reduce(fnvStep, state);
}

function fnvStep(state: number, byte: number): number {
  return Math.imul(state ^ byte, 0x01000193);
}

const apexState = [Buffer.from('\x04test', 'latin1'), Buffer.from('\x07example', 'latin1')].reduce(fnv, 0x811c9dc5 | 0);

function hashByFnv(name: Uint8Array): number {
  return mix32(fnv(apexState, name.subarray(0, 1 + name[0])));
}

/** 1,024 names that are one by that: of two halves at each of ten places, which lead from one state to the same next. */
function alikeByFnv(): Uint8Array[] {
  let state = fnv(apexState, Uint8Array.of(HALF * ONE_HALVES));
  let labels = [''];
  for (let place = 0; place < ONE_HALVES; place++) {
    const seen = new Map<number, string>();
    for (let i = 0; ; i++) {
      // Scattered, since two meet sooner then.
      const half = (Math.imul(i, 0x9e3779b1) >>> 0).toString(36).padStart(7, '0').slice(-HALF);
      let next = state;
      for (let at = 0; at < half.length; at++) next = fnvStep(next, half.charCodeAt(at));
      const other = seen.get(next);
      seen.set(next, half);
      if (other === undefined || other === half) continue;
      labels = labels.flatMap((label) => [label + other, label + half]);
      state = next;
      break;
    }
  }
  return labels.map(wire);
}

/** 8,192 names between which only the topmost bits of halves of words differ: of the sums 17 bits are all that can tell them. */
function alikeBelow(): Uint8Array[] {
  return Array.from({ length: 8192 }, (_, i) => {
    const label = new Uint8Array(2 * HALVES + 1).fill(0x61);
    for (let bit = 0; bit < HALVES; bit++) if (((i >> bit) & 1) !== 0) label[2 * bit] ^= 0x80;
    return wire(label);
  });
}

/** How many slots a search goes beyond its first one at the most, for any name of an index. */
function longestProbe({ words }: ArenaView, cell: number): number {
  const directory = words[cell];
  let longest = 0;
  let last = 0;
  for (let i = 0; i < 1 << words[directory + DIRECTORY.BITS]; i++) {
    const segment = segmentAt(words[directory + DIRECTORY.SEGMENTS + i]);
    if (segment === last) continue;
    last = segment;
    const mask = (1 << words[segment + SEGMENT.SLOTS_LOG2]) - 1;
    for (let slot = 0; slot <= mask; slot++) {
      const at = segment + SEGMENT.SLOTS + 2 * slot;
      if (words[at + 1] > 0) longest = Math.max(longest, (slot - words[at]) & mask);
    }
  }
  return longest;
}

function keyedArena(keys: Int32Array): Arena {
  const arena = new Arena(createSharedTable(2 ** 20, 2 ** 28));
  arena.view.keys.set(keys);
  return arena;
}

/** Of names that are hashed as the test likes. */
function probeOf(names: readonly Uint8Array[], hashOf: (name: Uint8Array) => number): number {
  const arena = keyedArena(nameKeys());
  const index = new IndexWriter(arena, { retire: () => {} }, true);
  const cell = arena.allocate(1);
  index.create(cell);
  const blocks = { view: arena.view, allocate: (words: number) => arena.allocate(words) };
  for (const name of names)
    if (!index.insert(cell, writeName(blocks, name, 0, name.length, hashOf(name)))) throw new Error('no room');
  return longestProbe(arena.view, cell);
}

function byKeys(keys: Int32Array): (name: Uint8Array) => number {
  const hashed = new HashedName(keys);
  return (name) => {
    hashed.set(name, 0);
    return finishHash(hashed.states[0]);
  };
}

/** Of a zone that is built of them, its own way. */
function probeInZone(names: readonly Uint8Array[], keys: Int32Array): number {
  const arena = keyedArena(keys);
  const builder = new ZoneBuilder(arena, APEX);
  for (const name of names) builder.put(name, TYPE.A, 60, [Uint8Array.of(192, 0, 2, 1)]);
  builder.finish();
  const hashOf = byKeys(keys);
  const { words } = arena.view;
  const made = [...new IndexWriter(arena, builder).entries(builder.cell)].map((entry) => words[entry + ENTRY.HASH]);
  t.same(new Set(made), new Set([apexWire, ...names].map(hashOf)), "by this table's secret");
  return longestProbe(arena.view, builder.cell);
}

t.test('names that were one before there was a secret', async (t) => {
  const names = alikeByFnv();
  t.equal(new Set(names.map(hashByFnv)).size, 1);
  t.ok(probeOf(names, hashByFnv) > 1000, 'this check can fail');
  for (const secret of SECRETS) t.ok(probeInZone(names, nameKeys(secret)) < FAR);
});

t.test('names that are as much alike as any can be', async (t) => {
  const names = alikeBelow();
  const oneForAll = new Int32Array(KEY_WORDS).fill(nameKeys()[7]);
  t.ok(probeOf(names, byKeys(oneForAll)) > 200, 'this check can fail');
  for (const secret of SECRETS) {
    const keys = nameKeys(secret);
    const hashes = new Set(names.map(byKeys(keys)));
    t.ok(hashes.size > names.length * 0.9, 'that is what chance leaves of 131,072 sums');
    t.ok(probeInZone(names, keys) < FAR);
  }
});

t.test('a secret basis and a secret multiplier would not do', async (t) => {
  // Where the bits of two sequences of Thue and Morse change: the states differ by (M - 1)² (M² - 1) (M⁴ - 1) (M⁸ - 1)
  // (M¹⁶ - 1), for any multiplier M, and that is a multiple of 2³² for many.
  const pair = ['010111010101110111011101010111011', '110111010101110111011101010111010'];
  const [one, another] = pair.map((bits) => wire(Uint8Array.from(bits, Number)));
  const alikeUnder = (hashBy: (keys: Int32Array) => (name: Uint8Array) => number): number => {
    const secrets = Array.from({ length: 400 }, (_, i) => hashBy(nameKeys(i)));
    return secrets.filter((hash) => hash(one) === hash(another)).length;
  };
  const multiplied =
    ([basis, factor]: Int32Array) =>
    (name: Uint8Array) =>
      name.subarray(0, 34).reduce((h, byte) => Math.imul(h ^ byte, factor | 1), basis);
  t.ok(alikeUnder(multiplied) > 40);
  t.equal(alikeUnder(byKeys), 0);
});

t.test('every byte of a name makes a difference, and none behind it', async (t) => {
  const keys = nameKeys();
  for (let size = 1; size <= 63; size++) {
    const name = wire('x'.repeat(size));
    const room = new Uint8Array(name.length + 3).fill(0xff);
    room.set(name);
    const stateOf = (): number => hashLabel(keys, 0, new DataView(room.buffer), 0, name.length);
    const before = stateOf();
    for (let i = 1; i <= size; i++) {
      room[i] ^= 1;
      t.not(stateOf(), before);
      room[i] ^= 1;
    }
    room[size + 1] ^= 1;
    t.equal(stateOf(), before);
  }
});
