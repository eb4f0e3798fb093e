/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012), the keyed hash of server cookies (RFC 9018 §4.4), in 32-bit halves. The
 * state lives in local variables, which the compiler keeps in registers: in an array it took more than twice as long.
 */
import { readLe32 } from '../wire/byte-order.ts';

const COMPRESSION_ROUNDS = 2;
const FINALIZATION_ROUNDS = 4;

/** A 16-byte key as four words. */
export function sipKey(bytes: Uint8Array): Int32Array {
  return Int32Array.from([0, 4, 8, 12], (at) => readLe32(bytes, at));
}

/** Writes the 8 bytes of the hash of `message[0..length)` to `out` at `at`, in the order of the reference code. */
export function sipHash(key: Int32Array, message: Uint8Array, length: number, out: Uint8Array, at: number): void {
  const [k0, k1, k2, k3] = [key[0], key[1], key[2], key[3]];
  // "somepseudorandomlygeneratedbytes", low and high word of each of the four.
  let v0 = 0x70736575 ^ k0;
  let v0High = 0x736f6d65 ^ k1;
  let v1 = 0x6e646f6d ^ k2;
  let v1High = 0x646f7261 ^ k3;
  let v2 = 0x6e657261 ^ k0;
  let v2High = 0x6c796765 ^ k1;
  let v3 = 0x79746573 ^ k2;
  let v3High = 0x74656462 ^ k3;
  const lastBlock = length >>> 3;
  // The turn after the last block finishes: there is nothing left to mix in.
  for (let block = 0; block <= lastBlock + 1; block++) {
    let low = 0;
    let high = 0;
    let rounds = COMPRESSION_ROUNDS;
    if (block < lastBlock) {
      low = readLe32(message, block * 8);
      high = readLe32(message, block * 8 + 4);
    } else if (block === lastBlock) {
      // What is left, and the length in the top byte.
      low = readRest(message, block * 8, length);
      high = readRest(message, block * 8 + 4, length) | ((length & 0xff) << 24);
    } else {
      v2 ^= 0xff;
      rounds = FINALIZATION_ROUNDS;
    }
    v3 ^= low;
    v3High ^= high;
    for (let round = 0; round < rounds; round++) {
      // v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32)
      let sum = (v0 + v1) | 0;
      let sumHigh = (v0High + v1High + carry(sum, v1)) | 0;
      let rotated = ((v1 << 13) | (v1High >>> 19)) ^ sum;
      v1High = ((v1High << 13) | (v1 >>> 19)) ^ sumHigh;
      v1 = rotated;
      v0 = sumHigh;
      v0High = sum;
      // v2 += v3; v3 = rotl(v3, 16) ^ v2
      sum = (v2 + v3) | 0;
      sumHigh = (v2High + v3High + carry(sum, v3)) | 0;
      rotated = ((v3 << 16) | (v3High >>> 16)) ^ sum;
      v3High = ((v3High << 16) | (v3 >>> 16)) ^ sumHigh;
      v3 = rotated;
      v2 = sum;
      v2High = sumHigh;
      // v0 += v3; v3 = rotl(v3, 21) ^ v0
      sum = (v0 + v3) | 0;
      sumHigh = (v0High + v3High + carry(sum, v3)) | 0;
      rotated = ((v3 << 21) | (v3High >>> 11)) ^ sum;
      v3High = ((v3High << 21) | (v3 >>> 11)) ^ sumHigh;
      v3 = rotated;
      v0 = sum;
      v0High = sumHigh;
      // v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32)
      sum = (v2 + v1) | 0;
      sumHigh = (v2High + v1High + carry(sum, v1)) | 0;
      rotated = ((v1 << 17) | (v1High >>> 15)) ^ sum;
      v1High = ((v1High << 17) | (v1 >>> 15)) ^ sumHigh;
      v1 = rotated;
      v2 = sumHigh;
      v2High = sum;
    }
    v0 ^= low;
    v0High ^= high;
  }
  writeLe32(out, at, v0 ^ v1 ^ v2 ^ v3);
  writeLe32(out, at + 4, v0High ^ v1High ^ v2High ^ v3High);
}

/** Whether a sum of 32-bit words is below one of them, so that it has overflowed. */
function carry(sum: number, part: number): number {
  return sum >>> 0 < part >>> 0 ? 1 : 0;
}

/** Up to four bytes of those before `end`. */
function readRest(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let i = 0; i < 4 && at + i < end; i++) word |= bytes[at + i] << (8 * i);
  return word;
}

function writeLe32(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word & 0xff;
  bytes[at + 1] = (word >>> 8) & 0xff;
  bytes[at + 2] = (word >>> 16) & 0xff;
  bytes[at + 3] = word >>> 24;
}
