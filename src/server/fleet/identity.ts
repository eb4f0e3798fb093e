/** Which log is in etcd, as far as a node looks at it before it takes part. */
import type { Keeper } from '../../control/log/keeper.ts';
import { Lost } from '../../control/log/keeper.ts';
import type { FleetView } from '../../control/nodes.ts';
import { HEAD_KEY, IDENTITY_KEY } from '../../model/fleet/keys.ts';
import { encodeRecord, isText, isWhole, parseRecord, parseRevision, Unreadable } from '../../model/fleet/records.ts';
import { reading } from '../../model/fleet/transaction.ts';
import { shown } from '../../shown.ts';

/** A log that was founded. */
export interface Founded {
  /** Its own random name. */
  readonly log: string;
  readonly head: number;
  /** How long a node may claim, of all nodes: a writer waits as long for those that do not answer. */
  readonly staleAfterMs: number;
}

export function encodeIdentity({ log, staleAfterMs }: Omit<Founded, 'head'>): Uint8Array {
  return encodeRecord({ log, staleAfterMs });
}

/** What is said where the settings have another one. */
export function otherStaleAfter({ staleAfterMs }: Founded): string {
  return `fleet.staleAfterSeconds must be that of the fleet, ${staleAfterMs / 1000}: others wait so long for this node, and no longer`;
}

/** `none`: nobody has founded the fleet yet. A text: what is there cannot be read, and why. */
export async function readFounded(keeper: Keeper): Promise<Founded | 'none' | Lost | string> {
  const reply = await keeper.transact(reading([{ key: IDENTITY_KEY }, { key: HEAD_KEY }]));
  if (reply instanceof Lost) return reply;
  const at = (wanted: string): Uint8Array | undefined => reply.found.find(({ key }) => key === wanted)?.value;
  const [identity, head] = [at(IDENTITY_KEY), at(HEAD_KEY)];
  if (identity === undefined && head === undefined) return 'none';
  if (identity === undefined || head === undefined)
    return 'etcd has only a part of the fleet: restore it, or delete it';
  const record = parseRecord(identity);
  if (record instanceof Unreadable) return `the identity of the fleet ${record.words}`;
  const revision = parseRevision(head);
  if (revision instanceof Unreadable) return `the head of the fleet ${revision.words}`;
  const { log, staleAfterMs } = record;
  const isWell = isText(log) && isWhole(staleAfterMs);
  return isWell ? { log, head: revision, staleAfterMs } : 'the identity of the fleet names no log';
}

export function isFounded(found: Awaited<ReturnType<typeof readFounded>>): found is Founded {
  return !(found instanceof Lost) && typeof found !== 'string';
}

/** Why a node of the log of this name cannot take part. */
export function wordsFor(founded: Awaited<ReturnType<typeof readFounded>>, name: string): string {
  if (founded instanceof Lost) return `etcd cannot be reached: ${founded.words}`;
  if (founded === 'none')
    return 'etcd has no fleet of this name: was it wiped? teal fleet init makes it again of this node';
  if (typeof founded === 'string') return founded;
  return founded.log === name ? otherStaleAfter(founded) : 'etcd has the log of another fleet of this name';
}

/** What a live node says of itself that may not claim to be current. */
export const UNHEARD = 'it does not hear from etcd where the log is';

/** The log has a gap where this node is. */
export const MISSING =
  'the log does not have the entry any more that comes next here: a restart fills the data directory anew';

/** The same, once etcd was looked at: what it answered without is gone; and whom it refuses it tells why. */
export function staleWords(
  words: string,
  { head, lost }: { readonly head: number | null; readonly lost?: Lost },
): Pick<FleetView, 'message'> {
  if (lost?.isRefused) return { message: `${words}: ${lost.words}` };
  return { message: head === null && lost === undefined ? wordsFor('none', '') : words };
}

/** Why a node that answers signed zones without their signatures takes no part. */
export function unsignedWords(zones: readonly { readonly zone: string; readonly isHeldUp: boolean }[]): string {
  const heldUp = zones.filter(({ isHeldUp }) => isHeldUp);
  const those = heldUp.length > 0 ? heldUp : zones;
  const first = shown(those[0].zone);
  const named = `${first}${those.length > 1 ? ` and ${those.length - 1} more` : ''}`;
  return heldUp.length === 0
    ? `it is signing ${named}: it had not the signatures when it started, and takes part when all are made`
    : `it cannot sign ${named}: its wrapping key is not that of the fleet; give it the same (dnssec.wrappingKeyFile) and restart it`;
}
