/** EDNS (RFC 6891): what a query's OPT record says, and the OPT record of a reply. */
import { TYPE, UDP_CLASSIC_BYTES } from './constants.ts';

/** Root name, type, payload size, extended RCODE and flags, RDLENGTH (RFC 6891 §6.1.2). */
export const OPT_BYTES = 11;
/** The DO bit in the flags (RFC 3225 §3). */
const DO = 0x80;

/** The OPT record of a query; reused for the next one. */
export class EdnsQuery {
  present = false;
  /** The largest UDP reply that the client takes, bytes; below 512 counts as 512 (RFC 6891 §6.2.3). */
  udpBytes = 0;
  version = 0;
  dnssecOk = false;

  /** Reads the record whose type stands at `at` and whose data ends at `end`; false where its options do not fit. */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    const size = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    this.present = true;
    this.udpBytes = size < UDP_CLASSIC_BYTES ? UDP_CLASSIC_BYTES : size;
    this.version = bytes[at + 5] as number;
    this.dnssecOk = ((bytes[at + 6] as number) & DO) !== 0;
    return optionsFit(bytes, at + 10, end);
  }
}

/** Options are pairs of code and length (RFC 6891 §6.1.2); unknown ones are passed over, broken ones are an error. */
function optionsFit(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at + 4 <= end) at += 4 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
  return at === end;
}

/** Writes the OPT record of a reply; returns where it ends. `rcode` may be an extended one. */
export function writeOpt(reply: Uint8Array, at: number, udpBytes: number, rcode: number, dnssecOk: boolean): number {
  reply[at] = 0;
  reply[at + 1] = 0;
  reply[at + 2] = TYPE.OPT;
  reply[at + 3] = udpBytes >>> 8;
  reply[at + 4] = udpBytes & 0xff;
  reply[at + 5] = rcode >>> 4;
  // Our version is 0; of the flags only DO is echoed (RFC 3225 §3).
  reply[at + 6] = 0;
  reply[at + 7] = dnssecOk ? DO : 0;
  reply[at + 8] = 0;
  reply[at + 9] = 0;
  reply[at + 10] = 0;
  return at + OPT_BYTES;
}
