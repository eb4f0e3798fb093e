/**
 * What the builder thread does first for the write-ahead log: it is as long as it will be before people's changes come. SQLite
 * deletes it at a stop, and lets it grow again by each commit; each of those waits until the file system has written down
 * where the new bytes are, and for what others change there, too. What is written over in place waits for its own bytes.
 *
 * Zeros are put behind all that SQLite has written there. No reader takes them for part of the log: a frame counts where it
 * has the two random words of the log's header and a checksum over all before it, and never as that of page 0; a log whose
 * header is none is empty (https://sqlite.org/fileformat2.html#walformat). Nobody else writes meanwhile, since SQLite's own
 * lock for that is held.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Database } from 'better-sqlite3';
import { logFileOf } from './log-file.ts';
import { freeBytes } from './room.ts';
import type { Turn } from './turn.ts';

/** Pages of the write-ahead log before a commit brings them into the database: 16 MiB. */
export const CHECKPOINT_PAGES = 4096;

/** A commit goes past that before it brings them in. */
const FRAMES = CHECKPOINT_PAGES + 128;
const HEADER_BYTES = 32;
/** SQLite's pages are of 4 KiB where nobody says otherwise, each behind a header of its own. */
const FRAME_BYTES = 24 + 4096;
export const LOG_BYTES = HEADER_BYTES + FRAMES * FRAME_BYTES;

/** Who commits meanwhile waits until so much is written, a millisecond, and may find it on its way to the disk. */
const PIECE_BYTES = 2 ** 20;

/** Where less than that is free the log grows as it is needed: nobody's last room is taken to save somebody milliseconds. */
const FREE_MIN_BYTES = 16 * LOG_BYTES;

export class LogLength {
  readonly #database: Database;
  readonly #turn: Turn;
  readonly #file: string;
  #zeros: Buffer | undefined;
  #fd: number | undefined;
  #isOver = false;

  /** `database`: the connection of the thread that calls this. */
  constructor(database: Database, turn: Turn) {
    this.#database = database;
    this.#turn = turn;
    this.#file = logFileOf(database.name);
  }

  /**
   * Makes the log a piece longer, and waits until that is on the disk; false: it is as long as it will be made. To be called
   * outside of the turn. Throws what the file system or SQLite say, and does nothing more from then on.
   */
  lengthen(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    try {
      const bytes = this.#turn.asBuilder(this.#database.transaction(() => this.#addPiece()).immediate);
      if (bytes > 0) fs.fdatasyncSync(this.#fd as number);
      // The last one is shorter, and so is one for which there was no room.
      this.#isOver = bytes < PIECE_BYTES;
    } finally {
      if (this.#isOver) this.close();
    }
    return !this.#isOver;
  }

  /** Only while SQLite lets nobody else write. How many bytes it has become longer. */
  #addPiece(): number {
    this.#fd ??= this.#open();
    const { size } = fs.fstatSync(this.#fd);
    if (size >= LOG_BYTES || !hasRoom(path.dirname(this.#file))) return 0;
    this.#zeros ??= Buffer.alloc(PIECE_BYTES);
    return fs.writeSync(this.#fd, this.#zeros, 0, Math.min(PIECE_BYTES, LOG_BYTES - size), size);
  }

  /** SQLite has no lock on this file that would go with a descriptor. */
  #open(): number {
    return fs.openSync(this.#file, 'r+');
  }

  close(): void {
    this.#isOver = true;
    this.#zeros = undefined;
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** One that tells nothing has no room. */
function hasRoom(folder: string): boolean {
  return (freeBytes(folder) ?? 0) >= FREE_MIN_BYTES;
}
