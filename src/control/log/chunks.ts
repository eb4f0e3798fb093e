/** What is too large for one value of the log: put in pieces before it is named, and read again. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { EnvelopeTools, SealedEntry } from '../../model/fleet/envelope.ts';
import { reading } from '../../model/fleet/transaction.ts';
import { type Keeper, Lost } from './keeper.ts';

export const envelopeTools: EnvelopeTools = {
  compress: (bytes) => gzipSync(bytes),
  decompress: (bytes, maxBytes) => gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) }),
  sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
};

export class Chunks {
  readonly #keeper: Keeper;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  /** One after the other: appends of others come in between. */
  async put(chunks: SealedEntry['chunks']): Promise<Lost | undefined> {
    for (const chunk of chunks) {
      // The key is a hash of the value, so that to put it again does no harm.
      const reply = await this.#keeper.transact({ compares: [], puts: [chunk], reads: [], otherwise: [] });
      if (reply instanceof Lost) return reply;
    }
    return undefined;
  }

  /** The values of keys, in their order; undefined where there is none. */
  async read(keys: readonly string[]): Promise<(Uint8Array | undefined)[] | Lost> {
    const values: (Uint8Array | undefined)[] = [];
    for (const key of keys) {
      const reply = await this.#keeper.transact(reading([{ key }]));
      if (reply instanceof Lost) return reply;
      values.push(reply.found[0]?.value);
    }
    return values;
  }
}
