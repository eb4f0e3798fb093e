/** Zones as PowerDNS's API shows them, their keys in the order of the alphabet. */
import type { Zone } from '../../model/zone.ts';
import { notesOf } from './zone-notes.ts';

const idOf = (zone: Zone): string => `${zone.name}.`;

/** In the path: the root's dot would be taken for a step in it. */
function urlOf(zone: Zone): string {
  const id = idOf(zone).replace(
    /[^A-Za-z0-9._-]/g,
    (char) => `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return `/api/v1/servers/localhost/zones/${id === '.' ? '=2E' : id}`;
}

/** In a list. `isSigned`: whether it is; undefined: who asks does not want to know. */
export function zoneInList(zone: Zone, isSigned: boolean | undefined): object {
  const { serial } = zone;
  const { account } = notesOf(zone);
  return {
    account,
    catalog: '',
    ...(isSigned !== undefined && { dnssec: isSigned, edited_serial: serial }),
    // Native: nobody has to tell secondaries of a change, so that clients need not ask for that.
    id: idOf(zone),
    kind: 'Native',
    last_check: 0,
    masters: [],
    name: idOf(zone),
    notified_serial: 0,
    serial,
    url: urlOf(zone),
  };
}

/** The text around its RRsets, without which it is whole too. */
export function aroundRRsets(zone: Zone, isSigned: boolean): [before: string, after: string] {
  const { serial } = zone;
  const { account, soa_edit_api } = notesOf(zone);
  const before = {
    account,
    api_rectify: false,
    catalog: '',
    dnssec: isSigned,
    edited_serial: serial,
    id: idOf(zone),
    kind: 'Native',
    last_check: 0,
    master_tsig_key_ids: [],
    masters: [],
    name: idOf(zone),
    notified_serial: 0,
    nsec3narrow: false,
    nsec3param: '',
  };
  const after = { serial, slave_tsig_key_ids: [], soa_edit: '', soa_edit_api, url: urlOf(zone) };
  return [JSON.stringify(before).slice(0, -1), JSON.stringify(after).slice(1)];
}
