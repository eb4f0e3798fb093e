/** Which services have series of their own. */
import { Registry } from 'prom-client';
import t from 'tap';
import { ShownServices, serviceMetrics } from '../../src/metrics/services.ts';
import type { Service } from '../../src/model/service.ts';
import { parseMetrics, sumOf } from '../fixtures/prometheus.ts';
import { service } from '../fixtures/table.ts';

function made(name: string): Service {
  const change = service('example.test', name, { blue: [3, '192.0.2.1'], green: [1, '192.0.2.2'] });
  if (change.op !== 'putService') throw new Error('it is a service');
  return change.service;
}

/** Services that have answered so often, all from blue. */
function measured(answers: Record<string, number>, more: Record<string, Partial<Service>> = {}) {
  const one = (name: string): Service => ({ ...made(name), ...more[name] });
  return {
    get serviceCount() {
      return Object.keys(answers).length;
    },
    *services(): Generator<Service> {
      for (const name of Object.keys(answers)) yield one(name);
    },
    service: (name: string) => (Object.hasOwn(answers, name) ? one(name) : undefined),
    poolCounts: (name: string) => ({
      blue: { answers: answers[name] ?? 0, lastAtMs: answers[name] === 0 ? 0 : 1500, lastTtlSeconds: 5 },
      green: { answers: 0, lastAtMs: 0, lastTtlSeconds: 0 },
    }),
  };
}

const names = (shown: ShownServices): string[] => [...shown].map(({ name }) => name).sort();

t.test('all of them, up to the limit', async (t) => {
  const shown = new ShownServices(measured({ a: 1, b: 0 }), 2, () => 0);
  t.same(names(shown), ['a', 'b']);
  t.equal(shown.omitted, 0);
});

t.test('above it those with the most answers, chosen anew once a minute', async (t) => {
  const answers: Record<string, number> = { a: 1, b: 30, c: 2, d: 20 };
  let nowMs = 0;
  const shown = new ShownServices(measured(answers), 2, () => nowMs);
  t.same(names(shown), ['b', 'd']);
  t.equal(shown.omitted, 2);
  answers.a = 100;
  nowMs = 60_000;
  t.same(names(shown), ['b', 'd'], 'a series stays for a minute');
  nowMs = 60_001;
  t.same(names(shown), ['a', 'b']);
  delete answers.c;
  delete answers.d;
  t.same(names(shown), ['a', 'b']);
  t.equal(shown.omitted, 0);
  t.same(names(new ShownServices(measured(answers), 0, () => 0)), [], 'none at all, where the limit is 0');
});

t.test('their series', async (t) => {
  const registry = new Registry();
  const table = measured({ 'app.example.test': 7, 'new.example.test': 0 });
  serviceMetrics(registry, table, new ShownServices(table, 10, () => 0), {
    targetsOf: (name) => (name === 'app.example.test' ? [{ pool: 'blue', target: '192.0.2.1', up: false }] : []),
    failingOpen: () => [],
  });
  const metrics = parseMetrics(await registry.metrics());
  const app = { service: 'app.example.test', pool: 'blue' };
  t.equal(sumOf(metrics, 'teal_service_answers_total', app), 7);
  t.equal(sumOf(metrics, 'teal_service_answers_total', { ...app, pool: 'green' }), 0);
  t.equal(sumOf(metrics, 'teal_service_share_ratio', app), 0.75);
  t.equal(sumOf(metrics, 'teal_service_ttl_seconds', { service: 'app.example.test' }), 5);
  t.equal(sumOf(metrics, 'teal_service_last_answer_timestamp_seconds', app), 1.5);
  t.equal(
    sumOf(metrics, 'teal_service_last_answer_timestamp_seconds', { ...app, pool: 'green' }),
    undefined,
    'one that never answered has no time',
  );
  t.equal(sumOf(metrics, 'teal_services'), 2);
  t.equal(sumOf(metrics, 'teal_target_up', { ...app, target: '192.0.2.1' }), 0);
  t.equal(sumOf(metrics, 'teal_target_up', { service: 'new.example.test' }), undefined, 'it is not checked');
});

t.test('which services fail open', async (t) => {
  const forced = [{ pool: 'blue', state: 'up', startedAtMs: 0, seconds: 60, actor: 'ops', revision: 3 }] as const;
  const checked = { 'a.test': { forced }, 'b.test': { forced }, 'c.test': { forced }, 'd.test': { forced } };
  const table = measured({ 'a.test': 9, 'b.test': 8, 'plain.test': 7, 'c.test': 0, 'd.test': 0 }, checked);
  const series = async (max: number, open: readonly string[]) => {
    const registry = new Registry();
    const health = { targetsOf: () => [], failingOpen: () => open };
    serviceMetrics(registry, table, new ShownServices(table, max, () => 0), health);
    const samples = parseMetrics(await registry.metrics()).get('teal_service_fail_open')?.samples ?? [];
    return Object.fromEntries(samples.map(({ labels, value }) => [labels.service, value]));
  };
  t.same(await series(3, ['b.test']), { 'a.test': 0, 'b.test': 1 }, 'one that nobody checks has no series');
  t.same(await series(3, ['c.test']), { 'a.test': 0, 'b.test': 0, 'c.test': 1 }, 'one that few ask for is told too');
  t.same(await series(1, ['c.test', 'd.test']), { 'a.test': 0, 'c.test': 1 }, 'up to the bound once more');
});
