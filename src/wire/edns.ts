/** EDNS (RFC 6891): what a query's OPT record says, and the OPT record of a reply. */
import { EDNS_OPTION, EDNS_VERSION, TYPE, UDP_CLASSIC_BYTES } from './constants.ts';

/** Root name, type, payload size, extended RCODE and flags, RDLENGTH (RFC 6891 §6.1.2). */
export const OPT_BYTES = 11;
/** Code and length of an option (RFC 6891 §6.1.2). */
export const OPTION_HEADER_BYTES = 4;
/** The DO bit in the flags (RFC 3225 §3). */
const DO = 0x80;

/** A client cookie (RFC 7873 §4.1). */
export const CLIENT_COOKIE_BYTES = 8;
/** A client cookie with the shortest and the longest server cookie (RFC 7873 §4.2). */
const COOKIE_MIN_BYTES = CLIENT_COOKIE_BYTES + 8;
const COOKIE_MAX_BYTES = CLIENT_COOKIE_BYTES + 32;

/** A server cookie of RFC 9018 §4: version, reserved, time stamp, hash. */
const SERVER_COOKIE_BYTES = 16;
/** Both, as most resolvers send them, and as we give them. */
export const COOKIE_BYTES = CLIENT_COOKIE_BYTES + SERVER_COOKIE_BYTES;
/** TIMEOUT counts in tenths of a second (RFC 7828 §3.1). */
export const KEEPALIVE_BYTES = 2;
/** INFO-CODE without text (RFC 8914 §2). */
export const EXTENDED_ERROR_BYTES = 2;

/** A server's secret: the key of SipHash (RFC 9018 §4.4). */
export const COOKIE_SECRET_BYTES = 16;

/**
 * Longest server identifier (RFC 5001 sets no limit): with the longest question and every other option that we send
 * it still fits into 512 bytes.
 */
export const NSID_MAX_BYTES = 128;

/** Family, source and scope prefix length (RFC 7871 §6). */
const SUBNET_HEADER_BYTES = 4;
/** Bits of the addresses of each family (RFC 7871 §6). Family 0 goes with no address at all, as `dig +subnet=0` sends. */
const SUBNET_BITS = [0, 32, 128] as const;

/** The largest OPT record that we send: all our options, each as long as it can be. */
export const OPT_MAX_BYTES =
  OPT_BYTES +
  (OPTION_HEADER_BYTES + COOKIE_BYTES) +
  (OPTION_HEADER_BYTES + NSID_MAX_BYTES) +
  (OPTION_HEADER_BYTES + SUBNET_HEADER_BYTES + SUBNET_BITS[2] / 8) +
  (OPTION_HEADER_BYTES + KEEPALIVE_BYTES) +
  (OPTION_HEADER_BYTES + EXTENDED_ERROR_BYTES);

/** The OPT record of a query; reused for the next one. Positions count in the query's memory. */
export class EdnsQuery {
  present = false;
  /** The largest UDP reply that the client takes, bytes; below 512 counts as 512 (RFC 6891 §6.2.3). */
  udpBytes = 0;
  version = 0;
  dnssecOk = false;
  /** The client asks which server answers (RFC 5001 §2.1). */
  nsid = false;
  /** The client asks how long a TCP connection may idle (RFC 7828 §3.2.1). */
  keepalive = false;
  /** Where the client cookie starts, with the server cookie behind it; 0: no cookie. */
  cookieAt = 0;
  /** Bytes of both cookies. */
  cookieBytes = 0;
  /** Where the client subnet option's data starts (RFC 7871 §6); 0: none. */
  subnetAt = 0;
  subnetBytes = 0;

  /** Reads the record whose type stands at `at` and whose data ends at `end`; false where an option is malformed. */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    const size = (bytes[at + 2] << 8) | bytes[at + 3];
    this.present = true;
    this.udpBytes = size < UDP_CLASSIC_BYTES ? UDP_CLASSIC_BYTES : size;
    this.version = bytes[at + 5];
    this.dnssecOk = (bytes[at + 6] & DO) !== 0;
    this.nsid = false;
    this.keepalive = false;
    this.cookieAt = 0;
    this.subnetAt = 0;
    const options = at + 10;
    // We cannot judge what another version means by its options: it gets BADVERS (RFC 6891 §6.1.3).
    return options === end || this.version !== EDNS_VERSION || this.#readOptions(bytes, options, end);
  }

  /** Options are pairs of code and length (RFC 6891 §6.1.2); unknown ones are passed over. */
  #readOptions(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at + OPTION_HEADER_BYTES <= end) {
      const code = (bytes[at] << 8) | bytes[at + 1];
      const length = (bytes[at + 2] << 8) | bytes[at + 3];
      const data = at + OPTION_HEADER_BYTES;
      at = data + length;
      if (at > end || !this.#readOption(bytes, code, data, length)) return false;
    }
    return at === end;
  }

  /**
   * What is malformed is not noted: the reply would give back as many bytes as it claims to have, more than a reply may, or
   * take a cookie from bytes that are not this client's.
   */
  #readOption(bytes: Uint8Array, code: number, data: number, length: number): boolean {
    switch (code) {
      case EDNS_OPTION.NSID:
        // Its data means nothing in a query and is not looked at (RFC 5001 §2.1).
        this.nsid = true;
        return true;
      case EDNS_OPTION.KEEPALIVE:
        this.keepalive = true;
        return true;
      case EDNS_OPTION.COOKIE:
        // Of several cookies the first one counts (RFC 7873 §5.2).
        if (this.cookieAt !== 0) return true;
        if (!cookieIsGood(length)) return false;
        this.cookieAt = data;
        this.cookieBytes = length;
        return true;
      case EDNS_OPTION.SUBNET:
        if (!subnetIsGood(bytes, data, length)) return false;
        this.subnetAt = data;
        this.subnetBytes = length;
        return true;
      default:
        return true;
    }
  }
}

/** RFC 7873 §5.2.2: any other length is a format error. */
function cookieIsGood(length: number): boolean {
  return length === CLIENT_COOKIE_BYTES || (length >= COOKIE_MIN_BYTES && length <= COOKIE_MAX_BYTES);
}

/** RFC 7871 §6: scope 0 in a query, as many octets as the prefix needs, and no bit set behind it; else FORMERR. */
function subnetIsGood(bytes: Uint8Array, at: number, length: number): boolean {
  if (length < SUBNET_HEADER_BYTES) return false;
  const bits = SUBNET_BITS[(bytes[at] << 8) | bytes[at + 1]];
  const source = bytes[at + 2];
  if (bits === undefined || source > bits || bytes[at + 3] !== 0) return false;
  if (length !== SUBNET_HEADER_BYTES + ((source + 7) >> 3)) return false;
  return (source & 7) === 0 || (bytes[at + length - 1] & (0xff >> (source & 7))) === 0;
}

/** Writes the OPT record of a reply without options; returns where it ends. `rcode` may be an extended one. */
export function writeOpt(reply: Uint8Array, at: number, udpBytes: number, rcode: number, dnssecOk: boolean): number {
  reply[at] = 0;
  reply[at + 1] = 0;
  reply[at + 2] = TYPE.OPT;
  reply[at + 3] = udpBytes >>> 8;
  reply[at + 4] = udpBytes & 0xff;
  reply[at + 5] = rcode >>> 4;
  reply[at + 6] = EDNS_VERSION;
  // Of the flags only DO is echoed (RFC 3225 §3).
  reply[at + 7] = dnssecOk ? DO : 0;
  reply[at + 8] = 0;
  reply[at + 9] = 0;
  reply[at + 10] = 0;
  return at + OPT_BYTES;
}

/** Writes the code and the length of an option; returns where its data goes. */
export function writeOptionHeader(reply: Uint8Array, at: number, code: number, length: number): number {
  reply[at] = code >>> 8;
  reply[at + 1] = code & 0xff;
  reply[at + 2] = length >>> 8;
  reply[at + 3] = length & 0xff;
  return at + OPTION_HEADER_BYTES;
}
