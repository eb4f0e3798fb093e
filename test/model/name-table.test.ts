/** Names in packed form are what a map and a sort of texts would make of them. */
import fc from 'fast-check';
import t from 'tap';
import { NameTable } from '../../src/model/name-table.ts';
import { runs } from '../fixtures/runs.ts';

/** Few letters and long beginnings in common, so that names agree in many bytes; escapes as canonical text has them. */
const part = fc.constantFrom('a', 'b', 'ab', 'aaaa', 'n1', 'n10', '-', '_', '*', '\\000', '\\.', '~');
const names = fc.array(
  fc.array(part, { maxLength: 6 }).map((parts) => parts.join('.')),
  { maxLength: 400 },
);

function add(table: NameTable, name: string): number {
  const bytes = Buffer.from(`${name}behind it`, 'latin1');
  return table.add(bytes, name.length);
}

t.test('numbers in the order of coming, each name once; found by text; sorted by bytes', (t) => {
  fc.assert(
    fc.property(names, (all) => {
      const table = new NameTable();
      const numbers = new Map<string, number>();
      for (const name of all) {
        const expected = numbers.get(name) ?? numbers.size;
        numbers.set(name, expected);
        t.equal(add(table, name), expected);
      }
      t.equal(table.count, numbers.size);
      for (const [name, number] of numbers) {
        t.equal(table.text(number), name);
        t.equal(table.find(name), number);
        if (!numbers.has(`${name}.x`)) t.equal(table.find(`${name}.x`), -1);
      }
      const sorted = Array.from(table.sorted(), (number) => table.text(number));
      t.same(sorted, [...numbers.keys()].sort());
    }),
    { numRuns: runs(60) },
  );
  t.equal(new NameTable().find('x'.repeat(5000)), -1, 'no name is so long');
  t.end();
});

t.test('a hundred thousand names, most of which agree in their first bytes, in any order', (t) => {
  const all = Array.from({ length: 100_000 }, (_, i) => `name-${i}.of.some.zone.example`);
  const inOrder = [...all].sort();
  const orders = {
    counted: all,
    'in order': inOrder,
    backwards: all.toReversed(),
    'two that are in order': [...inOrder.filter((_, i) => i % 3 === 0), ...inOrder.filter((_, i) => i % 3 !== 0)],
    // Numbers without a factor in common with the names'.
    mixed: all.map((_, i) => all[(i * 7919) % all.length] as string),
  };
  for (const [order, names] of Object.entries(orders)) {
    for (const expected of [0, 2 ** 19]) {
      const table = new NameTable(expected);
      for (const name of names) add(table, name);
      const sorted = Array.from(table.sorted(), (number) => table.text(number));
      t.equal(sorted.join(' '), inOrder.join(' '), `${order}, ${expected} expected`);
    }
  }
  t.end();
});

t.test('first labels, and names in wire form', (t) => {
  const table = new NameTable();
  const number = add(table, 'axb.example');
  const wire = (...labels: string[]): Uint8Array =>
    Buffer.concat([
      Buffer.from('xx'),
      ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
      Buffer.from([0, 1]),
    ]);
  t.equal(table.labelLength(number), 3);
  t.equal(table.labelLength(add(table, 'example')), 7);
  t.equal(table.labelLength(add(table, '')), 0);
  t.equal(table.isWire(number, wire('axb', 'example'), 2), true);
  for (const labels of [
    ['a', 'b', 'example'],
    ['axb'],
    ['axb', 'example', 'x'],
    ['axb', 'examplE'],
    ['ayb', 'example'],
    [],
  ])
    t.equal(table.isWire(number, wire(...labels), 2), false, labels.join('.'));
  t.end();
});
