/** A revision as the API shows it. */
import type { Revision } from '../../model/revision.ts';

export function revisionReply({ atMs, revision, ...rest }: Revision) {
  return { revision, at: new Date(atMs).toISOString(), ...rest };
}
