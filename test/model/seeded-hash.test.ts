/** Whoever does not know the seed of a zone that is read finds no names and no records that are all in one place. */
import t from 'tap';
import { seededHash } from '../../src/model/seeded-hash.ts';

const SEED = 0x5eed_0017;
/** Some alike by chance are among them: n² / 2³³. */
const TEXTS = 500_000;
const LENGTH = 12;

/** Texts of one length that have the same hash as one before them. */
function alike(hash: (text: Buffer) => number): [Buffer, Buffer][] {
  const seen = new Map<number, Buffer>();
  const pairs: [Buffer, Buffer][] = [];
  for (let i = 0; i < TEXTS; i++) {
    const text = Buffer.from(Math.imul(i, 0x9e3779b1).toString(36).padStart(LENGTH, 'x').slice(-LENGTH));
    const key = hash(text);
    const before = seen.get(key);
    if (before !== undefined) pairs.push([before, text]);
    else seen.set(key, text);
  }
  return pairs;
}

/** How many of them are alike for another seed, too. The low byte is the same: FNV-1a by itself has only that to hide. */
function stayAlike(hash: (text: Buffer, seed: number) => number): [found: number, stay: number] {
  const pairs = alike((text) => hash(text, SEED));
  const other = SEED ^ 0x1234_5600;
  return [pairs.length, pairs.filter(([one, another]) => hash(one, other) === hash(another, other)).length];
}

t.test('what is alike for one seed is not for another', async (t) => {
  const [found, stay] = stayAlike((text, seed) => seededHash(text, text.length, seed));
  t.ok(found > 5);
  t.equal(stay, 0);
});

t.test('this check can fail', async (t) => {
  const [found, stay] = stayAlike((text, seed) => {
    let hash = seed ^ 0x811c9dc5;
    for (const byte of text) hash = Math.imul(hash ^ byte, 0x01000193);
    return hash;
  });
  t.ok(found > 5);
  t.equal(stay, found);
});

t.test('only so many bytes count', async (t) => {
  t.equal(seededHash(Buffer.from('abc'), 2, SEED), seededHash(Buffer.from('ab'), 2, SEED));
  t.not(seededHash(Buffer.from('abc'), 3, SEED), seededHash(Buffer.from('abd'), 3, SEED));
});
