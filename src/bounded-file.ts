/** Files that a person names, read as far as they may reach: a device or a pipe may have no end, or no beginning. */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';

const MEBIBYTE = 2 ** 20;
/** Of what does not say how long it is. */
const PIECE_BYTES = MEBIBYTE;

/** The most that a server's `admin.zoneFileMaxBytes` may be (config/schema.ts): no server takes a longer zone file. */
export const ZONE_FILE_MAX_BYTES = 1024 * MEBIBYTE;
/** Of YAML or JSON that people or their programs write. */
export const TEXT_MAX_BYTES = 64 * MEBIBYTE;
/** Of a token, a key, a certificate, a template: some lines. */
export const LINES_MAX_BYTES = MEBIBYTE;

/** So long a pipe may bring nothing before that is said. */
const QUIET_MS = 1000;
/** So long somebody may have a pipe open and write nothing, where nobody is there who could be told. */
const SILENT_MAX_MS = 30_000;
const LOOK_AGAIN_MS = 20;
const asleep = new Int32Array(new SharedArrayBuffer(4));

/** Thrown by `readBounded` and `readStream`: why no more is read, to be said behind the name of the file. */
class Unread extends Error {}

function tooLarge(maxBytes: number): Unread {
  return new Unread(`is larger than ${maxBytes / MEBIBYTE} MiB, and no more is read`);
}

/**
 * The bytes of a file of at most so many. `tell`: told once, in a phrase to be said behind its name, that a pipe brings
 * nothing, which is waited for then; without it that is refused: whoever serves waits for nobody. Throws Unread, or what the
 * file system says.
 */
export function readBounded(name: string, maxBytes: number, tell?: (phrase: string) => void): Buffer {
  const file = new Source(name, tell);
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

/** An open file. It is opened without waiting: of a pipe that has a name, opening waits for who writes. */
class Source {
  readonly sizeBytes: number;
  readonly #name: string;
  readonly #tell: ((phrase: string) => void) | undefined;
  #fd: number;
  /** Nobody has opened it to write yet: that nothing is there is not its end. */
  #isAwaited: boolean;
  #isTold = false;

  constructor(name: string, tell: ((phrase: string) => void) | undefined) {
    this.#name = name;
    this.#tell = tell;
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
    if (quietMs < QUIET_MS || (this.#isTold && !this.#isAwaited)) {
      Atomics.wait(asleep, 0, 0, LOOK_AGAIN_MS);
    } else if (this.#isAwaited) {
      if (this.#tell === undefined) throw new Unread('is a pipe that nobody writes to');
      this.#sayOnce('is a pipe that nobody writes to yet; waiting for it');
      // Who opens it and writes nothing is its end too. The one that is open stays until then: a writer who came meanwhile
      // would be without a reader.
      const opened = openSync(this.#name, 'r');
      closeSync(this.#fd);
      this.#fd = opened;
      this.#isAwaited = false;
    } else if (this.#tell !== undefined) {
      this.#sayOnce('has brought nothing yet; waiting for it');
    } else if (quietMs > SILENT_MAX_MS) {
      throw new Unread(`is a pipe that brings nothing for ${SILENT_MAX_MS / 1000} s`);
    } else {
      Atomics.wait(asleep, 0, 0, LOOK_AGAIN_MS);
    }
  }

  #sayOnce(phrase: string): void {
    this.#isTold = true;
    this.#tell?.(phrase);
  }
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
