/** What is refused in a zone that is signed, whoever asks for it. */

import { isUntold } from '../../model/dnssec/signing.ts';
import { Problem } from '../../model/errors.ts';
import { canonicalName, isAtOrBelow, parentOf } from '../../model/name.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import { keyTag } from '../../wire/dnssec/key.ts';
import { formatType } from '../../wire/rdata.ts';
import type { BuiltZone, Signatures } from '../commands/built-zone.ts';
import type { Command } from '../commands/command.ts';

/** What Teal makes itself in a zone that it signs, and takes from nobody. */
const made: ReadonlySet<number> = new Set([
  ...[TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY, TYPE.RRSIG, TYPE.NSEC, TYPE.NSEC3, TYPE.NSEC3PARAM],
]);

/**
 * 409 where a signed zone has records of that type from Teal. A CDS at another name than the apex says nothing (RFC 7344
 * §4.1). Signatures of the apex alone would tell of a zone that it was signed elsewhere: they come with all of it.
 */
export function refuseMade(
  store: Pick<Store, 'signing'>,
  { zone, name, type }: { readonly zone: Zone; readonly name: string; readonly type: number },
): Problem | undefined {
  if (type === TYPE.RRSIG && name === zone.name && store.signing(zone.name) === undefined) {
    const detail = `Signatures of the apex of ${shown(zone.name)} come with an import of the whole zone (signatures=keep), or Teal makes them (teal dnssec sign).`;
    return new Problem('apex_conflict', detail, { conflict: shown(zone.name) });
  }
  if (type === TYPE.ZONEMD && name === zone.name && zone.zonemd === true) return ownDigest(zone.name);
  if (!made.has(type) || store.signing(zone.name) === undefined) return undefined;
  const detail = `The zone ${shown(zone.name)} is signed by Teal, which makes its ${formatType(type)} records itself; see /v1/zones/${shown(zone.name)}/dnssec.`;
  return new Problem('zone_signed', detail, { conflict: shown(zone.name) });
}

/** 409 where a zone that is to have a digest by Teal would have one of its own as well. `zone`: canonical. */
export function ownDigest(zone: string): Problem {
  const conflict = `${shown(zone)}/ZONEMD`;
  const detail = `Teal makes the digest of ${shown(zone)} (zonemd): a record of its own, ${conflict}, would be of another content with the next change. Delete it, or say zonemd: false.`;
  return new Problem('apex_conflict', detail, { conflict });
}

/** 409 where the parent may have a DS that would lead nowhere: every validator would find the zone bogus. */
export function refuseWhileDs(
  store: Pick<Store, 'signing' | 'rrset'>,
  zone: string,
  force: boolean,
): Problem | undefined {
  if (force) return undefined;
  const signing = store.signing(zone);
  if (signing === undefined) return isKept(store, zone) ? keptDs(zone) : undefined;
  // While a zone is being signed for the first time, nobody was told of its key.
  if (isUntold(signing)) return undefined;
  const detail = `The parent of ${shown(zone)} may have a DS for it, and validators would refuse whatever comes after: unsign the zone first (teal dnssec unsign), or force it.`;
  return new Problem('ds_present', detail, { conflict: shown(zone) });
}

function keptDs(zone: string): Problem {
  const detail = `${shown(zone)} is served with the signatures that its file brought, so that its parent may have a DS for it, and validators would refuse whatever comes after: have the DS taken away at the parent, wait for as long as caches hold it (its TTL), and force it then.`;
  return new Problem('ds_present', detail, { conflict: shown(zone) });
}

/**
 * 409 where a file takes away, from a zone that is served with signatures of its own, what the parent's DS may lead to: it
 * has none, or was signed by other keys. Those that are no secure entry points (RFC 4034 §2.1.1) have no DS, where there are some.
 */
export function refuseLostChain(
  store: Pick<Store, 'signing' | 'rrset'>,
  zone: string,
  built: Pick<BuiltZone, 'isKept' | 'dnskeys'>,
  force: boolean,
): Problem | undefined {
  if (force || !isKept(store, zone)) return undefined;
  const name = shown(zone);
  const conflict = { conflict: name };
  const todo = `have the DS taken away at the parent, wait for as long as caches hold it (its TTL), and force it then`;
  if (built.isKept !== true) {
    const detail = `${name} is served with the signatures that its file brought, so that its parent may have a DS for it, and this file has none: validators would refuse all of the zone. Send it signed (signatures=keep), or let Teal sign it (teal dnssec sign --replace-signatures); or ${todo}.`;
    return new Problem('ds_present', detail, conflict);
  }
  const keys = store.rrset(zone, zone, TYPE.DNSKEY)?.rdata ?? [];
  const entries = keys.filter(([, low = 0]) => (low & SEP) !== 0);
  const leadsTo = entries.length > 0 ? entries : keys;
  const stays = new Set(built.dnskeys);
  if (leadsTo.some((key) => stays.has(Buffer.from(key).toString('base64')))) return undefined;
  const tags = leadsTo.map((key) => keyTag(key)).join(', ');
  const detail = `The parent of ${name} may have a DS that leads to the keys that it is served with (${tags}), and this file has none of them: validators would refuse all of the zone. Send one that has the old key beside the new one first; or, where the parent has the DS of the new key and no cache holds the old keys, force it.`;
  return new Problem('ds_present', detail, conflict);
}

/** RFC 4034 §2.1.1, in the second octet of the flags. */
const SEP = 1;

/** 422 where a file brings signatures, and nothing was said of them. */
export function signaturesUnsaid(zone: string): Problem {
  const detail = `The file of ${shown(zone)} brings signatures, and it was not said what becomes of them: signatures=keep serves the zone as it is, signed by who signed it; signatures=resign drops them, and Teal signs it.`;
  return new Problem('signatures_unsaid', detail);
}

/** Whether a zone is served with the signatures that its file brought: it has some, and they are not Teal's. `zone`: canonical. */
export function isKept(store: Pick<Store, 'signing' | 'rrset'>, zone: string): boolean {
  const has = (type: number): boolean => store.rrset(zone, zone, type) !== undefined;
  if (!has(TYPE.RRSIG) || store.signing(zone) !== undefined) return false;
  return has(TYPE.DNSKEY) && (has(TYPE.NSEC) || has(TYPE.NSEC3PARAM));
}

/** 409 where something in a zone is to change whose signatures were made elsewhere: nobody here can sign it. */
export function refuseInKept(
  store: Pick<Store, 'signing' | 'rrset' | 'zoneOf'>,
  command: Command,
): Problem | undefined {
  switch (command.kind) {
    case 'rrset.put':
    case 'rrset.delete':
    case 'records.change':
      return refuseKept(store, canonicalName(command.zone));
    case 'service.put': {
      const name = canonicalName(command.name);
      return name instanceof Problem ? undefined : refuseKept(store, store.zoneOf(name)?.name ?? '');
    }
    default:
      return undefined;
  }
}

/** The same of a zone. What is no name is refused elsewhere. */
export function refuseKept(store: Pick<Store, 'signing' | 'rrset'>, zone: string | Problem): Problem | undefined {
  if (zone instanceof Problem || !isKept(store, zone)) return undefined;
  const name = shown(zone);
  const detail = `The zone ${name} is served with the signatures that its file brought, and Teal has no key for it: change it where it is signed, and import it again with signatures=keep.`;
  return new Problem('zone_kept', detail, { conflict: name });
}

/** 409 where signatures that a file brings cannot be served, or have none here to take their place. `zone`: canonical. */
export function refuseSignatures(
  store: Pick<Store, 'signing' | 'servicesIn'>,
  zone: string,
  signatures: Signatures | undefined,
): Problem | undefined {
  const name = shown(zone);
  const isSigned = store.signing(zone) !== undefined;
  if (signatures === 'resign' && !isSigned) {
    const detail = `Teal does not sign the zone ${name}, so that nothing would take the place of the signatures that are dropped: make and sign it first (teal dnssec sign, or import with the key that the parent's DS is of), then import the file with signatures=resign.`;
    return new Problem('signing_state', detail, { conflict: name });
  }
  if (signatures !== 'keep') return undefined;
  if (isSigned) {
    const detail = `The zone ${name} is signed by Teal: its file is imported with signatures=resign, or kept after the zone is unsigned (teal dnssec unsign, which waits until the parent has no DS and no cache holds one; from then until the parent has the DS of the other signer's key the zone is answered, and not validated).`;
    return new Problem('zone_signed', detail, { conflict: name });
  }
  const [service] = store.servicesIn(zone);
  if (service === undefined) return undefined;
  const detail = `The zone ${name} has services (${shown(service.name)}), and what they answer would be signed by nobody: delete them, or let Teal sign the zone (signatures=resign).`;
  return new Problem('zone_has_services', detail, { conflict: shown(service.name) });
}

/** What the zones of a server are, as far as delegations between them go. */
type Delegating = Pick<Store, 'allZones' | 'zoneOf' | 'rrset'>;

/**
 * 409 where a zone of ours lies right below one that is to be signed, and that one does not delegate it: it would prove that
 * nothing is there, and validators would find all of the child bogus (RFC 4035 §5.4). `hasNs`: whether the zone will have NS
 * records at a name; left out: as it is.
 */
export function refuseUndelegated(
  store: Delegating,
  { name }: Pick<Zone, 'name'>,
  hasNs = (at: string): boolean => store.rrset(name, at, TYPE.NS) !== undefined,
): Problem | undefined {
  for (const child of store.allZones()) {
    if (child.name === name || !isAtOrBelow(child.name, name)) continue;
    const above = parentOf(child.name);
    if (above === undefined || isCutAbove(child.name, name, hasNs)) continue;
    // That one may be new, and not there yet.
    const owner = store.zoneOf(above)?.name;
    if (owner !== undefined && owner !== name && isAtOrBelow(owner, name)) continue;
    const detail = `${shown(child.name)} is a zone of its own here, and ${shown(name)} does not delegate it: signed, it would prove that nothing is there, and validators would refuse the child. Put NS records at ${shown(child.name)} into ${shown(name)} first, and its DS once that is signed.`;
    return new Problem('signing_state', detail, { conflict: shown(child.name) });
  }
  return undefined;
}

/** Whether a zone delegates a name below it, or one between the two. */
function isCutAbove(name: string, zone: string, hasNs: (at: string) => boolean): boolean {
  for (let at: string | undefined = name; at !== undefined && at !== zone; at = parentOf(at))
    if (hasNs(at)) return true;
  return false;
}

/** Whether a zone is answered with signatures, by whomever they were made. `zone`: canonical. */
function isAnsweredSigned(store: Pick<Store, 'signing' | 'rrset'>, zone: string): boolean {
  return store.signing(zone) !== undefined || isKept(store, zone);
}

/** 409 where a zone that is new would lie below a signed one that does not delegate it: see above. */
export function refuseBelowSigned(
  store: Delegating & Pick<Store, 'signing'>,
  parent: Zone | undefined,
  name: string,
): Problem | undefined {
  if (parent === undefined || !isAnsweredSigned(store, parent.name)) return undefined;
  if (isCutAbove(name, parent.name, (at) => store.rrset(parent.name, at, TYPE.NS) !== undefined)) return undefined;
  const how =
    store.signing(parent.name) === undefined
      ? `have whoever signs ${shown(parent.name)} put NS records there, and import it again`
      : `put NS records at ${shown(name)} into ${shown(parent.name)} first`;
  const detail = `${shown(parent.name)} is signed and does not delegate ${shown(name)}: it proves that nothing is there, and validators would refuse all of the new zone. To make it, ${how}; and its DS once the new zone is signed.`;
  return new Problem('signing_state', detail, { conflict: shown(parent.name) });
}

/** 409 where the NS records go by which a signed zone delegates another zone of ours. Names are canonical. */
export function refuseUndelegating(
  store: Delegating & Pick<Store, 'signing'>,
  zone: Zone,
  gone: ReadonlySet<string>,
): Problem | undefined {
  if (gone.size === 0 || store.signing(zone.name) === undefined) return undefined;
  return refuseUndelegated(store, zone, (at) => !gone.has(at) && store.rrset(zone.name, at, TYPE.NS) !== undefined);
}
