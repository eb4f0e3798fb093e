/** Signatures that were made: found again by what they cover, so that nothing is signed twice. */

import type { SignatureRow, SignaturesFile } from '../store/signatures.ts';
import { LONGEST } from './times.ts';

/** What is written to the file in one go: a millisecond or two. */
const WRITTEN_AT_ONCE = 500;
/** Found again without the file: those of services that come and go. Each takes some 250 bytes. */
const REMEMBERED_MAX = 20_000;

export class KeptSignatures {
  readonly #file: SignaturesFile;
  /** By digest, as latin1; the oldest first. */
  readonly #recent = new Map<string, SignatureRow>();
  #unwritten: SignatureRow[] = [];
  #latestInception: number;
  /** How many were made by this process. */
  made = 0;

  constructor(file: SignaturesFile) {
    this.#file = file;
    this.#latestInception = file.latestInception;
  }

  /** When the one that began last did; Unix time, seconds. 0: there is none. */
  get latestInception(): number {
    return this.#latestInception;
  }

  get(digest: Uint8Array): SignatureRow | undefined {
    const name = Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1');
    const recent = this.#recent.get(name);
    if (recent !== undefined) return recent;
    const found = this.#file.get(digest);
    if (found !== undefined) this.#remember(name, found);
    return found;
  }

  put(row: SignatureRow): void {
    this.made += 1;
    if (row.inception > this.#latestInception) this.#latestInception = row.inception;
    this.#remember(Buffer.from(row.digest).toString('latin1'), row);
    this.#unwritten.push(row);
    if (this.#unwritten.length >= WRITTEN_AT_ONCE) this.flush();
  }

  /** Writes what was made since; what a crash takes is signed again. */
  flush(): void {
    if (this.#unwritten.length === 0) return;
    this.#file.put(this.#unwritten);
    this.#unwritten = [];
  }

  /** Forgets some of those that have ended; true: there are more. */
  forget(nowMs: number): boolean {
    return this.#file.forget(Math.floor(nowMs / 1000) - LONGEST);
  }

  #remember(name: string, row: SignatureRow): void {
    this.#recent.delete(name);
    this.#recent.set(name, row);
    if (this.#recent.size <= REMEMBERED_MAX) return;
    for (const oldest of this.#recent.keys()) {
      // What is not in the file yet is there by the time that so many came after it.
      this.#recent.delete(oldest);
      return;
    }
  }
}
