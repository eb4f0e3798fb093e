/**
 * Brings events into the queues of webhooks, and sends what is in them. The queue is in the store, and with each entry
 * how far the events were looked at, so that a process that ends at any moment loses nothing; what was sent and not yet
 * noted is sent again, under the same id. One request at a time for each webhook, the earliest due first: in order, then,
 * until one fails, which waits by itself and holds up no other.
 */

import { inBackground } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import { retryDelayMs, type StoredWebhook } from '../../model/webhook.ts';
import type { Delivery, NewDelivery } from '../../store/deliveries.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Clock, RandomBytes } from '../clock.ts';
import { unknownWebhook } from '../drafts/webhooks.ts';
import { formatId, isAfter, type Position, parseId, START } from '../events/event.ts';
import type { EventLog } from '../events/log.ts';
import type { GrantStore } from '../grant.ts';
import type { Lines } from '../lines.ts';
import { NoReply, type Outbound, type Reply } from '../outbound/outbound.ts';
import { headersFor, messageFor } from './message.ts';

/** Standard Webhooks recommends 15 to 30 s; a receiver should note the message and answer. */
const TIMEOUT_MS = 15_000;
/** How soon a store that refused is tried again. */
const STORE_RETRY_MS = 1000;
const ID_BYTES = 15;

interface DispatcherParts {
  readonly store: Pick<Store, 'webhooks' | 'webhook' | 'deliveries'> & GrantStore;
  readonly events: Pick<EventLog, 'listen' | 'after' | 'end'>;
  readonly outbound: Pick<Outbound, 'request'>;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** For the ids of messages. */
  readonly randomBytes: RandomBytes;
  readonly log: Pick<Lines, 'warn' | 'error'>;
}

export class WebhookDispatcher {
  readonly #parts: DispatcherParts;
  readonly #stopped = new AbortController();
  /** Webhooks with a request on its way. */
  readonly #busy = new Set<string>();
  #cursor: Position = START;
  #cancelTimer: () => void = () => {};
  #unlisten: () => void = () => {};

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** To be called once, when the engine has loaded. */
  start(): void {
    const { store, events } = this.#parts;
    const kept = parseId(store.deliveries.cursor ?? '');
    const oldest = Math.min(...store.webhooks().map(({ since }) => since));
    this.#cursor = oldest === Number.POSITIVE_INFINITY ? events.end : { revision: oldest, index: 0 };
    if (kept !== undefined && isAfter(kept, this.#cursor)) this.#cursor = kept;
    this.#unlisten = events.listen(() => this.#wakeIn(0));
    this.#wakeIn(0);
  }

  /** Requests on their way are given up; the next start sends them again. */
  stop(): void {
    this.#unlisten();
    this.#cancelTimer();
    this.#stopped.abort();
  }

  /** Sends a delivery again, now, as if it were new. */
  redeliver(name: string, id: string): Delivery | Problem {
    const { store, clock } = this.#parts;
    if (store.webhook(name) === undefined) return unknownWebhook(name);
    const found = store.deliveries.find(name, id);
    if (found === undefined) {
      return new Problem('delivery_unknown', `The webhook ${name} has no delivery ${id} that waits or is dead.`);
    }
    const again: Delivery = { ...found, state: 'pending', attempts: 0, dueAtMs: clock.wallMs() };
    const failed = store.deliveries.update(again);
    this.#wakeIn(0);
    return failed ?? again;
  }

  /** One timer; whoever sets it last is right, since a look covers everything. */
  #wakeIn(ms: number): void {
    this.#cancelTimer();
    if (!this.#stopped.signal.aborted) this.#cancelTimer = this.#parts.clock.after(ms, () => this.#look());
  }

  #look(): void {
    const { store, log } = this.#parts;
    let nextMs = Number.POSITIVE_INFINITY;
    try {
      const webhooks = store.webhooks();
      if (this.#collect(webhooks)) nextMs = 0;
      for (const webhook of webhooks) nextMs = Math.min(nextMs, this.#sendNext(webhook));
    } catch (err) {
      // A fault here must not end a process that answers queries.
      log.error({ err }, 'webhooks failed unexpectedly');
      nextMs = STORE_RETRY_MS;
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#wakeIn(Math.max(0, nextMs));
  }

  /** Brings a page of events into the queues; true: there may be more. */
  #collect(webhooks: readonly StoredWebhook[]): boolean {
    const { store, events, clock, randomBytes } = this.#parts;
    if (webhooks.length === 0) {
      this.#cursor = events.end;
      return false;
    }
    const page = events.after(this.#cursor);
    const last = page.at(-1);
    if (last === undefined) return false;
    const createdAtMs = clock.wallMs();
    const wanted = page.flatMap((event) =>
      webhooks.flatMap((webhook): NewDelivery[] => {
        const message = messageFor(event, webhook, store);
        if (message === undefined) return [];
        const id = `msg_${randomBytes(ID_BYTES).toString('base64url')}`;
        return [{ id, webhook: webhook.name, event: formatId(event.position), createdAtMs, ...message }];
      }),
    );
    const failed = wanted.length === 0 ? undefined : store.deliveries.add(wanted, formatId(last.position));
    if (failed !== undefined) throw new Error(failed.detail);
    this.#cursor = last.position;
    return true;
  }

  /** Sends what is due; the milliseconds until there is something to do. */
  #sendNext(webhook: StoredWebhook): number {
    const { store, clock } = this.#parts;
    if (this.#busy.has(webhook.name)) return Number.POSITIVE_INFINITY;
    const next = store.deliveries.next(webhook.name);
    if (next === undefined) return Number.POSITIVE_INFINITY;
    const waitMs = next.dueAtMs - clock.wallMs();
    if (waitMs > 0) return waitMs;
    this.#busy.add(webhook.name);
    inBackground('a webhook', this.#send(webhook, next));
    return Number.POSITIVE_INFINITY;
  }

  async #send(webhook: StoredWebhook, delivery: Delivery): Promise<void> {
    const { outbound, clock } = this.#parts;
    const { id, body } = delivery;
    const headers = headersFor(id, body, webhook.secret, clock.wallMs());
    const ask = { url: new URL(webhook.url), method: 'POST', headers, body };
    // The body of its answer is of no interest, so that nothing of it is read.
    const reply = await outbound.request(ask, { timeoutMs: TIMEOUT_MS, maxBytes: 0, stopped: this.#stopped.signal });
    if (this.#stopped.signal.aborted) return;
    let waitMs = STORE_RETRY_MS;
    try {
      // Where the store refuses, the same is sent again: at least once.
      if (this.#note(webhook, delivery, reply) === undefined) waitMs = 0;
    } finally {
      this.#busy.delete(webhook.name);
      this.#wakeIn(waitMs);
    }
  }

  #note(webhook: StoredWebhook, delivery: Delivery, reply: Reply | NoReply): Problem | undefined {
    const { store, clock, random, log } = this.#parts;
    const error = failureOf(reply);
    if (error === undefined) return store.deliveries.remove(delivery.id);
    const attempts = delivery.attempts + 1;
    // 410: the receiver is gone for good, by its own word.
    const isGone = !(reply instanceof NoReply) && reply.status === 410;
    const delayMs = isGone ? undefined : retryDelayMs(attempts, random());
    if (delayMs === undefined) {
      const line = { webhook: webhook.name, delivery: delivery.id, attempts, reason: error };
      log.warn(line, 'a webhook could not be delivered');
      return store.deliveries.update({ ...delivery, state: 'dead', attempts, error });
    }
    return store.deliveries.update({ ...delivery, attempts, error, dueAtMs: clock.wallMs() + delayMs });
  }
}

/** Why an attempt failed; undefined: it did not. */
function failureOf(reply: Reply | NoReply): string | undefined {
  if (reply instanceof NoReply) return reply.reason;
  const { status } = reply;
  if (status >= 200 && status < 300) return undefined;
  return `answered ${status}, not 2xx${status >= 300 && status < 400 ? '; redirects are not followed' : ''}`;
}
