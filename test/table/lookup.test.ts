/** Which zone answers, query after query: the one that was found last may no longer be the closest, or be there. */
import t from 'tap';
import { apply, zone } from '../fixtures/table.ts';
import { type World, world } from '../fixtures/world.ts';

/** The zone whose SOA denies a name. */
function zoneOf({ ask }: World, name: string): string {
  const { rcode, authority } = ask(name);
  return rcode === 5 ? 'refused' : (authority[0]?.name ?? '');
}

t.test('zones within zones take turns', (t) => {
  const made = world({ 'a.test': '', 'sub.a.test': '', 'deep.x.sub.a.test': '', 'b.test': '' });
  for (let turn = 0; turn < 3; turn++) {
    t.equal(zoneOf(made, 'x.a.test'), 'a.test.');
    t.equal(zoneOf(made, 'x.sub.a.test'), 'sub.a.test.');
    t.equal(zoneOf(made, 'y.x.sub.a.test'), 'sub.a.test.');
    t.equal(zoneOf(made, 'deep.x.sub.a.test'), 'deep.x.sub.a.test.');
    t.equal(zoneOf(made, 'y.deep.x.sub.a.test'), 'deep.x.sub.a.test.');
    t.equal(zoneOf(made, 'x.b.test'), 'b.test.');
    t.equal(zoneOf(made, 'a.test'), 'a.test.');
    t.equal(zoneOf(made, 'xa.test'), 'refused', 'a name that ends in the same bytes, but not in the same labels');
    t.equal(zoneOf(made, 'test'), 'refused');
  }
  t.end();
});

t.test('a zone that comes or goes between two queries is seen by the second', (t) => {
  const made = world({ 'a.test': '' });
  t.equal(zoneOf(made, 'x.sub.a.test'), 'a.test.');
  apply(made.table, zone('sub.a.test'));
  t.equal(zoneOf(made, 'x.sub.a.test'), 'sub.a.test.');
  apply(made.table, { op: 'deleteZone', zone: 'sub.a.test' });
  t.equal(zoneOf(made, 'x.sub.a.test'), 'a.test.');
  apply(made.table, { op: 'deleteZone', zone: 'a.test' });
  t.equal(zoneOf(made, 'x.sub.a.test'), 'refused');
  apply(made.table, zone('test'));
  t.equal(zoneOf(made, 'x.sub.a.test'), 'test.');
  t.end();
});

t.test('names and zones of very many labels', (t) => {
  const labels = (count: number): string => Array.from({ length: count }, (_, i) => `l${i % 10}`).join('.');
  const made = world({ test: '', [`${labels(31)}.test`]: '', [`${labels(41)}.test`]: '' });
  for (let turn = 0; turn < 2; turn++) {
    t.equal(zoneOf(made, `x.test`), 'test.');
    t.equal(zoneOf(made, `x.${labels(21)}.test`), 'test.');
    t.equal(zoneOf(made, `x.${labels(31)}.test`), `${labels(31)}.test.`);
    t.equal(zoneOf(made, `x.${labels(41)}.test`), `${labels(41)}.test.`);
  }
  t.end();
});
