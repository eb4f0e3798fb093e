/** Large memory in pages of 2 MiB instead of 4 KiB: a lookup among a million names then misses the TLB far less often. */
import { LINUX, loadLibc } from './libc.ts';

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
