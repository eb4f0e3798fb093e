/** Lists as they are read: each noun as it is wanted, so that whoever shows them says where a page ends. */

/** Some that were looked at, and not what is looked for. */
export class Passed {
  /** Where a walk that ended with them goes on. */
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }
}

/** Of one kind of noun, in name or number order. */
export interface Listing<Noun> {
  readonly found: Iterable<Noun | Passed>;
  /** What of it is in reach of who asks; undefined: nothing. */
  readonly within: (noun: Noun) => Noun | undefined;
  /** Where a walk that ended with it goes on. */
  readonly key: (noun: Noun) => string;
  /**
   * Most of what is found may be nothing for who asks, who wants a page of the rest. `some`: as much is looked through as
   * one request may; `all`: to the end, since even where a walk stopped would tell what is out of reach.
   */
  readonly search?: 'some' | 'all';
}

/** What one turn of the event loop reads or writes, about: items may be large, and 1,000 such take seconds. */
export const PAGE_BYTES = 256 * 1024;

/** All there is, read one by one as it is wanted; `read` gives what comes after an item. */
export function* walk<Item>(read: (after: Item | undefined) => readonly Item[]): Generator<Item> {
  for (let [item] = read(undefined); item !== undefined; [item] = read(item)) yield item;
}

/** The same of those that match; where nothing narrows it, the listing itself. */
export function narrowed<Noun>(
  listing: Listing<Noun>,
  isNarrowed: boolean,
  matches: (noun: Noun) => boolean,
): Listing<Noun> {
  if (!isNarrowed) return listing;
  const { within } = listing;
  // What is out of reach is not looked at: whether it matches would tell of it.
  const narrowly = (noun: Noun): Noun | undefined => {
    const seen = within(noun);
    return seen !== undefined && matches(seen) ? seen : undefined;
  };
  return { ...listing, search: 'some', within: narrowly };
}
