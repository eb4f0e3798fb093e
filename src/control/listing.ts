/** Lists as they are read: each noun as it is wanted, so that whoever shows them says where a page ends. */

/** Of one kind of noun, in name or number order. */
export interface Listing<Noun> {
  readonly found: Iterable<Noun>;
  /** What of it is in reach of who asks; undefined: nothing. */
  readonly within: (noun: Noun) => Noun | undefined;
  /** Where a walk that ended with it goes on. */
  readonly key: (noun: Noun) => string;
}

/** What one turn of the event loop reads or writes, about: items may be large, and 1,000 such take seconds. */
export const PAGE_BYTES = 256 * 1024;

/** All there is, read one by one as it is wanted; `read` gives what comes after an item. */
export function* walk<Item>(read: (after: Item | undefined) => readonly Item[]): Generator<Item> {
  for (let [item] = read(undefined); item !== undefined; [item] = read(item)) yield item;
}
