/** Refusals in the words of somebody who looks at the page. */
import type { Failure } from '../api/types.ts';

export function plainText({ code, detail }: Failure): string {
  switch (code) {
    case 'revision_stale':
      return 'Somebody changed this after you had loaded it, so nothing was done. The page now shows what is in force: look again, then confirm once more.';
    case 'release_active':
      return `A release is moving this service, and only it changes the weights meanwhile. Abort it or roll back first. ${detail}`;
    case 'token_forbidden':
      return `Your token may not do this. ${detail}`;
    case 'unreachable':
      return 'The server does not answer, so it is not certain whether this was done. Once it answers again the page shows what is in force; trying again does nothing twice.';
    case 'store_unavailable':
      return `The server answers queries, but cannot take changes at the moment. ${detail}`;
    default:
      return detail;
  }
}
