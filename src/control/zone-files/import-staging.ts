/** What an import brings on its way into the store: its records, and what an entry of the log names. */
import { type PackedContent, Packer } from '../../store/packed.ts';
import type { Staging } from '../../store/staging.ts';
import { Handover } from './handover.ts';
import { failureOf, type TakeReply, type TakeRequest } from './messages.ts';

/** What is staged: the hash of its packed content, and the number of its records' content. */
interface StagedImport {
  readonly content: string;
  readonly records: number;
}

export class ImportStaging {
  readonly #staging: Staging;
  readonly #rows: ReturnType<Staging['begin']>;
  readonly #packed: PackedContent | undefined;
  readonly #packer: Packer | undefined;
  /** The hash of what was kept for the import, or part of it. */
  #kept: string | undefined;

  /** `packed`: what another node has packed already. */
  constructor(staging: Staging, zone: string, packed?: PackedContent) {
    this.#staging = staging;
    this.#rows = staging.begin(zone);
    this.#packed = packed;
    this.#packer = packed === undefined ? new Packer() : undefined;
  }

  /** The number of the records' content; 0: it has not been begun. */
  get content(): number {
    return this.#rows.content;
  }

  /** Adds RRsets in packed form, after all of before. */
  add(piece: Uint8Array): void {
    this.#packer?.addPiece(piece);
    this.#rows.addPiece(piece);
  }

  /** On return all of it is on the disk. */
  end(): StagedImport {
    const packed = this.#packer?.end() ?? (this.#packed as PackedContent);
    this.#kept = packed.hash;
    this.#staging.stagePacked(packed);
    return { content: packed.hash, records: this.#rows.end() };
  }

  /** Nothing comes of it. Never throws: what is told is why; where the store cannot be written, the next start drops it. */
  abandon(): void {
    try {
      this.#rows.abandon();
      if (this.#kept !== undefined) this.#staging.dropPacked(this.#kept);
    } catch {
      // As it says.
    }
  }
}

/** Stages what another thread hands over. Never throws: whoever puts pieces waits for them to be taken. */
export function take(staging: Staging, { zone, memory }: TakeRequest): TakeReply {
  const handover = new Handover(memory);
  let made: ImportStaging | undefined;
  try {
    made = new ImportStaging(staging, zone);
    for (const piece of handover.pieces()) {
      made.add(piece);
      handover.content = made.content;
    }
    if (!handover.isGivenUp) return { staged: made.end() };
    made.abandon();
    return {};
  } catch (error) {
    handover.giveUp();
    made?.abandon();
    return { failure: failureOf(error) };
  }
}
