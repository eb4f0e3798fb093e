/** Who holds a server's data directory, as the kernel knows it. */

/** Process ids of those who have an exclusive lock on a file, by what stands in /proc/locks (proc_locks(5)). */
export function lockHolders(locks: string, inode: number): number[] {
  // "1: POSIX  ADVISORY  WRITE 4711 08:01:1234 0 EOF"
  const lines = locks.split('\n').map((line) => line.split(/\s+/));
  return lines.flatMap(([, , , kind, pid, place]) =>
    kind === 'WRITE' && place?.endsWith(`:${inode}`) ? [Number(pid)] : [],
  );
}
