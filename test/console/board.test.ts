/** The first page's list: what the address says of it, and what a change of several services comes to. */
import t from 'tap';
import {
  askedOf,
  byZone,
  commonPools,
  forceParts,
  hasMoved,
  heldParts,
  heldText,
  isNarrow,
  pathOf,
  pauseParts,
  queryOf,
  seenOf,
  shiftParts,
  withoutHeld,
} from '../../src/console/rules/board.ts';
import { hrefOf, routeOf } from '../../src/console/state/router.ts';
import type { Glance } from '../../src/contract/types.ts';

function glance(name: string, weights: Record<string, number>, more: object = {}): Glance {
  const pools = Object.fromEntries(Object.entries(weights).map(([pool, weight]) => [pool, { weight, targets: [] }]));
  const service = { name, zone: name.split('.').slice(1).join('.'), pools };
  return { service, states: [], unhealthyPools: [], downTargets: 0, ...more } as unknown as Glance;
}

t.test('the address says what is asked for, and the server is asked for that', async (t) => {
  const asked = { q: 'a b', zone: 'x.test', label: 'team=web, tier', state: 'waiting', order: 'changed', after: '7 ü' };
  t.same(askedOf(queryOf(asked)), asked);
  t.same(routeOf(hrefOf({ page: 'services', query: queryOf(asked) })), { page: 'services', query: queryOf(asked) });
  t.equal(
    pathOf(asked),
    '/v1/overview?limit=200&zone=x.test&state=waiting&order=changed&after=7+%C3%BC&q=a+b&label=team%3Dweb&label=tier',
  );
  t.equal(queryOf(askedOf('')), '');
  t.notOk(isNarrow(askedOf('order=name&after=x')));
  t.ok(isNarrow(askedOf('label=team')));
});

t.test('a shift of several keeps the proportions of the others, and says what it leaves out', async (t) => {
  const glances = [
    glance('a.test', { blue: 60, red: 20, green: 0 }),
    glance('b.test', { blue: 0, green: 1 }),
    glance('c.test', { blue: 1, red: 0 }),
    glance('d.test', { blue: 1, green: 0 }, { release: { id: '1', services: ['d.test'] } }),
    glance('e.test', { blue: 0, green: 5 }),
  ];
  t.match(shiftParts(glances, 'green', 20), [
    { what: { blue: 6000, red: 2000, green: 2000 } },
    { what: { blue: 8000, green: 2000 } },
    { leftOut: 'it has no pool green' },
    { leftOut: 'a release is moving it' },
    { what: { blue: 8000, green: 2000 } },
  ]);
  t.match(shiftParts(glances, 'green', 100)[4], { leftOut: 'it is so already' });
  t.match(shiftParts(glances, 'green', 100)[0], { what: { blue: 0, red: 0, green: 100 } });
  t.same(commonPools(glances.slice(0, 3)), ['blue']);
  t.same(
    byZone(glances).map(({ zone, items }) => [zone, items.length]),
    [['test', 5]],
  );
  t.match(forceParts(glances.slice(1, 3), 'red'), [{ leftOut: 'it has no pool red' }, { what: { pool: 'red' } }]);
});

t.test('a release is paused once, whichever of its services were chosen', async (t) => {
  const release = { id: '9', state: 'progressing', services: ['a.test', 'b.test', 'c.test'] };
  const parts = pauseParts([
    glance('a.test', { blue: 1 }, { release, states: ['releasing'] }),
    glance('b.test', { blue: 1 }, { release, states: ['releasing'] }),
    glance('d.test', { blue: 1 }),
    glance('e.test', { blue: 1 }, { release: { ...release, id: '10', state: 'paused' }, states: ['waiting'] }),
  ]);
  t.match(parts, [
    { what: { id: '9', names: ['a.test', 'b.test', 'c.test'] } },
    { leftOut: 'it is in a release that is named already' },
    { leftOut: 'no release is moving it' },
    { leftOut: 'its release waits for somebody already' },
  ]);
});

t.test('each of several says which freeze holds it, and is left out only where somebody says so', async (t) => {
  const frozen = [
    { name: 'weekend', message: 'Rest', until: '2026-11-30T07:00:00.000Z' },
    { name: 'always', until: null },
  ];
  const parts = shiftParts(
    [
      glance('a.test', { blue: 1, green: 0 }, { frozen }),
      glance('b.test', { blue: 1, green: 0 }),
      glance('c.test', { blue: 0, green: 1 }, { frozen }),
    ],
    'green',
    100,
  );
  const held = 'weekend (Rest) until 2026-11-30 07:00:00 UTC, and by always without an end';
  t.equal(heldText(parts[0]?.glance as Glance), held);
  t.match(parts, [{ what: {} }, { what: {} }, { leftOut: 'it is so already' }], 'nothing is left out by itself');
  t.same(
    heldParts(parts).map(({ service }) => service.name),
    ['a.test'],
    'what does not move is not held up',
  );
  const without = withoutHeld(parts);
  t.match(without, [{ leftOut: `frozen by ${held}` }, { what: {} }, { leftOut: 'it is so already' }]);
  t.same(Object.keys(seenOf(without)), ['b.test']);
});

t.test('what is reviewed has moved where the list is newer, and not where it lags behind', async (t) => {
  const at = (revision: number, release?: object): Glance => {
    const made = glance('a.test', { blue: 1, green: 0 }, release && { release });
    return { ...made, service: { ...made.service, revision } };
  };
  t.equal(hasMoved([at(7)], [at(7)]), false);
  t.equal(hasMoved([at(7)], [at(8)]), true);
  t.equal(hasMoved([at(8)], [at(7)]), false);
  t.equal(hasMoved([at(7)], [at(7, { id: '3', state: 'paused', stepIndex: 1 })]), true);
  t.equal(hasMoved([at(7)], []), false, 'it is on another page of the list');
});
