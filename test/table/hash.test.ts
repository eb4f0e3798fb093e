/** A name that is hashed below a zone's, whose hash is known, has the hash that it has by itself. */
import fc from 'fast-check';
import t from 'tap';
import { HashedName } from '../../src/table/hash.ts';
import { ENTRY } from '../../src/table/layout.ts';
import { runs } from '../fixtures/runs.ts';
import { nameKeys } from '../fixtures/table.ts';

const ENTRY_AT = 4;
const KEYS = nameKeys();

/** Alike on purpose: labels that end in one another, and a length byte that is a character of another label. */
const label = fc.constantFrom(
  'a',
  'aa',
  'b',
  'test',
  'xtest',
  'tes',
  'example',
  'an-example',
  '0'.repeat(48),
  '\u0004test',
);
const name = fc.array(label, { maxLength: 5 });

function wire(labels: readonly string[]): Uint8Array {
  return Uint8Array.from([...labels.flatMap((one) => [one.length, ...Buffer.from(one, 'latin1')]), 0]);
}

function hashed(labels: readonly string[]): HashedName {
  const made = new HashedName(KEYS);
  made.set(wire(labels), 0);
  return made;
}

/** The table's words with the zone's entry. */
function tableOf(zone: HashedName): Int32Array {
  const words = new Int32Array(ENTRY_AT + ENTRY.NAME_BYTES + 64);
  words[ENTRY_AT + ENTRY.NAME] = zone.length;
  new Uint8Array(words.buffer).set(zone.bytes.subarray(0, zone.length), 4 * (ENTRY_AT + ENTRY.NAME_BYTES));
  return words;
}

t.test('below a zone or not', (t) => {
  let below = 0;
  fc.assert(
    fc.property(name, name, fc.boolean(), (first, zoneLabels, isBelow) => {
      const labels = isBelow ? [...first, ...zoneLabels] : first;
      if (wire(labels).length > 255) return;
      const zone = hashed(zoneLabels);
      const alone = hashed(labels);
      const made = new HashedName(KEYS);
      // What the name before it has left.
      made.set(wire(['left-by-another', ...labels.slice(1), 'one']), 0);
      made.length = alone.length;
      made.labels = alone.labels;
      made.bytes.set(alone.bytes.subarray(0, alone.length));
      made.starts.set(alone.starts);
      made.hashBelow(tableOf(zone), ENTRY_AT, zone.states, zone.labels);
      t.same(made.states.subarray(0, labels.length + 1), alone.states.subarray(0, labels.length + 1));
      const ends = labels.slice(Math.max(0, labels.length - zoneLabels.length));
      const isSo = JSON.stringify(ends) === JSON.stringify(zoneLabels);
      if (isSo) below++;
      t.equal(made.zoneEntry, isSo ? ENTRY_AT : 0);
    }),
    { numRuns: runs(300) },
  );
  t.ok(below > 30, 'many were below it');
  t.end();
});

t.test('by itself a name is in no zone that is known', (t) => {
  const zone = hashed(['test']);
  const made = hashed(['a', 'test']);
  made.hashBelow(tableOf(zone), ENTRY_AT, zone.states, zone.labels);
  t.equal(made.zoneEntry, ENTRY_AT);
  made.set(wire(['a', 'test']), 0);
  t.equal(made.zoneEntry, 0);
  t.equal(hashed([]).states[0], KEYS[0]);
  t.end();
});
