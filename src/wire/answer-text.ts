/** The answer section of a reply that we wrote ourselves, as text, and what its OPT record says of the client's network. */
import { formatIpv4, formatIpv6 } from './address.ts';
import { EDNS_OPTION, HEADER_BYTES, TYPE } from './constants.ts';
import { formatName } from './name.ts';
import { formatType } from './rdata.ts';

interface AnswerText {
  /** `app.example.com. 5 IN A 192.0.2.10`. */
  readonly records: readonly string[];
  /** The lowest TTL of the answer, or that of the denial, seconds. */
  readonly ttlSeconds: number;
  /** SCOPE PREFIX-LENGTH of the client subnet option (RFC 7871 §6); 0 where there is none. */
  readonly scopeBits: number;
}

/** Reads the reply to a question for A, AAAA or CNAME, whose answers hold nothing else but DNAMEs. */
export function answerText(reply: Uint8Array): AnswerText {
  const view = new DataView(reply.buffer, reply.byteOffset, reply.length);
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => view.getUint16(at)) as [
    number,
    number,
    number,
    number,
  ];
  let at = HEADER_BYTES;
  for (let i = 0; i < questions; i++) at = nameEnd(reply, at) + 4;
  const records: string[] = [];
  let ttlSeconds = Number.POSITIVE_INFINITY;
  let scopeBits = 0;
  for (let i = 0; i < answers + authorities + additionals; i++) {
    const fixed = nameEnd(reply, at);
    const type = view.getUint16(fixed);
    const ttl = view.getUint32(fixed + 4);
    const rdata = fixed + 10;
    const end = rdata + view.getUint16(fixed + 8);
    if (i < answers) {
      records.push(`${nameText(reply, at)} ${ttl} IN ${formatType(type)} ${rdataText(reply, type, rdata)}`);
    }
    if (i < answers || (answers === 0 && i < authorities)) ttlSeconds = Math.min(ttlSeconds, ttl);
    if (type === TYPE.OPT) scopeBits = scopeOf(view, rdata, end);
    at = end;
  }
  return { records, ttlSeconds: Number.isFinite(ttlSeconds) ? ttlSeconds : 0, scopeBits };
}

function rdataText(reply: Uint8Array, type: number, at: number): string {
  if (type === TYPE.A) return formatIpv4(reply, at);
  if (type === TYPE.AAAA) return formatIpv6(reply, at);
  return nameText(reply, at);
}

/** Options are pairs of code and length (RFC 6891 §6.1.2). */
function scopeOf(view: DataView, start: number, end: number): number {
  for (let at = start; at < end; at += 4 + view.getUint16(at + 2)) {
    if (view.getUint16(at) === EDNS_OPTION.SUBNET) return view.getUint8(at + 7);
  }
  return 0;
}

/** Where the name at `at` ends: behind its root label or its pointer (RFC 1035 §4.1.4). */
function nameEnd(reply: Uint8Array, start: number): number {
  let at = start;
  for (; reply[at] !== 0; at += 1 + reply[at]) if (reply[at] >= 0xc0) return at + 2;
  return at + 1;
}

function nameText(reply: Uint8Array, start: number): string {
  const bytes: number[] = [];
  for (let at = start; reply[at] !== 0; ) {
    const size = reply[at];
    if (size >= 0xc0) {
      at = ((size & 0x3f) << 8) | reply[at + 1];
      continue;
    }
    bytes.push(...reply.subarray(at, at + 1 + size));
    at += 1 + size;
  }
  return formatName(Uint8Array.of(...bytes, 0));
}
