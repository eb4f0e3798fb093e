/** What is refused in a zone that is signed, whoever asks for it. */
import { Problem } from '../../model/errors.ts';
import type { Zone } from '../../model/zone.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import { formatType } from '../../wire/rdata.ts';
import { shown } from '../names.ts';

/** What Teal makes itself in a zone that it signs, and takes from nobody. */
const made: ReadonlySet<number> = new Set([
  ...[TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY, TYPE.RRSIG, TYPE.NSEC, TYPE.NSEC3, TYPE.NSEC3PARAM],
]);

/** 409 where a signed zone has records of that type from Teal. A CDS at another name than the apex says nothing (RFC 7344 §4.1). */
export function refuseMade(store: Pick<Store, 'signing'>, zone: Zone, type: number): Problem | undefined {
  if (!made.has(type) || store.signing(zone.name) === undefined) return undefined;
  const detail = `The zone ${shown(zone.name)} is signed by Teal, which makes its ${formatType(type)} records itself; see /v1/zones/${shown(zone.name)}/dnssec.`;
  return new Problem('zone_signed', detail, { conflict: shown(zone.name) });
}

/** 409 where the parent may have a DS that would lead nowhere: every validator would find the zone bogus. */
export function refuseWhileDs(store: Pick<Store, 'signing'>, zone: string, force: boolean): Problem | undefined {
  const signing = store.signing(zone);
  // While a zone is being signed, nobody was told of its key.
  if (force || signing === undefined || signing.stage === 'signing') return undefined;
  const detail = `The parent of ${shown(zone)} may have a DS for it, and validators would refuse whatever comes after: unsign the zone first (teal dnssec unsign), or force it.`;
  return new Problem('ds_present', detail, { conflict: shown(zone) });
}
