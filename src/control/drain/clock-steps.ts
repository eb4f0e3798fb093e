/**
 * Notices that the wall clock was set, by a steady one that runs beside it, and has what was stamped before read by that:
 * no pool is told to be drained since the clock was set forward, nor held for as long as it was ahead.
 */
import type { Table } from '../../table/table.ts';
import type { Clock } from '../clock.ts';

/** Answers stamped between that and the next look are of the clock as it is then. */
const LOOK_MS = 1000;
/** Less is within the margin of each report; a clock that is slewed comes to it as well. */
const STEP_MS = 200;
/** Who was held up between the two clocks tells nothing of them. */
const TOGETHER_MS = 20;

interface StepsParts {
  readonly clock: Clock;
  readonly observed: Pick<Table['observed'], 'setClock'>;
  readonly log: { warn(line: object, text: string): void };
}

export class ClockSteps {
  readonly #parts: StepsParts;
  /** How far the wall clock is before the steady one, milliseconds. */
  #leadMs: number;
  /** When it was looked at last; steady clock, milliseconds. */
  #lookedAtMs: number;
  #cancel: () => void = () => {};

  constructor(parts: StepsParts) {
    this.#parts = parts;
    this.#lookedAtMs = parts.clock.steadyMs();
    this.#leadMs = parts.clock.wallMs() - this.#lookedAtMs;
  }

  start(): void {
    this.#cancel = this.#parts.clock.after(LOOK_MS, () => {
      // Before the look, which may fail: there is a next one.
      this.start();
      this.look();
    });
  }

  stop(): void {
    this.#cancel();
  }

  look(): void {
    const { clock, observed, log } = this.#parts;
    const steadyMs = clock.steadyMs();
    const nowMs = clock.wallMs();
    const byMs = nowMs - steadyMs - this.#leadMs;
    if (clock.steadyMs() - steadyMs > TOGETHER_MS) return;
    const withinMs = steadyMs - this.#lookedAtMs + TOGETHER_MS;
    this.#lookedAtMs = steadyMs;
    if (Math.abs(byMs) < STEP_MS) return;
    this.#leadMs += byMs;
    observed.setClock({ nowMs, byMs, withinMs });
    log.warn({ seconds: byMs / 1000 }, 'the wall clock was set: waits go by a steady one');
  }
}
