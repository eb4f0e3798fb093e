/** What is measured of webhooks: bounded by their names, nothing of those that are gone, and nothing where another sends. */
import { Registry } from 'prom-client';
import t from 'tap';
import { type MeasuredWebhooks, webhookMetrics } from '../../src/metrics/webhooks.ts';
import { parseMetrics, sumOf } from '../fixtures/prometheus.ts';

t.test('the series', async (t) => {
  const registry = new Registry();
  const team = { webhook: 'team', waiting: 3, dead: 1, oldestMs: 90_500, queued: 9 };
  let all: ReturnType<MeasuredWebhooks['measured']> = [
    { ...team, sent: { delivered: 5, retried: 7, failed: 1 } },
    { ...team, webhook: 'well', waiting: 0, oldestMs: 0, sent: { delivered: 0, retried: 0, failed: 0 } },
  ];
  webhookMetrics(registry, { measured: () => all });
  const read = async (name: string, labels: Record<string, string>) =>
    sumOf(parseMetrics(await registry.metrics()), name, labels);
  t.equal(await read('teal_webhook_waiting', { webhook: 'team' }), 3);
  t.equal(await read('teal_webhook_dead', { webhook: 'team' }), 1);
  t.equal(await read('teal_webhook_oldest_seconds', { webhook: 'team' }), 90.5);
  t.equal(await read('teal_webhook_oldest_seconds', { webhook: 'well' }), 0, 'there before anything waits');
  t.equal(await read('teal_webhook_queued_total', { webhook: 'team' }), 9);
  t.equal(await read('teal_webhook_attempts_total', { webhook: 'team', outcome: 'retried' }), 7);
  t.equal(await read('teal_webhook_attempts_total', { webhook: 'well', outcome: 'failed' }), 0);
  all = [];
  const gone = parseMetrics(await registry.metrics());
  for (const name of ['teal_webhook_waiting', 'teal_webhook_attempts_total']) t.same(gone.get(name)?.samples ?? [], []);
});
