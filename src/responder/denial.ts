/** What says that a name, or a type at it, is not there (RFC 2308); what proves it: proofs.ts. */
import type { HashedName } from '../table/hash.ts';
import { PLAN } from '../table/layout.ts';
import type { Lookup } from '../table/lookup.ts';
import { readBe32, writeBe32 } from '../wire/byte-order.ts';
import { HEADER_BYTES } from '../wire/constants.ts';
import type { Proofs } from './proofs.ts';
import { ReadyDenial } from './ready-denial.ts';
import { type Reply, TTL_AT } from './reply.ts';

/** One for each responder. */
export class Denial {
  readonly #lookup: Lookup;
  readonly #reply: Reply;

  readonly #proofs: Proofs;
  readonly #ready = new ReadyDenial();

  constructor(lookup: Lookup, reply: Reply, proofs: Proofs) {
    this.#lookup = lookup;
    this.#reply = reply;
    this.#proofs = proofs;
  }

  /** The name is not there. `name` was looked up last and stands at `position` in the reply. */
  noName(name: HashedName, position: number): void {
    const proofs = this.#proofs;
    if (!proofs.areWanted) return this.#append(name, position);
    if (position === HEADER_BYTES && proofs.areOfApex) return this.#denyBelowApex(name);
    proofs.noName(name, position);
    this.#append(name, position);
  }

  /** The question itself is not there, nor a name between it and the apex, and the zone proves it by NSEC. */
  #denyBelowApex(name: HashedName): void {
    const reply = this.#reply;
    const ready = this.#ready;
    const { apexLabel, generation } = this.#lookup;
    if (!ready.append(reply, this.#lookup.soa(), generation, name.starts[apexLabel], true)) {
      const start = reply.at;
      const before = reply.authorities;
      if (!this.#appendSoa(name, HEADER_BYTES)) return;
      const entry = this.#proofs.appendApexWildcard(name);
      if (entry < 0) return;
      ready.keep(reply, start, reply.authorities - before, entry);
    }
    this.#proofs.noNameBelowApex(name, ready.entry);
  }

  /** The name has nothing of the type. */
  noData(name: HashedName, position: number, type: number): void {
    if (this.#proofs.areWanted) this.#proofs.noData(name, position, type);
    this.#append(name, position);
  }

  /** Appends the SOA to the authority section. */
  #append(name: HashedName, position: number): void {
    const lookup = this.#lookup;
    const reply = this.#reply;
    // Of the question itself; a service has a TTL of its own.
    const mayBeReady = position === HEADER_BYTES && !lookup.service;
    const skip = name.starts[lookup.apexLabel];
    if (mayBeReady && this.#ready.append(reply, lookup.soa(), lookup.generation, skip, false)) return;
    const start = reply.at;
    const before = reply.authorities;
    if (this.#appendSoa(name, position) && mayBeReady) this.#ready.keep(reply, start, reply.authorities - before, 0);
  }

  /**
   * Writes the SOA, with the TTL of the denial (RFC 2308 §3 and §5), which its signature has as well (RFC 4034 §3); false
   * where there is no room, and the reply is cut.
   */
  #appendSoa(name: HashedName, position: number): boolean {
    const lookup = this.#lookup;
    const reply = this.#reply;
    const { bytes } = reply;
    const skip = name.starts[lookup.apexLabel];
    const record = reply.at;
    const count = reply.append(lookup.soa(), position, skip, skip);
    if (count === 0) {
      reply.truncate();
      return false;
    }
    reply.authorities += count;
    let ttl = Math.min(readBe32(bytes, record + TTL_AT) >>> 0, readBe32(bytes, reply.recordsEnd - 4) >>> 0);
    // A denial at a service's name must not outlive what the service may answer next.
    if (lookup.service) ttl = Math.min(ttl, lookup.view.words[lookup.plan + PLAN.TTL]);
    for (let at = record; at < reply.at; at = reply.recordEnd(at)) writeBe32(bytes, at + TTL_AT, ttl);
    return true;
  }
}
