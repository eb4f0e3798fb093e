/** RRsets as the API shows them. */
import { type RRset, rrsetBody } from '../../model/rrset.ts';
import { shown } from '../../shown.ts';
import { formatType } from '../../wire/rdata.ts';

/** The RRset with its key and number, as replies show it. */
export function rrsetReply(rrset: RRset) {
  const { zone, name, type, revision } = rrset;
  return { zone: shown(zone), name: shown(name), type: formatType(type), ...rrsetBody(rrset), revision };
}
