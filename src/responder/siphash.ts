/** SipHash-2-4 (Aumasson and Bernstein, 2012), the keyed hash of server cookies (RFC 9018 §4.4), in 32-bit halves. */

/** The initial state's constants, "somepseudorandomlygeneratedbytes", as pairs of low and high words. */
const INITIAL = [
  0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462,
] as const;

const COMPRESSION_ROUNDS = 2;
const FINALIZATION_ROUNDS = 4;

/** One state, reused: a thread hashes one message at a time. Words: v0 low, v0 high, v1 low, … v3 high. */
const v = new Int32Array(8);

/** A 16-byte key as four words. */
export function sipKey(bytes: Uint8Array): Int32Array {
  return Int32Array.from([0, 4, 8, 12], (at) => readLe32(bytes, at));
}

/** Writes the 8 bytes of the hash of `message[0..length)` to `out` at `at`, in the order of the reference code. */
export function sipHash(key: Int32Array, message: Uint8Array, length: number, out: Uint8Array, at: number): void {
  for (let i = 0; i < 8; i++) v[i] = (INITIAL[i] as number) ^ (key[i & 3] as number);
  const whole = length & ~7;
  for (let i = 0; i < whole; i += 8) compress(readLe32(message, i), readLe32(message, i + 4));
  // The last block: what is left, and the length in the top byte.
  let low = 0;
  let high = (length & 0xff) << 24;
  for (let i = whole; i < length; i++) {
    const byte = message[i] as number;
    if (i - whole < 4) low |= byte << (8 * (i - whole));
    else high |= byte << (8 * (i - whole - 4));
  }
  compress(low, high);
  v[4] = (v[4] as number) ^ 0xff;
  rounds(FINALIZATION_ROUNDS);
  writeLe32(out, at, (v[0] as number) ^ (v[2] as number) ^ (v[4] as number) ^ (v[6] as number));
  writeLe32(out, at + 4, (v[1] as number) ^ (v[3] as number) ^ (v[5] as number) ^ (v[7] as number));
}

function compress(low: number, high: number): void {
  v[6] = (v[6] as number) ^ low;
  v[7] = (v[7] as number) ^ high;
  rounds(COMPRESSION_ROUNDS);
  v[0] = (v[0] as number) ^ low;
  v[1] = (v[1] as number) ^ high;
}

function rounds(count: number): void {
  for (let i = 0; i < count; i++) {
    half(0, 2, 13, true);
    half(4, 6, 16, false);
    half(0, 6, 21, false);
    half(4, 2, 17, true);
  }
}

/** v[a] += v[b]; v[b] = rotl(v[b], bits) ^ v[a]; and, where `swap` says so, rotl(v[a], 32). */
function half(a: number, b: number, bits: number, swap: boolean): void {
  const bLow = v[b] as number;
  const bHigh = v[b + 1] as number;
  const low = ((v[a] as number) >>> 0) + (bLow >>> 0);
  const sumLow = low | 0;
  const sumHigh = ((v[a + 1] as number) + bHigh + (low > 0xffffffff ? 1 : 0)) | 0;
  v[b] = ((bLow << bits) | (bHigh >>> (32 - bits))) ^ sumLow;
  v[b + 1] = ((bHigh << bits) | (bLow >>> (32 - bits))) ^ sumHigh;
  v[a] = swap ? sumHigh : sumLow;
  v[a + 1] = swap ? sumLow : sumHigh;
}

function readLe32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function writeLe32(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word & 0xff;
  bytes[at + 1] = (word >>> 8) & 0xff;
  bytes[at + 2] = (word >>> 16) & 0xff;
  bytes[at + 3] = word >>> 24;
}
