/** Files that a person names, read as far as they may reach: a device or a pipe may have no end, or no beginning. */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { LINUX, type Libc, loadLibc } from './sockets/libc.ts';

const MEBIBYTE = 2 ** 20;
/** Of what does not say how long it is. */
const PIECE_BYTES = MEBIBYTE;

/** The most that a server's `admin.zoneFileMaxBytes` may be (config/schema.ts): no server takes a longer zone file. */
export const ZONE_FILE_MAX_BYTES = 1024 * MEBIBYTE;
/** Of YAML or JSON that people or their programs write. */
export const TEXT_MAX_BYTES = 64 * MEBIBYTE;
/** Of a token, a key, a certificate, a template: some lines. */
export const LINES_MAX_BYTES = MEBIBYTE;

/** How long a pipe is waited for. */
export interface Waits {
  /** That nobody has opened to write. */
  readonly nobodyMs: number;
  /** That somebody has open, and writes nothing to. */
  readonly silentMs: number;
  /** Told once, in a phrase to be said behind the pipe's name, that it brings nothing and is waited for. */
  readonly tell?: (phrase: string) => void;
}

/** Of a server that starts: somebody may be about to open it, or take some time for what it writes. */
export const AT_START: Waits = { nobodyMs: 1000, silentMs: 30_000 };
/** Of one that serves, by what it read before: all that it does stands still meanwhile. */
export const SERVING: Waits = { nobodyMs: 100, silentMs: 100 };

/** Of a command: as long as whoever typed it likes. */
export function asLongAsItTakes(tell: (phrase: string) => void): Waits {
  return { nobodyMs: Number.POSITIVE_INFINITY, silentMs: Number.POSITIVE_INFINITY, tell };
}

/** So long a pipe may bring nothing before that is said. */
const QUIET_MS = 1000;
const LOOK_AGAIN_MS = 20;
const asleep = new Int32Array(new SharedArrayBuffer(4));
let libc: Libc | undefined;

/** Of a struct pollfd: the descriptor, what is asked for, and at this place what there is. */
const POLLFD_BYTES = 8;
const POLLFD_FOUND = 6;

/** Thrown by `readBounded` and `readStream`: why no more is read, to be said behind the name of the file. */
class Unread extends Error {}

function tooLarge(maxBytes: number): Unread {
  return new Unread(`is larger than ${maxBytes / MEBIBYTE} MiB, and no more is read`);
}

/**
 * The bytes of a file of at most so many. `waits`: for a pipe that brings nothing; one that brings nothing for longer is
 * refused. Throws Unread, or what the file system says.
 */
export function readBounded(name: string, maxBytes: number, waits: Waits = AT_START): Buffer {
  const file = new Source(name, waits);
  try {
    const { sizeBytes } = file;
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
    const pieces: Buffer[] = [];
    let bytes = 0;
    // It may grow meanwhile, and what is no plain file has no size.
    for (let next = sizeBytes || PIECE_BYTES; ; next = PIECE_BYTES) {
      const piece = Buffer.allocUnsafe(next);
      const filled = fill(piece, file);
      bytes += filled;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      pieces.push(piece.subarray(0, filled));
      if (filled < next) return joined(pieces);
    }
  } finally {
    file.close();
  }
}

/** How many bytes there were for it: all that it has room for, or the last of the file. A pipe gives 64 KiB at a time. */
function fill(piece: Buffer, file: Source): number {
  let filled = 0;
  while (filled < piece.length) {
    const read = file.read(piece, filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

/**
 * An open file. It is opened without waiting: of a pipe that has a name, opening waits for who writes, and whoever came and
 * went in the moment before would be waited for in vain. What was written while it is open stays in it.
 */
class Source {
  readonly sizeBytes: number;
  readonly #waits: Waits;
  readonly #fd: number;
  /** Nobody has opened it to write yet: that nothing is there is not its end. */
  #isAwaited: boolean;
  #isTold = false;

  constructor(name: string, waits: Waits) {
    this.#waits = waits;
    // Windows has no such flag, nor such pipes.
    this.#fd = openSync(name, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const state = fstatSync(this.#fd);
    this.sizeBytes = state.isFile() ? state.size : 0;
    this.#isAwaited = state.isFIFO() && hasName(name);
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** How many bytes came; 0: it is at its end. */
  read(piece: Buffer, offset: number): number {
    const sinceMs = performance.now();
    for (;;) {
      const read = this.#readNow(piece, offset);
      // Somebody has it open.
      if (read !== 0) this.#isAwaited = false;
      if (read !== undefined && !this.#isAwaited) return read;
      this.#wait(performance.now() - sinceMs);
    }
  }

  /** Undefined: somebody has it open, and writes nothing now. */
  #readNow(piece: Buffer, offset: number): number | undefined {
    try {
      return readSync(this.#fd, piece, { offset });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
      throw error;
    }
  }

  #wait(quietMs: number): void {
    const { nobodyMs, silentMs } = this.#waits;
    const maxMs = this.#isAwaited ? nobodyMs : silentMs;
    if (quietMs < Math.min(QUIET_MS, maxMs)) {
      Atomics.wait(asleep, 0, 0, LOOK_AGAIN_MS);
    } else if (this.#isAwaited && hasHungUp(this.#fd)) {
      // Who opens it and writes nothing is its end too.
      this.#isAwaited = false;
    } else if (quietMs >= maxMs) {
      if (this.#isAwaited) throw new Unread('is a pipe that nobody writes to');
      throw new Unread(`is a pipe that brings nothing for ${maxMs / 1000} s`);
    } else {
      this.#sayOnce(
        this.#isAwaited
          ? 'is a pipe that nobody writes to yet; waiting for it'
          : 'has brought nothing yet; waiting for it',
      );
      Atomics.wait(asleep, 0, 0, LOOK_AGAIN_MS);
    }
  }

  #sayOnce(phrase: string): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#waits.tell?.(phrase);
  }
}

/**
 * Whether somebody has opened the pipe to write since it was opened here, and nobody has it open now: Linux tells by
 * POLLHUP (poll(2)) also of who came and went between two looks. Elsewhere only what was written is seen.
 */
function hasHungUp(fd: number): boolean {
  // Loaded only here, where something is waited for already.
  libc ??= loadLibc();
  if (libc === undefined) return false;
  const found = Buffer.alloc(POLLFD_BYTES);
  found.writeInt32LE(fd);
  return libc.poll(libc.addressOf(found), 1, 0) > 0 && (found.readInt16LE(POLLFD_FOUND) & LINUX.POLLHUP) !== 0;
}

/** Whether a pipe is one that others find by its name; what a shell makes of `<(…)` has its writer from the beginning. */
function hasName(pipe: string): boolean {
  try {
    return !/^\/(?:dev\/fd|proc)\//.test(realpathSync.native(pipe));
  } catch {
    return false;
  }
}

/** The same of a stream. Throws Unread, and ends the stream then. */
export async function readStream(stream: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    bytes += piece.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    pieces.push(piece);
  }
  return joined(pieces);
}

/** What is wrong with a file that was not read, to be said behind its name. */
export function unreadable(error: unknown): string {
  if (error instanceof Unread) return error.message;
  return `cannot be read (${(error as NodeJS.ErrnoException).code})`;
}

function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
}
