/** What says that a name, or a type at it, is not there (RFC 2308). Proofs of it (RFC 4035 §3.1.3) belong here too. */
import type { HashedName } from '../table/hash.ts';
import { PLAN } from '../table/layout.ts';
import type { Lookup } from '../table/lookup.ts';
import { readBe32, writeBe32 } from '../wire/byte-order.ts';
import { type Reply, TTL_AT } from './reply.ts';

/** One for each responder. */
export class Denial {
  readonly #lookup: Lookup;
  readonly #reply: Reply;

  constructor(lookup: Lookup, reply: Reply) {
    this.#lookup = lookup;
    this.#reply = reply;
  }

  /**
   * Appends the SOA to the authority section, with the TTL of the denial (RFC 2308 §3 and §5). `name` was looked up
   * last and stands at `position` in the reply.
   */
  append(name: HashedName, position: number): void {
    const lookup = this.#lookup;
    const reply = this.#reply;
    const { bytes } = reply;
    const skip = name.starts[lookup.apexLabel];
    const record = reply.at;
    if (reply.append(lookup.soa(), position, skip, skip) === 0) return reply.truncate();
    reply.authorities = 1;
    let ttl = Math.min(readBe32(bytes, record + TTL_AT) >>> 0, readBe32(bytes, reply.at - 4) >>> 0);
    // A denial at a service's name must not outlive what the service may answer next.
    if (lookup.service) ttl = Math.min(ttl, lookup.view.words[lookup.plan + PLAN.TTL]);
    writeBe32(bytes, record + TTL_AT, ttl);
  }
}
