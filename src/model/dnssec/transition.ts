/**
 * The state machines of a signed zone: signing, the roll of its key, unsigning. Pure: what was seen and the time are given.
 * Each step waits until no cache can hold what would not validate with what comes next (RFC 7583 §3, RFC 6781 §4.1).
 */
import { dsRdata } from '../../wire/dnssec/key.ts';
import { nameToWire } from '../name.ts';
import { type OtherNode, waitedFor } from './others.ts';
import {
  announcedKey,
  isUntold,
  type PublicKey,
  type SigningKey,
  type SigningStage,
  type ZoneSigning,
} from './signing.ts';

/** A DS record as a server of the parent has it. */
export interface Ds {
  readonly tag: number;
  readonly algorithm: number;
  readonly digestType: number;
  /** Hexadecimal, lower case. */
  readonly digest: string;
}

/** What one server of the parent said. */
export interface ParentServer {
  readonly server: string;
  /** None: it says that there is none. */
  readonly ds?: readonly Ds[];
  /** For how long caches keep that. */
  readonly ttlSeconds?: number;
  /** Why it said nothing. */
  readonly error?: string;
}

/** One round of questions to all servers of the parent. */
export interface ParentLook {
  /** Unix time, milliseconds, when the round began; for a transition by the clock that the stage began by. */
  readonly atMs: number;
  /** Empty: it is not known who they are. */
  readonly servers: readonly ParentServer[];
}

export interface Seen {
  /** This server answers as the signing says, its keys and no signature of another key, and the others have it. */
  readonly inForce: boolean;
  /** The longest TTL that the zone answers with now, seconds. */
  readonly maxTtlSeconds: number;
  /** What the other nodes say of how far they are; left out: there are none. */
  readonly others?: readonly OtherNode[];
  /** The last look at the parent; undefined: none since the process began. */
  readonly parent?: ParentLook | undefined;
  /** What time it is by the clock that the stage began by, which may have been set since; left out: by none other. */
  readonly stageMs?: number;
}

/** When a stage began, or its wait where that comes later. */
export interface StageBegin {
  readonly stage: SigningStage;
  /** Unix time, milliseconds, by the clock of whoever wrote it. */
  readonly atMs: number;
}

export function stageOf({ stage, sinceMs, inForceMs }: ZoneSigning): StageBegin {
  return { stage, atMs: inForceMs ?? sinceMs };
}

/** A second is lost to rounding in every cache, and clocks of servers differ. */
const MARGIN_MS = 2000;
/** SHA-256 (RFC 4509), the one digest that is published here. */
export const DIGEST_SHA256 = 2;
/** With SHA-384 (RFC 6605 §2). */
const GOOD_DIGESTS: readonly number[] = [DIGEST_SHA256, 4];
/** Tag, algorithm and digest's type before the digest (RFC 4034 §5.1). */
const DS_FIXED_BYTES = 4;

/** The signing after what was seen; undefined: it stays as it is. */
export function transition(signing: ZoneSigning, seen: Seen, nowMs: number): ZoneSigning | undefined {
  const known = withTtls(signing, seen);
  const next =
    waitsForForce.has(known.stage) && known.inForceMs === undefined
      ? inForce(known, seen, nowMs)
      : afterLook(known, seen, nowMs);
  return next ?? (known === signing ? undefined : known);
}

/** The wait begins. Where a server of the parent had gone back, not before it has the DS again. */
function inForce(signing: ZoneSigning, seen: Seen, nowMs: number): ZoneSigning | undefined {
  const { stage, sinceMs } = signing;
  if (!seen.inForce || waitedFor(signing, seen.others ?? []).length > 0) return undefined;
  if (stage !== 'replacing') return { ...signing, inForceMs: nowMs };
  const isGood = seen.parent !== undefined && seen.parent.atMs >= sinceMs && isAtAll(signing, seen.parent);
  return isGood ? { ...signing, inForceMs: nowMs } : undefined;
}

function afterLook(signing: ZoneSigning, seen: Seen, nowMs: number): ZoneSigning | undefined {
  const { parent: look, stageMs = nowMs } = seen;
  switch (signing.stage) {
    case 'signing':
    case 'key-published':
      return isOver(signing, stageMs) ? enter(signing, 'ds-needed', nowMs) : undefined;
    case 'ds-needed':
      return look !== undefined && isAfterForce(look, signing) && isAtAll(signing, look)
        ? enter(signing, 'ds-seen', nowMs)
        : undefined;
    case 'ds-seen':
      return afterDsSeen(signing, look, nowMs);
    case 'replacing':
      return afterReplacing(signing, look, nowMs);
    case 'ds-removal':
      return look !== undefined && isAfterForce(look, signing) && isGone(look)
        ? enter(signing, 'ds-gone', nowMs)
        : undefined;
    case 'ds-gone':
      return afterDsGone(signing, look, nowMs);
    case 'secure':
    case 'unsigned':
      return undefined;
  }
}

/** The end of the wait that a stage is, Unix time, milliseconds; undefined: it does not wait for a time, or not yet. */
export function waitsUntilMs(signing: ZoneSigning): number | undefined {
  const { stage, sinceMs, inForceMs, maxTtlSeconds, dnskeyTtlSeconds, dsTtlSeconds } = signing;
  switch (stage) {
    case 'signing':
      // A zone that was signed before may still be known by its old DNSKEY RRset.
      return inForceMs === undefined
        ? undefined
        : inForceMs + Math.max(maxTtlSeconds, dnskeyTtlSeconds) * 1000 + MARGIN_MS;
    case 'replacing':
      return inForceMs === undefined ? undefined : inForceMs + Math.max(maxTtlSeconds, dsTtlSeconds) * 1000 + MARGIN_MS;
    case 'key-published':
      return inForceMs === undefined ? undefined : inForceMs + dnskeyTtlSeconds * 1000 + MARGIN_MS;
    case 'ds-seen':
    case 'ds-gone':
      return sinceMs + dsTtlSeconds * 1000 + MARGIN_MS;
    default:
      return undefined;
  }
}

/**
 * Stages whose wait begins when all servers of ours answer by them: one that lags could have the parent go back to the CDS
 * of the stage before.
 */
export const waitsForForce: ReadonlySet<SigningStage> = new Set([
  'signing',
  'key-published',
  'ds-needed',
  'replacing',
  'ds-removal',
]);

/** Whether the parent's servers are to be asked in this stage. */
export function looksAtParent({ stage }: ZoneSigning): boolean {
  return stage !== 'unsigned';
}

function isAfterForce({ atMs }: ParentLook, { inForceMs = Number.POSITIVE_INFINITY }: ZoneSigning): boolean {
  return atMs >= inForceMs;
}

function isOver(signing: ZoneSigning, stageMs: number): boolean {
  return stageMs >= (waitsUntilMs(signing) ?? Number.POSITIVE_INFINITY);
}

/** The DS may have been lost meanwhile, and that all have it must be true after the wait as well. */
function afterDsSeen(signing: ZoneSigning, look: ParentLook | undefined, nowMs: number): ZoneSigning | undefined {
  if (look === undefined || look.atMs < signing.sinceMs) return undefined;
  const key = announcedKey(signing);
  if (isLost(signing, look)) return enter(signing, 'ds-needed', nowMs);
  if (look.atMs < (waitsUntilMs(signing) as number) || !isAtAll(signing, look)) return undefined;
  if (key.role === 'incoming') return enter(rolled(signing), 'replacing', nowMs);
  return enter(withoutOutgoing(signing), 'secure', nowMs);
}

/** Where a server of the parent went back to another DS, the outgoing key is what holds the chain: it stays. */
function afterReplacing(signing: ZoneSigning, look: ParentLook | undefined, nowMs: number): ZoneSigning | undefined {
  if (look === undefined || !isAfterForce(look, signing)) return undefined;
  if (isLost(signing, look)) return enter(signing, 'replacing', nowMs);
  if (look.atMs < (waitsUntilMs(signing) as number) || !isAtAll(signing, look)) return undefined;
  return enter(withoutOutgoing(signing), 'secure', nowMs);
}

function afterDsGone(signing: ZoneSigning, look: ParentLook | undefined, nowMs: number): ZoneSigning | undefined {
  if (look === undefined || look.atMs < signing.sinceMs) return undefined;
  const back = look.servers.some(({ ds }) => ds !== undefined && ds.length > 0);
  if (back) return enter(signing, 'ds-removal', nowMs);
  if (look.atMs < (waitsUntilMs(signing) as number) || !isGone(look)) return undefined;
  return enter(signing, 'unsigned', nowMs);
}

/** Whether every server of the parent has the DS of the key that it was told of. One that says nothing may have anything. */
function isAtAll(signing: ZoneSigning, { servers }: ParentLook): boolean {
  const key = announcedKey(signing);
  return servers.length > 0 && servers.every(({ ds }) => ds !== undefined && hasKey(signing.zone, ds, key));
}

/** Whether every server of the parent says that there is no DS at all. */
function isGone({ servers }: ParentLook): boolean {
  return servers.length > 0 && servers.every(({ ds }) => ds !== undefined && ds.length === 0);
}

/**
 * Whether one of the records is the key's DS, by a digest that every validator goes by (RFC 8624 §3.3): SHA-256, which CDS has,
 * or SHA-384, for a parent that makes its DS of the key itself (of CDNSKEY, RFC 7344 §3.2) takes whichever it likes.
 */
export function hasKey(zone: string, ds: readonly Ds[], key: PublicKey): boolean {
  return ds.some((each) => GOOD_DIGESTS.includes(each.digestType) && isDigestOf(zone, each, key) === true);
}

/** Whether who validates may come to the key by one of the records: by a digest that few go by too, or that is not known here. */
export function mayLeadTo(zone: string, ds: readonly Ds[], key: PublicKey): boolean {
  return ds.some((each) => isDigestOf(zone, each, key) !== false);
}

/** Undefined: it cannot be told. */
function isDigestOf(zone: string, { tag, algorithm, digestType, digest }: Ds, key: PublicKey): boolean | undefined {
  if (tag !== key.tag || algorithm !== key.algorithm) return false;
  if (digestType === DIGEST_SHA256) return digest === key.digest;
  const made = dsRdata(nameToWire(zone), Buffer.from(key.dnskey, 'base64'), digestType);
  return made === undefined ? undefined : Buffer.from(made).toString('hex', DS_FIXED_BYTES) === digest;
}

/** Whether a server of the parent says that it does not have that DS. */
function isLost(signing: ZoneSigning, { servers }: ParentLook): boolean {
  const key = announcedKey(signing);
  return servers.some(({ ds }) => ds !== undefined && !hasKey(signing.zone, ds, key));
}

/** With the longest TTLs that were ever seen, since a cache may hold what was said then, and a DS. The same object where nothing is new. */
function withTtls(signing: ZoneSigning, { maxTtlSeconds, parent }: Seen): ZoneSigning {
  const ds = Math.max(signing.dsTtlSeconds, ...(parent?.servers ?? []).map(({ ttlSeconds = 0 }) => ttlSeconds));
  const max = Math.max(signing.maxTtlSeconds, maxTtlSeconds);
  // In the other stages it may have one anyway.
  const hasDs =
    isUntold(signing) && (parent?.servers ?? []).some((each) => each.ds !== undefined && each.ds.length > 0);
  if (ds === signing.dsTtlSeconds && max === signing.maxTtlSeconds && !hasDs) return signing;
  return { ...signing, dsTtlSeconds: ds, maxTtlSeconds: max, ...(hasDs && { mayHaveDs: true }) };
}

function enter({ inForceMs: _over, ...signing }: ZoneSigning, stage: SigningStage, nowMs: number): ZoneSigning {
  return { ...signing, stage, sinceMs: nowMs, ...(signing.stage !== 'signing' && { mayHaveDs: true }) };
}

/** The incoming key signs from now on; the one before it stays for what caches hold. */
function rolled(signing: ZoneSigning): ZoneSigning {
  const role = { incoming: 'active', active: 'outgoing', outgoing: 'outgoing' } as const;
  return { ...signing, keys: signing.keys.map((key) => ({ ...key, role: role[key.role] })) };
}

function withoutOutgoing(signing: ZoneSigning): ZoneSigning {
  return { ...signing, keys: signing.keys.filter(({ role }) => role !== 'outgoing') };
}

/** A roll begins: the key stands beside the one that signs. Undefined: something else is not over yet. */
export function beginRoll(signing: ZoneSigning, key: SigningKey, nowMs: number): ZoneSigning | undefined {
  if (signing.stage !== 'secure') return undefined;
  const keys = [...signing.keys, { ...key, role: 'incoming' as const }];
  return enter({ ...signing, keys }, 'key-published', nowMs);
}

/** The incoming key is taken back, which nobody was told of yet. Undefined: it is too late, or there is none. */
export function cancelRoll(signing: ZoneSigning, nowMs: number): ZoneSigning | undefined {
  if (signing.stage !== 'key-published') return undefined;
  return enter({ ...signing, keys: signing.keys.filter(({ role }) => role !== 'incoming') }, 'secure', nowMs);
}

/** An unsigning begins: from now on the parent is asked to take the DS away (RFC 8078 §4). All stays signed. */
export function beginUnsigning(signing: ZoneSigning, nowMs: number): ZoneSigning | undefined {
  if (signing.stage === 'ds-removal' || signing.stage === 'ds-gone' || signing.stage === 'unsigned') return undefined;
  return enter(signing, 'ds-removal', nowMs);
}

/** The unsigning is not wanted any more. All is signed still, and the DS is asked for again. */
export function cancelUnsigning(signing: ZoneSigning, nowMs: number): ZoneSigning | undefined {
  if (signing.stage !== 'ds-removal' && signing.stage !== 'ds-gone') return undefined;
  return enter(signing, 'signing', nowMs);
}
