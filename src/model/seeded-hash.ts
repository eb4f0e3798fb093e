/**
 * The hash of the tables that a zone file is read into. Whoever writes a file chooses what is in it, and with a hash that
 * anybody can calculate makes all of it one: 60,000 such names took 8 s, and four times that for twice as many.
 */

/**
 * FNV-1a from a seed that nobody knows, each step mixed with its own high bits. Without that the low byte of a state would
 * be all that a step's outcome depends on beside a sum, and texts of one length that are alike for one seed would be for
 * each 256th. In the end its low bits, which choose the slot, are mixed with the high ones.
 */
export function seededHash(bytes: Uint8Array, length: number, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  for (let i = 0; i < length; i++) {
    hash = Math.imul(hash ^ bytes[i], 0x01000193);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
