/**
 * Zones that are signed in another way from now on: each is built aside once more by the builder thread, signatures and
 * all, and takes the place of what is answered in one publication. Until then it is answered as before. Commands wait for
 * none of it, and nothing of it is in the log: every node signs for itself, and one that dies in the middle begins anew.
 */
import { inBackground } from '../../guard.ts';
import type { ZoneSigning } from '../../model/dnssec/signing.ts';
import { Problem } from '../../model/errors.ts';
import type { ModelChange } from '../../model/revision.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { CaughtUp, RRsetNow, StagedIndex } from '../../table/changes.ts';
import type { Timers } from '../clock.ts';
import type { Engine } from '../engine.ts';
import type { Lines } from '../lines.ts';
import { inSlices, type Sliced } from '../slices.ts';

/** Builds zones in a thread. */
interface ZoneBuilding {
  rebuild(
    zone: string,
    signing: ZoneSigning | undefined,
  ): Promise<{ readonly zone: Zone; readonly index: CaughtUp['staged'] } | undefined | Problem>;
  discard(index: StagedIndex): void;
}

/** Who knows how zones are to be signed. */
interface WantedSignings {
  readonly wanted: ReadonlyMap<string, ZoneSigning | undefined>;
  /** Zones of which it is not known that all is signed as it is to be. */
  readonly unfinished: ReadonlySet<string>;
  /** Why that could not be, of each for which it was tried. */
  readonly failures: Map<string, Problem>;
  /** Whether the same keys sign the zone's records in the same way. */
  isAlike(one: ZoneSigning | undefined, other: ZoneSigning | undefined): boolean;
  /** Whether a zone is to be built though the keys that sign it are those that it has. */
  isWantedAlike(zone: string): boolean;
  /** Zones of which not all is answered with signatures that hold. */
  signing(): readonly string[];
  /** Why a zone cannot be signed so now; undefined: it can. */
  refusalOf(signing: ZoneSigning): Problem | undefined;
}

interface ResignerParts {
  readonly store: Pick<Store, 'zone' | 'rrset'>;
  readonly engine: Pick<Engine, 'onChange' | 'resign'>;
  readonly files: ZoneBuilding;
  readonly signers: WantedSignings;
  /** Sees to it that all of a zone is signed as it is to be. */
  readonly keeper: {
    look(zone: string): Promise<Problem | undefined>;
    /** See SignatureKeeper. */
    aid(zone: string, isOver: () => boolean): Promise<void>;
  };
  readonly timers: Timers;
  readonly log: Pick<Lines, 'info' | 'warn'>;
}

/** RRsets that are brought up to date in one publication, and by that which takes the zone over: some milliseconds. */
const CAUGHT_UP_AT_ONCE = 16;
/** So many are brought up to date in slices: some seconds of them. A zone of which more has changed is built anew. */
const CAUGHT_UP_MAX = 10_000;
/** So often; then it is taken all the same, and also where trying fails. */
const TRIES_MAX = 3;
/** When to try again what failed: a thread that died, a full table, a key that cannot be opened. */
const RETRY_MS = 10_000;

/** What happened to a zone while it is built. */
interface Meanwhile {
  /** By name and type. */
  readonly rrsets: Map<string, { readonly name: string; readonly type: number }>;
  /** It ended, or was imported: what is built is another one. */
  isStale: boolean;
}

/** A zone that was built, and is caught up to what has changed meanwhile. */
interface CatchingUp {
  readonly zone: string;
  readonly signing: ZoneSigning | undefined;
  readonly staged: CaughtUp['staged'];
  readonly meanwhile: Meanwhile;
  /** With more changes than that it is better built anew. */
  readonly most: number;
}

export class ZoneResigner {
  readonly #parts: ResignerParts;
  /** By zone, of those that are built. */
  readonly #meanwhile = new Map<string, Meanwhile>();
  #isBusy = false;
  #isStopped = false;
  #cancelRetry: () => void = () => {};

  constructor(parts: ResignerParts) {
    this.#parts = parts;
    parts.engine.onChange((changes) => {
      for (const change of changes) this.#note(change);
      this.look();
    });
  }

  /** Builds what is wanted, if there is anything. To be called once when all is loaded; changes are seen by themselves. */
  look(): void {
    const { wanted, unfinished } = this.#parts.signers;
    if (this.#isBusy || this.#isStopped || wanted.size + unfinished.size === 0) return;
    this.#isBusy = true;
    this.#cancelRetry();
    inBackground('the signing of zones aside', this.#run());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry();
  }

  async #run(): Promise<void> {
    const failed = new Set<string>();
    const tried = new Map<string, number>();
    try {
      for (;;) {
        const { wanted, unfinished } = this.#parts.signers;
        const zone = [...wanted.keys(), ...unfinished].find((each) => !failed.has(each));
        if (zone === undefined || this.#isStopped) break;
        const tries = (tried.get(zone) ?? 0) + 1;
        tried.set(zone, tries);
        const problem = await this.#resign(zone);
        if (tries >= TRIES_MAX) failed.add(zone);
        if (problem === undefined) {
          this.#parts.signers.failures.delete(zone);
          continue;
        }
        this.#parts.signers.failures.set(zone, problem);
        if (this.#isStopped) break;
        if (await this.#mendInPlace(zone)) continue;
        failed.add(zone);
        const { code, detail } = problem;
        this.#parts.log.warn({ zone: shown(zone), code }, `the zone is signed as before, and tried again: ${detail}`);
      }
    } finally {
      this.#isBusy = false;
      if (failed.size > 0 && !this.#isStopped)
        this.#cancelRetry = this.#parts.timers.after(RETRY_MS, () => this.look());
    }
  }

  /**
   * Where a zone cannot be built for proofs and signatures that are due, say since there is no room for it twice, they are
   * made one by one in what is answered. True: all are.
   */
  async #mendInPlace(zone: string): Promise<boolean> {
    const { signers, keeper } = this.#parts;
    if (!signers.isWantedAlike(zone)) return false;
    await keeper.look(zone);
    return !signers.wanted.has(zone) && signers.failures.delete(zone);
  }

  /** Undefined: it is done, or there is nothing to be done any more. */
  async #resign(zone: string): Promise<Problem | undefined> {
    const { signers, files, store, engine, keeper, log } = this.#parts;
    for (let tries = 1; signers.wanted.has(zone); tries++) {
      const signing = signers.wanted.get(zone);
      const refusal = signing && signers.refusalOf(signing);
      if (refusal !== undefined) return refusal;
      const meanwhile: Meanwhile = { rrsets: new Map(), isStale: false };
      this.#meanwhile.set(zone, meanwhile);
      const built = await this.#rebuild(zone, signing);
      if (built === undefined || built instanceof Problem) {
        this.#meanwhile.delete(zone);
        return built;
      }
      const isOfUse = (): boolean => {
        const now = store.zone(zone);
        const isWanted = signers.wanted.has(zone) && signers.isAlike(signers.wanted.get(zone), signing);
        return now !== undefined && !meanwhile.isStale && isWanted && haveSameDenial(now, built.zone);
      };
      const most = tries < TRIES_MAX ? CAUGHT_UP_MAX : Number.POSITIVE_INFINITY;
      const caughtUp = await inSlices(this.#catchUp({ zone, signing, staged: built.index, meanwhile, most }, isOfUse));
      this.#meanwhile.delete(zone);
      if (!caughtUp) {
        files.discard(built.index);
        continue;
      }
      const since = this.#take(zone, meanwhile, Number.POSITIVE_INFINITY);
      const now = store.zone(zone) as Zone;
      const rebuilt = { zone: now, signing: signers.wanted.get(zone), staged: built.index, since };
      const problem = engine.resign({ op: 'rebuildZone', rebuilt });
      if (problem === undefined) break;
      files.discard(built.index);
      return problem;
    }
    // Its services are left.
    const problem = signers.unfinished.has(zone) ? await keeper.look(zone) : undefined;
    if (problem === undefined) log.info({ zone: shown(zone) }, 'all of the zone is answered as it is to be signed');
    return problem;
  }

  /**
   * Brings what has changed since it was read into what was built, some at a time. False: it is of no use any more. In the
   * turn in which this ends, little is left. What cannot be brought in now is for the publication that takes it over to say.
   */
  *#catchUp({ zone, signing, staged, meanwhile, most }: CatchingUp, isOfUse: () => boolean): Sliced<boolean> {
    let brought = 0;
    for (;;) {
      if (!isOfUse() || brought + meanwhile.rrsets.size > most) return false;
      if (meanwhile.rrsets.size <= CAUGHT_UP_AT_ONCE) return true;
      const since = this.#take(zone, meanwhile, CAUGHT_UP_AT_ONCE);
      brought += since.length;
      const caughtUp = { zone, staged, signing: { as: signing }, since };
      const problem = this.#parts.engine.resign({ op: 'catchUp', caughtUp });
      if (problem !== undefined) {
        for (const { name, type } of since.map(keyOf)) meanwhile.rrsets.set(`${name} ${type}`, { name, type });
        return true;
      }
      yield;
    }
  }

  /** Some of what has changed, as it is now. */
  #take(zone: string, { rrsets }: Meanwhile, most: number): RRsetNow[] {
    const since: RRsetNow[] = [];
    for (const [key, gone] of rrsets) {
      if (since.length >= most) break;
      rrsets.delete(key);
      const rrset = this.#parts.store.rrset(zone, gone.name, gone.type);
      since.push(rrset === undefined ? { gone } : { rrset });
    }
    return since;
  }

  /** Where signatures are missing of what the zone is answered with, they are made meanwhile as far as may be. */
  async #rebuild(zone: string, signing: ZoneSigning | undefined): ReturnType<ZoneBuilding['rebuild']> {
    const { signers, files, keeper } = this.#parts;
    let isBuilt = false;
    const aiding =
      signing !== undefined && signers.signing().includes(zone) ? keeper.aid(zone, () => isBuilt) : undefined;
    try {
      return await files.rebuild(zone, signing);
    } finally {
      isBuilt = true;
      await aiding;
    }
  }

  #note(change: ModelChange): void {
    if (change.op === 'deleteZone') this.#stale(change.zone);
    if (change.op === 'importZone') this.#stale(change.zone.name);
    if (change.op !== 'putRRset' && change.op !== 'deleteRRset') return;
    const { zone, name, type } = change.op === 'putRRset' ? change.rrset : change;
    this.#meanwhile.get(zone)?.rrsets.set(`${name} ${type}`, { name, type });
  }

  #stale(zone: string): void {
    const meanwhile = this.#meanwhile.get(zone);
    if (meanwhile !== undefined) meanwhile.isStale = true;
  }
}

/** Otherwise every proof of the zone would be made anew in the publication. */
function haveSameDenial(one: Zone, other: Zone): boolean {
  return one.negativeTtlSeconds === other.negativeTtlSeconds && one.ttlSeconds === other.ttlSeconds;
}

function keyOf(change: RRsetNow): { readonly name: string; readonly type: number } {
  return 'rrset' in change ? change.rrset : change.gone;
}
