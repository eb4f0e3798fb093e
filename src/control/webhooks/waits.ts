/**
 * When deliveries are due, by a steady clock: the store has it by the wall clock, which may have been days ahead then, and
 * may be set meanwhile.
 */
import { DELAY_MAX_MS } from '../../model/webhook.ts';
import type { Delivery } from '../../store/deliveries.ts';
import type { Clock } from '../clock.ts';

export class Waits {
  readonly #clock: Pick<Clock, 'wallMs' | 'steadyMs'>;
  /** By id: by the steady clock, and as the store has it. */
  readonly #due = new Map<string, { readonly steadyMs: number; readonly dueAtMs: number }>();

  constructor(clock: Pick<Clock, 'wallMs' | 'steadyMs'>) {
    this.#clock = clock;
  }

  /** A delivery waits for so long from now on; Unix time, milliseconds, for the store. */
  begin({ id }: Pick<Delivery, 'id'>, waitMs: number): number {
    const dueAtMs = this.#clock.wallMs() + waitMs;
    this.#due.set(id, { steadyMs: this.#clock.steadyMs() + waitMs, dueAtMs });
    return dueAtMs;
  }

  /** By the steady clock, milliseconds. Of what an earlier process set, what is left is told by the wall clock. */
  dueMs({ id, dueAtMs, attempts }: Delivery): number {
    const known = this.#due.get(id);
    if (known?.dueAtMs === dueAtMs) return known.steadyMs;
    const leftMs = attempts === 0 ? 0 : Math.min(Math.max(0, dueAtMs - this.#clock.wallMs()), DELAY_MAX_MS);
    const steadyMs = this.#clock.steadyMs() + leftMs;
    this.#due.set(id, { steadyMs, dueAtMs });
    return steadyMs;
  }

  forget({ id }: Pick<Delivery, 'id'>): void {
    this.#due.delete(id);
  }

  forgetAll(): void {
    this.#due.clear();
  }
}
