/** Lists in pages: so many items, and not much more than so many bytes, which bounds the work of one turn. */
import { type Listing, PAGE_BYTES, Passed } from '../../control/listing.ts';
import type { Sliced } from '../../control/slices.ts';

/** One page of a list, in name or number order; `next` is the `after` of the next page, absent on the last. */
export interface Page {
  readonly items: readonly unknown[];
  readonly next?: string;
}

/** Slices of PAGE_BYTES, or of what a look at names alone goes through, that one request searches: a second's work in all. */
const SEARCH_SLICES = 64;

/**
 * Nouns out of reach are left out, so that a page can be shorter than the limit, or empty, and still have a next one:
 * each costs the same work. A page that has PAGE_BYTES ends with the item that brought it there.
 */
export function page<Noun>({ found, within, key }: Listing<Noun>, limit: number, reply: (noun: Noun) => unknown): Page {
  const items: unknown[] = [];
  let last: Noun | undefined;
  let [count, bytes] = [0, 0];
  for (const noun of found) {
    if (noun instanceof Passed) continue;
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

/**
 * The same of a search: it goes on, in slices, until the page is full, for as much as one request may look through. Then
 * `next` is where it stopped, so that whoever follows it meets each noun once, however few fit.
 */
export function* searchedPage<Noun>(
  { found, within, key, search }: Listing<Noun>,
  limit: number,
  reply: (noun: Noun) => unknown,
): Sliced<Page> {
  const items: unknown[] = [];
  let [bytes, inSlice, slices] = [0, 0, 0];
  let last = '';
  let lastItem = '';
  for (const noun of found) {
    if (noun instanceof Passed) {
      last = noun.key;
      inSlice = PAGE_BYTES;
    } else {
      const seen = within(noun);
      const body = seen === undefined ? undefined : reply(seen);
      const size = JSON.stringify(body ?? noun).length;
      last = key(noun);
      if (body !== undefined) {
        if (items.length === limit || bytes >= PAGE_BYTES) return { items, next: lastItem };
        items.push(body);
        bytes += size;
        lastItem = last;
      }
      inSlice += size;
    }
    if (inSlice < PAGE_BYTES) continue;
    inSlice = 0;
    slices += 1;
    if (search === 'some' && slices === SEARCH_SLICES) return { items, next: last };
    yield;
  }
  return { items };
}
