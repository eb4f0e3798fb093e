/** Zones and their records in the table. */
import assert from 'node:assert/strict';
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import { nameToWire } from '../model/name.ts';
import type { RRset } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';
import { TYPE } from '../wire/constants.ts';
import { soaRdata } from './compile.ts';
import { zoneFlags } from './flags.ts';
import { type Followed, Following } from './followed.ts';
import { HiddenNames } from './hidden-names.ts';
import { ZONE } from './layout.ts';
import { ArenaFull } from './memory.ts';
import { NO_ZONE, type NodeContent, type NodeWriter } from './nodes.ts';
import type { Preparation } from './preparation.ts';
import { ChainWriter } from './proofs/chain.ts';
import { signaturesIn } from './proofs/kept.ts';
import { ownsRecords } from './proofs/nsec.ts';
import { RRsetCompiler } from './rrset-compiler.ts';
import { NO_SIGNERS, type ZoneSigners } from './rrset-signer.ts';
import type { ServiceRegistry } from './services.ts';
import { hasRoomToSign } from './signing-room.ts';
import { Takeover } from './takeover.ts';
import { ZoneBuilder } from './zone-builder.ts';

/** What a signing puts at the apex (RFC 4034 §2, RFC 7344 §3, RFC 5155 §4). */
const KEY_TYPES = [TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY, TYPE.NSEC3PARAM];

/** Each change is a part of the pending preparation, and throws ArenaFull. */
export class ZoneWriter {
  /** Which zones are signed, and by whom. */
  signers: ZoneSigners = NO_SIGNERS;
  readonly #preparation: Preparation;
  readonly #nodes: NodeWriter;
  readonly #services: ServiceRegistry;
  readonly #chain: ChainWriter;
  /** Indexes that no worker can reach before the pending changes are published: what is put there needs no versions. */
  readonly #unseen = new Map<number, ZoneBuilder>();
  readonly #following = new Following();
  /** Of indexes that were built aside. */
  readonly takeover: Takeover;
  /** Names that lead to services which a child zone took over, and that it hides. */
  readonly hidden: HiddenNames;

  constructor(preparation: Preparation, nodes: NodeWriter, services: ServiceRegistry) {
    this.#preparation = preparation;
    this.#nodes = nodes;
    this.#services = services;
    this.#chain = new ChainWriter(preparation, nodes, services);
    this.takeover = new Takeover(
      { preparation, nodes, services, chain: this.#chain, following: this.#following },
      this,
    );
    this.hidden = new HiddenNames(preparation, (zone, name) => this.link(zone, name));
  }

  /** To be called before the first of a set of changes. */
  begin(): void {
    this.#chain.begin();
  }

  /** To be called after the last one: brings what proves the changed names up to them. */
  finish(): void {
    this.#chain.finish(
      (zone) => this.compilerOf(zone),
      (zone) => this.signers.isHashed(zone),
    );
  }

  /** Something of a service has changed that stands at the name: where the zone is signed, what proves it may have to. */
  touch(zone: string, name: string): void {
    this.#following.note(zone, name);
    if (this.#isSigned(zone)) this.#chain.touch(zone, nameToWire(name));
  }

  /** Signs all that the zone holds anew, or, where nobody signs it any more, leaves it unsigned; its services aside. */
  resign(zone: string): void {
    this.#chain.touchAll(zone);
  }

  /** Signs some names anew. */
  renew(zone: string, names: readonly Uint8Array[]): void {
    if (this.#isSigned(zone)) this.#chain.renew(zone, names);
  }

  #isSigned = (zone: string): boolean => this.signers.of(zone) !== undefined;

  /** Compiles the RRsets of a zone. */
  compilerOf(zone: string): RRsetCompiler {
    return new RRsetCompiler(this.#preparation, nameToWire(zone), this.signers.of(zone));
  }

  has(zone: string): boolean {
    return this.#nodes.zone(nameToWire(zone)) !== 0;
  }

  hasRRset(zone: string, name: string, type: number): boolean {
    if (!this.has(zone)) return false;
    const node = this.#nodes.find(this.#indexOf(nameToWire(zone)), nameToWire(name));
    return node !== 0 && this.#nodes.content(node).rrsets.has(type);
  }

  put(zone: Zone): void {
    const apex = nameToWire(zone.name);
    const existing = this.#nodes.zone(apex);
    const index = existing === 0 ? this.#nodes.makeIndex() : this.#words[existing + ZONE.INDEX];
    if (existing === 0) this.beginUnseen(index, zone.name);
    else if (this.#isSigned(zone.name)) this.#leaveProofs(index, apex, zone);
    this.writeApex(index, apex, zone);
    if (existing === 0) this.#nodes.setZone(apex, { ...NO_ZONE, index, apex: this.#nodes.find(index, apex) });
    this.touch(zone.name, zone.name);
  }

  /** A million proofs that are to have another TTL (RFC 9077) are not made in the turn of a command. */
  #leaveProofs(index: number, apex: Uint8Array, zone: Zone): void {
    if (this.#chain.ttlIn(index, apex) === Math.min(zone.negativeTtlSeconds, zone.ttlSeconds)) return;
    const undo = this.signers.leaveProofs(zone.name, this.count(zone.name, this.signers.namesAtOnce));
    if (undo === undefined) return;
    this.#preparation.undo(undo);
    this.#chain.leaveProofs(zone.name);
  }

  /** What the zone says of itself, in an index. */
  writeApex(index: number, apex: Uint8Array, zone: Zone): void {
    const compiler = this.compilerOf(zone.name);
    const servers = zone.nameservers.map(nameToWire);
    this.#nodes.update(index, apex, apex, (content) => {
      // Of a zone that brings its own; of one that is signed here they are made at the end.
      const own = compiler.signs ? undefined : content.rrsets.get(TYPE.RRSIG);
      const signatures = signaturesIn(this.#preparation.view, own, apex);
      const put = (type: number, ttlSeconds: number, rdata: readonly Uint8Array[]): void => {
        const rrset = compiler.compileKept(apex, type, ttlSeconds, rdata, signatures.get(type) ?? []);
        setRRset(content, compiler, type, rrset);
      };
      put(TYPE.SOA, zone.ttlSeconds, [soaRdata(zone)]);
      put(TYPE.NS, zone.nameserversTtlSeconds, servers);
      this.#setKeys(content, compiler, zone.name, apex);
    });
  }

  /** DNSKEY, CDS and CDNSKEY as the zone's signing has them; where it is not signed, whatever stands there stays. */
  #setKeys(content: NodeContent, compiler: RRsetCompiler, zone: string, apex: Uint8Array): void {
    for (const { type, ttlSeconds, rdata } of this.signers.apexOf(zone)) {
      setRRset(content, compiler, type, compiler.compile(apex, type, ttlSeconds, rdata));
    }
  }

  /** The zone is signed in another way, or (undefined) not any more. True: its services are to be signed anew. */
  setSigning(zone: string, signing: ZoneSigning | undefined): boolean {
    if (this.signers.leaves(zone, signing, this.count(zone, this.signers.namesAtOnce))) {
      const { arena } = this.#preparation;
      if (!hasRoomToSign(arena, (most) => this.#hasMore(zone, most), signing, this.signers.mustTake))
        throw new ArenaFull();
      this.#preparation.undo(this.signers.want(zone, signing));
      return false;
    }
    const { isAnew, undo } = this.signers.set(zone, signing);
    this.#preparation.undo(undo);
    const compiler = this.compilerOf(zone);
    const apex = nameToWire(zone);
    const has = this.signers.apexOf(zone).map(({ type }) => type);
    this.#nodes.update(this.#indexOf(apex), apex, apex, (content) => {
      for (const type of KEY_TYPES) {
        const rrset = content.rrsets.get(type);
        if (has.includes(type) || rrset === undefined) continue;
        compiler.retire(rrset);
        content.rrsets.delete(type);
      }
      this.#setKeys(content, compiler, zone, apex);
    });
    if (isAnew) this.resign(zone);
    else this.touch(zone, zone);
    return isAnew;
  }

  /** The names of a zone with those of its services, as far as `most`. */
  count(zone: string, most: number): number {
    let count = this.#services.namesIn(zone).size;
    if (count >= most || !this.has(zone)) return count;
    for (const _ of this.#nodes.entries(this.#indexOf(nameToWire(zone)))) if (++count >= most) break;
    return count;
  }

  /** The same, where it may be a million. */
  #hasMore(zone: string, most: number): boolean {
    const left = most - this.#services.namesIn(zone).size;
    return left < 0 || (this.has(zone) && this.#nodes.hasMore(this.#indexOf(nameToWire(zone)), left));
  }

  /** The zone is signed so; an index that was signed so takes its place in the same preparation. */
  signFirst(zone: string, signing: ZoneSigning | undefined): void {
    for (const undo of [this.signers.set(zone, signing).undo, this.signers.begin(zone)]) this.#preparation.undo(undo);
  }

  /** From now on it is noted what becomes of the names of a zone. */
  follow(zone: string): Followed {
    return this.#following.begin(zone, this.#services.namesIn(zone));
  }

  unfollow(followed: Followed): void {
    this.#following.end(followed);
  }

  /** How many zones are followed. */
  get followed(): number {
    return this.#following.size;
  }

  /** Until the pending changes are published nobody reads an index. */
  beginUnseen(index: number, zone: string): void {
    const builder = new ZoneBuilder(this.#preparation.arena, zone, index);
    this.#unseen.set(index, builder);
    this.#preparation.undo(() => {
      this.#unseen.delete(index);
      builder.takeBack();
    });
    this.#preparation.onPublish(() => this.#unseen.delete(index));
  }

  delete(name: string): void {
    this.hidden.letGo(name, Number.POSITIVE_INFINITY, (zone) => this.has(zone));
    this.#leaveAll(name);
    const apex = nameToWire(name);
    const { index, order } = this.#nodes.zoneContent(this.#nodes.zone(apex));
    this.#nodes.setZone(apex, NO_ZONE);
    this.#nodes.dropIndex(index, order);
    this.#preparation.undo(this.signers.set(name, undefined).undo);
  }

  /** Its services go with it. */
  #leaveAll(zone: string): void {
    if (!this.#following.has(zone)) return;
    for (const name of this.#services.namesIn(zone)) {
      for (const each of this.#services.namesOf(name)) this.#following.note(zone, each);
    }
  }

  putRRset(rrset: RRset): void {
    const { zone, name } = rrset;
    const apex = nameToWire(zone);
    this.#raiseFlags(apex, this.putIn(this.#indexOf(apex), rrset));
    this.touch(zone, name);
  }

  /** The same in an index. What the zone is to say of it; see flags.ts. */
  putIn(index: number, { zone, name, type, ttlSeconds, recordTtlSeconds, rdata }: RRset): number {
    const owner = nameToWire(name);
    const compiler = this.compilerOf(zone);
    this.#nodes.update(index, nameToWire(zone), owner, (content) => {
      setRRset(content, compiler, type, compiler.compile(owner, type, recordTtlSeconds ?? ttlSeconds, rdata));
      this.#link(content, zone, name);
    });
    return zoneFlags(owner, type, compiler.isApex(owner));
  }

  deleteRRset(zone: string, name: string, type: number): void {
    const isGone = this.deleteIn(this.#indexOf(nameToWire(zone)), zone, name, type);
    assert(isGone, 'the RRset to delete is in the table');
    this.touch(zone, name);
  }

  /** The same in an index; false: it is not there. */
  deleteIn(index: number, zone: string, name: string, type: number): boolean {
    const owner = nameToWire(name);
    const node = this.#nodes.find(index, owner);
    const rrset = node === 0 ? undefined : this.#nodes.content(node).rrsets.get(type);
    if (rrset === undefined) return false;
    this.#nodes.update(index, nameToWire(zone), owner, (content) => {
      this.compilerOf(zone).retire(rrset);
      content.rrsets.delete(type);
      this.#link(content, zone, name);
    });
    return true;
  }

  /** Puts the digest of a zone at its apex, or (undefined) takes the one away that was put there. */
  putDigest(zone: string, digest: { readonly ttlSeconds: number; readonly rdata: Uint8Array } | undefined): void {
    const type = TYPE.ZONEMD;
    if (digest) this.putRRset({ ...digest, zone, name: zone, type, rdata: [digest.rdata], revision: 0 });
    else if (this.hasRRset(zone, zone, type)) this.deleteRRset(zone, zone, type);
  }

  /** A service has come to stand at a name: what a lookup must mind in the zone. */
  welcome(zone: string, name: string): void {
    const apex = nameToWire(zone);
    const owner = nameToWire(name);
    this.#raiseFlags(apex, zoneFlags(owner, 0, this.compilerOf(zone).isApex(owner)));
    this.linkIn(this.#indexOf(apex), zone, name, owner);
  }

  /** Leads a name to the service or preview that the registry has for it now. */
  link(zone: string, name: string): void {
    this.linkIn(this.#indexOf(nameToWire(zone)), zone, name);
  }

  /** A child zone has taken a service over: see hidden-names.ts. */
  leave(zone: string, child: string, names: readonly string[]): void {
    for (const name of names) this.#following.note(zone, name);
    this.hidden.leave(zone, child, names);
  }

  /** Lets go of at most so many names that a child hides, as a part of the pending changes. */
  letGo(names: number): void {
    this.hidden.letGo(undefined, names, (zone) => this.has(zone));
  }

  /** Leads a name to what stands there, in an index. */
  linkIn(index: number, zone: string, name: string, owner = nameToWire(name)): void {
    this.touch(zone, name);
    this.lead(index, zone, name, owner);
  }

  /** The same for a name of which nothing has to be proved, or is looked at by who calls this. */
  lead(index: number, zone: string, name: string, owner = nameToWire(name)): void {
    const builder = this.#unseen.get(index);
    const cellAt = (hasRecords: boolean): number => this.#services.cellAt(zone, name, hasRecords);
    if (builder?.link(owner, cellAt) === true) return;
    this.#nodes.update(index, nameToWire(zone), owner, (content) => this.#link(content, zone, name));
  }

  #link(content: NodeContent, zone: string, name: string): void {
    content.service = this.#services.cellAt(zone, name, ownsRecords(content.rrsets));
  }

  /** Flags are only ever raised: one too many costs a look, one too few would be a wrong answer. */
  #raiseFlags(apex: Uint8Array, more: number): void {
    if (more === 0) return;
    const zone = this.#nodes.zone(apex);
    const flags = this.#words[zone + ZONE.FLAGS];
    if ((flags & more) === more) return;
    this.#nodes.setZone(apex, { ...this.#nodes.zoneContent(zone), flags: flags | more });
  }

  #indexOf(apex: Uint8Array): number {
    const zone = this.#nodes.zone(apex);
    assert(zone !== 0, 'the zone is in the table');
    return this.#words[zone + ZONE.INDEX];
  }

  get #words(): Int32Array<SharedArrayBuffer> {
    return this.#preparation.view.words;
  }
}

/** Gives a name an RRset, in place of the one of the same type that it may have. */
function setRRset({ rrsets }: NodeContent, compiler: RRsetCompiler, type: number, rrset: number): void {
  const old = rrsets.get(type);
  if (old !== undefined) compiler.retire(old);
  rrsets.set(type, rrset);
}
