/** What says that a name, or a type at it, is not there (RFC 2308); what proves it: proofs.ts. */
import type { HashedName } from '../table/hash.ts';
import { PLAN } from '../table/layout.ts';
import type { Lookup } from '../table/lookup.ts';
import { readBe32, writeBe32 } from '../wire/byte-order.ts';
import { HEADER_BYTES } from '../wire/constants.ts';
import type { Proofs } from './proofs.ts';
import { ReadySoa } from './ready-soa.ts';
import { type Reply, TTL_AT } from './reply.ts';

/** One for each responder. */
export class Denial {
  readonly #lookup: Lookup;
  readonly #reply: Reply;

  readonly #proofs: Proofs;
  readonly #ready = new ReadySoa();

  constructor(lookup: Lookup, reply: Reply, proofs: Proofs) {
    this.#lookup = lookup;
    this.#reply = reply;
    this.#proofs = proofs;
  }

  /** The name is not there. `name` was looked up last and stands at `position` in the reply. */
  noName(name: HashedName, position: number): void {
    if (this.#proofs.areWanted) this.#proofs.noName(name, position);
    this.#append(name, position);
  }

  /** The name has nothing of the type. */
  noData(name: HashedName, position: number, type: number): void {
    if (this.#proofs.areWanted) this.#proofs.noData(name, position, type);
    this.#append(name, position);
  }

  /**
   * Appends the SOA to the authority section, with the TTL of the denial (RFC 2308 §3 and §5), which its signature has as
   * well (RFC 4034 §3).
   */
  #append(name: HashedName, position: number): void {
    const lookup = this.#lookup;
    const reply = this.#reply;
    const { bytes } = reply;
    const { generation } = lookup;
    const skip = name.starts[lookup.apexLabel];
    const soa = lookup.soa();
    // Of the question itself; a service has a TTL of its own.
    const mayBeReady = position === HEADER_BYTES && !lookup.service;
    if (mayBeReady && this.#ready.append(reply, soa, generation, skip)) return;
    const record = reply.at;
    const count = reply.append(soa, position, skip, skip);
    if (count === 0) return reply.truncate();
    reply.authorities += count;
    let ttl = Math.min(readBe32(bytes, record + TTL_AT) >>> 0, readBe32(bytes, reply.recordsEnd - 4) >>> 0);
    // A denial at a service's name must not outlive what the service may answer next.
    if (lookup.service) ttl = Math.min(ttl, lookup.view.words[lookup.plan + PLAN.TTL]);
    for (let at = record; at < reply.at; at = reply.recordEnd(at)) writeBe32(bytes, at + TTL_AT, ttl);
    if (mayBeReady) this.#ready.keep(reply, record, count);
  }
}
