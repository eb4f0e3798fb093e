/** Aborted releases by service: their series are there, at 0, before there is anything to count. */
import { Registry } from 'prom-client';
import t from 'tap';
import { AbortCounts, releaseMetrics } from '../../src/metrics/releases.ts';
import { ShownServices } from '../../src/metrics/services.ts';
import type { Release } from '../../src/model/release.ts';
import type { Service } from '../../src/model/service.ts';
import { parseMetrics } from '../fixtures/prometheus.ts';
import { service } from '../fixtures/table.ts';

function release(name: string, state: Release['state'], reason: Release['reason']): Release {
  const each = { name, before: {}, weights: {}, steadyTtlSeconds: 5, ttlSeconds: 5 };
  const told = { state, reason, message: '', stepIndex: 0, wait: null, held: false };
  return { id: '7', services: [each], to: 'green', steps: [], ...told, createdAtMs: 0, revision: 7 };
}

const begun = (name: string): Release => release(name, 'progressing', 'step_due');
const failed = (name: string): Release => release(name, 'aborted', 'analysis_failed');

/** `names`: the services that there are; the first of them answers most. */
function measured(names: string[], max: number, active: readonly Release[] = []) {
  const one = (name: string): Service => {
    const change = service('test', name, { blue: [1, '192.0.2.1'], green: [0, '192.0.2.2'] });
    if (change.op !== 'putService') throw new Error('it is a service');
    return change.service;
  };
  const table = {
    get serviceCount() {
      return names.length;
    },
    services: () => names.map(one),
    service: (name: string) => (names.includes(name) ? one(name) : undefined),
    poolCounts: (name: string) => ({ blue: { answers: names.length - names.indexOf(name), lastAtMs: 0 } }),
  };
  const registry = new Registry();
  const sources = { releases: { activeReleases: () => active }, services: table };
  const metrics = releaseMetrics(registry, { ...sources, shown: new ShownServices(table, max, () => 0) });
  return {
    change: (release: Release) => metrics.changed([{ op: 'putRelease', release }]),
    /** By service: aborted by a gate, and all aborted. */
    async aborts(): Promise<Record<string, readonly [number, number]>> {
      const { samples = [] } = parseMetrics(await registry.metrics()).get('teal_service_releases_aborted_total') ?? {};
      const found: Record<string, readonly [number, number]> = {};
      for (const { labels, value } of samples) {
        const [byGate, all] = found[labels.service as string] ?? [0, 0];
        const more = labels.reason === 'analysis_failed' ? value : 0;
        found[labels.service as string] = [byGate + more, all + value];
      }
      return found;
    },
  };
}

t.test('a service has its series before its first release', async (t) => {
  const names = ['app.test', 'api.test'];
  const { change, aborts } = measured(names, 10);
  t.same(await aborts(), { 'app.test': [0, 0], 'api.test': [0, 0] });
  change(begun('app.test'));
  change(failed('app.test'));
  t.same(await aborts(), { 'app.test': [1, 1], 'api.test': [0, 0] });
  change(begun('app.test'));
  change(release('app.test', 'aborted', 'rolled_back'));
  change(begun('app.test'));
  change(release('app.test', 'completed', 'steps_done'));
  t.same(await aborts(), { 'app.test': [1, 2], 'api.test': [0, 0] });
  names.shift();
  t.same(await aborts(), { 'api.test': [0, 0] }, 'one that is gone has none');
});

t.test('one without series of its own gets them when its release begins', async (t) => {
  const { change, aborts } = measured(['busy.test', 'idle.test', 'idler.test'], 1);
  t.same(await aborts(), { 'busy.test': [0, 0] });
  change(begun('idle.test'));
  t.same(await aborts(), { 'busy.test': [0, 0], 'idle.test': [0, 0] });
  change(failed('idle.test'));
  t.same(await aborts(), { 'busy.test': [0, 0], 'idle.test': [1, 1] }, 'and keeps them when it has ended');
  change(begun('idler.test'));
  t.same(await aborts(), { 'busy.test': [0, 0], 'idler.test': [0, 0] }, 'until there are too many');
});

t.test('a release that a restart found going on has its series from the start', async (t) => {
  const { aborts } = measured(['busy.test', 'idle.test'], 1, [begun('idle.test')]);
  t.same(await aborts(), { 'busy.test': [0, 0], 'idle.test': [0, 0] });
});

t.test('numbers of so many services are kept, those whose releases changed last', (t) => {
  const counts = new AbortCounts(2);
  for (const name of ['a', 'b', 'a', 'c']) counts.see(failed(name));
  t.same([...counts.names()], ['a', 'c']);
  t.equal(counts.of('a').get('analysis_failed'), 2);
  t.equal(counts.of('b').get('analysis_failed'), 0);
  const none = new AbortCounts(0);
  none.see(failed('a'));
  t.same([...none.names()], []);
  t.end();
});
