/**
 * When deliveries are due, by a steady clock: the store has it by the wall clock, which may have been days ahead then, and
 * may be set meanwhile.
 */
import { DELAY_MAX_MS } from '../../model/webhook.ts';
import type { Deliveries, Delivery } from '../../store/deliveries.ts';
import type { Clock } from '../clock.ts';

type Named = Pick<Delivery, 'webhook' | 'id'>;

export class Waits {
  readonly #clock: Pick<Clock, 'wallMs' | 'steadyMs'>;
  /** By webhook and id: by the steady clock, and as the store has it. */
  readonly #due = new Map<string, Map<string, { readonly steadyMs: number; readonly dueAtMs: number }>>();

  constructor(clock: Pick<Clock, 'wallMs' | 'steadyMs'>) {
    this.#clock = clock;
  }

  /** A delivery waits for so long from now on; Unix time, milliseconds, for the store. */
  begin(delivery: Named, waitMs: number): number {
    const dueAtMs = this.#clock.wallMs() + waitMs;
    this.#note(delivery, this.#clock.steadyMs() + waitMs, dueAtMs);
    return dueAtMs;
  }

  /** By the steady clock, milliseconds. Of what an earlier process set, what is left is told by the wall clock. */
  dueMs(delivery: Named & Pick<Delivery, 'dueAtMs' | 'attempts'>): number {
    const { webhook, id, dueAtMs, attempts } = delivery;
    const known = this.#due.get(webhook)?.get(id);
    if (known?.dueAtMs === dueAtMs) return known.steadyMs;
    const leftMs = attempts === 0 ? 0 : Math.min(Math.max(0, dueAtMs - this.#clock.wallMs()), DELAY_MAX_MS);
    const steadyMs = this.#clock.steadyMs() + leftMs;
    this.#note(delivery, steadyMs, dueAtMs);
    return steadyMs;
  }

  /** The delivery of a webhook that is due first, or will be. Where the clock was set, the order of the store is not that of the waits. */
  next(webhook: string, deliveries: Pick<Deliveries, 'next' | 'untried' | 'find'>): Delivery | undefined {
    const first = deliveries.next(webhook);
    if (first === undefined || this.dueMs(first) <= this.#clock.steadyMs()) return first;
    const untried = deliveries.untried(webhook);
    if (untried !== undefined) return untried;
    const id = this.#firstOf(webhook) ?? first.id;
    const found = id === first.id ? first : deliveries.find(webhook, id);
    if (found?.state === 'pending') return found;
    // It is not to be sent any more.
    this.forget({ webhook, id });
    return this.next(webhook, deliveries);
  }

  /** The id of the one that is due first of those that are known. */
  #firstOf(webhook: string): string | undefined {
    const due = [...(this.#due.get(webhook) ?? [])];
    const firstMs = Math.min(...due.map(([, { steadyMs }]) => steadyMs));
    return due.find(([, { steadyMs }]) => steadyMs === firstMs)?.[0];
  }

  #note({ webhook, id }: Named, steadyMs: number, dueAtMs: number): void {
    const due = this.#due.get(webhook) ?? new Map();
    this.#due.set(webhook, due.set(id, { steadyMs, dueAtMs }));
  }

  forget({ webhook, id }: Named): void {
    this.#due.get(webhook)?.delete(id);
  }

  /** Forgets those of all other webhooks: they went with these. */
  keep(webhooks: ReadonlySet<string>): void {
    for (const webhook of this.#due.keys()) if (!webhooks.has(webhook)) this.#due.delete(webhook);
  }

  forgetAll(): void {
    this.#due.clear();
  }
}
