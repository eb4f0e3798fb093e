/** The names of a fleet's keys, below the prefix of the fleet. */

/** The number of the last entry. */
export const HEAD_KEY = 'head';
/** Which log it is. */
export const IDENTITY_KEY = 'fleet';
/** Who leads; leased. */
export const LEADER_KEY = 'leader';
/** What is the same on all nodes, and no stranger's business. */
export const SECRETS_KEY = 'secrets';
/** The last snapshot that is whole. */
export const SNAPSHOT_KEY = 'snapshot';

export const MEMBER_PREFIX = 'member/';
export const ACK_PREFIX = 'ack/';
export const LOG_PREFIX = 'log/';
export const STAGE_PREFIX = 'stage/';
export const STAGED_PREFIX = 'staged/';
/** Contents that entries of the log name. */
export const KEPT_PREFIX = 'kept/';
/** Who shows signs of life. */
export const PRESENCE_PREFIX = 'presence/';
export const HOOK_PREFIX = 'hook/';
export const COUNT_PREFIX = 'count/';
/** Of which services a node wants to know what the others counted. */
export const ASKED_PREFIX = 'asked/';

/** What the probes of each node see. */
export const HEALTH_PREFIX = 'health/';
/** That this still holds. */
export const BEAT_PREFIX = 'beat/';

/** Which wrapping key a node has, by a mark that says nothing of the key itself. */
export const WRAPPING_PREFIX = 'wrapping/';

/** Below what a node confirms, so that one watch tells of both in the order in which they were written. */
const LEFT_OUT = 'left-out';

/** Entries are found in their order by the order of their keys, which is that of their bytes. */
const LOG_DIGITS = 16;
/** Of a chunk: contents have up to 2^32 bytes in chunks of more than 200 KiB. */
const CHUNK_DIGITS = 6;

/** A node, or a fleet: a label as in host names, so that it needs no escape in a key, a path, a metric or a file's name. */
const ID = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SHA256 = /^[0-9a-f]{64}$/;
const DIGITS = /^\d+$/;

/** Whether a node or a fleet may be called so. */
export function isFleetId(text: string): boolean {
  return ID.test(text);
}

/** What all keys of a fleet begin with in the engine. */
export const fleetPrefix = (fleet: string): string => `teal/${fleet}/`;

export const logKey = (revision: number): string => LOG_PREFIX + String(revision).padStart(LOG_DIGITS, '0');
export const memberKey = (node: string): string => MEMBER_PREFIX + node;
export const ackKey = (node: string): string => ACK_PREFIX + node;
/** Which zones what the node confirms does not go for. */
export const leftOutKey = (node: string): string => `${ACK_PREFIX}${node}/${LEFT_OUT}`;
export const presenceKey = (node: string): string => PRESENCE_PREFIX + node;
export const countKey = (node: string): string => COUNT_PREFIX + node;
export const askedKey = (node: string): string => ASKED_PREFIX + node;
export const hookKey = (webhook: string): string => HOOK_PREFIX + webhook;
export const healthKey = (node: string): string => HEALTH_PREFIX + node;
export const beatKey = (node: string): string => BEAT_PREFIX + node;
export const wrappingKey = (node: string): string => WRAPPING_PREFIX + node;
export const contentKey = (sha256: string, chunk: number): string => `content/${sha256}/${chunkText(chunk)}`;
export const snapshotKey = (revision: number, chunk: number): string => `snapshot/${revision}/${chunkText(chunk)}`;
export const stageKey = (sha256: string): string => STAGE_PREFIX + sha256;
export const keptKey = (sha256: string): string => KEPT_PREFIX + sha256;
export const stagedKey = (sha256: string, node: string): string => `${STAGED_PREFIX}${sha256}/${node}`;

const chunkText = (chunk: number): string => String(chunk).padStart(CHUNK_DIGITS, '0');

/** A key, taken apart. */
export type FleetKey =
  | { readonly kind: 'head' | 'identity' | 'leader' | 'snapshot' | 'secrets' }
  | { readonly kind: 'log'; readonly revision: number }
  | {
      readonly kind: 'member' | 'ack' | 'leftOut' | 'presence' | 'count' | 'asked' | 'health' | 'beat' | 'wrapping';
      readonly node: string;
    }
  | { readonly kind: 'content'; readonly sha256: string; readonly chunk: number }
  | { readonly kind: 'snapshotChunk'; readonly revision: number; readonly chunk: number }
  | { readonly kind: 'stage' | 'kept'; readonly sha256: string }
  | { readonly kind: 'staged'; readonly sha256: string; readonly node: string };

const singles: ReadonlyMap<string, FleetKey> = new Map([
  [HEAD_KEY, { kind: 'head' }],
  [IDENTITY_KEY, { kind: 'identity' }],
  [LEADER_KEY, { kind: 'leader' }],
  [SNAPSHOT_KEY, { kind: 'snapshot' }],
  [SECRETS_KEY, { kind: 'secrets' }],
]);

/** What a key is of; undefined: it is none of ours, or of a later version. */
export function parseKey(key: string): FleetKey | undefined {
  const single = singles.get(key);
  if (single !== undefined) return single;
  const [kind = '', one = '', two, ...more] = key.split('/');
  if (more.length > 0) return undefined;
  const parsed = two === undefined ? parsePair(kind, one) : parseTriple(kind, one, two);
  return parsed;
}

function parsePair(kind: string, one: string): FleetKey | undefined {
  switch (kind) {
    case 'log': {
      const revision = wholeNumber(one);
      return one.length === LOG_DIGITS && revision !== undefined ? { kind, revision } : undefined;
    }
    case 'member':
    case 'ack':
    case 'presence':
    case 'count':
    case 'asked':
    case 'health':
    case 'beat':
    case 'wrapping':
      return isFleetId(one) ? { kind, node: one } : undefined;
    case 'stage':
    case 'kept':
      return SHA256.test(one) ? { kind, sha256: one } : undefined;
    default:
      return undefined;
  }
}

function parseTriple(kind: string, one: string, two: string): FleetKey | undefined {
  if (kind === 'ack') return two === LEFT_OUT && isFleetId(one) ? { kind: 'leftOut', node: one } : undefined;
  if (kind === 'staged') return SHA256.test(one) && isFleetId(two) ? { kind, sha256: one, node: two } : undefined;
  const chunk = two.length === CHUNK_DIGITS ? wholeNumber(two) : undefined;
  if (chunk === undefined) return undefined;
  if (kind === 'content') return SHA256.test(one) ? { kind, sha256: one, chunk } : undefined;
  if (kind !== 'snapshot') return undefined;
  const revision = String(Number(one)) === one ? wholeNumber(one) : undefined;
  return revision === undefined ? undefined : { kind: 'snapshotChunk', revision, chunk };
}

function wholeNumber(text: string): number | undefined {
  const number = DIGITS.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}
