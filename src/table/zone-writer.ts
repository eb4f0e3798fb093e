/** Zones and their records in the table. */
import assert from 'node:assert/strict';
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import { nameToWire, parentOf, wireToName } from '../model/name.ts';
import type { RRset } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';
import { TYPE } from '../wire/constants.ts';
import type { RebuiltZone, StagedIndex } from './changes.ts';
import { soaRdata } from './compile.ts';
import { zoneFlags } from './flags.ts';
import { ZONE } from './layout.ts';
import { NO_ZONE, type NodeContent, type NodeWriter } from './nodes.ts';
import type { Preparation } from './preparation.ts';
import { ChainWriter } from './proofs/chain.ts';
import { signaturesIn } from './proofs/kept.ts';
import { ownsRecords } from './proofs/nsec.ts';
import { RRsetCompiler } from './rrset-compiler.ts';
import { NO_SIGNERS, type ZoneSigners } from './rrset-signer.ts';
import type { ServiceRegistry } from './services.ts';
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
  /** Names that lead to services which a child zone took over, and that it hides: let go of little by little. */
  #hidden: { readonly zone: string; readonly child: string; readonly names: string[] }[] = [];

  constructor(preparation: Preparation, nodes: NodeWriter, services: ServiceRegistry) {
    this.#preparation = preparation;
    this.#nodes = nodes;
    this.#services = services;
    this.#chain = new ChainWriter(preparation, nodes, services);
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
    if (existing === 0) this.#isUnseen(index, zone.name);
    this.#writeApex(index, apex, zone);
    if (existing === 0) this.#nodes.setZone(apex, { ...NO_ZONE, index, apex: this.#nodes.find(index, apex) });
    this.touch(zone.name, zone.name);
  }

  #writeApex(index: number, apex: Uint8Array, zone: Zone): void {
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

  /** The zone is signed so; an index that was signed so takes its place in the same preparation. */
  signFirst(zone: string, signing: ZoneSigning | undefined): void {
    for (const undo of [this.signers.set(zone, signing).undo, this.signers.begin(zone)]) this.#preparation.undo(undo);
  }

  /** Swaps the zone's index for one that was built aside to be signed in another way; its services aside. */
  rebuild({ zone, signing, staged, since }: RebuiltZone): void {
    this.signFirst(zone.name, signing);
    this.import(zone, staged);
    for (const change of since) {
      if ('rrset' in change) this.putRRset(change.rrset);
      else if (this.hasRRset(zone.name, change.gone.name, change.gone.type))
        this.deleteRRset(zone.name, change.gone.name, change.gone.type);
      else this.touch(zone.name, change.gone.name);
    }
  }

  /** Swaps the zone's index for one that was built aside, and links the zone's services into it. */
  import(zone: Zone, { index, flags: builtFlags, order = 0, signedBy = '', sealedAt = [] }: StagedIndex): void {
    const apex = nameToWire(zone.name);
    const existing = this.#nodes.zone(apex);
    const replaced = existing === 0 ? NO_ZONE : this.#nodes.zoneContent(existing);
    this.#nodes.adoptIndex(index);
    this.#isUnseen(index, zone.name);
    this.#writeApex(index, apex, zone);
    const compiler = this.compilerOf(zone.name);
    let flags = builtFlags;
    for (const name of this.#services.namesIn(zone.name)) {
      const owner = nameToWire(name);
      flags |= zoneFlags(owner, 0, compiler.isApex(owner));
      const previews = this.#services.get(name)?.previews.keys() ?? [];
      for (const each of [name, ...previews]) this.#linkIn(index, zone.name, each);
    }
    this.#nodes.setZone(apex, { index, apex: this.#nodes.find(index, apex), flags, order });
    if (replaced.index !== 0) this.#nodes.dropIndex(replaced.index, replaced.order);
    this.touch(zone.name, zone.name);
    // Services may have gone since it was built.
    if (order !== 0) for (const owner of sealedAt) this.#linkIn(index, zone.name, wireToName(owner), owner);
    // It was signed in another way than the zone is now.
    if (order !== 0 && signedBy !== this.signers.markOf(zone.name)) this.resign(zone.name);
  }

  #isUnseen(index: number, zone: string): void {
    const builder = new ZoneBuilder(this.#preparation.arena, zone, index);
    this.#unseen.set(index, builder);
    this.#preparation.undo(() => {
      this.#unseen.delete(index);
      builder.takeBack();
    });
    this.#preparation.onPublish(() => this.#unseen.delete(index));
  }

  delete(name: string): void {
    this.#unhide(({ child }) => child === name, Number.POSITIVE_INFINITY);
    const apex = nameToWire(name);
    const { index, order } = this.#nodes.zoneContent(this.#nodes.zone(apex));
    this.#nodes.setZone(apex, NO_ZONE);
    this.#nodes.dropIndex(index, order);
    this.#preparation.undo(this.signers.set(name, undefined).undo);
  }

  putRRset({ zone, name, type, ttlSeconds, recordTtlSeconds, rdata }: RRset): void {
    const apex = nameToWire(zone);
    const owner = nameToWire(name);
    const compiler = this.compilerOf(zone);
    this.#raiseFlags(apex, zoneFlags(owner, type, compiler.isApex(owner)));
    this.#nodes.update(this.#indexOf(apex), apex, owner, (content) => {
      setRRset(content, compiler, type, compiler.compile(owner, type, recordTtlSeconds ?? ttlSeconds, rdata));
      this.#link(content, zone, name);
    });
    this.touch(zone, name);
  }

  deleteRRset(zone: string, name: string, type: number): void {
    const apex = nameToWire(zone);
    this.#nodes.update(this.#indexOf(apex), apex, nameToWire(name), (content) => {
      const rrset = content.rrsets.get(type);
      assert(rrset !== undefined, 'the RRset to delete is in the table');
      this.compilerOf(zone).retire(rrset);
      content.rrsets.delete(type);
      this.#link(content, zone, name);
    });
    this.touch(zone, name);
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
    this.#linkIn(this.#indexOf(apex), zone, name, owner);
  }

  /** Leads a name to the service or preview that the registry has for it now. */
  link(zone: string, name: string): void {
    this.#linkIn(this.#indexOf(nameToWire(zone)), zone, name);
  }

  /**
   * A child zone has taken a service over, whose names in its former zone lead to nothing any more. Where the child lies
   * right below that zone, nobody can see them, nor what exists through them, for as long as the child is there: thousands
   * of them need not be seen to in the turn of one command. Only the child's own name is still asked for, by DS.
   */
  leave(zone: string, child: string, names: readonly string[]): void {
    const isSeen = (name: string): boolean => name === child || parentOf(child) !== zone;
    for (const name of names) if (isSeen(name)) this.link(zone, name);
    const later = names.filter((name) => !isSeen(name));
    if (later.length === 0) return;
    this.#preparation.onPublish(() => {
      const last = this.#hidden.at(-1);
      if (last?.zone === zone && last.child === child) last.names.push(...later);
      else this.#hidden.push({ zone, child, names: later });
    });
  }

  /** Lets go of at most so many names that a child hides, as a part of the pending changes. */
  letGo(names: number): void {
    this.#unhide(() => true, names);
  }

  /** Whether names are left that only a child hides. */
  get hidesNames(): boolean {
    return this.#hidden.length > 0;
  }

  /** The same of names that another writer left to be let go of. */
  keepHidden(zone: string, child: string, name: string): void {
    const last = this.#hidden.at(-1);
    if (last?.zone === zone && last.child === child) last.names.push(name);
    else this.#hidden.push({ zone, child, names: [name] });
  }

  #unhide(which: (hidden: { readonly child: string }) => boolean, most: number): void {
    let left = most;
    for (const hidden of this.#hidden.filter(which)) {
      const { zone, names } = hidden;
      const some = names.slice(-left);
      left -= some.length;
      // The zone above may have gone first.
      if (this.has(zone)) for (const name of some) this.link(zone, name);
      this.#preparation.onPublish(() => {
        names.length -= some.length;
        this.#hidden = this.#hidden.filter((each) => each.names.length > 0);
      });
      if (left <= 0) return;
    }
  }

  #linkIn(index: number, zone: string, name: string, owner = nameToWire(name)): void {
    this.touch(zone, name);
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
