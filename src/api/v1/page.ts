/** Lists in pages: so many items, and not much more than so many bytes, which bounds the work of one turn. */
import { type Listing, PAGE_BYTES } from '../../control/listing.ts';

/** One page of a list, in name or number order; `next` is the `after` of the next page, absent on the last. */
export interface Page {
  readonly items: readonly unknown[];
  readonly next?: string;
}

/**
 * Nouns out of reach are left out, so that a page can be shorter than the limit, or empty, and still have a next one:
 * each costs the same work. A page that has PAGE_BYTES ends with the item that brought it there.
 */
export function page<Noun>({ found, within, key }: Listing<Noun>, limit: number, reply: (noun: Noun) => unknown): Page {
  const items: unknown[] = [];
  let last: Noun | undefined;
  let [count, bytes] = [0, 0];
  for (const noun of found) {
    if (last !== undefined && (count === limit || bytes >= PAGE_BYTES)) return { items, next: key(last) };
    const seen = within(noun);
    const body = seen === undefined ? undefined : reply(seen);
    if (body !== undefined) items.push(body);
    // UTF-16, near enough; what is left out has cost its reading.
    bytes += JSON.stringify(body ?? noun).length;
    count++;
    last = noun;
  }
  return { items };
}
