/** An index that a writer left: made whole where it died in the middle of a split, and counted. */

import { DIRECTORY_BITS_MAX, LINK_LOG2_MASK, segmentAt } from '../index.ts';
import { DIRECTORY, SEGMENT, TOMBSTONE } from '../layout.ts';
import { type Census, Doubt } from './census.ts';

/** Owns the blocks of the index at a cell, and calls `each` with every entry. */
export function takeIndex(census: Census, cell: number, each: (entry: number) => void): void {
  const { words } = census.view;
  const directory = words[cell];
  census.mustLie(directory, DIRECTORY.SEGMENTS + 1);
  const bits = words[directory + DIRECTORY.BITS];
  if (bits < 0 || bits > DIRECTORY_BITS_MAX) throw new Doubt(`a directory of ${bits} bits`);
  census.own(directory, DIRECTORY.SEGMENTS + (1 << bits));
  const first = directory + DIRECTORY.SEGMENTS;
  joinSplit(census, first, 1 << bits, bits);
  for (let at = first; at < first + (1 << bits); ) {
    const link = words[at];
    const run = runOf(census, link, bits);
    for (let i = at; i < at + run; i++)
      if (words[i] !== link) throw new Doubt(`a segment is led to from half of its place`);
    takeSegment(census, link, each);
    at += run;
  }
}

/**
 * A split points one part of the directory after the other to the new segments, and a writer may have died in between.
 * The old one still holds all that the new ones do, so whatever it serves a part of, it serves again.
 */
function joinSplit(census: Census, first: number, length: number, bits: number): void {
  const { words } = census.view;
  for (let i = 0; i < length; i++) {
    const link = words[first + i];
    if (i > 0 && link === words[first + i - 1]) continue;
    const run = runOf(census, link, bits);
    const base = first + (i & ~(run - 1));
    for (let at = base; at < base + run; at++) {
      if (words[at] !== link && runOf(census, words[at], bits) <= run) Atomics.store(words, at, link);
    }
  }
}

/** How many words of a directory lead to a segment. */
function runOf(census: Census, link: number, bits: number): number {
  const segment = segmentAt(link);
  census.mustLie(segment, SEGMENT.SLOTS);
  const depth = census.view.words[segment + SEGMENT.DEPTH];
  if (depth < 0 || depth > bits) throw new Doubt(`a segment of depth ${depth}`);
  return 1 << (bits - depth);
}

function takeSegment(census: Census, link: number, each: (entry: number) => void): void {
  const { words } = census.view;
  const segment = segmentAt(link);
  const log2 = words[segment + SEGMENT.SLOTS_LOG2];
  if (log2 !== (link & LINK_LOG2_MASK)) throw new Doubt(`a segment of 2^${log2} slots`);
  const slots = 1 << log2;
  census.own(segment, SEGMENT.SLOTS + 2 * slots);
  let used = 0;
  for (let at = segment + SEGMENT.SLOTS + 1, end = at + 2 * slots; at < end; at += 2) {
    const entry = words[at];
    if (entry === 0) continue;
    used++;
    if (entry !== TOMBSTONE) each(entry);
  }
  // The count is stored after the entry.
  if (words[segment + SEGMENT.USED] !== used) Atomics.store(words, segment + SEGMENT.USED, used);
}
