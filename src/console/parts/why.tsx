/** Why a change was made, shown with it. */
import type { Revision } from '../../contract/types.ts';
import { isLink } from '../rules/why.ts';

/** What was said of a change. Its direction is its own: whatever is in it, what stands around it stays where it is. */
export function Why({ reason, links = [] }: Pick<Revision, 'reason' | 'links'>) {
  if (reason === undefined && links.length === 0) return null;
  return (
    <p class="why small">
      {reason !== undefined && <bdi>{reason}</bdi>}
      {links.map((link) => (
        <span key={link}>
          {' '}
          {isLink(link) ? (
            <a href={link} target="_blank" rel="noopener noreferrer nofollow">
              {link}
            </a>
          ) : (
            <bdi>{link}</bdi>
          )}
        </span>
      ))}
    </p>
  );
}
