/** A reply as a validator wants it: RRsets with their names whole, and the signatures that came with each. */
import { HEADER_BYTES, TYPE } from '../constants.ts';

/** Names in lower-case wire form. */
export interface SignedRRset {
  readonly isAnswer: boolean;
  readonly owner: Uint8Array;
  readonly type: number;
  readonly ttlSeconds: number;
  /** Names in it whole. */
  readonly rdata: Uint8Array[];
  /** RDATA of the RRSIGs beside it that cover it. */
  readonly signatures: Uint8Array[];
}

/** Where names stand in the data of types that may have them compressed (RFC 3597 §4): bytes before them, and how many. */
const NAMES_IN: ReadonlyMap<number, readonly [before: number, names: number]> = new Map([
  [TYPE.NS, [0, 1]],
  [TYPE.CNAME, [0, 1]],
  [TYPE.SOA, [0, 2]],
  [TYPE.PTR, [0, 1]],
  [TYPE.MX, [2, 1]],
  [TYPE.SRV, [6, 1]],
  [TYPE.DNAME, [0, 1]],
]);

/** The RRsets of answer and authority section, of a message whose bounds and pointers were checked (asking/check.ts). */
export function signedSections(message: Uint8Array): SignedRRset[] {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  let at = HEADER_BYTES;
  for (let left = view.getUint16(4); left > 0; left--) at = readName(message, at).end + 4;
  const rrsets = new Map<string, SignedRRset>();
  const answers = view.getUint16(6);
  const signatures: { readonly key: string; readonly rdata: Uint8Array }[] = [];
  for (let i = 0; i < answers + view.getUint16(8); i++) {
    const { name: owner, end } = readName(message, at);
    const type = view.getUint16(end);
    const start = end + 10;
    at = start + view.getUint16(end + 8);
    const rdata = wholeRdata(message, type, start, at);
    const isAnswer = i < answers;
    const keyOf = (of: number): string => `${isAnswer} ${of} ${Buffer.from(owner).toString('latin1')}`;
    if (type === TYPE.RRSIG && rdata.length > 18) signatures.push({ key: keyOf((rdata[0] << 8) | rdata[1]), rdata });
    if (type === TYPE.RRSIG) continue;
    const known = rrsets.get(keyOf(type));
    if (known !== undefined) known.rdata.push(rdata);
    else {
      const ttlSeconds = view.getUint32(end + 4);
      rrsets.set(keyOf(type), { isAnswer, owner, type, ttlSeconds, rdata: [rdata], signatures: [] });
    }
  }
  for (const { key, rdata } of signatures) rrsets.get(key)?.signatures.push(rdata);
  return [...rrsets.values()];
}

function wholeRdata(message: Uint8Array, type: number, start: number, end: number): Uint8Array {
  const place = NAMES_IN.get(type);
  if (place === undefined) return message.slice(start, end);
  const [before, names] = place;
  const parts = [message.subarray(start, start + before)];
  let at = start + before;
  for (let left = names; left > 0; left--) {
    const read = readName(message, at);
    parts.push(read.name);
    at = read.end;
  }
  return new Uint8Array(Buffer.concat([...parts, message.subarray(at, end)]));
}

/** The name at `start`, whole and in lower case, and where it ends. */
function readName(message: Uint8Array, start: number): { readonly name: Uint8Array; readonly end: number } {
  const bytes: number[] = [];
  let end = -1;
  let at = start;
  for (; message[at] !== 0; ) {
    const size = message[at];
    if (size >= 0xc0) {
      if (end < 0) end = at + 2;
      at = ((size & 0x3f) << 8) | message[at + 1];
      continue;
    }
    bytes.push(size);
    for (let i = 1; i <= size; i++) bytes.push(lower(message[at + i]));
    at += 1 + size;
  }
  bytes.push(0);
  return { name: Uint8Array.from(bytes), end: end < 0 ? at + 1 : end };
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
