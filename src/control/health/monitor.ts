/**
 * Watches the health of services: probes their targets, answers at once by what it sees, and ends forced states on
 * time. Its results are this process's own and no revision; they are lost with the process, and seen anew by the next.
 */
import { isDeepStrictEqual } from 'node:util';
import { guarded, inBackground, onAbort } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import type { HealthCheck } from '../../model/health.ts';
import { doubted, observe, type ProbeResult, type TargetHealth, unknownHealth } from '../../model/health-state.ts';
import type { ModelChange } from '../../model/revision.ts';
import type { Service } from '../../model/service.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Clock } from '../clock.ts';
import { SELF } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import type { Lines } from '../lines.ts';
import { type HealthEvent, inForce, type SeenHealth } from '../observed/health.ts';
import { type Probe, Prober } from './prober.ts';

/** How often it is looked whether the other nodes of a fleet see something else. */
const VOTE_MS = 1000;
/** How soon is tried again what the table or the store refused: either may be full. */
const RETRY_MS = 1000;

interface MonitorParts {
  readonly engine: Pick<Engine, 'execute' | 'onChange' | 'refresh'>;
  readonly store: Pick<Store, 'allServices'>;
  readonly seen: SeenHealth;
  readonly probe: Probe;
  readonly clock: Clock;
  /** At least 0, below 1. */
  readonly random: () => number;
  readonly log: Pick<Lines, 'info' | 'warn' | 'error'>;
  /** Whether this node writes down that a forced state is over: in a fleet one does. All answer by it on time. */
  readonly leads?: () => boolean;
}

/** A service that has a check, or a forced state. */
interface Followed {
  service: Service;
  /** How to end the probes, by target. */
  readonly probes: Map<string, () => void>;
  /** The table refused what is seen. */
  isBehind: boolean;
  /** The end of forced states is being stored: the log may take its time. */
  isEnding: boolean;
}

export class HealthMonitor {
  readonly #parts: MonitorParts;
  readonly #prober: Prober;
  readonly #followed = new Map<string, Followed>();
  readonly #listeners: ((event: HealthEvent) => void)[] = [];
  /** Who waits for a result, and of which service. */
  readonly #waiting = new Map<() => void, string>();
  #cancelTimer: () => void = () => {};
  #cancelRetry: (() => void) | undefined;
  #cancelVote = (): void => {};
  /** Of the views of other nodes, when they were counted last. */
  #votedVersion = 0;
  #isStopped = false;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#prober = new Prober(parts);
    parts.engine.onChange((changes) => this.#change(changes));
  }

  /** Calls the listener each time a target has come up or gone down, once for each pool that it is in. */
  onHealth(listener: (event: HealthEvent) => void): void {
    this.#listeners.push(guarded('a listener to health', listener));
  }

  /** To be called once, when the engine has loaded. */
  start(): void {
    for (const service of this.#parts.store.allServices()) this.#follow(service);
    this.#parts.seen.followsAll();
    this.#schedule();
    this.#vote();
  }

  stop(): void {
    this.#isStopped = true;
    for (const name of [...this.#followed.keys()]) this.#drop(name);
    this.#cancelTimer();
    this.#cancelVote();
    this.#cancelRetry?.();
    for (const done of [...this.#waiting.keys()]) done();
  }

  /** Resolves when a target of the service was probed, or after so long. */
  nextResult(service: string, timeoutMs: number, stopped: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        unlisten();
        this.#waiting.delete(done);
        resolve();
      };
      const cancel = this.#parts.clock.after(timeoutMs, done);
      const unlisten = onAbort(stopped, 'the end of a wait for a probe', done);
      this.#waiting.set(done, service);
      if (stopped.aborted || this.#isStopped) done();
    });
  }

  #tell(service: string): void {
    for (const [done, wanted] of [...this.#waiting]) if (wanted === service) done();
  }

  #change(changes: readonly ModelChange[]): void {
    if (this.#isStopped) return;
    for (const change of changes) {
      if (change.op === 'putService') this.#follow(change.service);
      else if (change.op === 'deleteService') this.#drop(change.name);
      else if (change.op === 'deleteZone') this.#dropZone(change.zone);
    }
    const isForced = changes.some((change) => change.op === 'putService' && change.service.forced !== undefined);
    if (isForced) this.#schedule();
  }

  #dropZone(zone: string): void {
    for (const [name, { service }] of [...this.#followed]) if (service.zone === zone) this.#drop(name);
  }

  #drop(name: string): void {
    for (const stop of this.#followed.get(name)?.probes.values() ?? []) stop();
    this.#followed.delete(name);
    this.#parts.seen.forget(name);
  }

  #follow(service: Service): void {
    const { name, health, forced, pools } = service;
    if (health === undefined && forced === undefined) return this.#drop(name);
    const before = this.#followed.get(name);
    const followed: Followed = before ?? { service, probes: new Map(), isBehind: false, isEnding: false };
    const isSameCheck = isDeepStrictEqual(before?.service.health, health);
    followed.service = service;
    followed.isBehind = false;
    this.#followed.set(name, followed);
    this.#parts.seen.followForced(service);
    const targets = new Set(health === undefined ? [] : pools.flatMap((pool) => pool.targets));
    for (const target of [...followed.probes.keys()]) {
      if (!targets.has(target)) this.#forgetTarget(followed, target);
      else if (!isSameCheck) this.#probeAnew(followed, target);
    }
    for (const target of targets) {
      // What an earlier process saw is in force until a probe says otherwise.
      const before = this.#parts.seen.target(name, target) ?? this.#unknown();
      if (!followed.probes.has(target)) this.#probe(followed, target, before);
    }
    // The answers are by this already, as by every change of a service; with a quorum that is a change of health too.
    for (const target of targets) this.#parts.seen.vote(service, target);
  }

  #unknown(): TargetHealth {
    return unknownHealth(this.#parts.clock.wallMs());
  }

  #forgetTarget({ service, probes }: Followed, target: string): void {
    probes.get(target)?.();
    probes.delete(target);
    this.#parts.seen.forgetTarget(service.name, target);
  }

  /** By another check; until it has a result the state stays as it is. */
  #probeAnew(followed: Followed, target: string): void {
    followed.probes.get(target)?.();
    const { seen } = this.#parts;
    this.#probe(followed, target, doubted(seen.target(followed.service.name, target) ?? this.#unknown()));
  }

  #probe(followed: Followed, target: string, from: TargetHealth): void {
    const { name, health } = followed.service;
    this.#parts.seen.see(name, target, from);
    const check = health as HealthCheck;
    const see = (result: ProbeResult): void => this.#see(followed, target, check, result);
    followed.probes.set(target, this.#prober.follow(check, target, see));
  }

  #see(followed: Followed, target: string, check: HealthCheck, result: ProbeResult): void {
    const { seen, clock } = this.#parts;
    const { service } = followed;
    const before = seen.target(service.name, target) ?? this.#unknown();
    const after = observe(before, result, check, clock.wallMs());
    const answered = inForce(service, seen);
    seen.see(service.name, target, after);
    if (after.state !== before.state) {
      if (check.quorum !== undefined) this.#seeForVote(followed, target, after);
      else {
        if (followed.isBehind || !isDeepStrictEqual(answered, inForce(service, seen))) this.#refresh(followed);
        this.#report(service, target, after);
      }
    }
    this.#tell(service.name);
  }

  /** What this node sees is one voice among others; what comes of them is an event. */
  #seeForVote(followed: Followed, target: string, { state, reason }: TargetHealth): void {
    const { service } = followed;
    this.#parts.log.info({ service: service.name, target, state, reason }, 'this node sees a target otherwise');
    this.#count(followed, [target]);
  }

  /** Answers by what all nodes see of the targets, where that has changed since it was counted last. */
  #count(followed: Followed, targets: readonly string[]): void {
    const { service } = followed;
    const changed = targets.filter((target) => this.#parts.seen.vote(service, target));
    if (followed.isBehind || changed.length > 0) this.#refresh(followed);
    for (const target of changed) this.#reportVote(service, target);
  }

  /** Counts what all nodes see, where that may have changed. */
  #vote(): void {
    const { seen, clock } = this.#parts;
    if (this.#isStopped) return;
    this.#cancelVote = clock.after(VOTE_MS, () => this.#vote());
    if (seen.othersVersion === this.#votedVersion) return;
    this.#votedVersion = seen.othersVersion;
    for (const followed of this.#followed.values()) {
      const { service, probes } = followed;
      if (service.health?.quorum !== undefined) this.#count(followed, [...probes.keys()]);
    }
  }

  #reportVote(service: Service, target: string): void {
    const { seen } = this.#parts;
    const own = seen.target(service.name, target) ?? this.#unknown();
    const state = seen.isUp(service, target) ? 'up' : 'down';
    this.#report(service, target, { ...own, state, reason: voteWords(own, seen.others(service.name, target)) });
  }

  #report({ name, pools }: Service, target: string, { state, reason }: TargetHealth): void {
    const holding = pools.filter(({ targets }) => targets.includes(target)).map((pool) => pool.name);
    const line = { service: name, pools: holding, target, reason };
    if (state === 'up') this.#parts.log.info(line, 'a target is up');
    else this.#parts.log.warn(line, state === 'down' ? 'a target is down' : 'a target may not be probed');
    if (state === 'unknown') return;
    for (const pool of holding) {
      for (const listener of this.#listeners) listener({ service: name, pool, target, state, reason });
    }
  }

  /** Answers by what is seen now; where that fails, again soon: until then by what was seen before. */
  #refresh(followed: Followed): void {
    const { engine, log, clock } = this.#parts;
    const { name } = followed.service;
    followed.isBehind = true;
    try {
      const problem = engine.refresh(followed.service);
      if (problem === undefined) followed.isBehind = false;
      else log.error({ service: name, code: problem.code }, `health is not answered by: ${problem.detail}`);
    } catch (err) {
      log.error({ service: name, err }, 'health is not answered by, unexpectedly');
    }
    if (!followed.isBehind || this.#cancelRetry !== undefined) return;
    this.#cancelRetry = clock.after(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      for (const each of this.#followed.values()) if (each.isBehind) this.#refresh(each);
    });
  }

  /** One timer, for the forced state that ends first. */
  #schedule(): void {
    this.#cancelTimer();
    const { seen, clock } = this.#parts;
    const left = [...this.#followed.values()].flatMap(({ service }) =>
      (service.forced ?? []).map((forced) => seen.leftMs(service.name, forced)),
    );
    const first = Math.min(...left);
    if (first === Number.POSITIVE_INFINITY) return;
    // What is over and still there could not be taken out of the store.
    this.#cancelTimer = clock.after(first > 0 ? first : RETRY_MS, () => this.#expire());
  }

  #expire(): void {
    const { seen } = this.#parts;
    for (const followed of [...this.#followed.values()]) {
      const { service } = followed;
      const over = (service.forced ?? []).filter((forced) => seen.leftMs(service.name, forced) === 0);
      if (over.length === 0 || followed.isEnding) continue;
      const revisions = over.map(({ revision }) => revision);
      inBackground('the end of a forced state', this.#end(followed, revisions));
    }
    this.#schedule();
  }

  /** The end takes effect on time, whether the store takes it or not, and however long that takes. */
  async #end(followed: Followed, revisions: readonly number[]): Promise<void> {
    const { engine, clock, log, leads } = this.#parts;
    const { name } = followed.service;
    if (leads?.() === false) return this.#refresh(followed);
    followed.isEnding = true;
    try {
      const command = { kind: 'health.expire', name, revisions } as const;
      const ended = engine.execute(command, { actor: SELF, atMs: clock.wallMs() });
      // Where it was stored at once, it is answered by already.
      const isStored = this.#followed.get(name) !== followed || !isForcedBy(followed.service, revisions);
      if (!isStored) this.#refresh(followed);
      const result = await ended;
      if (!(result instanceof Problem))
        return log.info({ service: name, revision: result.revision }, 'a forced state is over');
      log.error({ service: name, code: result.code }, `the end of a forced state is not stored: ${result.detail}`);
    } catch (err) {
      log.error({ service: name, err }, 'the end of a forced state failed unexpectedly');
    } finally {
      followed.isEnding = false;
    }
  }
}

/** Who sees what, and why: the reason of what comes of it. */
function voteWords({ state, reason }: TargetHealth, others: ReturnType<SeenHealth['others']>): string {
  if (others === undefined) return reason;
  const words = (node: string, state: string, why: string | undefined): string =>
    `${node} ${state}${why === undefined || why === '' ? '' : ` (${why})`}`;
  const theirs = others.views.map(({ node, vote, seen }) => words(node, vote, vote === seen?.state ? seen.reason : ''));
  return [words(others.own, state, reason), ...theirs].join(', ');
}

function isForcedBy({ forced = [] }: Service, revisions: readonly number[]): boolean {
  return forced.some(({ revision }) => revisions.includes(revision));
}
