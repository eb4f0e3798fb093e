/** What is measured of webhooks: what waits, since when, and what became of the rest. */
import type { Registry } from 'prom-client';
import { collectCounter, collectGauge } from './collected.ts';

/** Webhooks, as far as they are measured here. There are fifty at most, and the name of each is a label. */
export interface MeasuredWebhooks {
  /** None while another node of the fleet sends. */
  measured(): readonly {
    readonly webhook: string;
    readonly waiting: number;
    readonly dead: number;
    /** Since the oldest of those that wait came, milliseconds; 0: none does. */
    readonly oldestMs: number;
    readonly queued: number;
    readonly sent: Readonly<Record<string, number>>;
  }[];
}

type Measured = ReturnType<MeasuredWebhooks['measured']>[number];

export function webhookMetrics(registry: Registry, webhooks: MeasuredWebhooks): void {
  const gauge = (name: string, help: string, read: (measured: Measured) => number): void =>
    collectGauge(registry, { name, help, labels: ['webhook'] }, (set) => {
      for (const each of webhooks.measured()) set(read(each), { webhook: each.webhook });
    });
  gauge('teal_webhook_waiting', 'Deliveries that wait: for their turn, or for their next attempt.', (of) => of.waiting);
  gauge('teal_webhook_dead', 'Deliveries that are kept and not sent any more.', (of) => of.dead);
  gauge(
    'teal_webhook_oldest_seconds',
    'Since the oldest delivery that waits came; 0: none waits.',
    (of) => of.oldestMs / 1000,
  );
  collectCounter(
    registry,
    { name: 'teal_webhook_queued_total', help: 'Deliveries that came into the queue.', labels: ['webhook'] },
    (set) => {
      for (const { webhook, queued } of webhooks.measured()) set(queued, { webhook });
    },
  );
  collectCounter(
    registry,
    {
      name: 'teal_webhook_attempts_total',
      help: 'Attempts by how they ended: delivered, retried (it is sent again later), failed (it is not).',
      labels: ['webhook', 'outcome'],
    },
    (set) => {
      for (const { webhook, sent } of webhooks.measured()) {
        for (const [outcome, count] of Object.entries(sent)) set(count, { webhook, outcome });
      }
    },
  );
}
