/** When each target is probed: again and again, not all at once, and so many at a time. */
import { guarded, inBackground } from '../../guard.ts';
import type { HealthCheck } from '../../model/health.ts';
import type { ProbeResult } from '../../model/health-state.ts';
import type { Clock } from '../clock.ts';

/** Probes at once: each holds a socket, and DNS needs descriptors too. The others wait their turn. */
export const PROBES_AT_ONCE = 256;
/** Each wait is the interval, more or less by up to this part: targets that began together do not stay together. */
export const JITTER = 0.1;

/** Probes a target once. Any failure is a result. */
export type Probe = (check: HealthCheck, target: string, stopped: AbortSignal) => Promise<ProbeResult>;

interface ProberParts {
  readonly probe: Probe;
  readonly clock: Clock;
  /** At least 0, below 1. */
  readonly random: () => number;
}

interface Job {
  readonly check: HealthCheck;
  readonly target: string;
  readonly see: (result: ProbeResult) => void;
  readonly stopped: AbortController;
  cancelTimer: () => void;
}

export class Prober {
  readonly #parts: ProberParts;
  /** Due, in order. */
  readonly #waiting = new Set<Job>();
  #running = 0;

  constructor(parts: ProberParts) {
    this.#parts = parts;
  }

  /** Probes a target, now and after each interval, until the result is called. */
  follow(check: HealthCheck, target: string, see: (result: ProbeResult) => void): () => void {
    // An error in the use of a result must not keep the next probe from being made.
    const job: Job = {
      check,
      target,
      see: guarded('what a probe saw', see),
      stopped: new AbortController(),
      cancelTimer: () => {},
    };
    this.#waiting.add(job);
    this.#next();
    return () => {
      job.stopped.abort();
      job.cancelTimer();
      this.#waiting.delete(job);
    };
  }

  #next(): void {
    for (const job of this.#waiting) {
      if (this.#running >= PROBES_AT_ONCE) return;
      this.#waiting.delete(job);
      inBackground('a probe', this.#run(job));
    }
  }

  async #run(job: Job): Promise<void> {
    const { clock } = this.#parts;
    this.#running++;
    const startedAtMs = clock.steadyMs();
    const result = await this.#probe(job);
    this.#running--;
    if (!job.stopped.signal.aborted) {
      job.cancelTimer = clock.after(this.#waitMs(job, startedAtMs), () => {
        this.#waiting.add(job);
        this.#next();
      });
      job.see(result);
    }
    this.#next();
  }

  async #probe({ check, target, stopped }: Job): Promise<ProbeResult> {
    try {
      return await this.#parts.probe(check, target, stopped.signal);
    } catch (error) {
      // A fault in a probe must not end a process that answers queries.
      return { outcome: 'failed', reason: `could not be asked: ${(error as Error).message}` };
    }
  }

  #waitMs({ check }: Job, startedAtMs: number): number {
    const { clock, random } = this.#parts;
    const intervalMs = check.intervalSeconds * 1000 * (1 - JITTER + 2 * JITTER * random());
    return Math.max(0, startedAtMs + intervalMs - clock.steadyMs());
  }
}
