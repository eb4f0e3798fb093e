/** Large memory in pages of 2 MiB instead of 4 KiB: a lookup among a million names then misses the TLB far less often. */
import { LINUX, type Libc, loadLibc } from './libc.ts';

const HUGE_PAGE_BYTES = 2 ** 21;
/** A page of which so much is in use is worth its memory: a table of a thousand names would have none otherwise. */
const WORTH_BYTES = HUGE_PAGE_BYTES / 4;
/** What grows by more from one look to the next is being filled. */
const FILLED_BYTES = HUGE_PAGE_BYTES;

/**
 * Asks the kernel for huge pages in a memory that is still empty, as far as it may ever grow. Where they are not to be
 * had (no Linux, forbidden by /sys/kernel/mm/transparent_hugepage/enabled) everything works as before, only slower.
 * Where the first of them begins, bytes; 0 where there is none.
 */
export function useHugePages(memory: SharedArrayBuffer): number {
  const libc = loadLibc();
  if (libc === undefined) return 0;
  const start = libc.addressOf(new Uint8Array(memory));
  // Only whole pages: what lies around them belongs to others.
  const first = Math.ceil(start / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
  const length = Math.floor((start + memory.maxByteLength - first) / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
  if (length <= 0) return 0;
  libc.madvise(first, length, LINUX.MADV_HUGEPAGE);
  return first - start;
}

/**
 * Memory that processes share gets huge pages only where it is in use already, and only by asking for each: this asks, a few
 * at a time. Undefined where that cannot be had (before Linux 6.1, or no Linux).
 */
export function hugePagesOf({ arena, start, maxBytes }: Place): HugePages | undefined {
  const libc = loadLibc();
  return libc && new HugePages(libc, libc.addressOf(new Uint8Array(arena)) + start, maxBytes);
}

interface Place {
  readonly arena: SharedArrayBuffer;
  readonly start: number;
  /** What lies behind is something else. */
  readonly maxBytes: number;
}

class HugePages {
  readonly #libc: Libc;
  readonly #address: number;
  readonly #maxBytes: number;
  #done = 0;
  #usedBytes = 0;
  #isRefused = false;

  constructor(libc: Libc, address: number, maxBytes: number) {
    this.#libc = libc;
    this.#address = address;
    this.#maxBytes = maxBytes;
  }

  /**
   * Makes at most so many more of what lies before `usedBytes`, the last one too once a quarter of it is in use; none where
   * that has grown by much since the last call: who fills a table comes first. Costs some milliseconds each.
   */
  make(usedBytes: number, pages: number): void {
    const isFilled = usedBytes - this.#usedBytes > FILLED_BYTES;
    this.#usedBytes = usedBytes;
    if (isFilled) return;
    for (let left = pages; left > 0 && !this.#isRefused; left--) {
      if (this.#done + WORTH_BYTES > usedBytes || this.#done + HUGE_PAGE_BYTES > this.#maxBytes) return;
      // What cannot be moved together at the moment stays as it is; whoever does not know the word is not asked again.
      const failed = this.#libc.madvise(this.#address + this.#done, HUGE_PAGE_BYTES, LINUX.MADV_COLLAPSE) !== 0;
      this.#isRefused = failed && this.#libc.errno() === LINUX.EINVAL;
      this.#done += HUGE_PAGE_BYTES;
    }
  }
}
