/** Signatures that were made: found again by what they cover, so that nothing is signed twice. */

import type { SignatureRow } from '../store/signature-rows.ts';
import type { SignaturesFile } from '../store/signatures.ts';
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
/** In a thread of its own, where each RRset of a zone is signed once. */
export const LONG: Limits = { writtenAtOnce: 10_000, rememberedMax: 0 };

/** What another thread made. */
export interface MadeAside {
  readonly made: number;
  /** Unix time, seconds. */
  readonly latestInception: number;
}

/** Who finds what is in the file already. */
type Finder = Pick<SignaturesFile, 'get'>;

export class KeptSignatures {
  readonly #file: SignaturesFile;
  readonly #reads: Finder;
  readonly #limits: Limits;
  /** By digest, as latin1; the oldest first. */
  readonly #recent = new Map<string, SignatureRow>();
  #unwritten: SignatureRow[] = [];
  /** What is being read whole, */
  #read: ReturnType<SignaturesFile['readZone']> | undefined;
  /** and what signatures are made of now that are to be found only so, with those that are not written yet. */
  #zone: Uint8Array | undefined;
  #isPassing = false;
  #ofZone: { readonly zone: Uint8Array; rows: SignatureRow[] } | undefined;
  #latestInception: number;
  /** How many were made by this thread, */
  made = 0;
  /** and by others of this process. */
  madeAside = 0;

  /** `reads`: who finds what is in the file already; left out: the file. `zone`: see `inZone`. */
  constructor(file: SignaturesFile, limits = SHORT, reads: Finder = file, zone?: Uint8Array) {
    this.#zone = zone;
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
    const read = this.#read?.get(digest);
    if (read !== undefined) return read;
    const name = Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1');
    const recent = this.#recent.get(name);
    if (recent !== undefined) return recent;
    const found = this.#reads.get(digest);
    if (found !== undefined) this.#remember(name, found);
    return found;
  }

  put(row: SignatureRow): void {
    this.made += 1;
    if (this.#isPassing) {
      if (row.inception > this.#latestInception) this.#latestInception = row.inception;
      return;
    }
    if (row.inception > this.#latestInception) this.#latestInception = row.inception;
    if (this.#limits.rememberedMax > 0) this.#remember(Buffer.from(row.digest).toString('latin1'), row);
    const rows = this.#rowsToWrite();
    rows.push(row);
    if (rows.length >= this.#limits.writtenAtOnce) this.flush();
  }

  #rowsToWrite(): SignatureRow[] {
    if (this.#zone === undefined) return this.#unwritten;
    if (this.#ofZone?.zone !== this.#zone) {
      this.flush();
      // Another thread writes: they are found one by one then.
      this.#unwritten.push(...(this.#ofZone?.rows ?? []));
      this.#ofZone = { zone: this.#zone, rows: [] };
    }
    return this.#ofZone.rows;
  }

  /** What is signed meanwhile is of this zone (lower-case wire form), many names of it. */
  inZone<Made>(zone: Uint8Array, make: () => Made): Made {
    const before = this.#zone;
    const isSame = this.#ofZone !== undefined && Buffer.compare(this.#ofZone.zone, zone) === 0;
    this.#zone = isSame ? this.#ofZone?.zone : zone;
    try {
      return make();
    } finally {
      this.#zone = before;
    }
  }

  /** What is signed meanwhile is to be replaced soon by what another thread makes, and so is not kept. */
  passing<Made>(make: () => Made): Made {
    this.#isPassing = true;
    try {
      return make();
    } finally {
      this.#isPassing = false;
    }
  }

  /** From now on all signatures of a zone (lower-case wire form) are asked for; the result ends that. */
  readZone(zone: Uint8Array): () => void {
    this.#read = this.#file.readZone(zone);
    return () => {
      this.#read?.end();
      this.#read = undefined;
    };
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
    const { zone, rows } = this.#ofZone ?? {};
    if (zone !== undefined && rows !== undefined && (rows.length === 0 || this.#file.put(rows, zone)))
      this.#ofZone = undefined;
    return this.#unwritten.length === 0 && this.#ofZone === undefined;
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
