/**
 * Brings events into the queues of webhooks, and sends what is in them. The queue is in the store, and with each entry
 * how far the events were looked at, so that a process that ends at any moment loses nothing; what was sent and not yet
 * noted is sent again, under the same id. One request at a time for each webhook, the earliest due first: in order, then,
 * until one fails, which waits by itself and holds up no other. Waits are measured by a steady clock; what is left of one
 * after a restart is told by the wall clock, and is no longer than the longest.
 *
 * In a fleet the node that leads sends, and tells the others how far it came: who leads next goes on there, and gives
 * what it sends again the same id.
 */

import { createHash } from 'node:crypto';
import { inBackground } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import { askedDelayMs, retryDelayMs, type StoredWebhook } from '../../model/webhook.ts';
import { type Delivery, type NewDelivery, PENDING_MAX } from '../../store/deliveries.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Clock, RandomBytes } from '../clock.ts';
import { unknownWebhook } from '../drafts/webhooks.ts';
import { beforeOf, formatId, isAfter, type Position, parseId, START } from '../events/event.ts';
import type { EventLog } from '../events/log.ts';
import type { GrantStore } from '../grant.ts';
import type { Lines } from '../lines.ts';
import { NoReply, type Reply } from '../outbound/outbound.ts';
import { type AttemptParts, attempt, failureOf } from './attempt.ts';
import { DeliveryCounts } from './counts.ts';
import { bodyNow, messageFor, saidAs } from './message.ts';
import { testNotice } from './notice.ts';
import { Waits } from './waits.ts';

/** How soon a store that refused is tried again. */
const STORE_RETRY_MS = 1000;
const ID_BYTES = 15;
/**
 * What this node saw of the others before it began to send: the node that sent before it told of it, but for what it saw
 * in its last seconds, among it the end of that node. Another leads ten seconds after it.
 */
const SEEN_BEFORE_MS = 30_000;

interface DispatcherParts extends AttemptParts {
  readonly store: Pick<Store, 'webhooks' | 'webhook' | 'deliveries'> & GrantStore;
  readonly events: Pick<EventLog, 'listen' | 'after' | 'end'>;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** For the ids of messages. */
  readonly randomBytes: RandomBytes;
  /** Names the log of a fleet; undefined: this node is in none. */
  readonly fleetLog?: () => string | undefined;
  readonly log: Pick<Lines, 'warn' | 'error'>;
}

export class WebhookDispatcher {
  readonly #parts: DispatcherParts;
  #stopped = new AbortController();
  /** Of tests, which any node of a fleet may make, whoever leads. */
  readonly #testing = new AbortController();
  /** Webhooks with a request on its way. */
  #busy = new Set<string>();
  readonly #waits: Waits;
  /** Until when a receiver asked to be told nothing (steady clock, milliseconds), and by which revision of its webhook it was told. */
  readonly #heldBack = new Map<string, { readonly untilMs: number; readonly revision: number }>();
  /** What another node has delivered of events that are looked at here again, by webhook. */
  #delivered: ReadonlyMap<string, Position> = new Map();
  #cursor: Position = START;
  readonly #counts = new DeliveryCounts();
  /** Since when it sends, by the steady clock, milliseconds; undefined: it does not. */
  #sinceMs: number | undefined;
  #cancelTimer: () => void = () => {};
  #unlisten: () => void = () => {};

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#waits = new Waits(parts.clock);
  }

  /**
   * To be called when the engine has loaded; also again, after a stop. `delivered`: where this node of a fleet leads from
   * now on, up to which event each webhook has had all, as `progress` said of the node that led before.
   */
  start(delivered?: ReadonlyMap<string, string>): void {
    const { store, events } = this.#parts;
    const webhooks = store.webhooks();
    this.#stopped = new AbortController();
    this.#sinceMs = this.#parts.clock.steadyMs();
    this.#busy = new Set();
    this.#waits.forgetAll();
    const kept = delivered === undefined ? parseId(store.deliveries.cursor ?? '') : undefined;
    this.#delivered = delivered === undefined ? new Map() : this.#goOn(webhooks, delivered);
    const begins = webhooks.map(({ name, since }) => this.#delivered.get(name) ?? { revision: since, index: 0 });
    this.#cursor = begins.reduce((first, each) => (isAfter(first, each) ? each : first), events.end);
    if (kept !== undefined && isAfter(kept, this.#cursor)) this.#cursor = kept;
    this.#unlisten = events.listen(() => this.#wakeIn(0));
    this.#wakeIn(0);
  }

  /** What waited here from an earlier time as leader, and has been delivered since, is not sent again. */
  #goOn(webhooks: readonly StoredWebhook[], delivered: ReadonlyMap<string, string>): ReadonlyMap<string, Position> {
    const { deliveries } = this.#parts.store;
    const positions = new Map<string, Position>();
    for (const { name } of webhooks) {
      const position = parseId(delivered.get(name) ?? '');
      if (position === undefined) continue;
      positions.set(name, position);
      for (const { id, event } of deliveries.list(name, 'pending', 0, PENDING_MAX)) {
        const of = parseId(event);
        if (of !== undefined && !isAfter(of, position)) deliveries.remove(id);
      }
    }
    return positions;
  }

  /** Up to which event each webhook has had all that it wants, or that could not be delivered. */
  progress(): Map<string, string> {
    const { store } = this.#parts;
    return new Map(
      store.webhooks().map(({ name, since }) => {
        const [oldest] = store.deliveries.list(name, 'pending', 0, 1);
        const waiting = oldest === undefined ? undefined : parseId(oldest.event);
        const upTo = waiting === undefined ? this.#cursor : beforeOf(waiting);
        const delivered = this.#delivered.get(name) ?? { revision: since, index: 0 };
        return [name, formatId(placeOf(isAfter(upTo, delivered) ? upTo : delivered))];
      }),
    );
  }

  /** Requests on their way are given up; the next start sends them again. */
  stop(): void {
    this.#sinceMs = undefined;
    this.#unlisten();
    this.#cancelTimer();
    this.#stopped.abort();
  }

  /** Of each webhook what waits and what became of the rest; of none while another node of the fleet sends. */
  measured() {
    if (this.#sinceMs === undefined) return [];
    const { store, clock } = this.#parts;
    const names = store.webhooks().map(({ name }) => name);
    this.#counts.keep(names);
    return names.map((webhook) => {
      const [oldest] = store.deliveries.list(webhook, 'pending', 0, 1);
      const oldestMs = oldest === undefined ? 0 : Math.max(0, clock.wallMs() - oldest.createdAtMs);
      const waiting = store.deliveries.count(webhook, 'pending');
      const dead = store.deliveries.count(webhook, 'dead');
      return { webhook, waiting, dead, oldestMs, ...this.#counts.of(webhook) };
    });
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
    this.#heldBack.delete(name);
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
      this.#waits.keep(new Set(webhooks.map(({ name }) => name)));
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
    const { store, events, clock } = this.#parts;
    if (webhooks.length === 0) {
      this.#cursor = events.end;
      return false;
    }
    const page = events.after(this.#cursor);
    const last = page.at(-1);
    if (last === undefined) return false;
    const createdAtMs = clock.wallMs();
    // By the wall clock as it is now: it may have been set since.
    const steadyMs = clock.steadyMs();
    const seenFromMs = createdAtMs - (steadyMs - (this.#sinceMs ?? steadyMs)) - SEEN_BEFORE_MS;
    const wanted = page.flatMap((event) =>
      webhooks.flatMap((webhook): NewDelivery[] => {
        if (event.position.health !== undefined && event.atMs < seenFromMs) return [];
        const had = this.#delivered.get(webhook.name);
        if (had !== undefined && !isAfter(event.position, had)) return [];
        const message = messageFor(event, webhook, store);
        if (message === undefined) return [];
        const of = formatId(event.position);
        return [{ id: this.#idOf(webhook.name, of), webhook: webhook.name, event: of, createdAtMs, ...message }];
      }),
    );
    const failed = wanted.length === 0 ? undefined : store.deliveries.add(wanted, formatId(last.position));
    if (failed !== undefined) throw new Error(failed.detail);
    for (const { webhook } of wanted) this.#counts.queued(webhook);
    this.#cursor = last.position;
    return true;
  }

  /** In a fleet the same for whoever sends it, so that a receiver that had it from the leader before knows it. */
  #idOf(webhook: string, event: string): string {
    const { fleetLog, randomBytes } = this.#parts;
    const log = fleetLog?.();
    const bytes =
      log === undefined
        ? randomBytes(ID_BYTES)
        : createHash('sha256').update(`${log}/${webhook}/${event}`).digest().subarray(0, ID_BYTES);
    return `msg_${bytes.toString('base64url')}`;
  }

  /** Sends what is due; the milliseconds until there is something to do. */
  #sendNext(webhook: StoredWebhook): number {
    if (this.#busy.has(webhook.name)) return Number.POSITIVE_INFINITY;
    const { store, clock } = this.#parts;
    const next = this.#waits.next(webhook.name, store.deliveries);
    if (next === undefined) return Number.POSITIVE_INFINITY;
    const waitMs = Math.max(this.#waits.dueMs(next), this.#heldBackUntilMs(webhook)) - clock.steadyMs();
    if (waitMs > 0) return waitMs;
    const body = bodyNow(webhook, next, this.#parts);
    this.#busy.add(webhook.name);
    inBackground('a webhook', this.#send(webhook, next, body));
    return Number.POSITIVE_INFINITY;
  }

  /** Who asked for a pause is given it for all, else each that waits would be refused in turn. A changed webhook may name another receiver. */
  #heldBackUntilMs({ name, revision }: StoredWebhook): number {
    const held = this.#heldBack.get(name);
    return held?.revision === revision ? held.untilMs : 0;
  }

  async #send(webhook: StoredWebhook, delivery: Delivery, body: string | NoReply): Promise<void> {
    const { signal: stopped } = this.#stopped;
    const { id } = delivery;
    const reply = body instanceof NoReply ? body : await attempt(this.#parts, webhook, { id, body }, stopped);
    if (stopped.aborted) return;
    let waitMs = STORE_RETRY_MS;
    try {
      // Where the store refuses, the same is sent again: at least once.
      if (this.#note(webhook, delivery, reply) === undefined) waitMs = 0;
    } finally {
      this.#busy.delete(webhook.name);
      this.#wakeIn(waitMs);
    }
  }

  /** Sends a message that tells of nothing, once, to see whether it arrives; undefined: it did. */
  async test(name: string): Promise<{ readonly error: string | undefined } | Problem> {
    const { store, clock, randomBytes } = this.#parts;
    const webhook = store.webhook(name);
    if (webhook === undefined) return unknownWebhook(name);
    const body = saidAs(webhook, testNotice(name, new Date(clock.wallMs()).toISOString()));
    const id = `msg_${randomBytes(ID_BYTES).toString('base64url')}`;
    return { error: failureOf(await attempt(this.#parts, webhook, { id, body }, this.#testing.signal)) };
  }

  /** Heeds what a receiver says of when to come again; how long that is, in milliseconds. */
  #holdBack({ name, revision }: StoredWebhook, reply: Reply | NoReply): number {
    if (reply instanceof NoReply || reply.retryAfter === undefined) return 0;
    const { clock } = this.#parts;
    const askedMs = askedDelayMs(reply.retryAfter, clock.wallMs());
    this.#heldBack.set(name, { untilMs: clock.steadyMs() + askedMs, revision });
    return askedMs;
  }

  #note(webhook: StoredWebhook, delivery: Delivery, reply: Reply | NoReply): Problem | undefined {
    const { store, random, log } = this.#parts;
    const error = failureOf(reply);
    this.#waits.forget(delivery);
    if (error === undefined) {
      this.#counts.sent(webhook.name, 'delivered');
      this.#heldBack.delete(webhook.name);
      return store.deliveries.remove(delivery.id);
    }
    const attempts = delivery.attempts + 1;
    // 410: the receiver is gone for good, by its own word.
    const isGone = !(reply instanceof NoReply) && reply.status === 410;
    const delayMs = isGone ? undefined : retryDelayMs(attempts, random());
    const askedMs = this.#holdBack(webhook, reply);
    this.#counts.sent(webhook.name, delayMs === undefined ? 'failed' : 'retried');
    if (delayMs === undefined) {
      const line = { webhook: webhook.name, delivery: delivery.id, attempts, reason: error };
      log.warn(line, 'a webhook could not be delivered');
      return store.deliveries.update({ ...delivery, state: 'dead', attempts, error });
    }
    const dueAtMs = this.#waits.begin(delivery, Math.max(delayMs, askedMs));
    return store.deliveries.update({ ...delivery, attempts, error, dueAtMs });
  }
}

/** What probes of a node saw is of no other node. */
function placeOf({ revision, index }: Position): Position {
  return { revision, index };
}
