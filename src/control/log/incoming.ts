/** Entries that others appended: those that the watch brought, and those that are read since it did not. */
import { decodeEntry, type Entry } from '../../model/entry.ts';
import { chunkKeysOf, entryText, openEntry } from '../../model/fleet/envelope.ts';
import { logKey, parseKey } from '../../model/fleet/keys.ts';
import { Unreadable } from '../../model/fleet/records.ts';
import { reading, type Stored } from '../../model/fleet/transaction.ts';
import { Chunks, envelopeTools } from './chunks.ts';
import { type Keeper, Lost } from './keeper.ts';

/** Values that wait to be applied; more are read again when it is their turn. */
const KEPT_MAX = 256;
/** Entries read at once by a node that catches up: one way there and back for each would take longer than others need to make new ones. */
const READ_AHEAD = 32;

/** `missing`: the log does not have it. `unreadable`: what is wrong with it, behind "entry 17". */
type Taken = Entry | 'missing' | Lost | { readonly unreadable: string };

export class Incoming {
  readonly #keeper: Keeper;
  readonly #chunks: Chunks;
  readonly #values = new Map<number, Uint8Array>();
  /** Where in the engine entries stand that were looked at, and are not applied yet. */
  readonly #places = new Map<number, number>();

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
    this.#chunks = new Chunks(keeper);
  }

  /** Keeps what the watch brought, beyond what is applied. */
  keep(puts: readonly Stored[], applied: number): void {
    for (const { key, value, changedAt } of puts) {
      const parsed = parseKey(key);
      if (parsed?.kind !== 'log' || parsed.revision <= applied || this.#values.size >= KEPT_MAX) continue;
      this.#values.set(parsed.revision, value);
      this.#places.set(parsed.revision, changedAt);
    }
  }

  /** Gives where in the engine the entry stands; undefined: it was not looked at. */
  forget(revision: number): number | undefined {
    const place = this.#places.get(revision);
    this.#values.delete(revision);
    this.#places.delete(revision);
    return place;
  }

  /** An entry: at once where it is there whole. */
  take(revision: number): Taken | Promise<Taken> {
    const value = this.#values.get(revision);
    return value === undefined ? this.#read(revision) : this.#open(value);
  }

  async #read(revision: number): Promise<Taken> {
    const reads = Array.from({ length: READ_AHEAD }, (_, n) => ({ key: logKey(revision + n) }));
    const reply = await this.#keeper.transact(reading(reads));
    if (reply instanceof Lost) return reply;
    const stored = reply.found.find(({ key }) => key === logKey(revision));
    this.keep(reply.found, revision);
    if (stored === undefined) return 'missing';
    this.#places.set(revision, stored.changedAt);
    return this.#open(stored.value);
  }

  #open(value: Uint8Array): Taken | Promise<Taken> {
    const opened = openEntry(value);
    if (opened instanceof Unreadable) return { unreadable: opened.words };
    const finish = (chunks: readonly (Uint8Array | undefined)[]): Taken => {
      const text = entryText(opened, chunks, envelopeTools);
      if (text instanceof Unreadable) return { unreadable: text.words };
      return decodeEntry(text) ?? { unreadable: 'is of a newer version of Teal' };
    };
    const keys = chunkKeysOf(opened);
    if (keys.length === 0) return finish([]);
    return this.#chunks.read(keys).then((chunks) => (chunks instanceof Lost ? chunks : finish(chunks)));
  }
}
