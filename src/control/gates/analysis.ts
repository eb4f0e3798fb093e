/** Runs one analysis: asks every gate each interval, until there is a verdict. */

import { inBackground, onAbort } from '../../guard.ts';
import type { Analysis, Metric, Release } from '../../model/release.ts';
import { type Measurement, Tally, type Verdict } from '../../model/release-analysis.ts';
import { MeasurementLog } from '../../model/release-measurements.ts';
import { ANALYSIS_DEFAULTS } from '../../model/release-steps.ts';
import type { Clock } from '../clock.ts';
import type { AnalysisProgress } from '../observed/analysis.ts';

/** On whose behalf a gate is asked, and for how long. */
export interface Asking {
  readonly release: Release;
  readonly timeoutMs: number;
  readonly stopped: AbortSignal;
}

/** How soon what was an error is measured again, where the interval is longer; that of Argo Rollouts. */
const ERROR_RETRY_SECONDS = 10;

/** Asks the gate of one metric. Any failure is a measurement that did not pass. */
export type Gate = (metric: Metric, asking: Asking) => Promise<Measurement>;

export class RunningAnalysis {
  readonly #complete: Required<Analysis>;
  readonly #gate: Gate;
  readonly #clock: Clock;
  readonly #asking: Asking;
  readonly #end: (verdict: Verdict) => void;
  readonly #tally: Tally;
  /** When each metric is to be measured next, by the steady clock. */
  readonly #dueAtMs = new Map<string, number>();
  readonly #log: MeasurementLog;
  readonly #startedAtMs: number;
  #verdict: Verdict | undefined;
  #lastAtMs: number | undefined;

  /** `end` is called once, unless the analysis is stopped before. */
  constructor(
    analysis: Analysis,
    gate: Gate,
    clock: Clock,
    { release, stopped }: Omit<Asking, 'timeoutMs'>,
    end: (verdict: Verdict) => void,
  ) {
    this.#complete = { ...ANALYSIS_DEFAULTS, ...analysis };
    this.#gate = gate;
    this.#clock = clock;
    this.#asking = { release, stopped, timeoutMs: this.#complete.timeoutSeconds * 1000 };
    this.#end = end;
    this.#tally = new Tally(this.#complete);
    this.#log = new MeasurementLog(this.#complete.metrics.map(({ name }) => name));
    this.#startedAtMs = clock.wallMs();
    this.#measureInBackground();
  }

  /** As it was when the analysis began. */
  get release(): Release {
    return this.#asking.release;
  }

  get progress(): AnalysisProgress {
    const { count, failureLimit, consecutiveErrorLimit } = this.#complete;
    const measured = {
      startedAtMs: this.#startedAtMs,
      failureLimit,
      metrics: this.#log.metrics,
      verdict: this.#verdict,
    };
    const { progress: metrics } = this.#tally;
    return { count, failureLimit, consecutiveErrorLimit, metrics, lastAtMs: this.#lastAtMs, measured };
  }

  #measureInBackground(): void {
    inBackground('the measurements of a release', this.#measure());
  }

  async #measure(): Promise<void> {
    const clock = this.#clock;
    const { stopped } = this.#asking;
    const startedAtMs = clock.steadyMs();
    const due = this.#wanted().filter(({ name }) => (this.#dueAtMs.get(name) ?? 0) <= startedAtMs);
    const round = new Map(await Promise.all(due.map((metric) => this.#ask(metric))));
    if (stopped.aborted) return;
    this.#lastAtMs = clock.wallMs();
    for (const [name, measurement] of round) this.#log.add(name, measurement, this.#lastAtMs);
    const verdict = this.#tally.add(round);
    this.#verdict = verdict;
    if (verdict !== undefined) return this.#end(verdict);
    for (const [name, measured] of round) this.#dueAtMs.set(name, startedAtMs + this.#untilNextMs(measured));
    const nextAtMs = Math.min(...this.#wanted().map(({ name }) => this.#dueAtMs.get(name) as number));
    const cancel = clock.after(Math.max(0, nextAtMs - clock.steadyMs()), () => {
      unlisten();
      this.#measureInBackground();
    });
    const unlisten = onAbort(stopped, 'the end of an analysis', cancel);
  }

  #wanted(): Metric[] {
    return this.#complete.metrics.filter(({ name }) => this.#tally.wants(name));
  }

  #untilNextMs({ outcome }: Measurement): number {
    const { intervalSeconds } = this.#complete;
    return 1000 * (outcome === 'error' ? Math.min(intervalSeconds, ERROR_RETRY_SECONDS) : intervalSeconds);
  }

  async #ask(metric: Metric): Promise<[string, Measurement]> {
    try {
      return [metric.name, await this.#gate(metric, this.#asking)];
    } catch (error) {
      // A fault in a gate must not end a process that answers queries, nor let anything through.
      return [metric.name, { outcome: 'error', message: `could not be asked: ${(error as Error).message}` }];
    }
  }
}
