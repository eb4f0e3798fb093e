/**
 * Digests of whole zones (ZONEMD, RFC 8976): made by a thread aside, after what changed the zone, and answered as long as
 * they are of what is answered. A change takes the digest away in the publication in which it is seen, so that none is ever
 * of another content; nothing of it is in the log, since every node signs for itself. See decision 0043.
 */
import { isDeepStrictEqual } from 'node:util';
import { inBackground } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import { wireToName } from '../../model/name.ts';
import type { ModelChange } from '../../model/revision.ts';
import { transferredOf } from '../../model/transferred.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { MadeDigest } from '../../signing/zonemd.ts';
import type { Store } from '../../store/sqlite.ts';
import type { TableChange } from '../../table/changes.ts';
import { TYPE } from '../../wire/constants.ts';
import type { Clock } from '../clock.ts';
import type { Engine } from '../engine.ts';
import type { Lines } from '../lines.ts';
import type { Signers } from './signers.ts';

interface DigestsParts {
  readonly store: Pick<Store, 'zone' | 'allZones' | 'service' | 'signing' | 'rrset'>;
  readonly engine: Pick<Engine, 'onChange' | 'resign' | 'digestBy'>;
  readonly signers: Pick<Signers, 'wanted' | 'unfinished' | 'ground' | 'undigested'>;
  /** Makes the digest of a zone as it is; undefined: there is no such zone. */
  readonly files: { digest(zone: string): Promise<MadeDigest | undefined | Problem> };
  readonly clock: Pick<Clock, 'steadyMs' | 'wallMs' | 'after'>;
  readonly log: Pick<Lines, 'warn'>;
}

/** Changes come in bursts, and one digest is enough for all of them. */
const AFTER_CHANGE_MS = 200;
/** After a digest, the next one of a zone is begun so many times later than that took: the thread has others to serve. */
const REST_FACTOR = 2;
const REST_MAX_MS = 60_000;
/** What is still being signed, or could not be done, is looked at again. */
const AGAIN_MS = 1000;
const FAILED_MS = 10_000;
/**
 * So many digests in a row that were of another content when they were done: the zone changes faster than that. They follow
 * each other without a rest, so that a zone whose changes are further apart than a digest takes has one soon.
 */
const OUTRUN_TIMES = 5;

/** A zone that is to have a digest. */
interface Digested {
  /** Counts what makes a digest one of another content. */
  version: number;
  /** How long the last digest took. */
  tookMs: number;
  /** Steady time at which the next is to be made. */
  dueMs: number | undefined;
  /** Steady time before which it is not. */
  restsUntilMs: number;
  /** Digests since the last one that was answered which came too late. */
  outrun: number;
  /** Why the last one was not made, as it was logged. */
  failure: string | undefined;
}

export class ZoneDigests {
  readonly #parts: DigestsParts;
  readonly #zones = new Map<string, Digested>();
  readonly #renewed = new Set<string>();
  #cancelTimer: () => void = () => {};
  #isBusy = false;
  #isStopped = false;

  /** From now on it is asked with each change. To be made when the table is whole. */
  constructor(parts: DigestsParts) {
    this.#parts = parts;
    const { engine, signers, store } = parts;
    engine.digestBy(this);
    signers.ground.onRenewed = (apex) => void this.#renewed.add(wireToName(apex));
    engine.onChange((changes) => {
      for (const change of changes) this.#follow(change);
    });
    for (const zone of store.allZones()) if (zone.zonemd === true) this.#begin(zone.name);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  /** Zones whose digest is of another content after the changes. `isCommitted`: the store has them already. */
  droppedBy(changes: readonly TableChange[], isCommitted: boolean): readonly string[] {
    if (this.#zones.size === 0) return NONE;
    const zones = changes.flatMap((change) => this.#zonesOf(change, isCommitted));
    return [...new Set(zones)].filter((zone) => this.#zones.has(zone));
  }

  /** Zones of which signatures were made anew since this was asked last. */
  renewed(): readonly string[] {
    if (this.#renewed.size === 0) return NONE;
    const zones = [...this.#renewed].filter((zone) => this.#zones.has(zone));
    this.#renewed.clear();
    return zones;
  }

  /** It is answered without the digests of these zones. */
  dropped(zones: readonly string[]): void {
    for (const zone of zones) {
      const digested = this.#zones.get(zone);
      if (digested === undefined) continue;
      digested.version += 1;
      this.#lacks(zone);
      this.#schedule(digested, Math.max(AFTER_CHANGE_MS, digested.restsUntilMs - this.#parts.clock.steadyMs()));
    }
  }

  #zonesOf(change: TableChange, isCommitted: boolean): readonly string[] {
    const { store } = this.#parts;
    switch (change.op) {
      case 'putZone': {
        const before = isCommitted ? undefined : store.zone(change.zone.name);
        return before !== undefined && isSame(before, change.zone) ? NONE : [change.zone.name];
      }
      case 'importZone':
        return [change.zone.name];
      case 'rebuildZone':
        return [change.rebuilt.zone.name];
      case 'putRRset':
        return [change.rrset.zone];
      case 'putSigning':
        return [change.signing.zone];
      case 'putService': {
        const { service } = change;
        const before = isCommitted ? undefined : store.service(service.name);
        if (before === undefined) return [service.zone];
        return isDeepStrictEqual(transferredOf(before), transferredOf(service)) ? NONE : [before.zone, service.zone];
      }
      case 'deleteRRset':
      case 'deleteService':
      case 'deleteSigning':
      case 'renewNames':
        return [change.zone];
      default:
        return NONE;
    }
  }

  #follow(change: ModelChange): void {
    if (change.op === 'deleteZone') this.#end(change.zone);
    if (change.op !== 'putZone' && change.op !== 'importZone') return;
    const { name, zonemd } = change.zone;
    if (zonemd !== true) this.#end(name);
    else if (!this.#zones.has(name)) this.#begin(name);
  }

  #begin(zone: string): void {
    const digested = { version: 0, tookMs: 0, dueMs: undefined, restsUntilMs: 0, outrun: 0, failure: undefined };
    this.#zones.set(zone, digested);
    this.#lacks(zone);
    this.#schedule(digested, AFTER_CHANGE_MS);
  }

  /** From now on it is answered without a digest. */
  #lacks(zone: string): void {
    const { undigested } = this.#parts.signers;
    if (!undigested.has(zone)) undigested.set(zone, this.#parts.clock.wallMs());
  }

  #end(zone: string): void {
    this.#zones.delete(zone);
    this.#parts.signers.undigested.delete(zone);
  }

  /** What is due already stays so: a zone that changes all the time gets its turn too. */
  #schedule(digested: Digested, ms: number): void {
    const dueMs = this.#parts.clock.steadyMs() + ms;
    digested.dueMs = Math.min(digested.dueMs ?? dueMs, dueMs);
    this.#arm();
  }

  #arm(): void {
    if (this.#isBusy || this.#isStopped) return;
    this.#cancelTimer();
    let next = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#zones.values()) if (dueMs !== undefined && dueMs < next) next = dueMs;
    if (next === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#parts;
    const turn = (): void => inBackground('digests of zones', this.#turn());
    this.#cancelTimer = clock.after(Math.max(0, next - clock.steadyMs()), turn);
  }

  async #turn(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (const [zone, digested] of [...this.#zones]) {
        const isDue = digested.dueMs !== undefined && digested.dueMs <= this.#parts.clock.steadyMs();
        if (!isDue || this.#isStopped || this.#zones.get(zone) !== digested) continue;
        digested.dueMs = undefined;
        await this.#make(zone, digested);
      }
    } finally {
      this.#isBusy = false;
      this.#arm();
    }
  }

  async #make(zone: string, digested: Digested): Promise<void> {
    const { signers, files, engine, clock, store } = this.#parts;
    // One that brings its signatures brings its digest too, or has none.
    if (store.signing(zone) === undefined && store.rrset(zone, zone, TYPE.RRSIG) !== undefined) return;
    if (signers.wanted.has(zone) || signers.unfinished.has(zone)) return this.#schedule(digested, AGAIN_MS);
    const { version } = digested;
    const startedMs = clock.steadyMs();
    const made = await files.digest(zone);
    digested.tookMs = clock.steadyMs() - startedMs;
    digested.restsUntilMs = clock.steadyMs() + Math.min(digested.tookMs * REST_FACTOR, REST_MAX_MS);
    if (this.#isStopped || this.#zones.get(zone) !== digested || made === undefined) return;
    if (made instanceof Problem) return this.#failed(zone, digested, made);
    // What it is of has changed meanwhile, which has made the next one due.
    if (digested.version !== version) return this.#outrun(zone, digested);
    for (const row of made.signatures) signers.ground.kept.put(row);
    const { ttlSeconds, rdata } = made;
    const problem = engine.resign({ op: 'putDigest', zone, digest: { ttlSeconds, rdata } });
    if (problem !== undefined) return this.#failed(zone, digested, problem);
    digested.failure = undefined;
    digested.outrun = 0;
    signers.undigested.delete(zone);
  }

  /** A zone that changes all the time may be without a digest for as long as it does. */
  #outrun(zone: string, digested: Digested): void {
    digested.outrun += 1;
    if (digested.outrun % OUTRUN_TIMES === 0) digested.dueMs = digested.restsUntilMs;
    if (digested.outrun !== OUTRUN_TIMES) return;
    const { tookMs } = digested;
    const why = `it changes faster than a digest is made (${Math.ceil(tookMs / 1000)} s), so that it has none until it rests that long`;
    this.#parts.log.warn({ zone: shown(zone), tookMs }, `the zone is answered without its digest: ${why}`);
  }

  #failed(zone: string, digested: Digested, { code, detail }: Problem): void {
    this.#schedule(digested, FAILED_MS);
    if (digested.failure === detail) return;
    digested.failure = detail;
    this.#parts.log.warn({ zone: shown(zone), code }, `the zone is answered without its digest: ${detail}`);
  }
}

const NONE: readonly string[] = [];

/** Whether a zone answers as before. */
function isSame(before: Zone, after: Zone): boolean {
  return isDeepStrictEqual(answeredOf(before), answeredOf(after));
}

function answeredOf({ labels: _labels, revision: _revision, settingsRevision: _settings, ...answered }: Zone): object {
  return answered;
}
