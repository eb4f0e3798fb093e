/** Reads a zone file, checks it, and stages it in the store and in the table, where nobody sees it yet. */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { nameToWire } from '../../model/name.ts';
import type { StagedRRset } from '../../model/revision.ts';
import type { Zone } from '../../model/zone.ts';
import { apexOf } from '../../model/zone-apex.ts';
import { readZone } from '../../model/zone-check.ts';
import type { ContentRRset, ZoneContent } from '../../model/zone-content.ts';
import { bringsSignatures, checkBrought, isReplaced } from '../../signing/brought.ts';
import { checkDigest } from '../../signing/brought-digest.ts';
import type { MadeAside } from '../../signing/kept.ts';
import type { StagedContent } from '../../store/derived.ts';
import { type PackedContent, Packer, pack, unpack } from '../../store/packed.ts';
import type { Staging } from '../../store/staging.ts';
import { ZoneReads } from '../../store/zone-reads.ts';
import type { StagedIndex } from '../../table/changes.ts';
import { Dismantler } from '../../table/dismantle.ts';
import type { BlockList } from '../../table/free-blocks.ts';
import { type Arena, ArenaFull } from '../../table/memory.ts';
import { ZoneBuilder } from '../../table/zone-builder.ts';
import { TYPE } from '../../wire/constants.ts';
import type { StagedZone } from '../commands/built-zone.ts';
import { AsideSigner } from './aside-signer.ts';
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
import { apexRRsets } from './rrset-json.ts';

/** RRsets that a commit takes in without keeping the next shift waiting: a millisecond or two. */
const INLINE_RRSETS_MAX = 500;

/** Names of an index given back in one step, where nothing else waits. */
const DISMANTLED_AT_ONCE = 10_000;

const NO_FINDINGS: BuildReply['findings'] = { errors: [], warnings: [], moreErrors: 0, moreWarnings: 0 };

export class Builder {
  readonly #arena: Arena;
  readonly #staging: Staging;
  /** What was signed for the request that is carried out. */
  #signed: MadeAside | undefined;

  constructor(arena: Arena, staging: Staging) {
    this.#arena = arena;
    this.#staging = staging;
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
      const { zone, content, sign } = request;
      reply = { staged: this.stagePacked(zone, content, sign && { sign, zone: sign.zone }), tableFull: false };
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
    } finally {
      reads.close();
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
    const { zone, bytes, services, aliases, sign, signatures, nowSeconds, isDigested = false } = request;
    let reply: Omit<BuildReply, 'blocks'> = { findings: NO_FINDINGS, tableFull: false };
    try {
      const { content, findings } = readZone(zone, bytes, { services, aliases });
      const isReadable = findings.errors.length === 0;
      const isUnsaid = isReadable && signatures === undefined && bringsSignatures(content);
      if (isReadable && signatures === 'keep') checkBrought(content, findings, nowSeconds);
      const isMadeHere = isDigested || signatures === 'resign';
      if (isReadable) checkDigest(content, findings, isMadeHere ? 'warning' : 'error');
      reply = { ...reply, findings: { ...findings }, ...(isUnsaid && { isUnsaid }) };
      if (findings.errors.length > 0 || isUnsaid) return reply;
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const rrsets = new OwnRRsets(content, { signing: signatures === 'resign', digest: isDigested });
      const isThere = this.#staging.holds(zone, rrsets, rrsets.length);
      const apex = apexOf(content);
      const signing = sign && { sign, zone: { ...apex, name: zone, revision: 0 } };
      const staged = isThere ? undefined : this.#stage(zone, rrsets, signing);
      const kept = {
        ...(signatures === 'keep' && { isKept: true }),
        ...(!isMadeHere && content.rrset(zone, TYPE.ZONEMD) !== undefined && { hasDigest: true }),
      };
      const built = { apex, rrsets: rrsets.length, sha256, staged, ...kept };
      return { ...reply, built };
    } catch (error) {
      return error instanceof ArenaFull ? { ...reply, tableFull: true } : { ...reply, failure: failureOf(error) };
    }
  }

  /** Stages what an entry of the log imports, as packed by the node that read the file. Throws ArenaFull. */
  stagePacked(zone: string, content: PackedContent, signing?: Signing): StagedZone {
    return this.#stage(zone, unpack(content), signing);
  }

  #stage(zone: string, rrsets: RRsetsInOrder, signing: Signing | undefined): StagedZone {
    const { index, made } = this.#index(zone, signing, (builder) =>
      rrsets.length > INLINE_RRSETS_MAX ? this.#stageMany(builder, rrsets) : stageFew(builder, rrsets),
    );
    return { ...made, ...index };
  }

  /** The index of a zone that `fill` puts the records into, signed where it is to be. All of it, or nothing. */
  #index<Made>(
    zone: string,
    signing: Signing | undefined,
    fill: (index: ZoneBuilder) => Made,
  ): { readonly index: StagedIndex; readonly made: Made } {
    const signer = signing && new AsideSigner(dirname(this.#staging.shared.file), nameToWire(zone), signing.sign);
    const index = new ZoneBuilder(this.#arena, zone, 0, signer);
    try {
      const made = fill(index);
      if (signing === undefined) return { index: index.finish(), made };
      const signed = {
        ...{ order: seal(index, signing), signedBy: signing.sign.mark },
        sealedAt: signing.sign.services.map(({ owner }) => owner),
      };
      // Its flags tell how it was sealed.
      return { index: { index: index.cell, flags: index.flags, ...signed }, made };
    } catch (error) {
      const dismantler = new Dismantler(this.#arena);
      dismantler.add(index.cell);
      while (dismantler.step(DISMANTLED_AT_ONCE));
      throw error;
    } finally {
      signer?.close();
      this.#signed = signer?.made;
    }
  }

  /** Each RRset is looked at once: a million of them, made one after the other, are never there together. */
  #stageMany(index: ZoneBuilder, rrsets: RRsetsInOrder): StagedContent {
    const rows = this.#staging.begin();
    const packer = new Packer();
    try {
      for (const rrset of rrsets) {
        putInto(index, rrset);
        packer.add(rrset);
        rows.add(rrset);
      }
      const packed = packer.end();
      this.#staging.stagePacked(packed);
      return { content: packed.hash, records: rows.end() };
    } catch (error) {
      tryToAbandon(rows);
      throw error;
    }
  }
}

/** RRsets in the order of their packed form (see store/packed.ts), to be gone through as often as is wanted. */
interface RRsetsInOrder extends Iterable<StagedRRset> {
  readonly length: number;
}

/** A few RRsets are committed with the import itself: that saves a transaction, and a wait for the disk. */
function stageFew(index: ZoneBuilder, rrsets: RRsetsInOrder): StagedContent {
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
  return index.seal(apex, sign.services);
}

function putInto(index: ZoneBuilder, { name, type, ttlSeconds, recordTtlSeconds, rdata }: StagedRRset): void {
  index.put(nameToWire(name), type, recordTtlSeconds ?? ttlSeconds, rdata);
}

/** Where the store cannot be written, the next start drops it. */
function tryToAbandon(rows: ReturnType<Staging['begin']>): void {
  try {
    rows.abandon();
  } catch {
    // What is told is why it came to nothing.
  }
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
  readonly #madeHere: MadeHere;

  constructor(content: ZoneContent, madeHere: MadeHere) {
    this.#content = content;
    this.#madeHere = madeHere;
    const atApex = content.rrsets(content.zone).filter((rrset) => this.#isLeftOut(rrset)).length;
    this.length = madeHere.signing ? this.#count() : content.rrsetCount - atApex;
  }

  #count(): number {
    let count = 0;
    for (const _ of this) count++;
    return count;
  }

  #isLeftOut(rrset: ContentRRset): boolean {
    const { signing, digest } = this.#madeHere;
    const { zone } = this.#content;
    if (isOfApex(this.#content, rrset) || (signing && isReplaced(zone, rrset))) return true;
    return digest && rrset.type === TYPE.ZONEMD && rrset.name === zone;
  }

  *[Symbol.iterator](): Generator<ContentRRset> {
    for (const rrset of this.#content.inOrder()) if (!this.#isLeftOut(rrset)) yield rrset;
  }
}

function isOfApex({ zone }: ZoneContent, { name, type }: ContentRRset): boolean {
  return name === zone && (type === TYPE.SOA || type === TYPE.NS);
}
