/** An index as whoever looks ahead reads it: in steps, so that the same one can be taken for many names at a time. */
import { directorySlot, LINK_LOG2_MASK, segmentAt } from './index.ts';
import { DIRECTORY, SEGMENT } from './layout.ts';

/** Slots that whoever looks ahead takes into account, of two lines: of 20,000 services 8% have their slot beyond four, 2% beyond these. */
const LIKELY_SLOTS = 8;

/** What `likelyEntry` says where no entry of the index has the hash. */
export const NO_ENTRY = -1;

/** The word of the directory that leads to the segment of the hash in the index at `cell`; 0: it lies beyond the view. */
export function linkOf(words: Int32Array, cell: number, hash: number): number {
  const directory = words[cell];
  if (directory >= words.length) return 0;
  const at = directory + DIRECTORY.SEGMENTS + directorySlot(hash, words[directory + DIRECTORY.BITS]);
  if (at >= words.length) return 0;
  const link = words[at];
  return slotsEnd(link) <= words.length ? link : 0;
}

/** Where in a segment a search for the hash begins. */
export function firstSlot(link: number, hash: number): number {
  return segmentAt(link) + SEGMENT.SLOTS + 2 * (hash & ((1 << (link & LINK_LOG2_MASK)) - 1));
}

function slotsEnd(link: number): number {
  return segmentAt(link) + SEGMENT.SLOTS + (2 << (link & LINK_LOG2_MASK));
}

/**
 * What most likely is the entry with the hash: in one of the first slots for it; 0: it is not. NO_ENTRY is no guess: an empty
 * slot ends a search, and what the index gets later is of no generation that a reader who looked before will see.
 */
export function likelyEntry(words: Int32Array, link: number, hash: number): number {
  const slot = firstSlot(link, hash);
  const end = Math.min(slot + 2 * LIKELY_SLOTS, slotsEnd(link));
  for (let at = slot; at < end; at += 2) {
    const entry = words[at + 1];
    if (entry === 0) return NO_ENTRY;
    if (words[at] === hash && entry > 0) return entry;
  }
  return 0;
}

/** Looks at the two lines where an entry for the hash goes into the index at `cell`; what it says means nothing. */
export function lookAtPlace(words: Int32Array, cell: number, hash: number): number {
  const link = linkOf(words, cell, hash);
  return link === 0 ? 0 : words[firstSlot(link, hash)] ^ words[segmentAt(link) + SEGMENT.USED];
}
