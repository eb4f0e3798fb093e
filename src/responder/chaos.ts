/** Class CH: what a server tells about itself, to those it is set to tell (RFC 4892). */
import { CLASS, HEADER_BYTES, MAX_CHARACTER_STRING_BYTES, TYPE } from '../wire/constants.ts';
import type { Query } from '../wire/message.ts';
import type { ResponderOptions } from './options.ts';
import { RDATA_AT, type Reply } from './reply.ts';

interface Entry {
  /** Lower-case wire form. */
  readonly name: Uint8Array;
  /** The text's bytes, at most one character-string. */
  readonly text: Uint8Array;
}

/** The answers that the operator has set. */
export class Chaos {
  readonly #entries: readonly Entry[];

  constructor(options: ResponderOptions) {
    const encoder = new TextEncoder();
    const entry = (labels: readonly string[], text: string): Entry => ({
      name: Uint8Array.from([...labels.flatMap((label) => [label.length, ...encoder.encode(label)]), 0]),
      text: encoder.encode(text).subarray(0, MAX_CHARACTER_STRING_BYTES),
    });
    this.#entries = [
      entry(['version', 'server'], options.version),
      entry(['version', 'bind'], options.version),
      entry(['id', 'server'], options.identity),
      entry(['hostname', 'bind'], options.identity),
    ].filter(({ text }) => text.length > 0);
  }

  /** Appends the TXT record that is asked for; false where there is none to be told. */
  answer(query: Query, reply: Reply): boolean {
    if (query.type !== TYPE.TXT && query.type !== TYPE.ANY) return false;
    for (let i = 0; i < this.#entries.length; i++) {
      const { name, text } = this.#entries[i];
      if (!isName(query, name)) continue;
      if (reply.at + RDATA_AT + 1 + text.length > reply.limit) {
        reply.truncate();
        return true;
      }
      this.#append(reply, text);
      return true;
    }
    return false;
  }

  #append(reply: Reply, text: Uint8Array): void {
    const { bytes, at } = reply;
    bytes[at] = 0xc0;
    bytes[at + 1] = HEADER_BYTES;
    bytes[at + 2] = 0;
    bytes[at + 3] = TYPE.TXT;
    bytes[at + 4] = 0;
    bytes[at + 5] = CLASS.CH;
    // TTL 0: it is this server's and this moment's.
    for (let i = 6; i < 10; i++) bytes[at + i] = 0;
    bytes[at + 10] = (text.length + 1) >> 8;
    bytes[at + 11] = (text.length + 1) & 0xff;
    bytes[at + RDATA_AT] = text.length;
    bytes.set(text, at + RDATA_AT + 1);
    reply.at = at + RDATA_AT + 1 + text.length;
    reply.answers = 1;
  }
}

function isName(query: Query, name: Uint8Array): boolean {
  if (query.nameLength !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (query.name[i] !== name[i]) return false;
  return true;
}
