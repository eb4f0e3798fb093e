/** Reads a zone file, checks it, and stages it in the store and in the table, where nobody sees it yet. */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { nameToWire } from '../../model/name.ts';
import { PIECE_BYTES } from '../../model/packed-form.ts';
import type { StagedRRset } from '../../model/revision.ts';
import type { Zone } from '../../model/zone.ts';
import { apexOf } from '../../model/zone-apex.ts';
import { readZone } from '../../model/zone-check.ts';
import type { ContentRRset, ZoneContent } from '../../model/zone-content.ts';
import { bringsSignatures, checkBrought, isReplaced } from '../../signing/brought.ts';
import { checkDigest } from '../../signing/brought-digest.ts';
import { checkStrays } from '../../signing/brought-strays.ts';
import type { MadeAside } from '../../signing/kept.ts';
import type { StagedContent } from '../../store/derived.ts';
import { type PackedContent, pack, unpack, unpacked } from '../../store/packed.ts';
import type { Staging } from '../../store/staging.ts';
import { ZoneReads } from '../../store/zone-reads.ts';
import type { StagedIndex } from '../../table/changes.ts';
import type { BlockList } from '../../table/free-blocks.ts';
import { type Arena, ArenaFull } from '../../table/memory.ts';
import { unpackSealed } from '../../table/sealed-services.ts';
import { ZoneBuilder } from '../../table/zone-builder.ts';
import { TYPE } from '../../wire/constants.ts';
import type { StagedZone } from '../commands/built-zone.ts';
import { AsideSigner } from './aside-signer.ts';
import { Handover } from './handover.ts';
import { ImportStaging } from './import-staging.ts';
import { type Index, NO_INDEX, putInto } from './index-filled.ts';
import {
  type BuildReply,
  type BuildRequest,
  failureOf,
  type RebuildReply,
  type RebuildRequest,
  type SignRequest,
  type StageReply,
  type StageRequest,
} from './messages.ts';
import { ownMemory } from './own-thread.ts';
import { apexRRsets } from './rrset-json.ts';

/** RRsets that a commit takes in without keeping the next shift waiting: a millisecond or two. */
const INLINE_RRSETS_MAX = 500;

/** Of one RRset in packed form, more or less; with fewer names than there are an index grows as it always does. */
const PACKED_RRSET_BYTES = 64;

/** The zone's index, and its records in the store, where they were not handed over. */
interface Staged {
  readonly staged?: StagedZone;
  readonly handedOver?: StagedIndex;
}

const NOTHING: Staged = {};

const NO_FINDINGS: BuildReply['findings'] = { errors: [], warnings: [], moreErrors: 0, moreWarnings: 0 };

export class Builder {
  readonly #arena: Arena;
  readonly #staging: Staging;
  readonly #seed: number;
  /** What was signed for the request that is carried out. */
  #signed: MadeAside | undefined;

  /** `seed`: see model/seeded-hash.ts. */
  constructor(arena: Arena, staging: Staging, seed = 0) {
    this.#arena = arena;
    this.#staging = staging;
    this.#seed = seed;
  }

  /** Never throws: whoever sent the request waits for the reply, and others wait for their turn behind it. */
  build(request: BuildRequest): BuildReply {
    this.#arena.absorb(request.blocks);
    return this.#replyOf(this.#tryBuild(request));
  }

  /** The same for what another node has packed. */
  stage(request: StageRequest): StageReply {
    this.#arena.absorb(request.blocks);
    let reply: Omit<StageReply, 'blocks'>;
    try {
      const { zone, content, sign, isLeftOut } = request;
      const staged = (): StagedZone => this.stagePacked(zone, content, sign && { sign, zone: sign.zone });
      reply = { staged: isLeftOut ? this.#stageLeftOut(zone, content) : staged(), tableFull: false };
    } catch (error) {
      reply = error instanceof ArenaFull ? { tableFull: true } : { tableFull: false, failure: failureOf(error) };
    }
    return this.#replyOf(reply);
  }

  /** The same for a zone that is here, and that is to be signed in another way. */
  rebuild(request: RebuildRequest): RebuildReply {
    this.#arena.absorb(request.blocks);
    const reads = new ZoneReads(this.#staging.shared);
    let reply: Omit<RebuildReply, 'blocks'>;
    try {
      const { sign } = request;
      const rebuilt = reads.read(request.zone, (zone, rrsets) => {
        const fill = (builder: ZoneBuilder): number => {
          let count = 0;
          for (const rrset of rrsets) {
            putInto(builder, rrset);
            count++;
          }
          return count;
        };
        const { index, made } = this.#index(zone.name, sign && { sign, zone }, fill);
        return { zone, index, rrsets: made };
      });
      reply = { tableFull: false, ...(rebuilt && { rebuilt }) };
    } catch (error) {
      reply = error instanceof ArenaFull ? { tableFull: true } : { tableFull: false, failure: failureOf(error) };
    }
    return this.#replyOf(reply);
  }

  #replyOf<Reply extends object>(
    reply: Reply,
  ): Reply & { readonly blocks: readonly BlockList[]; readonly signed?: MadeAside } {
    const signed = this.#signed;
    this.#signed = undefined;
    return { ...reply, ...(signed && { signed }), blocks: this.#arena.lend() };
  }

  #tryBuild(request: BuildRequest): Omit<BuildReply, 'blocks'> {
    const { zone, bytes, sign, signatures, nowSeconds, isDigested = false, isLeftOut = false } = request;
    let reply: Omit<BuildReply, 'blocks'> = { findings: NO_FINDINGS, tableFull: false };
    try {
      const services = namesIn(request.services);
      const aliases = namesIn(request.aliases);
      const { content, findings } = readZone(zone, bytes, { services, aliases, seed: this.#seed });
      const isReadable = findings.errors.length === 0;
      const isUnsaid = isReadable && signatures === undefined && bringsSignatures(content);
      if (isReadable && signatures === 'keep') checkBrought(content, findings, nowSeconds);
      if (isReadable)
        checkStrays(content, findings, { isKept: signatures === 'keep', isReplaced: signatures === 'resign' });
      const isMadeHere = isDigested || signatures === 'resign';
      if (isReadable) checkDigest(content, findings, isMadeHere ? 'warning' : 'error');
      reply = { ...reply, findings: { ...findings }, ...(isUnsaid && { isUnsaid }) };
      if (findings.errors.length > 0 || isUnsaid) return reply;
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      // Nothing of the file is needed any more, and the collector would not hurry: the table takes as much again, and more.
      for (const memory of ownMemory(bytes)) memory.transfer(0);
      const rrsets = new OwnRRsets(content, { signing: signatures === 'resign', digest: isDigested });
      const isThere = !isLeftOut && this.#staging.holds(zone, rrsets);
      const apex = apexOf(content);
      const signing = sign && { sign, zone: { ...apex, name: zone, revision: 0 } };
      const handover = request.handover && new Handover(request.handover);
      const { staged, handedOver } = isThere ? NOTHING : this.#stage(zone, rrsets, signing, handover);
      const kept = {
        ...(signatures === 'keep' && { isKept: true, dnskeys: dnskeysOf(content) }),
        ...(!isMadeHere && content.rrset(zone, TYPE.ZONEMD) !== undefined && { hasDigest: true }),
      };
      const built = { apex, rrsets: rrsets.length, sha256, staged, ...kept };
      return { ...reply, built, ...(handedOver && { handedOver }) };
    } catch (error) {
      return error instanceof ArenaFull ? { ...reply, tableFull: true } : { ...reply, failure: failureOf(error) };
    }
  }

  /** Stages what an entry of the log imports, as packed by the node that read the file. Throws ArenaFull. */
  stagePacked(zone: string, content: PackedContent, signing?: Signing): StagedZone {
    return this.#stage(zone, new ReceivedRRsets(content), signing).staged as StagedZone;
  }

  /** The same for a zone that the table has no room for: the store's part of it. */
  #stageLeftOut(zone: string, content: PackedContent): StagedZone {
    const rrsets = new ReceivedRRsets(content);
    const made = rrsets.areFew ? stageFew(NO_INDEX, rrsets) : this.#stageMany(zone, NO_INDEX, rrsets);
    return { ...made, index: 0, flags: 0, isLeftOut: true };
  }

  #stage(zone: string, rrsets: RRsetsInOrder, signing: Signing | undefined, handover?: Handover): Staged {
    const { names, areFew } = rrsets;
    if (handover === undefined || areFew) {
      const fill = (index: ZoneBuilder): StagedContent =>
        areFew ? stageFew(index, rrsets) : this.#stageMany(zone, index, rrsets);
      const { index, made } = this.#index(zone, signing, fill, names);
      return { staged: { ...made, ...index } };
    }
    const fill = (index: ZoneBuilder): void => handOver(handover, index, rrsets);
    return { handedOver: this.#index(zone, signing, fill, names).index };
  }

  /** The index of a zone that `fill` puts the records into, signed where it is to be; some `names`. All of it, or nothing. */
  #index<Made>(
    zone: string,
    signing: Signing | undefined,
    fill: (index: ZoneBuilder) => Made,
    names = 0,
  ): { readonly index: StagedIndex; readonly made: Made } {
    const signer = signing && new AsideSigner(dirname(this.#staging.shared.file), nameToWire(zone), signing.sign);
    let index: ZoneBuilder | undefined;
    try {
      index = new ZoneBuilder(this.#arena, zone, 0, signer, names);
      const made = fill(index);
      if (signing === undefined) return { index: index.finish(), made };
      const signed = { order: seal(index, signing), signedBy: signing.sign.mark };
      // Its flags tell how it was sealed.
      return { index: { index: index.cell, flags: index.flags, ...signed }, made };
    } catch (error) {
      index?.dismantle();
      throw error;
    } finally {
      signer?.close();
      this.#signed = signer?.made;
    }
  }

  /** Each piece goes to the table, to the log's contents and to the store before there is another one. */
  #stageMany(zone: string, index: Index, rrsets: RRsetsInOrder): StagedContent {
    const staging = new ImportStaging(this.#staging, zone, rrsets.packed);
    try {
      for (const piece of rrsets.pieces()) {
        index.putPacked(piece);
        staging.add(piece);
      }
      return staging.end();
    } catch (error) {
      staging.abandon();
      throw error;
    }
  }
}

/** RRsets in the order of their packed form (see model/packed-form.ts), to be gone through as often as is wanted. */
interface RRsetsInOrder extends Iterable<StagedRRset> {
  /** Not more than a commit takes in. */
  readonly areFew: boolean;
  /** How many names there are, as far as is known. */
  readonly names: number;
  /** As they were packed already. */
  readonly packed?: PackedContent;
  /** In packed form; a piece is gone when there is the next. */
  pieces(): Iterable<Uint8Array>;
}

/** Each piece is staged by the other thread while this one puts it into the table. */
function handOver(handover: Handover, index: ZoneBuilder, rrsets: RRsetsInOrder): void {
  for (const piece of rrsets.pieces()) {
    handover.put(piece);
    index.putPacked(piece);
  }
  handover.close();
}

/** A few RRsets are committed with the import itself: that saves a transaction, and a wait for the disk. */
function stageFew(index: Index, rrsets: RRsetsInOrder): StagedContent {
  const records: StagedRRset[] = [];
  for (const rrset of rrsets) {
    putInto(index, rrset);
    const { name, type, ttlSeconds, recordTtlSeconds, rdata } = rrset;
    // Copies, since the reader's are views into large memory, which would travel whole.
    const own = { name, type, ttlSeconds, rdata: rdata.map((data) => data.slice()) };
    records.push(recordTtlSeconds === undefined ? own : { ...own, recordTtlSeconds });
  }
  const packed = pack(records);
  return { content: packed.hash, records, packed: packed.chunks.map((chunk) => new Uint8Array(chunk)) };
}

/** How a zone is signed, and what it says of itself. */
interface Signing {
  readonly sign: SignRequest;
  readonly zone: Zone;
}

/** SOA, NS and keys are the command's to put; here they stand for what is proved and signed by them. */
function seal(index: ZoneBuilder, { sign, zone }: Signing): number {
  const apex = nameToWire(zone.name);
  for (const { type, ttlSeconds, rdata } of [...apexRRsets(zone), ...sign.apex]) {
    index.put(apex, type, ttlSeconds, rdata);
  }
  return index.seal(apex, unpackSealed(sign.services));
}

function dnskeysOf(content: ZoneContent): string[] {
  return content.rrset(content.zone, TYPE.DNSKEY)?.rdata.map((key) => Buffer.from(key).toString('base64')) ?? [];
}

function namesIn(lines: string): ReadonlySet<string> {
  return new Set(lines === '' ? [] : lines.split('\n'));
}

/** What of a file is made here: it is left out. */
interface MadeHere {
  readonly signing: boolean;
  readonly digest: boolean;
}

/** All but what the zone itself says: SOA and NS of the apex; and without what is made here. */
class OwnRRsets implements RRsetsInOrder {
  readonly length: number;
  readonly #content: ZoneContent;
  readonly #isLeftOut: (type: number, isApex: boolean) => boolean;

  constructor(content: ZoneContent, { signing, digest }: MadeHere) {
    this.#content = content;
    this.#isLeftOut = (type, isApex) => {
      if (isApex && (type === TYPE.SOA || type === TYPE.NS)) return true;
      return (signing && isReplaced(type, isApex)) || (digest && isApex && type === TYPE.ZONEMD);
    };
    this.length = content.count(this.#isLeftOut);
  }

  get areFew(): boolean {
    return this.length <= INLINE_RRSETS_MAX;
  }

  get names(): number {
    return this.#content.nameCount;
  }

  pieces(): Iterable<Uint8Array> {
    return this.#content.packed(this.#isLeftOut);
  }

  *[Symbol.iterator](): Generator<ContentRRset> {
    const { zone } = this.#content;
    for (const rrset of this.#content.inOrder()) if (!this.#isLeftOut(rrset.type, rrset.name === zone)) yield rrset;
  }
}

/** Those that another node has packed. */
class ReceivedRRsets implements RRsetsInOrder {
  readonly packed: PackedContent;
  readonly areFew: boolean;

  constructor(packed: PackedContent) {
    this.packed = packed;
    this.areFew = packed.chunks.length <= 1 && unpack(packed).length <= INLINE_RRSETS_MAX;
  }

  get names(): number {
    return this.areFew ? 0 : (this.packed.chunks.length * PIECE_BYTES) / PACKED_RRSET_BYTES;
  }

  pieces(): Iterable<Uint8Array> {
    return unpacked(this.packed);
  }

  [Symbol.iterator](): Iterator<StagedRRset> {
    return unpack(this.packed)[Symbol.iterator]();
  }
}
