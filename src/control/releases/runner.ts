/**
 * Moves releases on when what they wait for has come. Its memory can be lost at any moment: a start reads the
 * releases from the store and goes on with what is left of each wait, and with an analysis from its first measurement.
 *
 * While the process lives, waits are measured by a steady clock, so that no jump of the wall clock shortens one or
 * makes it longer, nor another time of day at the node that led a fleet before. Each wait begins when the step before it
 * was taken, not when that was planned: however late the runner is, it takes one step at a time.
 */
import { inBackground } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import { isActive, type Release, remainingMs, type Wait } from '../../model/release.ts';
import type { Verdict } from '../../model/release-analysis.ts';
import { changedTargets } from '../../model/release-targets.ts';
import type { ModelChange, Revision, Subject } from '../../model/revision.ts';
import type { Why } from '../../model/why.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Clock } from '../clock.ts';
import { SELF } from '../commands/command.ts';
import type { DrainReports } from '../drain/report.ts';
import type { Engine } from '../engine.ts';
import { type Gate, RunningAnalysis } from '../gates/analysis.ts';
import type { Lines } from '../lines.ts';
import type { AnalysisProgress } from '../observed/analysis.ts';
import { Since } from '../since.ts';

/** How soon a step is tried again that was refused or failed: the store may be full, the table too. */
const RETRY_MS = 1000;
/** How soon a release that is frozen is looked at again: by a calendar's clock, which may be set meanwhile. */
const FROZEN_LOOK_MS = 30_000;
/** How soon workers are looked at again that may still answer by earlier weights. */
const UNSETTLED_MS = 100;

const words = { failed: 'failed', inconclusive: 'was inconclusive', error: 'was an error' } as const;

interface RunnerParts {
  readonly engine: Pick<Engine, 'execute' | 'onChange' | 'knownBy'>;
  readonly store: Pick<Store, 'activeReleases'>;
  readonly gate: Gate;
  readonly drain: Pick<DrainReports, 'drainedAtMs'>;
  readonly clock: Clock;
  readonly log: Pick<Lines, 'debug' | 'warn' | 'error'>;
}

/** A release that goes on. */
interface Followed {
  readonly id: string;
  revision: number;
  /** What its steps are taken for. */
  readonly why: Why | undefined;
  /** By the steady clock; infinite: not ended by time, or not yet. */
  dueAtMs: number;
  /** Of its analysis, once there is one. */
  verdict: Verdict | undefined;
  analysis: RunningAnalysis | undefined;
  /** Where it waits for pools to drain: which, and when they will have (Unix time, milliseconds); see `#isDrained`. */
  drain: { readonly services: readonly string[]; drainedAtMs: number } | undefined;
  /** Where a freeze holds it: until when, Unix time, milliseconds. */
  frozenUntilMs: number | undefined;
  /** Pools whose targets changed while they were measured. */
  changed: readonly string[];
  /** Ends its analysis. */
  readonly stopped: AbortController;
  /** Why its step was refused when it was tried last. */
  refusedWith: Problem['code'] | undefined;
  /** Its step is being taken: the log may take its time. */
  isStepping: boolean;
}

/** A wait that another one takes the place of began at another time, or is of another kind or length. */
const beginOf = (wait: Wait) => ({ wait, atMs: wait.startedAtMs });

export class ReleaseRunner {
  readonly #parts: RunnerParts;
  readonly #followed = new Map<string, Followed>();
  /** When the waits of releases were heard to begin, also those that another node steps. */
  readonly #since: Since;
  #cancelTimer: () => void = () => {};
  /** Before, and where another node of a fleet leads, nothing is followed. */
  #isRunning = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#since = new Since(parts.clock);
    parts.engine.knownBy({ measured: (id) => this.progressOf(id)?.measured });
    parts.engine.onChange((changes, revision) => this.#see(changes, revision));
  }

  /** To be called when the engine has loaded, and in a fleet when this node leads; also again, after a stop. */
  start(): void {
    this.#isRunning = true;
    for (const release of this.#parts.store.activeReleases()) this.#follow(release, this.#atMs(release));
    this.#schedule();
  }

  /** The time by the clock that a release's wait began by, as far as this process can tell. */
  #atMs({ id, wait }: Release): number {
    return wait === null ? this.#parts.clock.wallMs() : this.#since.nowMs(id, beginOf(wait));
  }

  #noteBegin({ id, wait }: Release): void {
    if (wait === null) this.#since.forget(id);
    else this.#since.begin(id, beginOf(wait));
  }

  /** How far the analysis is that a release is in; undefined where it is in none. */
  progressOf(id: string): AnalysisProgress | undefined {
    return this.#followed.get(id)?.analysis?.progress;
  }

  /** Changes may still be made, but their next steps are for the next process, or for the node that leads then. */
  stop(): void {
    this.#isRunning = false;
    for (const { stopped } of this.#followed.values()) stopped.abort();
    this.#followed.clear();
    this.#cancelTimer();
  }

  #see(changes: readonly ModelChange[], { kind, subjects }: Pick<Revision, 'kind' | 'subjects'>): void {
    const releases = changes.flatMap((change) => (change.op === 'putRelease' ? [change.release] : []));
    for (const release of releases) this.#noteBegin(release);
    if (!this.#isRunning) return;
    for (const release of releases) {
      const followed = this.#followed.get(release.id);
      // Other TTLs of a service leave its release where it is: the wait goes on, and so does what is measured.
      if (kind === 'service.put' && followed !== undefined) followed.revision = release.revision;
      // Whatever the wall clock says: the wait begins now.
      else this.#follow(release, release.wait?.startedAtMs ?? 0);
    }
    const isThawed = changes.some(({ op }) => op === 'putFreeze' || op === 'deleteFreeze') && this.#lookAtFrozen();
    const isDue = this.#endOutdated(subjects) || isThawed;
    if (releases.length > 0 || isDue) this.#schedule();
  }

  /**
   * Ends analyses of what is no longer what they began with. That it is measured anew is a step like any other, taken in
   * the next turn: the engine is in the middle of a change.
   */
  #endOutdated(subjects: readonly Subject[]): boolean {
    let isDue = false;
    for (const followed of this.#followed.values()) {
      const release = followed.analysis?.release;
      const changed = release === undefined ? [] : changedTargets(release, subjects);
      if (changed.length === 0) continue;
      followed.stopped.abort();
      followed.verdict = undefined;
      followed.changed = [...new Set([...followed.changed, ...changed])];
      followed.dueAtMs = this.#parts.clock.steadyMs();
      isDue = true;
    }
    return isDue;
  }

  /** A freeze was made, changed or taken away: whether a release that one holds goes on is looked at anew. */
  #lookAtFrozen(): boolean {
    const frozen = [...this.#followed.values()].filter(({ frozenUntilMs }) => frozenUntilMs !== undefined);
    for (const followed of frozen) {
      followed.frozenUntilMs = 0;
      followed.dueAtMs = this.#parts.clock.steadyMs();
    }
    return frozen.length > 0;
  }

  /** `atMs`: the wall clock, by which part of the wait may be over. */
  #follow(release: Release, atMs: number): void {
    const { id, revision, wait, held, steps, stepIndex } = release;
    this.#followed.get(id)?.stopped.abort();
    this.#followed.delete(id);
    if (!isActive(release) || wait === null) return;
    const { clock } = this.#parts;
    // Whether pools are drained is looked at at once.
    const leftMs = wait.kind === 'drain' ? 0 : remainingMs(wait, atMs);
    const frozenUntilMs = wait.kind === 'frozen' && !held ? endOf(wait) : undefined;
    const waitMs = frozenUntilMs === undefined ? leftMs : Math.min(leftMs, FROZEN_LOOK_MS);
    const dueAtMs = held ? Number.POSITIVE_INFINITY : clock.steadyMs() + waitMs;
    const drain =
      wait.kind === 'drain' ? { services: release.services.map(({ name }) => name), drainedAtMs: 0 } : undefined;
    const stopped = new AbortController();
    const followed: Followed = {
      id,
      revision,
      why: release.why,
      dueAtMs,
      verdict: undefined,
      analysis: undefined,
      drain,
      frozenUntilMs,
      changed: [],
      stopped,
      refusedWith: undefined,
      isStepping: false,
    };
    this.#followed.set(id, followed);
    const analysis = steps[stepIndex]?.analysis;
    if (wait.kind !== 'analysis' || held || analysis === undefined) return;
    const asking = { release, stopped: stopped.signal };
    followed.analysis = new RunningAnalysis(analysis, this.#loggedGate(id), clock, asking, (verdict) => {
      followed.verdict = verdict;
      followed.dueAtMs = clock.steadyMs();
      this.#schedule();
    });
  }

  /** Failures that the limit allows are told nowhere else. */
  #loggedGate(id: string): Gate {
    const { gate, log } = this.#parts;
    return async (metric, asking) => {
      const measured = await gate(metric, asking);
      const { outcome, message } = measured;
      if (outcome !== 'passed' && !asking.stopped.aborted)
        log.warn({ release: id, metric: metric.name, message }, `a measurement ${words[outcome]}`);
      return measured;
    };
  }

  /** One timer, for the release that is due first. */
  #schedule(): void {
    this.#cancelTimer();
    const first = Math.min(...[...this.#followed.values()].map(({ dueAtMs }) => dueAtMs));
    if (first === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#parts;
    this.#cancelTimer = clock.after(Math.max(0, first - clock.steadyMs()), () => this.#tick());
  }

  #tick(): void {
    const now = this.#parts.clock.steadyMs();
    // A step makes the release a new entry, which is not in this list: each gets one step in a tick.
    for (const followed of [...this.#followed.values()].filter(({ dueAtMs }) => dueAtMs <= now)) {
      this.#stepIfDue(followed);
    }
    this.#schedule();
  }

  #stepIfDue(followed: Followed): void {
    const { clock, log } = this.#parts;
    try {
      if (followed.isStepping) followed.dueAtMs = clock.steadyMs() + RETRY_MS;
      else if (this.#isThawed(followed) && this.#isDrained(followed))
        inBackground('a step of a release', this.#step(followed));
    } catch (err) {
      // The store cannot be read, say. The others go on, and so does this one when it can.
      followed.dueAtMs = clock.steadyMs() + RETRY_MS;
      log.error({ release: followed.id, err }, 'whether pools are drained cannot be told now');
    }
  }

  /** False: it is due later. Whether it is frozen really is for the step to say. */
  #isThawed(followed: Followed): boolean {
    const { frozenUntilMs } = followed;
    const leftMs = (frozenUntilMs ?? 0) - this.#parts.clock.wallMs();
    if (leftMs <= 0) return true;
    followed.dueAtMs = this.#parts.clock.steadyMs() + Math.min(leftMs, FROZEN_LOOK_MS);
    return false;
  }

  /**
   * False: it is due later. The report goes by the wall clock, the wait by the steady one: once the report says the same
   * time as when the wait was set, no answer has been given since, and what was waited for has come.
   */
  #isDrained(followed: Followed): boolean {
    const { drain } = followed;
    if (drain === undefined) return true;
    const { clock } = this.#parts;
    const nowMs = clock.wallMs();
    const drainedAtMs = this.#parts.drain.drainedAtMs(drain.services, nowMs);
    if (drainedAtMs === undefined) {
      followed.dueAtMs = clock.steadyMs() + UNSETTLED_MS;
      return false;
    }
    if (drainedAtMs === drain.drainedAtMs || drainedAtMs === 0) return true;
    drain.drainedAtMs = drainedAtMs;
    followed.dueAtMs = clock.steadyMs() + Math.max(0, drainedAtMs - nowMs);
    return false;
  }

  async #step(followed: Followed): Promise<void> {
    const { engine, clock, log } = this.#parts;
    const { id, revision, why, verdict, changed } = followed;
    followed.dueAtMs = clock.steadyMs() + RETRY_MS;
    try {
      const command = {
        kind: 'release.step',
        id,
        revision,
        ...(verdict !== undefined && { verdict }),
        changed,
      } as const;
      followed.isStepping = true;
      const result = await engine.execute(command, { actor: SELF, atMs: clock.wallMs(), ...(why && { why }) });
      if (!(result instanceof Problem)) {
        // Where nothing came of it, a freeze holds it still.
        if (followed.frozenUntilMs !== undefined) followed.dueAtMs = clock.steadyMs() + FROZEN_LOOK_MS;
        return;
      }
      const { code, detail } = result;
      // It is tried again each second until it goes through, and said once.
      log[followed.refusedWith === code ? 'debug' : 'error']({ release: id, code }, `a step was refused: ${detail}`);
      followed.refusedWith = code;
    } catch (err) {
      log.error({ release: id, err }, 'a step failed unexpectedly');
    } finally {
      followed.isStepping = false;
    }
  }
}

/** When a freeze ends that holds a release; infinite: nobody can see when. */
function endOf({ startedAtMs, seconds }: Wait): number {
  return seconds === null ? Number.POSITIVE_INFINITY : startedAtMs + seconds * 1000;
}
