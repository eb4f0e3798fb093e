/** Who signs which zone: made of the zones' signings and of their keys, for the table. */
import { isDeepStrictEqual } from 'node:util';
import { apexRecords } from '../../model/dnssec/apex.ts';
import { type SigningKey, signersOf, type ZoneSigning } from '../../model/dnssec/signing.ts';
import { Problem } from '../../model/errors.ts';
import { nameToWire } from '../../model/name.ts';
import { shown } from '../../shown.ts';
import type { ExportKeys } from '../../signing/export-keys.ts';
import type { MadeAside } from '../../signing/kept.ts';
import { type SignerKeys, type SigningGround, type SigningPair, ZoneSigner } from '../../signing/zone-signer.ts';
import type { ApexRRset, SigningChange, ZoneSigners } from '../../table/rrset-signer.ts';
import { firstOf } from '../names.ts';
import type { Keyring } from './keyring.ts';

interface Signed {
  readonly signing: ZoneSigning;
  /** Undefined: nothing is signed any more. */
  readonly signer: ZoneSigner | undefined;
  readonly pairs: SignerKeys;
  readonly apex: readonly ApexRRset[];
}

/** What a thread needs to sign a zone that it builds aside. */
interface SigningAside {
  /** `ZoneSigners.markOf`. */
  readonly mark: string;
  readonly keys: SignerKeys;
  readonly apex: readonly ApexRRset[];
  /** Unix time, milliseconds. */
  readonly nowMs: number;
}

/** Zones that a refusal names; the rest is counted. */
const NAMED_MAX = 5;

export class Signers implements ZoneSigners {
  readonly ground: SigningGround;
  readonly #keyring: Pick<Keyring, 'privateKey'>;
  readonly #zones = new Map<string, Signed>();
  #heldUp: Problem | undefined;
  #isFollowing = false;

  /** How zones are to be signed that are built aside for it; undefined: not at all. */
  readonly wanted = new Map<string, ZoneSigning | undefined>();
  /** Zones of which it is not known yet that all of them is signed as it is to be. */
  readonly unfinished = new Set<string>();
  /** Zones that are to have a digest (ZONEMD) and are answered without, and since when; Unix time, milliseconds. */
  readonly undigested = new Map<string, number>();
  /** Why a zone could not be built as it is to be signed, when that was tried last; it is tried again. */
  readonly failures = new Map<string, Problem>();
  /** From so many names on a zone is built aside to be signed in another way; set where there is somebody who does. */
  namesAtOnce = Number.POSITIVE_INFINITY;

  /** Whether all is looked at again, for signatures that are due, though nothing has changed. */
  isRefreshing = false;

  constructor(keyring: Pick<Keyring, 'privateKey'>, ground: SigningGround) {
    this.ground = ground;
    this.#keyring = keyring;
  }

  get mustTake(): boolean {
    return this.ground.isLenient || this.#isFollowing;
  }

  /** What the work brings in is in the log already. */
  following<Result>(work: () => Result): Result {
    this.#isFollowing = true;
    try {
      return work();
    } finally {
      this.#isFollowing = false;
    }
  }

  of(zone: string): ZoneSigner | undefined {
    return this.#zones.get(zone)?.signer;
  }

  isHashed(zone: string): boolean {
    return this.#zones.get(zone)?.signing.denial === 'nsec3';
  }

  apexOf(zone: string): readonly ApexRRset[] {
    return this.#zones.get(zone)?.apex ?? [];
  }

  markOf(zone: string): string {
    return markOf(this.#zones.get(zone)?.signing);
  }

  leaves(zone: string, signing: ZoneSigning | undefined, names: number): boolean {
    return names >= this.namesAtOnce && markOf(this.#zones.get(zone)?.signing) !== markOf(signing);
  }

  leaveProofs(zone: string, names: number): (() => void) | undefined {
    const signing = this.#zones.get(zone)?.signing;
    if (signing === undefined || names < this.namesAtOnce) return undefined;
    // Who builds it for another reason finds that it has other settings, and begins anew.
    return this.wanted.has(zone) ? () => {} : this.want(zone, signing);
  }

  want(zone: string, signing: ZoneSigning | undefined): () => void {
    const had = this.wanted.has(zone);
    const before = this.wanted.get(zone);
    this.wanted.set(zone, signing);
    return () => {
      if (had) this.wanted.set(zone, before);
      else this.wanted.delete(zone);
    };
  }

  load(zone: string, signatures: number): () => void {
    this.ground.mayMake = signatures;
    const end = this.ground.kept.readZone(nameToWire(zone));
    return () => {
      delete this.ground.mayMake;
      end();
    };
  }

  leaveRest(zone: string, signing: ZoneSigning): void {
    const signer = this.of(zone);
    if (signer === undefined || signer.missing === 0 || signer.refusal !== undefined) return;
    this.unfinished.add(zone);
    if (Number.isFinite(this.namesAtOnce)) this.want(zone, signing);
  }

  adopt(signing: ZoneSigning, isSigned: boolean, isHashed: boolean): void {
    const denial = isHashed ? 'nsec3' : 'nsec';
    // What changes is proved as the rest of the zone is, until all of it is proved in the other way.
    if (isSigned) this.set(signing.zone, { ...signing, denial });
    if (!isSigned || denial !== signing.denial) this.want(signing.zone, signing);
    // Whether by these keys, and all of it, is still to be seen.
    this.unfinished.add(signing.zone);
  }

  /** Whether the same keys sign the zone's records in the same way. */
  isAlike(one: ZoneSigning | undefined, other: ZoneSigning | undefined): boolean {
    return markOf(one) === markOf(other);
  }

  /** Whether a zone is to be built though the keys that sign it are those that it has: for proofs, or signatures, that are due. */
  isWantedAlike(zone: string): boolean {
    const wanted = this.wanted.get(zone);
    return wanted !== undefined && markOf(wanted) === this.markOf(zone);
  }

  begin(zone: string): () => void {
    const had = this.unfinished.has(zone);
    this.unfinished.add(zone);
    return () => {
      if (!had) this.unfinished.delete(zone);
    };
  }

  /** What a thread needs to sign a zone so; undefined: it is not signed, or cannot be now, which whoever signs is told. */
  aside(zone: string, signing = this.#zones.get(zone)?.signing): SigningAside | undefined {
    const signed = signing && this.#signed(signing);
    if (signed?.signer === undefined || signed.signer.refusal !== undefined) return undefined;
    const { pairs: keys, apex } = signed;
    // What was signed here is found there, and not signed once more: else the file would hold what nobody is answered.
    this.ground.kept.flush();
    return { mark: markOf(signing), keys, apex, nowMs: this.ground.nowMs() };
  }

  /** What signs the little of a zone that nobody has signed yet, with all else in the file; undefined: another writes there. */
  digestKeys(zone: string): Omit<ExportKeys, 'directory'> | undefined {
    const { kept, nowMs } = this.ground;
    if (!kept.flush()) return undefined;
    const signed = this.#zones.get(zone);
    const refusal = signed?.signer?.refusal;
    const keys = (signed?.signing.keys ?? []).map((key) => {
      const opened = refusal ?? this.#keyring.privateKey(zone, key);
      return [key.id, opened instanceof Problem ? opened.detail : opened] as const;
    });
    return { keys, nowMs: nowMs() };
  }

  noteAside(made: MadeAside): void {
    this.ground.kept.noteAside(made);
  }

  /** Why a zone cannot be signed so now; undefined: it can. */
  refusalOf(signing: ZoneSigning): Problem | undefined {
    return this.#signed(signing).signer?.refusal;
  }

  set(zone: string, signing: ZoneSigning | undefined): SigningChange {
    const before = this.#zones.get(zone);
    const after = signing && this.#signed(signing);
    this.#put(zone, after);
    const left = { is: this.wanted.has(zone), signing: this.wanted.get(zone) };
    this.wanted.delete(zone);
    // At a start the table may have a zone signed that is known to be unsigned here.
    const isLeft = this.ground.isLenient && signing === undefined;
    const isAnew = isLeft || this.isRefreshing || markOf(before?.signing) !== markOf(signing);
    if (!isAnew && before?.signer !== undefined) after?.signer?.goOnFrom(before.signer);
    // What was to be made anew by these very keys still is.
    const isStillDue = !isAnew && left.signing !== undefined && markOf(left.signing) === markOf(signing);
    const end = isStillDue ? this.begin(zone) : undefined;
    const undo = (): void => {
      end?.();
      this.#put(zone, before);
      if (left.is) this.wanted.set(zone, left.signing);
    };
    return { isAnew, undo };
  }

  /** Whether every RRset of the zone is answered with signatures of the keys that this signing has. */
  isInForce(signing: ZoneSigning): boolean {
    const known = this.#zones.get(signing.zone);
    if (known?.signer === undefined || known.signer.missing > 0 || known.signer.refusal !== undefined) return false;
    if (this.wanted.has(signing.zone) || this.unfinished.has(signing.zone)) return false;
    return isDeepStrictEqual(signersOf(known.signing), signersOf(signing)) && known.signing.denial === signing.denial;
  }

  /** Whether something of the zone is not answered yet as it is to be signed, and will be. */
  isBehind(zone: string): boolean {
    if (this.wanted.has(zone)) return true;
    // Where nothing can be signed, all is answered as it is until that is mended.
    return this.unfinished.has(zone) && this.of(zone)?.refusal === undefined;
  }

  /** What the last entry of a fleet's log came to here: one that cannot be signed holds up all that come after it. */
  noteHeldUp(problem: Problem | undefined): void {
    this.#heldUp = problem?.code === 'signing_refused' ? problem : undefined;
  }

  /** Why some zone cannot be signed anew now; undefined: all can. */
  refusal(): Problem | undefined {
    if (this.#heldUp !== undefined) return this.#heldUp;
    const refused = [...this.#zones].flatMap(([zone, { signer }]) => {
      const problem = signer?.refusal;
      return problem === undefined ? [] : [{ zone, problem }];
    });
    const [first] = refused;
    if (first === undefined || refused.length === 1) return first?.problem;
    const zones = refused.map(({ zone }) => shown(zone));
    const detail = `${first.problem.detail} ${refused.length} signed zones cannot be signed anew: ${firstOf(zones, NAMED_MAX)}.`;
    return new Problem(first.problem.code, detail);
  }

  /** Why not all of what is signed can be answered, or changed; undefined: it can. Anybody may ask, and is told some names of zones. */
  unreadiness(): Problem | undefined {
    const refusal = this.refusal();
    const zones = this.signing().length;
    if (refusal !== undefined || zones === 0) return refusal;
    const those = zones === 1 ? 'A signed zone is' : `${zones} signed zones are`;
    const detail = `${those} answered in part without signatures, which were not there when the server started: they are being made.`;
    return new Problem('signing_unfinished', detail);
  }

  /**
   * When the first signature that is answered with ends; Unix time, seconds. Undefined: nothing is signed. It may be one
   * that was replaced since the last look for those that are due, so it is never too late.
   */
  nextExpiry(): number | undefined {
    let first: number | undefined;
    for (const { signer } of this.#zones.values()) {
      const expiry = signer?.earliestExpiry;
      if (expiry !== undefined && (first === undefined || expiry < first)) first = expiry;
    }
    return first;
  }

  /**
   * Signed zones of which something is answered without signatures that hold, since at the start they were not there, or
   * had ended. `isHeldUp`: nothing new can be signed for it now; else they are being made.
   */
  unsigned(): { readonly zone: string; readonly isHeldUp: boolean }[] {
    return [...this.#zones].flatMap(([zone, { signer }]) =>
      signer !== undefined && signer.missing > 0 ? [{ zone, isHeldUp: signer.refusal !== undefined }] : [],
    );
  }

  /** Zones of which not all is answered as they are to be signed, or that nobody has looked through since. */
  unlike(): string[] {
    return [...new Set([...this.wanted.keys(), ...this.unfinished, ...this.unsigned().map(({ zone }) => zone)])];
  }

  /** Zones of which not all is answered with signatures yet, though it could be: of a start that did not find them. */
  signing(): string[] {
    return this.unsigned().flatMap(({ zone, isHeldUp }) => (isHeldUp ? [] : [zone]));
  }

  /** How many zones nothing new can be signed for, by why: their keys cannot be opened, or the clock is off. */
  refusing(): { readonly locked: number; readonly clock: number } {
    let [locked, clock] = [0, 0];
    for (const { signing, signer } of this.#zones.values()) {
      if (signer?.refusal === undefined) continue;
      if (signing.keys.some((key) => this.#keyring.privateKey(signing.zone, key) instanceof Problem)) locked += 1;
      else clock += 1;
    }
    return { locked, clock };
  }

  #put(zone: string, signed: Signed | undefined): void {
    if (signed === undefined) this.#zones.delete(zone);
    else this.#zones.set(zone, signed);
  }

  #signed(signing: ZoneSigning): Signed {
    const { records, dnskey } = signersOf(signing);
    const pairOf = (key: SigningKey): SigningPair => ({
      dnskey: new Uint8Array(Buffer.from(key.dnskey, 'base64')),
      privateKey: this.#keyring.privateKey(signing.zone, key),
    });
    const keys = { records: records.map(pairOf), dnskey: dnskey.map(pairOf) };
    const signer = records.length === 0 ? undefined : new ZoneSigner(nameToWire(signing.zone), keys, this.ground);
    return { signing, signer, pairs: keys, apex: apexRecords(signing) };
  }
}

/** Equal where the same keys sign all but the keys themselves; those are signed with each change of the signing. */
function markOf(signing: ZoneSigning | undefined): string {
  const records = signing === undefined ? [] : signersOf(signing).records;
  if (signing === undefined || records.length === 0) return '';
  return JSON.stringify([signing.denial, records.map(({ id }) => id)]);
}
