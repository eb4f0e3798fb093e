/** Keys, signatures and proofs that stand where nobody looks for them, or that sign nothing: what a zone file has of them by mistake. */
import type { ContentRRset, ZoneContent } from '../model/zone-content.ts';
import { TYPE } from '../wire/constants.ts';
import { ZONE_KEY } from '../wire/dnssec/key.ts';
import { readSignature } from '../wire/dnssec/rrsig.ts';
import { formatType } from '../wire/rdata.ts';
import type { Findings } from '../wire/zone-file/finding.ts';

/** What belongs to a signed zone. */
const ofSigned = [TYPE.DNSKEY, TYPE.RRSIG, TYPE.NSEC, TYPE.NSEC3, TYPE.NSEC3PARAM];

/**
 * Adds what is misplaced. `isKept`: the zone is to be served as it is signed. `isReplaced`: what is at its names is made
 * here, so that nothing of it is served.
 */
export function checkStrays(
  content: ZoneContent,
  findings: Findings,
  { isKept, isReplaced }: { readonly isKept: boolean; readonly isReplaced: boolean },
): void {
  const add = (
    severity: 'error' | 'warning',
    code: 'key_misplaced' | 'signatures_stray',
    rrset: ContentRRset,
    message: string,
  ): void => {
    const { file, line } = rrset;
    findings.add({ severity, code, file, line, column: 1, message });
  };
  for (const rrset of content.ofTypes([TYPE.DNSKEY])) {
    const isZoneKey = rrset.rdata.some((key) => (((key[0] << 8) | key[1]) & ZONE_KEY) !== 0);
    if (rrset.name === content.zone || !isZoneKey) continue;
    const message = `${rrset.name}. has a DNSKEY of a zone, and a zone has its keys at its top alone (RFC 4035 §2.1)`;
    add(isKept ? 'error' : 'warning', 'key_misplaced', rrset, message);
  }
  if (isReplaced) return;
  if (!isKept) {
    // Signatures of the apex make whoever sends the file say what becomes of them.
    if (content.rrset(content.zone, TYPE.RRSIG) !== undefined) return;
    const stray = content.ofTypes(ofSigned).next().value as ContentRRset | undefined;
    if (stray === undefined) return;
    const what = `${stray.name}. has ${formatType(stray.type)} records, and the top of the zone is not signed`;
    const message = `${what}: they are served as plain records, and prove nothing. Where the parent has a DS, validators refuse the zone`;
    return add('warning', 'signatures_stray', stray, message);
  }
  for (const rrset of content.ofTypes([TYPE.RRSIG])) {
    const types = new Set(content.rrsets(rrset.name).map(({ type }) => type));
    const stray = rrset.rdata.map((rdata) => readSignature(rdata).typeCovered).find((type) => !types.has(type));
    if (stray === undefined) continue;
    const message = `${rrset.name}. has a signature of ${formatType(stray)}, which is not there: nobody is given it`;
    add('warning', 'signatures_stray', rrset, message);
  }
}
