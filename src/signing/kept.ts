/** Signatures that were made: found again by what they cover, so that nothing is signed twice. */

import type { SignatureRow, SignaturesFile } from '../store/signatures.ts';
import { LONGEST } from './times.ts';

/** How much is kept where. */
interface Limits {
  /** Written to the file in one go. */
  readonly writtenAtOnce: number;
  /** Found again without the file. */
  readonly rememberedMax: number;
}

/**
 * Where others must not wait: what is written takes a millisecond or two, and signatures of services that come and go are
 * found in memory; each takes some 250 bytes there.
 */
const SHORT: Limits = { writtenAtOnce: 500, rememberedMax: 20_000 };
/** In a thread of its own, where each RRset is signed once: pages of the file that many signatures share are written once. */
export const LONG: Limits = { writtenAtOnce: 10_000, rememberedMax: 0 };

/** What another thread made. */
export interface MadeAside {
  readonly made: number;
  /** Unix time, seconds. */
  readonly latestInception: number;
}

export class KeptSignatures {
  readonly #file: SignaturesFile;
  readonly #reads: Pick<SignaturesFile, 'get'>;
  readonly #limits: Limits;
  /** By digest, as latin1; the oldest first. */
  readonly #recent = new Map<string, SignatureRow>();
  #unwritten: SignatureRow[] = [];
  #latestInception: number;
  /** How many were made by this thread, */
  made = 0;
  /** and by others of this process. */
  madeAside = 0;

  /** `reads`: who finds what is in the file already; left out: the file. */
  constructor(file: SignaturesFile, limits = SHORT, reads: Pick<SignaturesFile, 'get'> = file) {
    this.#file = file;
    this.#reads = reads;
    this.#limits = limits;
    this.#latestInception = file.latestInception;
  }

  /** When the one that began last did; Unix time, seconds. 0: there is none. */
  get latestInception(): number {
    return this.#latestInception;
  }

  get(digest: Uint8Array): SignatureRow | undefined {
    if (this.#limits.rememberedMax === 0) return this.#reads.get(digest);
    const name = Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1');
    const recent = this.#recent.get(name);
    if (recent !== undefined) return recent;
    const found = this.#reads.get(digest);
    if (found !== undefined) this.#remember(name, found);
    return found;
  }

  put(row: SignatureRow): void {
    this.made += 1;
    if (row.inception > this.#latestInception) this.#latestInception = row.inception;
    if (this.#limits.rememberedMax > 0) this.#remember(Buffer.from(row.digest).toString('latin1'), row);
    this.#unwritten.push(row);
    if (this.#unwritten.length >= this.#limits.writtenAtOnce) this.flush();
  }

  /** Another thread has made some, which are in the file. */
  noteAside({ made, latestInception }: MadeAside): void {
    this.madeAside += made;
    this.#latestInception = Math.max(this.#latestInception, latestInception);
  }

  /** Writes what was made since; what a crash takes is signed again. False: not now. */
  flush(): boolean {
    // Where another thread writes it is tried again the next time; a second of them is not much.
    if (this.#unwritten.length > 0 && this.#file.put(this.#unwritten)) this.#unwritten = [];
    return this.#unwritten.length === 0;
  }

  /** Forgets some of those that have ended; true: there are more. */
  forget(nowMs: number): boolean {
    return this.#file.forget(Math.floor(nowMs / 1000) - LONGEST);
  }

  #remember(name: string, row: SignatureRow): void {
    this.#recent.delete(name);
    this.#recent.set(name, row);
    if (this.#recent.size <= this.#limits.rememberedMax) return;
    for (const oldest of this.#recent.keys()) {
      // What is not in the file yet is there by the time that so many came after it.
      this.#recent.delete(oldest);
      return;
    }
  }
}
