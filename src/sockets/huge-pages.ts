/** Large memory in pages of 2 MiB instead of 4 KiB: a lookup among a million names then misses the TLB far less often. */
import { LINUX, type Libc, loadLibc } from './libc.ts';

const HUGE_PAGE_BYTES = 2 ** 21;

/**
 * Asks the kernel for huge pages in a memory that is still empty, as far as it may ever grow. Where they are not to be
 * had (no Linux, forbidden by /sys/kernel/mm/transparent_hugepage/enabled) everything works as before, only slower.
 */
export function useHugePages(memory: SharedArrayBuffer): void {
  const libc = loadLibc();
  if (libc === undefined) return;
  const start = libc.addressOf(new Uint8Array(memory));
  // Only whole pages: what lies around them belongs to others.
  const first = Math.ceil(start / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
  const length = Math.floor((start + memory.maxByteLength - first) / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
  if (length > 0) libc.madvise(first, length, LINUX.MADV_HUGEPAGE);
}

/**
 * Memory that processes share gets huge pages only where it is full already, and only by asking for each: this asks, a few
 * at a time. Undefined where that cannot be had (before Linux 6.1, or no Linux).
 */
export function hugePagesOf({ arena, start }: { arena: SharedArrayBuffer; start: number }): HugePages | undefined {
  const libc = loadLibc();
  return libc && new HugePages(libc, libc.addressOf(new Uint8Array(arena)) + start);
}

class HugePages {
  readonly #libc: Libc;
  readonly #address: number;
  #done = 0;
  #isRefused = false;

  constructor(libc: Libc, address: number) {
    this.#libc = libc;
    this.#address = address;
  }

  /** Makes at most so many more of what lies before `usedBytes`. Costs half a millisecond each. */
  make(usedBytes: number, pages: number): void {
    for (let left = pages; left > 0 && !this.#isRefused; left--) {
      if (this.#done + HUGE_PAGE_BYTES > usedBytes) return;
      // What cannot be moved together at the moment stays as it is; whoever does not know the word is not asked again.
      const failed = this.#libc.madvise(this.#address + this.#done, HUGE_PAGE_BYTES, LINUX.MADV_COLLAPSE) !== 0;
      this.#isRefused = failed && this.#libc.errno() === LINUX.EINVAL;
      this.#done += HUGE_PAGE_BYTES;
    }
  }
}
