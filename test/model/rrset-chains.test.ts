/** RRsets of a name by their type, few or many. */
import fc from 'fast-check';
import t from 'tap';
import { Column } from '../../src/model/column.ts';
import { RRsetChains } from '../../src/model/rrset-chains.ts';
import { runs } from '../fixtures/runs.ts';

const NAMES = 3;

/** Chains in columns of which each look at a type is counted. */
function open() {
  const firstOf = new Column(Uint32Array);
  const next = new Column(Uint32Array);
  const types = new Column(Uint16Array);
  for (let name = 0; name < NAMES; name++) firstOf.pushZero();
  let looks = 0;
  const counted = {
    get values() {
      looks++;
      return types.values;
    },
  } as Column<Uint16Array>;
  const chains = new RRsetChains({ firstOf, next, types: counted });
  const add = (name: number, type: number): number => {
    types.push(type);
    next.pushZero();
    chains.add(name, types.length - 1);
    return types.length;
  };
  const order = (name: number): number[] => {
    const own: number[] = [];
    for (let at = firstOf.values[name]; at !== 0; at = next.values[at - 1]) own.push(types.values[at - 1]);
    return own;
  };
  return { chains, add, order, looks: () => looks };
}

t.test('each is found by its type, and stands behind those that came before it', async (t) => {
  const step = fc.tuple(fc.nat(NAMES - 1), fc.nat(80));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const { chains, add, order } = open();
      const known = Array.from({ length: NAMES }, () => new Map<number, number>());
      for (const [name, type] of steps) {
        const own = known[name] as Map<number, number>;
        if (chains.find(name, type) !== (own.get(type) ?? 0)) throw new Error(`type ${type} of name ${name}`);
        if (!own.has(type)) own.set(type, add(name, type));
      }
      for (const [name, own] of known.entries()) t.same(order(name), [...own.keys()]);
    }),
    { numRuns: runs(50) },
  );
});

t.test('a name of 60,000 types is not walked through for each of them', async (t) => {
  const { chains, add, looks } = open();
  for (let type = 0; type < 60_000; type++) {
    if (chains.find(0, type) !== 0) t.fail(`${type} is there already`);
    add(0, type);
  }
  for (const type of [0, 31, 32, 33, 34, 59_999]) t.equal(chains.find(0, type), type + 1);
  t.equal(chains.find(0, 60_000), 0);
  t.ok(looks() < 60_000 * 40, `${looks()} looks`);
});
