/** A revision as the API shows it. */
import type { Revision } from '../../model/revision.ts';

export function revisionReply({ revision, atMs, actor, kind, summary, subjects }: Revision): object {
  return { revision, at: new Date(atMs).toISOString(), actor, kind, summary, subjects };
}
