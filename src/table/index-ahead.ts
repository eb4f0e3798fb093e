/** An index as whoever looks ahead reads it: in steps, so that the same one can be taken for many names at a time. */
import { finishHash, type HashedName } from './hash.ts';
import { directorySlot, findEntry, LINK_LOG2_MASK, segmentAt } from './index.ts';
import { DIRECTORY, SEGMENT } from './layout.ts';
import type { ArenaView } from './memory.ts';

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

/** Most names are there, or the one above them is. Where both are missing there may be dozens (ip6.arpa), whose places are waited for together. */
const SOUGHT_ALONE = 2;

/** What `firstKnown` has found, for as long as nobody asks again; what it has seen means nothing, and keeps the compiler from leaving out a look. */
const found = { entry: 0, label: 0, seen: 0 };

/**
 * The first of a name and those above it that the index at `cell` has, and which label of the name begins it; entry 0 and the
 * label behind the apex's where even that is missing. `apexLength`: of its wire form, which the name ends in.
 */
export function firstKnown(
  view: ArenaView,
  cell: number,
  { bytes, starts, states, length, labels }: HashedName,
  apexLength: number,
): { readonly entry: number; readonly label: number } {
  let entry = 0;
  let label = 0;
  for (; label === 0 || length - starts[label - 1] !== apexLength; label++) {
    if (label === SOUGHT_ALONE) found.seen ^= lookAtNames(view.words, cell, states, labels);
    entry = findEntry(view, cell, finishHash(states[label]), bytes, starts[label], length);
    if (entry !== 0) break;
  }
  found.entry = entry;
  found.label = label;
  return found;
}

function lookAtNames(words: Int32Array, cell: number, states: Int32Array, labels: number): number {
  let seen = 0;
  for (let i = SOUGHT_ALONE; i <= labels; i++) seen ^= lookAtPlace(words, cell, finishHash(states[i]));
  return seen;
}
