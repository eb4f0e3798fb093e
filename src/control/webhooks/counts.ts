/** What has become of the deliveries of each webhook since this process began, for metrics. */

/** How an attempt ended: `retried` waits for another one, `failed` has none left, or its receiver is gone. */
type Outcome = 'delivered' | 'retried' | 'failed';

interface Counted {
  queued: number;
  readonly sent: Record<Outcome, number>;
}

export class DeliveryCounts {
  readonly #webhooks = new Map<string, Counted>();

  queued(webhook: string): void {
    this.of(webhook).queued++;
  }

  sent(webhook: string, outcome: Outcome): void {
    this.of(webhook).sent[outcome]++;
  }

  /** All at 0 from the first look on, so that the first of each is an increase. */
  of(webhook: string): Counted {
    const found = this.#webhooks.get(webhook) ?? { queued: 0, sent: { delivered: 0, retried: 0, failed: 0 } };
    this.#webhooks.set(webhook, found);
    return found;
  }

  /** Forgets those that are gone: there are as many as webhooks. */
  keep(webhooks: readonly string[]): void {
    for (const name of this.#webhooks.keys()) if (!webhooks.includes(name)) this.#webhooks.delete(name);
  }
}
