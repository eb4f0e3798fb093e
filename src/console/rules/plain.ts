/** Refusals in the words of somebody who looks at the page. */
import type { Failure } from '../api/reply.ts';

export function plainText({ code, detail, conflict }: Failure): string {
  switch (code) {
    case 'revision_stale':
      // Of several, it says which one it was.
      if (conflict !== undefined) return detail;
      return 'Somebody changed this after you had loaded it, so nothing was done. Look at what is in force now, then decide.';
    case 'release_active':
      return `A release is moving this service, and only it changes the weights meanwhile. Abort it or roll back first. ${detail}`;
    case 'token_forbidden':
      return `You may not do this. ${detail}`;
    case 'unreachable':
      return 'The server does not answer. It is asked again by itself.';
    case 'not_done':
      return 'This was not done: no reply came, and the server says that nothing has changed. Confirm once more if you still want it.';
    case 'store_unavailable':
      return `The server answers queries, but cannot take changes at the moment. ${detail}`;
    case 'fleet_unavailable':
      return `Nothing was changed: this node cannot reach the log of its fleet at the moment, and answers go on. Confirm once more when it can, or at another node. ${detail}`;
    default:
      return detail;
  }
}

/** A note has room for so many. */
const WARNINGS_MAX = 3;

/** What was done, and what the server warns of about it. */
export function doneText(what: string, { warnings = [] }: { readonly warnings?: readonly Warning[] } = {}): string {
  const said = warnings.slice(0, WARNINGS_MAX).map(({ message }) => `To know: ${message.replace(/\.$/, '')}.`);
  const more = warnings.length - said.length;
  return [what, ...said, ...(more > 0 ? [`And ${more} more.`] : [])].join(' ');
}

interface Warning {
  readonly message: string;
}
