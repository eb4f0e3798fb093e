/**
 * Whether the bytes that came back are what their counts say and answer what was asked, before any parser works on them:
 * dns2 reads bit by bit, and would go through 262,140 records that a header of 12 bytes promises.
 */

const HEADER_BYTES = 12;
/** Type, class, TTL and length of a record; type and class of a question. */
const RECORD_FIXED_BYTES = 10;
const QUESTION_FIXED_BYTES = 4;
/** Of a name, as it goes on the wire (RFC 1035 §3.1), and the labels that fit into that. */
const NAME_BYTES_MAX = 255;
/**
 * Labels and pointers of all names of a message together. An honest message has a few for each record; one that is made
 * for it can lead a parser through the same labels again for each of its names.
 */
const STEPS_MAX = 20_000;
const RESPONSE = 0x80;
const POINTER = 0xc0;

/** Types whose data begin with names, after so many bytes; `names`: how many; `after`: bytes behind them. */
const NAMES_IN: Readonly<Record<number, { readonly before: number; readonly names: number; readonly after: number }>> =
  {
    2: { before: 0, names: 1, after: 0 },
    5: { before: 0, names: 1, after: 0 },
    6: { before: 0, names: 2, after: 20 },
    12: { before: 0, names: 1, after: 0 },
    15: { before: 2, names: 1, after: 0 },
    33: { before: 6, names: 1, after: 0 },
  };
/** Types whose data have one length. */
const LENGTH_OF: Readonly<Record<number, number>> = { 1: 4, 28: 16 };
const OPT = 41;

export interface Asked {
  readonly id: number;
  /** The question as it was sent: name, type, class. */
  readonly question: Uint8Array;
}

/** What is to be parsed: the message, without the options of its OPT record, which dns2 reads wrongly. */
interface Checked {
  readonly message: Buffer;
}

/** Whether it is the reply to what was asked, by ID and question; what is not is nobody's reply, and passed over. */
export function isReplyTo({ id, question }: Asked, message: Uint8Array): boolean {
  if (message.length < HEADER_BYTES + question.length) return false;
  if (word(message, 0) !== id || (message[2] & RESPONSE) === 0 || word(message, 4) !== 1) return false;
  return question.every((byte, at) => lower(message[HEADER_BYTES + at]) === lower(byte));
}

/** The message as far as a parser may see it, or what is wrong with it, in a phrase. */
export function checkReply(message: Buffer): Checked | string {
  if (message.length < HEADER_BYTES) return 'is shorter than a header';
  const walk = new Walk(message);
  for (let left = word(message, 4); left > 0; left--) if (!walk.question()) return walk.fault;
  for (let left = word(message, 6) + word(message, 8) + word(message, 10); left > 0; left--) {
    if (!walk.record(left === 1)) return walk.fault;
  }
  return walk.at === message.length ? { message: walk.withoutOptions() } : 'goes on behind its last record';
}

/** Goes through a message once, each byte at most once, names aside. */
class Walk {
  at = HEADER_BYTES;
  fault = '';
  readonly #message: Buffer;
  #steps = 0;
  /** Where the data of the OPT record begin, if it has any. */
  #options = 0;

  constructor(message: Buffer) {
    this.#message = message;
  }

  question(): boolean {
    return this.#name() && this.#skip(QUESTION_FIXED_BYTES);
  }

  record(isLast: boolean): boolean {
    if (!this.#name()) return false;
    const fixed = this.at;
    if (!this.#skip(RECORD_FIXED_BYTES)) return false;
    const type = word(this.#message, fixed);
    const length = word(this.#message, fixed + RECORD_FIXED_BYTES - 2);
    const data = this.at;
    const end = data + length;
    if (end > this.#message.length) return this.#fail('ends within a record');
    if (length !== (LENGTH_OF[type] ?? length)) return this.#fail('has an address of a wrong length');
    const names = NAMES_IN[type];
    if (names !== undefined && !this.#names(names, end)) return false;
    if (type === OPT && length > 0) {
      if (!isLast) return this.#fail('has records behind its OPT record');
      this.#options = data;
    }
    this.at = end;
    return true;
  }

  /** The data of a record that holds names: they end where its length says. */
  #names({ before, names, after }: { before: number; names: number; after: number }, end: number): boolean {
    this.at += before;
    for (let name = 0; name < names; name++) if (!this.#name()) return false;
    return this.at + after === end || this.#fail('has a record whose length is not that of its data');
  }

  /** A name, with pointers that each lead further back than where the part before began. */
  #name(): boolean {
    let at = this.at;
    let limit = this.at;
    let next = 0;
    let bytes = 1;
    for (;;) {
      if (++this.#steps > STEPS_MAX) return this.#fail('has more names than a message needs');
      if (at >= this.#message.length) return this.#fail('ends within a name');
      const length = this.#message[at];
      if (length === 0) break;
      if ((length & POINTER) === POINTER) {
        if (at + 1 >= this.#message.length) return this.#fail('ends within a name');
        if (next === 0) next = at + 2;
        const target = word(this.#message, at) & 0x3fff;
        if (target >= limit || target < HEADER_BYTES) return this.#fail('has a pointer that does not lead back');
        at = target;
        limit = target;
        continue;
      }
      bytes += 1 + length;
      if ((length & POINTER) !== 0 || bytes > NAME_BYTES_MAX) return this.#fail('has a name that is none');
      at += 1 + length;
    }
    this.at = next === 0 ? at + 1 : next;
    return true;
  }

  #skip(bytes: number): boolean {
    this.at += bytes;
    return this.at <= this.#message.length || this.#fail('ends within a record');
  }

  #fail(fault: string): false {
    this.fault = fault;
    return false;
  }

  withoutOptions(): Buffer {
    if (this.#options === 0) return this.#message;
    const message = Buffer.from(this.#message.subarray(0, this.#options));
    message.writeUInt16BE(0, this.#options - 2);
    return message;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
