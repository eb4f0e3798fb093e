/** Which services have series of their own. */
import { Registry } from 'prom-client';
import t from 'tap';
import { ShownServices, serviceMetrics } from '../../src/metrics/services.ts';
import type { Service } from '../../src/model/service.ts';
import { parseMetrics, sumOf } from '../fixtures/prometheus.ts';
import { service } from '../fixtures/table.ts';

/** Services that have answered so often, all from blue. */
function measured(answers: Record<string, number>) {
  return {
    get serviceCount() {
      return Object.keys(answers).length;
    },
    *services(): Generator<Service> {
      for (const name of Object.keys(answers)) {
        const change = service('example.test', name, { blue: [3, '192.0.2.1'], green: [1, '192.0.2.2'] });
        if (change.op === 'putService') yield change.service;
      }
    },
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
  serviceMetrics(registry, table, new ShownServices(table, 10, () => 0), (name) =>
    name === 'app.example.test' ? [{ pool: 'blue', target: '192.0.2.1', up: false }] : [],
  );
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
