/** The OPT record of a reply: what its options say, and how much room they need. */
import { EDNS_OPTION } from '../wire/constants.ts';
import {
  COOKIE_BYTES,
  type EdnsQuery,
  EXTENDED_ERROR_BYTES,
  KEEPALIVE_BYTES,
  OPT_BYTES,
  OPTION_HEADER_BYTES,
  writeOpt,
  writeOptionHeader,
} from '../wire/edns.ts';
import type { Client } from './client.ts';
import { Cookies, NEVER } from './cookies.ts';
import type { QueryNetwork } from './network.ts';
import type { ResponderOptions } from './options.ts';
import type { Reply } from './reply.ts';

/** Where SCOPE PREFIX-LENGTH stands in the option's data (RFC 7871 §6). */
const SCOPE_AT = 3;
/** There is more in an OPT than what is kept can be given with. */
export const MORE = -1;

/** One for each responder, reused for every reply. */
export class EdnsReply {
  /** The client has shown a server cookie of ours: its address is not forged (RFC 7873 §5.2.4). */
  clientIsKnown = false;
  /** The client has sent a cookie, and gets one. */
  sendsCookie = false;
  /** INFO-CODE of an extended error (RFC 8914); 0: none. */
  extendedError = 0;
  /** Unix time, in the 32 bits that a cookie's time stamp has (RFC 9018 §4.3). */
  nowSeconds = 0;
  /** Bytes set aside for OPT and its options; 0 where the query has no OPT (RFC 6891 §7). */
  bytes = 0;
  readonly #options: ResponderOptions;
  readonly #cookies: Cookies;
  readonly #client: Client;
  readonly #network: QueryNetwork;
  readonly #nsid: Uint8Array;
  #cookieIsFresh = false;
  #sendsKeepalive = false;
  #sendsNsid = false;

  constructor(options: ResponderOptions, client: Client, network: QueryNetwork) {
    this.#options = options;
    this.#network = network;
    this.#cookies = new Cookies(options.cookieSecrets);
    this.#client = client;
    this.#nsid = new TextEncoder().encode(options.nsid);
  }

  /** Decides what the reply's OPT holds, from the query's in `request`. */
  begin(query: EdnsQuery, request: Uint8Array, udp: boolean): void {
    this.clientIsKnown = false;
    this.extendedError = 0;
    this.sendsCookie = false;
    this.bytes = 0;
    this.#network.begin(query, request);
    if (!query.present) return;
    this.bytes = OPT_BYTES;
    if (query.cookieAt !== 0 && this.#cookies.enabled) this.#beginCookie(query, request);
    this.#sendsNsid = query.nsid && this.#nsid.length > 0;
    if (this.#sendsNsid) this.bytes += OPTION_HEADER_BYTES + this.#nsid.length;
    if (query.subnetAt !== 0) this.bytes += OPTION_HEADER_BYTES + query.subnetBytes;
    // Over UDP the option means nothing (RFC 7828 §3.2.1).
    this.#sendsKeepalive = query.keepalive && !udp;
    if (this.#sendsKeepalive) this.bytes += OPTION_HEADER_BYTES + KEEPALIVE_BYTES;
  }

  #beginCookie(query: EdnsQuery, request: Uint8Array): void {
    const age = this.#cookies.age(request, query.cookieAt, query.cookieBytes, this.#client, this.nowSeconds);
    this.sendsCookie = true;
    this.clientIsKnown = age !== NEVER;
    this.#cookieIsFresh = this.clientIsKnown && this.#cookies.isFresh(age);
    this.bytes += OPTION_HEADER_BYTES + COOKIE_BYTES;
  }

  /**
   * Bytes at the end of the reply that are of this client alone, where nothing else in its OPT is: 0: there is no OPT, or one
   * without options; those of a cookie, if that is the only one; or MORE.
   */
  get ownBytes(): number {
    if (this.extendedError !== 0) return MORE;
    if (this.bytes <= OPT_BYTES) return 0;
    return this.sendsCookie && this.bytes === OPT_BYTES + OPTION_HEADER_BYTES + COOKIE_BYTES ? COOKIE_BYTES : MORE;
  }

  /** Whether the client gets back the cookie of COOKIE_BYTES at `at` as it is, and so is known. */
  isFresh(request: Uint8Array, at: number, client: Client): boolean {
    const age = this.#cookies.age(request, at, COOKIE_BYTES, client, this.nowSeconds);
    return age !== NEVER && this.#cookies.isFresh(age);
  }

  /** Leaves out what the client can do without: to a forged address we send no more than came from it. */
  shorten(): void {
    this.#sendsNsid = false;
    this.extendedError = 0;
  }

  /** Appends OPT to the reply, in the room that was set aside. */
  write(reply: Reply, query: EdnsQuery, request: Uint8Array): void {
    const { bytes } = reply;
    const start = reply.at;
    let at = writeOpt(bytes, start, this.#options.udpMaxBytes, reply.rcode, query.dnssecOk);
    if (this.bytes > OPT_BYTES) at = this.#writeOptions(reply, at, query, request);
    // There is always room: what is refused has no records, and NSID is bounded.
    if (this.extendedError !== 0) {
      at = writeOptionHeader(bytes, at, EDNS_OPTION.ERROR, EXTENDED_ERROR_BYTES);
      bytes[at++] = this.extendedError >> 8;
      bytes[at++] = this.extendedError & 0xff;
    }
    const length = at - start - OPT_BYTES;
    bytes[start + OPT_BYTES - 2] = length >> 8;
    bytes[start + OPT_BYTES - 1] = length & 0xff;
    reply.at = at;
  }

  #writeOptions(reply: Reply, start: number, query: EdnsQuery, request: Uint8Array): number {
    const { bytes } = reply;
    let at = start;
    if (this.sendsCookie) {
      at = writeOptionHeader(bytes, at, EDNS_OPTION.COOKIE, COOKIE_BYTES);
      if (this.#cookieIsFresh) copy(bytes, at, request, query.cookieAt, query.cookieBytes);
      else this.#cookies.write(bytes, at, request, query.cookieAt, this.#client, this.nowSeconds);
      at += COOKIE_BYTES;
    }
    if (this.#sendsNsid) {
      at = writeOptionHeader(bytes, at, EDNS_OPTION.NSID, this.#nsid.length);
      copy(bytes, at, this.#nsid, 0, this.#nsid.length);
      at += this.#nsid.length;
    }
    if (query.subnetAt !== 0) {
      // As it came (RFC 7871 §7.2.1, §12.1), but for the scope. It is that of the answer section (§7.3.1): a negative
      // answer has none, since many caches keep it for all networks whatever its scope (§7.4).
      at = writeOptionHeader(bytes, at, EDNS_OPTION.SUBNET, query.subnetBytes);
      copy(bytes, at, request, query.subnetAt, query.subnetBytes);
      if (reply.answers > 0) bytes[at + SCOPE_AT] = this.#network.scopeBits;
      at += query.subnetBytes;
    }
    if (this.#sendsKeepalive) {
      at = writeOptionHeader(bytes, at, EDNS_OPTION.KEEPALIVE, KEEPALIVE_BYTES);
      const tenths = Math.min(this.#options.tcpIdleSeconds * 10, 0xffff);
      bytes[at++] = tenths >> 8;
      bytes[at++] = tenths & 0xff;
    }
    return at;
  }
}

function copy(to: Uint8Array, at: number, from: Uint8Array, start: number, length: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[start + i];
}
