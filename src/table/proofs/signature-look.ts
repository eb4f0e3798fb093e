/** Looks through what a zone is answered with for signatures that are missing, are not by the keys that sign now, or are due. */
import { nameToWire } from '../../model/name.ts';
import { TYPE } from '../../wire/constants.ts';
import { ENTRY, NODE, NODE_HAS_DNAME, NODE_IS_CUT, NSEC_IN_CHAIN, RRSET, ZONE, ZONE_IS_HASHED } from '../layout.ts';
import type { ArenaView } from '../memory.ts';
import type { NodeWriter } from '../nodes.ts';
import { NameOrder, SAME } from '../order/compare.ts';
import { OrderSearch } from '../order/search.ts';
import { signaturesOf, ttlOf } from '../rrset-reader.ts';
import type { RRsetSigner, ZoneSigners } from '../rrset-signer.ts';
import type { ServiceRegistry } from '../services.ts';
import { denialTtl, isProof, isVouchedFor } from './nsec.ts';

const ROOT = new Uint8Array(1);

/** What was found of some names of a zone. */
interface Looked {
  /** Names to be signed anew, in lower-case wire form; of a zone that proves by hashes, these. */
  readonly stale: readonly Uint8Array[];
  /** Where to go on; undefined: that were the last ones. */
  readonly last: Uint8Array | undefined;
}

export class SignatureLook {
  readonly #view: ArenaView;
  readonly #nodes: NodeWriter;
  readonly #services: ServiceRegistry;
  readonly #search: OrderSearch;

  constructor(view: ArenaView, nodes: NodeWriter, services: ServiceRegistry) {
    this.#view = view;
    this.#nodes = nodes;
    this.#services = services;
    this.#search = new OrderSearch(view, new NameOrder());
  }

  /** Looks at so many names, from the apex on or behind `after`; undefined: the names of the zone have no order, it is not signed. */
  names(zone: string, signer: RRsetSigner, after: Uint8Array | undefined, count: number): Looked | undefined {
    const apex = nameToWire(zone);
    const version = this.#nodes.zone(apex);
    const root = version === 0 ? 0 : this.#view.words[version + ZONE.ORDER];
    if (root === 0) return undefined;
    const stale: Uint8Array[] = [];
    const isHashed = (this.#view.words[version + ZONE.FLAGS] & ZONE_IS_HASHED) !== 0;
    const ttlSeconds = this.#denialTtl(apex, version);
    // No name comes before the root's.
    let name = after ?? ROOT;
    this.#search.find(root, name, 0, SAME);
    let entry = this.#search.after;
    if (after === undefined && this.#search.before !== 0) entry = this.#search.before;
    for (let left = count; entry !== 0 && left > 0; left--) {
      name = this.#nameOf(entry);
      const isCurrent = isHashed
        ? this.#isHashCurrent(entry, apex, signer)
        : this.#isCurrent(entry, name.length === apex.length, signer, true);
      if (!isCurrent || this.#hasOtherTtl(entry, isHashed, ttlSeconds)) stale.push(name);
      this.#search.find(root, name, 0, SAME);
      entry = this.#search.after;
    }
    return { stale, last: entry === 0 ? undefined : name };
  }

  #denialTtl(apex: Uint8Array, zoneVersion: number): number {
    const node = this.#nodes.find(this.#view.words[zoneVersion + ZONE.INDEX], apex);
    return denialTtl(this.#view, this.#nodes.content(node).rrsets.get(TYPE.SOA) ?? 0, apex);
  }

  /** Whether what proves a name has the TTL of before: of a process that died before all were made anew. */
  #hasOtherTtl(entry: number, isHashed: boolean, ttlSeconds: number): boolean {
    const { words } = this.#view;
    const node = isHashed ? words[entry + ENTRY.PARENT] : entry;
    const { service, rrsets } = this.#nodes.content(node);
    const proof = isHashed ? words[entry + ENTRY.VERSION_WORD] : rrsets.get(NSEC_IN_CHAIN);
    // That of a service's name is no greater than the service's.
    return service === 0 && proof !== undefined && ttlOf(this.#view, proof) !== ttlSeconds;
  }

  /** The apex and the names of some services, which most answers need: those of them that are to be signed anew. */
  needed(zone: string, signer: RRsetSigner, services: readonly string[]): Uint8Array[] {
    const apex = nameToWire(zone);
    const version = this.#nodes.zone(apex);
    if (version === 0 || this.#view.words[version + ZONE.ORDER] === 0) return [];
    const index = this.#view.words[version + ZONE.INDEX];
    const isHashed = (this.#view.words[version + ZONE.FLAGS] & ZONE_IS_HASHED) !== 0;
    const ofServices = services.flatMap((name) => this.#services.namesOf(name)).map(nameToWire);
    return [apex, ...ofServices].filter((name) => {
      const node = this.#nodes.find(index, name);
      return node !== 0 && !this.#isCurrent(node, name.length === apex.length, signer, !isHashed);
    });
  }

  /** The services of a zone. */
  services(zone: string): string[] {
    return [...this.#services.namesIn(zone)];
  }

  /** Those of some services that do not answer as their zone is signed; `signer` undefined: it is not. */
  unlike(services: readonly string[], signer: RRsetSigner | undefined): string[] {
    return services.filter((name) => {
      const compiled = this.#services.get(name);
      const own = [...(compiled?.previews.values() ?? [])].flatMap(({ own: [first, second] }) => [first, second]);
      const pools = (compiled?.pools ?? []).flatMap(({ first, second }) => [first, second]);
      const all = [...pools, ...own].filter((rrset) => rrset !== 0);
      // Whichever type it is: a service never answers with a DNSKEY, which alone has signers of its own.
      return all.some((rrset) => !this.#isSignedNow(rrset, TYPE.A, signer));
    });
  }

  /** The entry of a hash leads to its NSEC3, and to the node that it is the hash of. */
  #isHashCurrent(entry: number, apex: Uint8Array, signer: RRsetSigner): boolean {
    const { words } = this.#view;
    const node = words[entry + ENTRY.PARENT];
    const isApex = (words[node + ENTRY.NAME] & 0xff) === apex.length;
    if (!this.#isSignedNow(words[entry + ENTRY.VERSION_WORD], TYPE.NSEC3, signer)) return false;
    return this.#isCurrent(node, isApex, signer, false);
  }

  #isCurrent(entry: number, isApex: boolean, signer: RRsetSigner, hasProof: boolean): boolean {
    // What stands beyond a border is not the zone's to vouch for.
    if (this.#isBeyond(entry)) return true;
    const { rrsets } = this.#nodes.content(entry);
    const isCut = rrsets.has(TYPE.NS) && !isApex;
    if (hasProof && !rrsets.has(NSEC_IN_CHAIN)) return false;
    for (const [type, rrset] of rrsets) {
      if (!isProof(type) && !isVouchedFor(type, isCut)) continue;
      if (!this.#isSignedNow(rrset, isProof(type) ? TYPE.NSEC : type, signer)) return false;
    }
    return true;
  }

  #isSignedNow(rrset: number, type: number, signer: RRsetSigner | undefined): boolean {
    const isSigned = this.#view.words[rrset + RRSET.SIGNATURES] !== 0;
    if (signer === undefined || !isSigned) return isSigned === (signer !== undefined);
    return signer.isCurrent?.(type, signaturesOf(this.#view, rrset)) ?? true;
  }

  #isBeyond(entry: number): boolean {
    const { words } = this.#view;
    for (let up = words[entry + ENTRY.PARENT]; up !== 0; up = words[up + ENTRY.PARENT]) {
      const version = words[up + ENTRY.VERSION_WORD];
      if (version !== 0 && (words[version + NODE.FLAGS] & (NODE_IS_CUT | NODE_HAS_DNAME)) !== 0) return true;
    }
    return false;
  }

  #nameOf(entry: number): Uint8Array {
    const start = (entry + ENTRY.NAME_BYTES) * 4;
    return this.#view.bytes.slice(start, start + (this.#view.words[entry + ENTRY.NAME] & 0xff));
  }
}

/** Which of a table's zones and services want signing, for who sees to it. */
export interface SignatureLooks {
  names(zone: string, after: Uint8Array | undefined, count: number): Looked | undefined;
  /** All services of a zone; the others are asked for some of them at a time. */
  services(zone: string): readonly string[];
  /** See SignatureLook. */
  needed(zone: string, services: readonly string[]): readonly Uint8Array[];
  unlike(zone: string, services: readonly string[]): readonly string[];
}

/** As the signers of zones have it. */
export function looksOf(look: SignatureLook, signers: () => ZoneSigners): SignatureLooks {
  return {
    names: (zone, after, count) => {
      const signer = signers().of(zone);
      return signer && look.names(zone, signer, after, count);
    },
    services: (zone) => look.services(zone),
    needed: (zone, services) => {
      const signer = signers().of(zone);
      return signer === undefined ? [] : look.needed(zone, signer, services);
    },
    unlike: (zone, services) => look.unlike(services, signers().of(zone)),
  };
}
