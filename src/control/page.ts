/** Lists in pages: so many items, and not much more than so many bytes, which bounds the work of one turn. */

/** One page of a list, in name or number order; `next` is the `after` of the next page, absent on the last. */
export interface Page {
  readonly items: readonly unknown[];
  readonly next?: string;
}

/** A page that has as much ends with the item that brought it there: items may be large, and a page of 1,000 such takes seconds. */
export const PAGE_BYTES = 256 * 1024;

/** All there is, read one by one as it is wanted; `read` gives what comes after an item. */
export function* walk<Item>(read: (after: Item | undefined) => readonly Item[]): Generator<Item> {
  for (let [item] = read(undefined); item !== undefined; [item] = read(item)) yield item;
}

/**
 * Items without a reply are out of reach and left out, so that a page can be shorter than the limit, or empty, and still
 * have a next one: each costs the same work.
 */
export function page<Item>(
  found: Iterable<Item>,
  limit: number,
  reply: (item: Item) => unknown,
  key: (item: Item) => string,
): Page {
  const items: unknown[] = [];
  let last: Item | undefined;
  let [count, bytes] = [0, 0];
  for (const item of found) {
    if (last !== undefined && (count === limit || bytes >= PAGE_BYTES)) return { items, next: key(last) };
    const body = reply(item);
    if (body !== undefined) items.push(body);
    // UTF-16, near enough; what is left out has cost its reading.
    bytes += JSON.stringify(body ?? item).length;
    count++;
    last = item;
  }
  return { items };
}
