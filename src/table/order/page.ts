/**
 * A page of an order: a head, the codes that the names of all its items begin with (bytes, four to a word), then a key for
 * each item (keys.ts), then the items' entries, and above level 0 the children. A page is searched from its own lines.
 */
const LEVEL_SHIFT = 24;
const SHARED_SHIFT = 16;
const SHARED_MASK = 0xff;
const COUNT_MASK = 0xffff;

/** Words before the codes. */
export const PAGE_HEAD = 1;

export function pageHead(level: number, shared: number, count: number): number {
  return (level << LEVEL_SHIFT) | (shared << SHARED_SHIFT) | count;
}

/** Pages of level 0 lead to none. */
export function levelOf(head: number): number {
  return head >>> LEVEL_SHIFT;
}

/** Codes that the names of all items begin with. */
export function sharedOf(head: number): number {
  return (head >>> SHARED_SHIFT) & SHARED_MASK;
}

export function countOf(head: number): number {
  return head & COUNT_MASK;
}

/** Where in a page its keys begin. */
export function keysIn(head: number): number {
  return PAGE_HEAD + ((sharedOf(head) + 3) >> 2);
}

/** Where the entry of the first item stands, which the others follow. */
export function entriesIn(head: number): number {
  return keysIn(head) + countOf(head);
}

/** The same of the children. */
export function childrenIn(head: number): number {
  return keysIn(head) + 2 * countOf(head);
}

/** Words of the page with that head. */
export function pageWords(head: number): number {
  return keysIn(head) + (levelOf(head) === 0 ? 2 : 3) * countOf(head);
}
