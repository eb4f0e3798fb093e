/** Signs in the builder thread: with signatures that are kept already, and by keys that came in a message. */
import { KeptSignatures, LONG, type MadeAside } from '../../signing/kept.ts';
import { ZoneSigner } from '../../signing/zone-signer.ts';
import { BUSY_MS, ReadSignatures, SignaturesFile } from '../../store/signatures.ts';
import type { RRsetSigner } from '../../table/rrset-signer.ts';
import type { SignRequest } from './messages.ts';

export class AsideSigner implements RRsetSigner {
  readonly #file: SignaturesFile;
  /** As it is before anything is signed here: no RRset is signed twice. */
  readonly #reads: ReadSignatures;
  readonly #kept: KeptSignatures;
  readonly #signer: ZoneSigner;

  /** `directory`: where signatures are kept. `apex`: in lower-case wire form. */
  constructor(directory: string, apex: Uint8Array, { keys, nowMs }: SignRequest) {
    this.#file = new SignaturesFile(directory, BUSY_MS);
    this.#reads = new ReadSignatures(directory, apex);
    this.#kept = new KeptSignatures(this.#file, LONG, this.#reads, apex);
    this.#signer = new ZoneSigner(apex, keys, { kept: this.#kept, nowMs: () => nowMs, isLenient: false });
  }

  sign(owner: Uint8Array, type: number, ttlSeconds: number, rdata: readonly Uint8Array[]): readonly Uint8Array[] {
    return this.#signer.sign(owner, type, ttlSeconds, rdata);
  }

  get made(): MadeAside {
    const { made, latestInception } = this.#kept;
    return { made, latestInception };
  }

  /** The main thread finds what was signed in the file. */
  close(): void {
    this.#kept.flush();
    this.#reads.close();
    this.#file.close();
  }
}
