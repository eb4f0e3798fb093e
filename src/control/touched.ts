/** What a request names, before anything of it is looked at: whether a token reaches it. */
import { Problem } from '../model/errors.ts';
import { canonicalName } from '../model/name.ts';
import type { Store } from '../store/sqlite.ts';
import { Malformed } from '../wire/malformed.ts';
import { parseType } from '../wire/rdata.ts';
import { findProposal } from './drafts/proposals.ts';
import { findRelease } from './drafts/releases.ts';
import type { Grant } from './grant.ts';

/** What a request names; `recordsOf`: a zone, of some of its RRsets. */
export type Touched =
  | { readonly service: string }
  | { readonly zone: string }
  | { readonly release: string }
  | { readonly proposal: string }
  | { readonly recordsOf: string }
  | { readonly rrset: { readonly zone: string; readonly name: string; readonly type: string } };

/** Whether it is in reach; what is no name, or not there, is for others to refuse. */
export function isGranted(store: Store, grant: Grant, what: Touched): boolean {
  if ('release' in what) {
    const found = findRelease(store, what.release, undefined);
    return found instanceof Problem || grant.release(found.release) === found.release;
  }
  if ('proposal' in what) {
    const found = findProposal(store, what.proposal);
    return found instanceof Problem || grant.proposal(found);
  }
  if ('rrset' in what) {
    const [zone, name] = [canonicalName(what.rrset.zone), canonicalName(what.rrset.name)];
    const type = parseType(what.rrset.type);
    if (zone instanceof Problem || name instanceof Problem || type instanceof Malformed) return true;
    return grant.rrset(zone, name, type);
  }
  if ('recordsOf' in what) {
    const zone = canonicalName(what.recordsOf);
    return zone instanceof Problem || grant.recordsOf(zone);
  }
  const name = canonicalName('zone' in what ? what.zone : what.service);
  if (name instanceof Problem) return true;
  return 'zone' in what ? grant.zone(name) : grant.service(name);
}
