/** Memory that processes share, on Linux: a file that has no name and no disk, mapped over the memory of buffers. */
import fs from 'node:fs';
import type { SharedPages } from '../table/shared-memory.ts';
import { errorName, LINUX, type Libc, loadLibc } from './libc.ts';

/** Only who owns the process: what a table holds may be meant for few. */
const MODE = 0o600;
const { MFD_CLOEXEC, MFD_ALLOW_SEALING, F_ADD_SEALS, F_SEAL_GROW, F_SEAL_SHRINK, F_SEAL_SEAL } = LINUX;

/** How to share memory here; undefined where that cannot be done at all: no Linux, or no koffi. */
export function sharedPages(): SharedPages | undefined {
  const libc = loadLibc();
  if (libc === undefined) return undefined;
  return {
    sizeOf: (fd) => fs.fstatSync(fd).size,
    setSize: (fd, bytes) => setSize(libc, fd, bytes),
    addressOf: (buffer) => libc.addressOf(new Uint8Array(buffer)),
    map: (fd, place) => map(libc, fd, place),
  };
}

/** An empty file of memory: its descriptor, or why there is none. */
export function openPages(libc: Libc): number | string {
  const fd = libc.memfd_create('teal-table', MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return `memfd_create: ${errorName(libc.errno())}`;
  fs.fchmodSync(fd, MODE);
  return fd;
}

function setSize(libc: Libc, fd: number, bytes: number): string | undefined {
  try {
    // Pages appear when they are written to, so that this takes none.
    fs.ftruncateSync(fd, bytes);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  // A file that could shrink would let a stranger's mistake end every process that reads it.
  libc.fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  return undefined;
}

function map(
  libc: Libc,
  fd: number,
  { address, bytes, offset }: Parameters<SharedPages['map']>[1],
): string | undefined {
  const protection = LINUX.PROT_READ | LINUX.PROT_WRITE;
  const at = libc.mmap(address, bytes, protection, LINUX.MAP_SHARED | LINUX.MAP_FIXED, fd, offset);
  return Number(at) === address ? undefined : `mmap: ${errorName(libc.errno())}`;
}
