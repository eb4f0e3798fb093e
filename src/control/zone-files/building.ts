/** What the builder thread is asked for: it is lent memory, and what becomes of a zone while it is built aside is followed. */
import type { ZoneSigning } from '../../model/dnssec/signing.ts';
import type { Zone } from '../../model/zone.ts';
import type { PackedContent } from '../../store/packed.ts';
import type { Table } from '../../table/table.ts';
import type { Ahead } from './ahead.ts';
import type {
  BuildReply,
  BuildRequest,
  RebuildReply,
  RebuildRequest,
  SignRequest,
  StageReply,
  StageRequest,
} from './messages.ts';
import { BUILDER, ended, type OwnThread, ownMemory, STAGING } from './own-thread.ts';
import type { SignedAside } from './signed-aside.ts';
import type { Beside, StagingBeside } from './staging-beside.ts';

/** Above this a thread of its own is worth the milliseconds that it takes to start another. */
const LARGE_FILE_BYTES = 4 * 2 ** 20;

/** The same, packed and compressed: a fifth of the file or less. */
const LARGE_PACKED_BYTES = LARGE_FILE_BYTES / 5;

/** And as many RRsets, where they are read from the store. */
const LARGE_RRSETS = 50_000;

const NO_FINDINGS = { errors: [], warnings: [], moreErrors: 0, moreWarnings: 0 };

interface BuildingParts {
  readonly thread: OwnThread;
  readonly table: Table;
  readonly ahead: Ahead;
  readonly beside: StagingBeside;
  readonly signing: () => SignedAside;
}

type WithoutBlocks<Request> = Request extends unknown ? Omit<Request, 'blocks'> : never;
type Asked = WithoutBlocks<BuildRequest | RebuildRequest | StageRequest>;
type AnyReply = BuildReply | RebuildReply | StageReply;

/** Each is to be asked for in a turn of the thread. */
export class Building {
  readonly #parts: BuildingParts;

  constructor(parts: BuildingParts) {
    this.#parts = parts;
  }

  /** Reads a zone file. `signing`: how the zone is signed from then on, where not as it is now. */
  build(file: Omit<BuildRequest, 'kind' | 'sign' | 'blocks'>, signing: ZoneSigning | undefined) {
    const { zone, bytes } = file;
    const isLarge = bytes.length > LARGE_FILE_BYTES;
    const ask = async (): Promise<BuildReply> => {
      const sign = await this.#signOf(zone, signing);
      const beside = isLarge ? this.#parts.beside.begin(zone) : undefined;
      const handover = beside && { handover: beside.memory };
      const request = { kind: 'build', ...file, ...(sign && { sign }), ...handover } as const;
      const nothing = { findings: NO_FINDINGS, failure: ended(BUILDER), tableFull: false, blocks: [] };
      const askNow = () => this.#ask<BuildReply>(request, nothing, ownMemory(bytes));
      const reply = await (beside ? this.#both(beside, askNow) : askNow());
      // The memory that a large zone took while it was read comes back only with the end of the thread.
      if (isLarge) this.#parts.thread.renewAfter();
      return reply;
    };
    const by = signing && { as: signing };
    return this.#parts.ahead.build(zone, ask, ({ built }) => built?.staged, by);
  }

  /** A zone that is here, as the store has it, to be signed in another way (undefined: not at all). */
  rebuild(zone: string, signing: ZoneSigning | undefined) {
    const ask = async (): Promise<RebuildReply> => {
      const sign = signing && (await this.#signOf(zone, signing));
      const nothing = { failure: ended(BUILDER), tableFull: false, blocks: [] };
      const reply = await this.#ask<RebuildReply>({ kind: 'rebuild', zone, ...(sign && { sign }) }, nothing);
      if ((reply.rebuilt?.rrsets ?? 0) > LARGE_RRSETS) this.#parts.thread.renewAfter();
      return reply;
    };
    return this.#parts.ahead.build(zone, ask, ({ rebuilt }) => rebuilt?.index, { as: signing });
  }

  /** What another node imports; `here`: the zone as it is here. `signing`: as for `build`. */
  stage(zone: string, content: PackedContent, here: Zone | undefined, signing: ZoneSigning | undefined) {
    const ask = async (): Promise<StageReply> => {
      const by = here && (await this.#signOf(zone, signing));
      const sign = by && here && { sign: { ...by, zone: here } };
      const nothing = { failure: ended(BUILDER), tableFull: false, blocks: [] };
      const reply = await this.#ask<StageReply>({ kind: 'stage', zone, content, ...sign }, nothing);
      const bytes = content.chunks.reduce((sum, { length }) => sum + length, 0);
      if (bytes > LARGE_PACKED_BYTES) this.#parts.thread.renewAfter();
      return reply;
    };
    return this.#parts.ahead.build(zone, ask, (reply) => reply.staged, signing && { as: signing });
  }

  /** The same for a zone that the table has no room for. */
  stageLeftOut(zone: string, content: PackedContent): Promise<StageReply> {
    const nothing = { failure: ended(BUILDER), tableFull: false, blocks: [] };
    return this.#ask<StageReply>({ kind: 'stage', zone, content, isLeftOut: true }, nothing);
  }

  /** What both threads have made of a file, or neither. */
  async #both(beside: Beside, ask: () => Promise<BuildReply>): Promise<BuildReply> {
    let reply: BuildReply | undefined;
    try {
      reply = await ask();
    } finally {
      if (reply?.handedOver === undefined) beside.giveUp();
    }
    const { staged, failure } = await beside.reply;
    const { built, handedOver, ...rest } = reply;
    if (handedOver === undefined) {
      // The builder may have failed after it had handed over all of it.
      this.#parts.beside.drop(staged);
      return reply.failure && failure ? { ...rest, failure } : reply;
    }
    if (built !== undefined && staged !== undefined)
      return { ...rest, built: { ...built, staged: { ...staged, ...handedOver } } };
    this.#parts.table.discard(handedOver);
    return { ...rest, failure: failure ?? ended(STAGING) };
  }

  /** What becomes of the zone's services meanwhile is followed. */
  async #signOf(zone: string, signing?: ZoneSigning): Promise<SignRequest | undefined> {
    const { ahead, signing: signed } = this.#parts;
    if (signed().aside(zone, signing) === undefined) return undefined;
    const services = await ahead.services(zone);
    // As it is signed when the thread is told.
    const by = signed().aside(zone, signing);
    return by && { ...by, services };
  }

  /** Where the thread ends, the blocks that it was lent are lost; that costs memory, but no answer. */
  async #ask<Reply extends AnyReply>(request: Asked, nothing: Reply, own: readonly ArrayBuffer[] = []): Promise<Reply> {
    const { thread, table, signing } = this.#parts;
    const blocks = table.lendBlocks();
    const lent = [...blocks.map(({ offsets }) => offsets.buffer), ...own];
    const reply = await thread.ask<Reply>({ ...request, blocks }, lent, nothing);
    table.absorbBlocks(reply.blocks);
    if (reply.signed !== undefined) signing().noteAside(reply.signed);
    return reply;
  }
}
