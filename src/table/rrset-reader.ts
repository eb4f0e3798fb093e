/** An RRset of the table as its zone has it: read back from what is answered, for whoever makes it anew. */
import { RRSET, SIGNATURE_COUNT_SHIFT } from './layout.ts';
import type { ArenaView } from './memory.ts';

/** Owner pointer, type and class stand before the TTL; the RDATA begins behind its length (RFC 1035 §3.2.1). */
const TTL_AT = 6;
const RDATA_AT = 12;

/** The TTL of the first record. */
export function ttlOf({ words, bytes }: ArenaView, rrset: number): number {
  const at = (rrset + RRSET.DATA + words[rrset + RRSET.FIXUPS]) * 4 + TTL_AT;
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** The RDATA of each record with its names whole; `owner` in lower-case wire form. */
export function rdataOf({ words, bytes }: ArenaView, rrset: number, owner: Uint8Array): Uint8Array[] {
  const fixups = words[rrset + RRSET.FIXUPS];
  const first = (rrset + RRSET.DATA + fixups) * 4;
  let fixup = 0;
  let at = first;
  return Array.from({ length: words[rrset + RRSET.COUNT] }, () => {
    const end = at + RDATA_AT + ((bytes[at + 10] << 8) | bytes[at + 11]);
    const parts: Uint8Array[] = [];
    let copied = at + RDATA_AT;
    if (fixups === 0) {
      at = end;
      return bytes.slice(copied, end);
    }
    for (; fixup < fixups; fixup++) {
      const word = words[rrset + RRSET.DATA + fixup];
      const pointer = first + (word >> 8);
      if (pointer >= end) break;
      parts.push(bytes.slice(copied, pointer), owner.subarray(word & 0xff));
      copied = pointer + 2;
    }
    parts.push(bytes.slice(copied, end));
    at = end;
    return new Uint8Array(Buffer.concat(parts));
  });
}

/** The lowest TTL of its records, of which a signed RRset has one (RFC 4034 §3.1.4). */
export function lowestTtlOf(view: ArenaView, rrset: number): number {
  const { words, bytes } = view;
  let at = (rrset + RRSET.DATA + words[rrset + RRSET.FIXUPS]) * 4;
  let lowest = ttlOf(view, rrset);
  for (let i = 0; i < words[rrset + RRSET.COUNT]; i++) {
    const ttl = ((bytes[at + 6] << 24) | (bytes[at + 7] << 16) | (bytes[at + 8] << 8) | bytes[at + 9]) >>> 0;
    if (ttl < lowest) lowest = ttl;
    at += RDATA_AT + ((bytes[at + 10] << 8) | bytes[at + 11]);
  }
  return lowest;
}

/** The RDATA of the RRSIG records that stand behind it. */
export function signaturesOf({ words, bytes }: ArenaView, rrset: number): Uint8Array[] {
  let at = (rrset + RRSET.DATA + words[rrset + RRSET.FIXUPS]) * 4 + words[rrset + RRSET.LENGTH];
  return Array.from({ length: words[rrset + RRSET.SIGNATURES] >>> SIGNATURE_COUNT_SHIFT }, () => {
    const start = at + RDATA_AT;
    at = start + ((bytes[at + 10] << 8) | bytes[at + 11]);
    return bytes.slice(start, at);
  });
}
