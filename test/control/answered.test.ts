/** What a zone answers is read a page at a time: thousands of services in it are no reason to read all of them for each. */
import t from 'tap';
import { Passed } from '../../src/control/listing.ts';
import { Queries } from '../../src/control/queries.ts';
import { Problem } from '../../src/model/errors.ts';
import { bluegreen, makeEngine } from '../fixtures/engine.ts';

const zone = 'example.com';
const SERVICES = 170;
const PAGE = 7;

t.test('each service is met once, page by page, and a page reads some of them only', async (t) => {
  const { must, store } = makeEngine(t);
  for (const name of [zone, 'other.example'])
    must({ kind: 'zone.put', zone: name, body: { nameservers: ['ns1.example.net'], hostmaster: 'h.example.com' } });
  const names = Array.from({ length: SERVICES }, (_, i) => `s${i}.${zone}`);
  for (const name of [...names, 's.other.example', 'zz.other.example'])
    must({ kind: 'service.put', name, body: { ...bluegreen(1, 1), previewNames: numberOf(name) % 3 !== 0 } } as never);
  let read = 0;
  const { servicesInAfter } = store;
  store.servicesInAfter = (...asked) => {
    const some = servicesInAfter.apply(store, asked);
    read += some.length;
    return some;
  };
  store.servicesIn = () => {
    throw new Error('all of them');
  };
  const queries = new Queries(store);
  const grant = queries.grant(undefined);
  const page = (after: string | undefined, most: number): { keys: string[]; met: string[] } => {
    const listing = queries.answered(zone, after, grant);
    if (listing instanceof Problem) throw new Error(listing.detail);
    const keys: string[] = [];
    const met: string[] = [];
    for (const found of listing.found) {
      if (found instanceof Passed) continue;
      keys.push(found.key);
      if (found.answered.from === 'service') met.push(found.answered.name);
      if (keys.length === most) break;
    }
    return { keys, met };
  };
  const whole = page(undefined, Number.POSITIVE_INFINITY);
  t.same([...new Set(whole.met)], names.toSorted());
  const keys: string[] = [];
  let most = 0;
  for (let last: string | undefined; ; last = keys.at(-1)) {
    read = 0;
    const { keys: some } = page(last, PAGE);
    keys.push(...some);
    most = Math.max(most, read);
    if (some.length < PAGE) break;
  }
  t.same(keys, whole.keys);
  t.ok(most < SERVICES / 2, `a page reads ${most} services`);
  // One that has gone since is passed over.
  must({ kind: 'service.delete', name: `s50.${zone}` });
  const after = keys.find((key) => key.startsWith(`service/s50.${zone}/`));
  t.match(page(after, 1).keys[0], new RegExp(`^service/s51\\.${zone}/0$`));
});

function numberOf(name: string): number {
  return Number.parseInt(name.slice(1), 10) || 0;
}
