/** What stands below what was found: nothing, that there is none, or that there is more than is shown. */
import { plainText } from '../rules/plain.ts';
import type { Search } from '../state/search.ts';

export function SearchEnd<Item>({ of, shown, noun }: { of: Search<Item>; shown: number; noun: string }) {
  const { wanted, found, resource } = of;
  if (found === undefined) {
    const { failure } = resource;
    return (
      <p class="quiet" role="status">
        {failure === undefined ? 'Looking on the server…' : `The server was not asked. ${plainText(failure)}`}
      </p>
    );
  }
  if (found.next !== undefined) {
    return (
      <p class="quiet" role="status">
        There may be more: type more of the {noun}.
      </p>
    );
  }
  return shown === 0 ? (
    <p class="quiet" role="status">
      No {noun} has “{wanted}” in it.
    </p>
  ) : null;
}
