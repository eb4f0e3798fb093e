/**
 * Blocks of the disk that the database will need when what is in the write-ahead log is brought there. They are taken before
 * that stands in the log: whoever else fills the disk meanwhile has none of them, the log can begin anew, and changes go on.
 * They stand behind the end of the file, where SQLite sees nothing of them, and it gives back what is left of them each time
 * that it has brought in all of the log (ftruncate(2)).
 */
import fs from 'node:fs';
import { LINUX, type Libc, loadLibc } from '../sockets/libc.ts';

export class Reserve {
  readonly #fd: number;
  #libc: Libc | undefined;
  #isOver = false;

  /** `fd`: of the database, open for writing. It is another's, and stays open: closing it would give up SQLite's locks. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Has the file be given blocks up to so many bytes. False: there are not so many. True, too, where that cannot be done here. */
  upTo(bytes: number): boolean {
    if (this.#isOver) return true;
    // Loaded only here: it takes a thread some milliseconds, and mostly the disk has plenty of room.
    this.#libc ??= loadLibc();
    if (this.#libc === undefined) {
      this.#isOver = true;
      return true;
    }
    const { size } = fs.fstatSync(this.#fd);
    return bytes <= size || this.#take(this.#libc, size, bytes - size);
  }

  #take(libc: Libc, from: number, bytes: number): boolean {
    while (libc.fallocate(this.#fd, LINUX.FALLOC_FL_KEEP_SIZE, from, bytes) !== 0) {
      const errno = libc.errno();
      if (errno === LINUX.EINTR) continue;
      if (errno === LINUX.ENOSPC || errno === LINUX.EDQUOT) return false;
      // A file system, or a kernel, that does not know this.
      this.#isOver = true;
      break;
    }
    return true;
  }
}
