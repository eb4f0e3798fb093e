/** Ways out for bytes that never make the main thread wait, whatever stands behind a file descriptor. */
import fs from 'node:fs';
import net from 'node:net';
import tty from 'node:tty';
import { errorName, LINUX, loadLibc } from '../sockets/libc.ts';

/** Told what a write came to: how many bytes went out, and the code of the error where there was one. */
export type Written = (bytes: number, code?: string) => void;

/** One write at a time: the next one is begun when `done` was called. */
export interface Outlet {
  write(bytes: Uint8Array, done: Written): void;
}

/**
 * The way out that suits what the descriptor is. Pipes and terminals are opened once more, since O_NONBLOCK belongs to
 * the open file, which others share: the shell on the same terminal would trip over it. A regular file is not, since its
 * others share where they write; writes to it never wait for a reader, and are done by a thread of libuv's.
 */
export function openOutlet(fd: number): Outlet {
  try {
    const state = fs.fstatSync(fd);
    if (state.isSocket()) return socketOutlet(fd);
    if (state.isFIFO() || state.isCharacterDevice()) return fileOutlet(openAgain(fd) ?? sharedNonBlocking(fd));
  } catch {
    // Not open at all: each write says so.
  }
  return fileOutlet(fd);
}

function fileOutlet(fd: number): Outlet {
  return {
    write(bytes, done) {
      fs.write(fd, bytes, (error, written) => done(error === null ? written : 0, error?.code));
    },
  };
}

/** Where that is not allowed (a terminal of another user, no /proc), undefined. Without a reader a pipe cannot be. */
function openAgain(fd: number): number | undefined {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;
  if (process.platform !== 'linux') return undefined;
  try {
    return fs.openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}

/**
 * A pipe is made non-blocking for all who share it, as Node does with its own. A terminal that cannot be opened again is
 * left as it is: a thread of libuv's may then wait for it, and nobody else does.
 */
function sharedNonBlocking(fd: number): number {
  if (!tty.isatty(fd)) setNonBlocking(fd);
  return fd;
}

/** libuv does it to whatever it takes over. The stream is kept open and never used. */
function setNonBlocking(fd: number): void {
  kept.push(new net.Socket({ fd, readable: false, writable: true }).on('error', () => {}).unref());
}
const kept: net.Socket[] = [];

/** systemd's journal is one. MSG_DONTWAIT waits for nobody, and asks nothing of those who share the socket. */
function socketOutlet(fd: number): Outlet {
  const libc = loadLibc();
  if (libc === undefined) {
    setNonBlocking(fd);
    return fileOutlet(fd);
  }
  const flags = LINUX.MSG_DONTWAIT | LINUX.MSG_NOSIGNAL;
  return {
    write(bytes, done) {
      const sent = libc.sendto(fd, bytes, bytes.length, flags, null, 0);
      const code = sent < 0 ? errorName(libc.errno()) : undefined;
      // Never before this call has returned: whoever writes may count on that.
      setImmediate(() => (code === undefined ? done(sent) : done(0, code)));
    },
  };
}
