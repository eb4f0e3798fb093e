/** Whose network an answer may depend on: the client's, where the resolver tells it (RFC 7871), else the sender's. */
import { NetworkPick } from '../table/picking/network.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../wire/address.ts';
import type { EdnsQuery } from '../wire/edns.ts';
import type { Client } from './client.ts';

/** The option's data: family, source and scope prefix length, address (RFC 7871 §6). */
const FAMILY_AT = 1;
const SOURCE_AT = 2;
const ADDRESS_AT = 4;
const FAMILY_IPV4 = 1;

/** One for each responder. */
export class QueryNetwork {
  /** Bits of the client's network that the answer depends on; meant only where the query has the option. */
  scopeBits = 0;
  readonly #client: Client;
  readonly #pick = new NetworkPick();
  #request: Uint8Array = new Uint8Array(0);
  /** Where the option's data starts; 0: there is none. */
  #subnetAt = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  /** To be called for each query. */
  begin(edns: EdnsQuery, request: Uint8Array): void {
    this.#subnetAt = edns.present ? edns.subnetAt : 0;
    if (this.#subnetAt === 0) return;
    this.#request = request;
    this.scopeBits = 0;
  }

  /**
   * The pool that the client's network decides on, or 0. The longest network that any service of a chain looks at is
   * the scope of the whole answer (RFC 7871 §7.2.1).
   */
  pickForClient(words: Int32Array, plan: number): number {
    const subnetAt = this.#subnetAt;
    const source = subnetAt !== 0 ? this.#request[subnetAt + SOURCE_AT] : 0;
    // Source 0 keeps the client's network secret (§7.1.2). Such an answer is kept for such queries only (§7.3.1), so
    // that the sender may decide, and the scope is 0 all the same.
    if (source === 0) return this.pickForSender(words, plan);
    const isIpv4 = this.#request[subnetAt + FAMILY_AT] === FAMILY_IPV4;
    this.#pick.setNetwork(this.#request, subnetAt + ADDRESS_AT, isIpv4 ? IPV4_BYTES : IPV6_BYTES, source);
    const pool = this.#pick.pick(words, plan);
    if (this.#pick.scopeBits > this.scopeBits) this.scopeBits = this.#pick.scopeBits;
    return pool;
  }

  /** The pool that the sender's network decides on, or 0; says nothing of the scope. */
  pickForSender(words: Int32Array, plan: number): number {
    const { bytes, at, length } = this.#client;
    this.#pick.setNetwork(bytes, at, length, 8 * length);
    return this.#pick.pick(words, plan);
  }

  /** BY_*: what made the last pick that a plan with rules asked for. */
  get by(): number {
    return this.#pick.by;
  }
}
