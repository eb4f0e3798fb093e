/** A server of a parent that says what is not so of a zone's DS: what it heard before, that of another key, or nothing. */
import { readName } from '../../fixtures/dnssec/message.ts';
import type { Relay } from './relay.ts';

const DS = 43;
const REFUSED = 5;

/** `none`: as it was before there was a DS. `before`: as it was when that was said to be kept. */
export type Lie = 'none' | 'before' | 'of another key' | 'refused' | 'silent';

export class Liar {
  lie: Lie | undefined;
  #none: Buffer | undefined;
  #last: Buffer | undefined;
  #before: Buffer | undefined;

  constructor(relay: Relay) {
    relay.damage = (reply) => this.#said(reply);
  }

  /** What the parent has now is what `before` says. */
  keep(): void {
    this.#before = this.#last;
  }

  #said(reply: Buffer): Buffer {
    if (reply.readUInt16BE(readName(reply, 12).end) !== DS) return reply;
    const hasDs = reply.readUInt16BE(6) > 0;
    if (!hasDs) this.#none = Buffer.from(reply);
    if (hasDs) this.#last = Buffer.from(reply);
    if (this.lie === undefined) return reply;
    if (this.lie === 'silent') return Buffer.alloc(0);
    if (this.lie === 'refused') return refused(reply);
    if (this.lie === 'of another key') return withOtherDigest(reply);
    const told = this.lie === 'none' ? this.#none : this.#before;
    return told === undefined ? refused(reply) : Buffer.concat([reply.subarray(0, 2), told.subarray(2)]);
  }
}

function refused(reply: Buffer): Buffer {
  const { end } = readName(reply, 12);
  const made = Buffer.from(reply.subarray(0, end + 4));
  made.writeUInt8((made.readUInt8(3) & 0xf0) | REFUSED, 3);
  made.fill(0, 6, 12);
  return made;
}

/** The last octet of the first DS in the answer, which is the first record there. */
function withOtherDigest(reply: Buffer): Buffer {
  if (reply.readUInt16BE(6) === 0) return reply;
  const start = readName(reply, readName(reply, 12).end + 4).end;
  const last = start + 10 + reply.readUInt16BE(start + 8) - 1;
  reply.writeUInt8(reply.readUInt8(last) ^ 1, last);
  return reply;
}
