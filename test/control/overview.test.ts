/** What a look at all services costs: it reads of the store what a page shows, and nothing else. */
import t from 'tap';
import { Grant } from '../../src/control/grant.ts';
import { SeenHealth } from '../../src/control/observed/health.ts';
import { Overview } from '../../src/control/overview.ts';
import { atOnce } from '../../src/control/slices.ts';
import { Problem } from '../../src/model/errors.ts';
import type { Service } from '../../src/model/service.ts';
import type { Store } from '../../src/store/sqlite.ts';
import type { Table } from '../../src/table/table.ts';

const SERVICES = 10_000;
/** Of the processor, for one search; it takes a tenth of that. */
const SEARCH_MAX_MS = 100;

const all: readonly Service[] = Array.from({ length: SERVICES }, (_, i) => ({
  name: `app-${i}.z${i % 50}.test`,
  zone: `z${i % 50}.test`,
  kind: 'addresses',
  ttlSeconds: 5,
  pick: 'random',
  salt: '00',
  pins: [],
  previewNames: true,
  pools: [
    { name: 'blue', weight: 1, targets: ['192.0.2.1'] },
    { name: 'green', weight: 0, targets: ['192.0.2.2'] },
  ],
  labels: { team: `t${i % 7}` },
  revision: i + 1,
}));

t.test('ten thousand services are searched in memory', async (t) => {
  const byName = new Map(all.map((service) => [service.name, service]));
  let reads = 0;
  const store = {
    service: (name: string) => {
      reads += 1;
      return byName.get(name);
    },
    activeReleases: () => [],
    openProposals: () => [],
    freezes: () => [],
    revision: () => undefined,
  } as unknown as Store;
  const table = {
    observed: { services: () => all.values(), poolCounts: () => ({}) },
  } as unknown as Table;
  const health = new SeenHealth({ wallMs: () => 0, steadyMs: () => 0 });
  let looks = 0;
  const drain = {
    get aheadMs() {
      looks += 1;
      return 0;
    },
    drainedAtMs: () => t.fail('nothing of it can drain') as unknown as number,
  };
  const overview = new Overview({ store, table, health, drain, node: () => undefined });
  const grant = new Grant(store, undefined);
  const look = (asked: object, limit = 100) => {
    reads = 0;
    looks = 0;
    const before = process.threadCpuUsage();
    const page = atOnce(overview.page(asked, grant, { nowMs: 0, limit }));
    const { user, system } = process.threadCpuUsage(before);
    if (page instanceof Problem) throw new Error(page.detail);
    t.equal(reads, page.items.length, `${JSON.stringify(asked)} reads what it shows`);
    t.equal(looks, 1, 'and looks at the clocks of a fleet once');
    return { page, ms: (user + system) / 1000 };
  };
  // The first looks are those of code that is not compiled yet.
  for (let i = 0; i < 3; i++) look({ q: 'app-77' });
  for (const asked of [{ q: 'app-77' }, { q: 'APP' }, { label: 'team=t3' }, { order: 'changed' }, { q: 'nothing' }]) {
    const times = [1, 2, 3].map(() => look(asked).ms);
    t.ok(Math.min(...times) < SEARCH_MAX_MS, `${JSON.stringify(asked)}: ${times.join(', ')} ms of the processor`);
  }
  const { page } = look({ label: 'team=t3', zone: 'z3.test' }, 5);
  t.match(page, { total: SERVICES, items: { length: 5 } });
  t.equal(page.found, all.filter(({ zone, labels }) => zone === 'z3.test' && labels?.team === 't3').length);
});
