/**
 * Copies of a zone's CDS and CDNSKEY below the names of its nameservers (RFC 9615): where a nameserver's own zone is signed
 * here too, a parent can take the first DS of the zone by what it validates there, and nobody has to enter it.
 */
import { TYPE } from '../../wire/constants.ts';
import { canonicalName, isAtOrBelow } from '../name.ts';
import { apexRecords } from './apex.ts';
import type { ZoneSigning } from './signing.ts';

/** What a look needs of the store; names are canonical. */
interface VouchingStore {
  zone(name: string): { readonly name: string; readonly nameservers: readonly string[] } | undefined;
  /** The zone that holds a name. */
  zoneOf(name: string): { readonly name: string } | undefined;
  signing(zone: string): ZoneSigning | undefined;
  /** Whether there is such an RRset. */
  rrset(zone: string, name: string, type: number): unknown;
}

/** An RRset that is to stand in the zone of a nameserver. */
interface Voucher {
  /** The zone that holds it. */
  readonly zone: string;
  readonly name: string;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdata: readonly Uint8Array[];
}

const PREFIX = '_dsboot.';
const INFIX = '._signal.';

/** The name by which a nameserver vouches for a zone (RFC 9615 §2); undefined: it would be too long. */
function voucherName(zone: string, nameserver: string): string | undefined {
  const name = canonicalName(`${PREFIX}${zone}${INFIX}${nameserver}`);
  return typeof name === 'string' ? name : undefined;
}

/** The zone that a name of that kind vouches for; undefined: it is none. */
export function vouchedFor(name: string): string | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  const end = name.lastIndexOf(INFIX);
  return end === -1 ? undefined : name.slice(PREFIX.length, end);
}

/** What vouches for a zone: empty, where it asks for no DS, or its nameservers are in no other zone that is signed here. */
export function vouchersFor(signing: ZoneSigning, store: VouchingStore): Voucher[] {
  const copied = isAsking(signing) ? apexRecords(signing).filter(({ type }) => type !== TYPE.DNSKEY) : [];
  if (copied.length === 0 || signing.zone === '') return [];
  const found: Voucher[] = [];
  for (const nameserver of store.zone(signing.zone)?.nameservers ?? []) {
    // In the zone itself it would vouch by what is to be vouched for.
    if (isAtOrBelow(nameserver, signing.zone)) continue;
    const name = voucherName(signing.zone, nameserver);
    const zone = name === undefined ? undefined : store.zoneOf(name)?.name;
    if (name === undefined || zone === undefined || !canVouch(zone, name, store)) continue;
    for (const { type, ttlSeconds, rdata } of copied) found.push({ zone, name, type, ttlSeconds, rdata });
  }
  return found;
}

/** CDS that asks for a removal is no matter of these names (RFC 9615 §1.2). */
function isAsking({ stage }: ZoneSigning): boolean {
  return stage !== 'ds-removal' && stage !== 'ds-gone' && stage !== 'unsigned';
}

/** Whether validators can follow it: its zone is signed, and the name is not below a cut or an alias. */
function canVouch(zone: string, name: string, store: VouchingStore): boolean {
  const stage = store.signing(zone)?.stage;
  if (stage === undefined || stage === 'signing' || stage === 'ds-removal' || stage === 'ds-gone') return false;
  for (let at = name; at !== zone; at = at.slice(at.indexOf('.') + 1)) {
    for (const type of [TYPE.NS, TYPE.DNAME, TYPE.CNAME]) if (store.rrset(zone, at, type) !== undefined) return false;
    if (!at.includes('.')) break;
  }
  return store.rrset(zone, zone, TYPE.DNAME) === undefined;
}
