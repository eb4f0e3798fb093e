/** The state of a signing as one sentence for people: what is waited for, and until when. */
import { dateAndTime } from '../time-of-day.ts';
import { wantedKeys } from './apex.ts';
import type { ZoneSigning } from './signing.ts';
import { type Ds, hasKey, type ParentLook, waitsForForce, waitsUntilMs } from './transition.ts';

/** Not before it is over: rounded up to a second. */
const at = (ms: number): string => dateAndTime(Math.ceil(ms / 1000) * 1000);

/** What holds it up on our side. */
interface HeldUp {
  /** Nameservers of ours that are waited for. */
  readonly late?: readonly string[] | undefined;
  /** Why not all of it can be signed now; a sentence. */
  readonly heldUp?: string | undefined;
}

/** `zone`: as it is shown. `look`: the last at the parent, if there was one. */
export function sentence(
  signing: ZoneSigning,
  zone: string,
  look: ParentLook | undefined,
  { late = [], heldUp }: HeldUp = {},
): string {
  const own = ownSentence(signing, zone, look);
  const said =
    heldUp === undefined
      ? own
      : `${own.slice(0, -1)}; not all of it can be signed so: ${heldUp.replace(/\.$/, '')}, and it is tried again.`;
  if (late.length === 0 || signing.inForceMs !== undefined || !waitsForForce.has(signing.stage)) return said;
  return `${said.slice(0, -1)}; it waits for ${late.join(', ')}, which ${late.length === 1 ? 'does' : 'do'} not answer by it, or cannot sign.`;
}

function ownSentence(signing: ZoneSigning, zone: string, look: ParentLook | undefined): string {
  const until = waitsUntilMs(signing);
  const time = until === undefined ? 'once all nameservers answer by it' : `until ${at(until)}`;
  const tags = wantedKeys(signing).map(({ tag }) => tag);
  switch (signing.stage) {
    case 'signing':
      return until === undefined
        ? `${zone} is being signed; nothing is to be done at the parent yet.`
        : `${zone} is signed, and caches may hold answers without signatures ${time}; only then does the parent need the DS.`;
    case 'key-published':
      return until === undefined
        ? `The new key of ${zone} is being published; nothing is to be done at the parent yet.`
        : `The new key of ${zone} is published, and caches may hold the keys without it ${time}; only then does the parent need its DS.`;
    case 'ds-needed':
      return `${zone} waits for the DS of key ${tags.join(' and ')} at the parent: ${atParent(signing, look)}.`;
    case 'ds-seen':
      return `Every nameserver of the parent has the DS of ${zone}, and caches may hold what it had before ${time}.`;
    case 'replacing':
      return until === undefined
        ? `The new key of ${zone} is to sign everything; the old one stays until it does.`
        : `The new key of ${zone} signs everything, and caches may hold signatures of the old one ${time}.`;
    case 'secure':
      return look !== undefined && isWrong(signing, look)
        ? `${zone} is signed, but the DS at the parent does not lead to its key: ${atParent(signing, look)}.`
        : `${zone} is signed, and nothing is waited for.`;
    case 'ds-removal':
      return `${zone} stays signed until the parent has no DS for it: ${stillThere(look)}.`;
    case 'ds-gone':
      return `The parent has no DS for ${zone} any more, and caches may hold it ${time}; all stays signed so long.`;
    case 'unsigned':
      return `${zone} is not signed.`;
  }
}

/** Whether a server of the parent says something that does not lead to the zone's key. */
function isWrong(signing: ZoneSigning, { servers }: ParentLook): boolean {
  const [key] = wantedKeys(signing);
  return key !== undefined && servers.some(({ ds }) => ds !== undefined && !hasKey(signing.zone, ds, key));
}

function atParent(signing: ZoneSigning, look: ParentLook | undefined): string {
  if (look === undefined) return 'it was not asked yet';
  if (look.servers.length === 0) return 'its nameservers were not found';
  const [key] = wantedKeys(signing);
  const without = look.servers.filter(
    ({ ds }) => ds !== undefined && key !== undefined && !hasKey(signing.zone, ds, key),
  );
  const silent = look.servers.filter(({ ds }) => ds === undefined);
  return [
    ...without.map(({ server }) => `${server} does not have it`),
    ...silentOnes(silent),
    ...allWell(without, silent),
  ].join(', ');
}

function stillThere(look: ParentLook | undefined): string {
  if (look === undefined) return 'it was not asked yet';
  if (look.servers.length === 0) return 'its nameservers were not found';
  const having = look.servers.filter(({ ds }) => ds !== undefined && ds.length > 0);
  const silent = look.servers.filter(({ ds }) => ds === undefined);
  return [...having.map(({ server }) => `${server} has one`), ...silentOnes(silent), ...allWell(having, silent)].join(
    ', ',
  );
}

const silentOnes = (servers: ParentLook['servers']): string[] =>
  servers.map(({ server, error = 'it said nothing' }) => `${server} was not heard (${error})`);

const allWell = (...bad: (readonly unknown[])[]): string[] =>
  bad.every((some) => some.length === 0) ? ['all its nameservers are as they should be'] : [];

/** A DS as a registrar's form wants it (RFC 4034 §5.3). */
export function dsText({ tag, algorithm, digestType, digest }: Ds): string {
  return `${tag} ${algorithm} ${digestType} ${digest.toUpperCase()}`;
}
