/**
 * Takes the steps of signed zones when what they wait for has come, and looks at their parents. Its memory can be lost at
 * any moment: what a stage is and since when is in the store, and what a parent has is asked again.
 *
 * While the process lives, stages wait by a steady clock: a wall clock that is set forward would end the wait for what
 * caches hold, and validators would refuse the zone; one that is set back would have it wait for as long.
 */
import { inBackground } from '../../guard.ts';
import { type OtherNode, waitedFor } from '../../model/dnssec/others.ts';
import type { ZoneSigning } from '../../model/dnssec/signing.ts';
import {
  looksAtParent,
  type ParentLook,
  type ParentServer,
  stageOf,
  transition,
  waitsUntilMs,
} from '../../model/dnssec/transition.ts';
import { Problem } from '../../model/errors.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Clock } from '../clock.ts';
import { SELF } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import type { Lines } from '../lines.ts';
import { Since } from '../since.ts';
import type { Signings } from './signings.ts';

interface RunnerParts {
  readonly engine: Pick<Engine, 'execute' | 'onChange'>;
  readonly store: Pick<Store, 'allSignings' | 'maxTtlOf'>;
  readonly signings: Pick<Signings, 'lookOf' | 'noteLook'>;
  /** All servers of the zone's parent, and what each has; none: they were not found. */
  readonly look: (zone: string) => Promise<readonly ParentServer[]>;
  /** Whether this server answers as the signing says, and the others have it. */
  readonly inForce: (signing: ZoneSigning) => boolean;
  /** How far the others are with it; left out: there are none. */
  readonly others?: () => readonly OtherNode[];
  /** Has nameservers' zones vouch for those that are to get their first DS. */
  readonly vouchers?: { turn(signings: readonly ZoneSigning[]): Promise<void> } | undefined;
  /** Tells parents that want to know of it that CDS has changed; undefined: they are not told. */
  readonly notifier?: { turn(signings: readonly ZoneSigning[]): void } | undefined;
  readonly clock: Clock;
  readonly log: Pick<Lines, 'info' | 'warn'>;
}

/** How often what is waited for is thought of; a step is late by that. */
const TURN_MS = 5000;
/** How often a parent is asked that somebody waits for: some have a dozen servers, and each is asked. */
const WAITING_LOOK_MS = 60_000;
/** And where nobody does. */
const IDLE_LOOK_MS = 3_600_000;
/** Parents that are asked at once. */
const LOOKS_AT_ONCE = 8;

/** Stages that end by what the parent has. */
const waiting: ReadonlySet<ZoneSigning['stage']> = new Set([
  ...(['ds-needed', 'ds-seen', 'replacing', 'ds-removal', 'ds-gone'] as const),
]);

export class SigningRunner {
  readonly #parts: RunnerParts;
  /** When the stages of zones were heard to begin, also those that another node of the fleet steps. */
  readonly #since: Since;
  /** When the parent of a zone was asked last; steady clock, milliseconds. */
  readonly #lookedAt = new Map<string, number>();
  #cancelTimer: () => void = () => {};
  #isRunning = false;
  #isBusy = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#since = new Since(parts.clock);
    parts.engine.onChange((changes) => {
      for (const change of changes) {
        if (change.op === 'putSigning') this.#since.begin(change.signing.zone, stageOf(change.signing));
        else if (change.op === 'deleteSigning' || change.op === 'deleteZone') this.#forget(change.zone);
      }
    });
  }

  /** What is signed under that name later is another one, whose parent is asked at once. */
  #forget(zone: string): void {
    this.#since.forget(zone);
    this.#lookedAt.delete(zone);
  }

  /** To be called when the engine has loaded, and in a fleet when this node leads; also again, after a stop. */
  start(): void {
    this.#isRunning = true;
    this.#schedule();
  }

  stop(): void {
    this.#isRunning = false;
    this.#cancelTimer();
  }

  #schedule(): void {
    this.#cancelTimer();
    if (!this.#isRunning) return;
    this.#cancelTimer = this.#parts.clock.after(TURN_MS, () => {
      this.#schedule();
      inBackground('the steps of signed zones', this.turn());
    });
  }

  /** Looks and steps once, for every zone for which that is due. */
  async turn(): Promise<void> {
    if (this.#isBusy || !this.#isRunning) return;
    this.#isBusy = true;
    try {
      const signings = this.#parts.store.allSignings();
      const due = signings.filter((signing) => this.#isLookDue(signing));
      for (let at = 0; at < due.length; at += LOOKS_AT_ONCE) {
        await Promise.all(due.slice(at, at + LOOKS_AT_ONCE).map(({ zone }) => this.#look(zone)));
      }
      for (const { zone } of signings) await this.#step(zone);
      if (this.#isRunning) await this.#parts.vouchers?.turn(this.#parts.store.allSignings());
      if (this.#isRunning) this.#parts.notifier?.turn(this.#parts.store.allSignings());
    } finally {
      this.#isBusy = false;
    }
  }

  /** By the clock that the zone's stage began by. */
  #isLookDue(signing: ZoneSigning): boolean {
    if (!looksAtParent(signing)) return false;
    const last = this.#lookOf(signing);
    if (last === undefined) return true;
    const nowMs = this.#nowMs(signing);
    const untilMs = waitsUntilMs(signing);
    // What was waited for is to be seen once more when the wait is over.
    if (untilMs !== undefined && nowMs >= untilMs && last.atMs < untilMs) return true;
    const isNew = last.atMs < stageOf(signing).atMs;
    const betweenMs = waiting.has(signing.stage) ? WAITING_LOOK_MS : IDLE_LOOK_MS;
    return (waiting.has(signing.stage) && isNew) || nowMs - last.atMs >= betweenMs;
  }

  /** The time by the clock that a zone's stage began by. */
  #nowMs(signing: ZoneSigning): number {
    return this.#since.nowMs(signing.zone, stageOf(signing));
  }

  /** The last look at a zone's parent, by the clock that the zone's stage began by. */
  #lookOf(signing: ZoneSigning): ParentLook | undefined {
    const look = this.#parts.signings.lookOf(signing.zone);
    const lookedAtMs = this.#lookedAt.get(signing.zone);
    if (look === undefined || lookedAtMs === undefined) return undefined;
    return { ...look, atMs: this.#nowMs(signing) - (this.#parts.clock.steadyMs() - lookedAtMs) };
  }

  async #look(zone: string): Promise<void> {
    const { clock, signings, look } = this.#parts;
    const [atMs, steadyMs] = [clock.wallMs(), clock.steadyMs()];
    signings.noteLook(zone, { atMs, servers: await look(zone) });
    this.#lookedAt.set(zone, steadyMs);
  }

  /** By the signing as it is now: whoever looked took some time. */
  async #step(zone: string): Promise<void> {
    const { store, inForce, clock, engine, log } = this.#parts;
    const signing = store.allSignings().find((each) => each.zone === zone);
    if (signing === undefined || !this.#isRunning) return;
    const others = this.#parts.others?.() ?? [];
    const isInForce = signing.inForceMs === undefined && waitedFor(signing, others).length === 0 && inForce(signing);
    // It reads the whole zone: once a stage.
    const maxTtlSeconds = isInForce ? store.maxTtlOf(zone) : 0;
    const stageMs = this.#nowMs(signing);
    const seen = { inForce: isInForce, maxTtlSeconds, others, parent: this.#lookOf(signing), stageMs };
    const atMs = clock.wallMs();
    if (transition(signing, seen, atMs) === undefined) return;
    const command = { kind: 'dnssec.step', zone, revision: signing.revision, seen } as const;
    const result = await engine.execute(command, { actor: SELF, atMs });
    if (!(result instanceof Problem)) return;
    log.warn({ zone: shown(zone), code: result.code }, `a step of its signing waits: ${result.detail}`);
  }
}
