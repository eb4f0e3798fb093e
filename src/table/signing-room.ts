/** Whether a zone that is to be built aside, to be signed in another way, can have room at all: who asks for it is told at once. */
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import type { Arena } from './memory.ts';

/**
 * What a name of a signed zone takes at least, beside what the zone takes that is answered until then: its entry, and where
 * it owns records a signature of them, an NSEC and the signature of that. Half of the names may be there only for others
 * below them; of delegations with glue it is less, which is found out while the zone is built.
 */
const SIGNED_NAME_BYTES = 220;
const PLAIN_NAME_BYTES = 60;

/** `hasMore`: whether the zone has more names than so many. `mustTake`: what is in the log must be taken, room or not. */
export function hasRoomToSign(
  arena: Pick<Arena, 'roomBytes'>,
  hasMore: (most: number) => boolean,
  signing: ZoneSigning | undefined,
  mustTake: boolean,
): boolean {
  if (mustTake) return true;
  const each = signing === undefined || signing.stage === 'unsigned' ? PLAIN_NAME_BYTES : SIGNED_NAME_BYTES;
  return !hasMore(Math.floor(arena.roomBytes / each));
}
