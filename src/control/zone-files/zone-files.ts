/** Whole zones as files: read and written by threads of their own; an import is made visible by one short command. */
import os from 'node:os';
import { tellFault } from '../../guard.ts';
import type { ZoneSigning } from '../../model/dnssec/signing.ts';
import { Problem, StoreUnavailable } from '../../model/errors.ts';
import { canonicalName } from '../../model/name.ts';
import type { TokenLimits } from '../../model/token.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { ExportKeys } from '../../signing/export-keys.ts';
import type { PackedContent } from '../../store/packed.ts';
import type { Store } from '../../store/sqlite.ts';
import type { CaughtUp, StagedIndex } from '../../table/changes.ts';
import { LAYOUT_VERSION } from '../../table/shared-memory.ts';
import type { Table } from '../../table/table.ts';
import type { Timers } from '../clock.ts';
import type { BuiltZone, ContentSource, Signatures, StagedZone } from '../commands/built-zone.ts';
import type { Command, CommandContext, CommandResult } from '../commands/command.ts';
import type { SignInstead } from '../commands/dnssec.ts';
import { checkPrecondition } from '../drafts/draft.ts';
import { withForesight } from '../drafts/foresight.ts';
import { signingInstead } from '../drafts/replacing.ts';
import { refuseSignatures } from '../drafts/signed-guard.ts';
import { unknownZone, zoneName } from '../drafts/zones.ts';
import type { Engine } from '../engine.ts';
import { inSlices, type Sliced } from '../slices.ts';
import { Ahead } from './ahead.ts';
import { Building } from './building.ts';
import { ZoneLooks } from './looks.ts';
import type {
  BuilderParts,
  ExportReply,
  ExportRequest,
  Failure,
  ListReply,
  ListRequest,
  ZoneFile,
  ZoneList,
} from './messages.ts';
import { BUILDER, ended, OwnThread, READER, STOPPING } from './own-thread.ts';
import { Placing } from './placing.ts';
import { FULL, refusal } from './refusals.ts';
import { NOT_SIGNED, type SignedAside } from './signed-aside.ts';
import { StagingBeside } from './staging-beside.ts';

const isSource = import.meta.url.endsWith('.ts');
const builderEntry = new URL(isSource ? './thread.ts' : './thread.js', import.meta.url);
const stagingEntry = new URL(isSource ? './staging-thread.ts' : './staging-thread.js', import.meta.url);
const readerEntry = new URL(isSource ? './reader.ts' : './reader.js', import.meta.url);

/** A zone file as it was sent. */
interface SentFile {
  readonly bytes: Uint8Array;
  readonly signatures: Signatures | undefined;
  readonly force?: boolean;
  readonly sign?: SignInstead;
}

/** Clients that read zones come some times within a minute, and not again for long. */
const READER_IDLE_MS = 30_000;
/** A reader makes little but garbage: with a small young generation it is collected before it grows the heap. */
const READER_YOUNG_MB = 6;

type ImportCommand = Extract<Command, { kind: 'zone.import' }>;

/** The modules of threads, and how many cores they have: where nothing is said, those of this program and this machine. */
interface Threads {
  readonly builder?: URL;
  readonly staging?: URL;
  readonly cores?: number;
}

export class ZoneFiles {
  /** How zones are signed while they are built. */
  signing: SignedAside = NOT_SIGNED;
  readonly #store: Store;
  readonly #table: Table;
  readonly #engine: Engine;
  /** The end of the last import: they come one after the other. */
  #imported: Promise<unknown> = Promise.resolve();
  readonly #builder: OwnThread;
  readonly #beside: StagingBeside;
  readonly #reader: OwnThread;
  readonly #ahead: Ahead;
  readonly #placing: Placing;
  readonly #building: Building;
  /** What is found out of whole zones. */
  readonly looks: ZoneLooks;

  constructor(store: Store, table: Table, engine: Engine, timers: Timers, threads: Threads = {}) {
    const { builder = builderEntry, staging = stagingEntry, cores = os.availableParallelism() } = threads;
    this.#store = store;
    this.#table = table;
    this.#engine = engine;
    this.#ahead = new Ahead(table, engine);
    this.#placing = new Placing(store, engine);
    const parts: BuilderParts = { layout: LAYOUT_VERSION, table: table.shared, store: store.shared };
    const building = { workerData: parts, name: 'teal-builder' };
    this.#builder = new OwnThread({ what: BUILDER, entry: builder, options: building }, timers);
    const signing = () => this.signing;
    this.#beside = new StagingBeside(store, timers, { entry: staging, cores });
    this.#building = new Building({ thread: this.#builder, table, ahead: this.#ahead, beside: this.#beside, signing });
    const resourceLimits = { maxYoungGenerationSizeMb: READER_YOUNG_MB };
    const options = { workerData: store.shared, name: 'teal-reader', resourceLimits };
    this.#reader = new OwnThread({ what: READER, entry: readerEntry, options, idleMs: READER_IDLE_MS }, timers);
    const failed = (failure: Failure) => this.#failed(failure, 'The zone could not be read', READER);
    this.looks = new ZoneLooks(this.#reader, { store, signing, ended: ended(READER), failed });
    engine.staged.stager = {
      isBusy: () => this.#builder.isBusy,
      stage: (zone, content) => this.#builder.inTurn(() => this.#stageNow(zone, content)),
      stageLeftOut: (zone, content) => this.#builder.inTurn(() => this.#stageLeftOut(zone, content)),
      drop: (staged) => this.#drop(staged),
    };
  }

  /** Starts the builder before the first import, since it also sweeps and makes the log long. */
  start(): void {
    this.#builder.start();
  }

  /**
   * Makes the zone, or replaces its records, by those of a zone file; its services stay. All of it, or nothing.
   * `signatures`: what becomes of those that the file brings. `force`: though the parent may have a DS that leads nowhere then.
   */
  import(
    zone: string,
    bytes: Uint8Array,
    context: CommandContext,
    signatures?: Signatures,
    force = false,
  ): Promise<CommandResult> {
    // In a fleet the builder is free while other nodes stage what it built: two that import would wait for each other.
    const result = this.#imported.then(() => this.#importNow(zone, { bytes, signatures, force }, context));
    this.#imported = result.catch(() => {});
    return result;
  }

  /** Signs a zone in the place of the signatures that it brought; it is answered with those until all of it is signed anew. */
  async replaceSignatures(text: string, sign: SignInstead, context: CommandContext): Promise<CommandResult> {
    const file = await this.export(text);
    if (file instanceof Problem) return file;
    const sent: SentFile = { bytes: Buffer.concat(file.pieces), signatures: 'resign', sign };
    const result = this.#imported.then(() => this.#importNow(text, sent, context));
    this.#imported = result.catch(() => {});
    return result;
  }

  /**
   * The zone as an RFC 1035 master file, as it is at one moment; its services are comments. `signed`: with its proofs and
   * signatures, and each service as its heaviest pool.
   */
  export(text: string, signed?: ExportKeys): Promise<ZoneFile | Problem> {
    return this.#read<ExportReply>(text, (zone) => ({ kind: 'export', zone, signed }));
  }

  /** Its RRsets in reach as a list in JSON, see rrset-json.ts, with its own SOA and NS and without its services, as they are at one moment. */
  list(text: string, limits: TokenLimits | undefined): Promise<ZoneList | Problem> {
    return this.#read<ListReply>(text, (zone) => ({ kind: 'list', zone, limits }));
  }

  /** Ends the threads. What is cut off is seen by nobody: a zone that is half staged is dropped by the next start. */
  async stop(): Promise<void> {
    this.#engine.staged.contents?.stop();
    await Promise.all([this.#builder.stop(), this.#beside.stop(), this.#reader.stop()]);
  }

  #read<Reply extends ExportReply | ListReply>(
    text: string,
    requestFor: (zone: string) => ExportRequest | ListRequest,
  ): Promise<NonNullable<Reply['file']> | Problem> {
    return this.#reader.inTurn(async () => {
      const zone = canonicalName(text);
      if (zone instanceof Problem) return zone;
      const nothing = { file: undefined, failure: ended(READER) } as Reply & ExportReply;
      const { file, failure, refused } = await this.#reader.ask<Reply & ExportReply>(requestFor(zone), [], nothing);
      if (refused !== undefined) return new Problem(refused.code, refused.detail);
      if (failure !== undefined) return this.#failed(failure, 'The zone could not be read', READER);
      return (file as NonNullable<Reply['file']> | undefined) ?? unknownZone(zone);
    });
  }

  async #importNow(text: string, file: SentFile, context: CommandContext): Promise<CommandResult> {
    const zone = zoneName(text);
    if (zone instanceof Problem) return zone;
    const ready = await this.#builder.inTurn(() => this.#build(zone, file, context));
    if (ready instanceof Problem) return ready;
    return this.#takeOver(zone, ready.built.staged, async () => inSlices(this.#execute(ready, context)));
  }

  /** The command that takes over what was built. */
  async #build(
    zone: string,
    { bytes, signatures, force, sign: instead }: SentFile,
    context: CommandContext,
  ): Promise<ImportCommand | Problem> {
    const before = this.#store.zone(zone);
    // Checked again when the import is carried out; a client that is wrong now need not wait for that.
    const stale = checkPrecondition(context, before?.revision, `the zone ${shown(zone)}`);
    if (stale !== undefined) return stale;
    const signing = instead && before && signingInstead(this.#store, before, instead, context.atMs, before.revision);
    if (signing instanceof Problem) return signing;
    const refused = instead ? undefined : refuseSignatures(this.#store, zone, signatures);
    if (refused !== undefined) return refused;
    const owner = before ?? this.#store.zoneOf(zone);
    const names = await inSlices(this.#placing.names(owner?.name));
    const request = {
      zone,
      bytes,
      ...names,
      ...(signatures && { signatures }),
      isDigested: before?.zonemd === true && signatures !== 'keep',
      isLeftOut: this.#table.content.leftOut().has(zone),
      nowSeconds: Math.floor(context.atMs / 1000),
    };
    const { reply, staged } = await this.#building.build(request, signing ?? this.#signingOf(zone));
    const { findings } = reply;
    const built = reply.built && { ...reply.built, staged };
    if (reply.failure !== undefined) return this.#failed(reply.failure, 'The zone could not be staged', BUILDER);
    if (built === undefined) return refusal(zone, reply);
    const how = { ...(signatures && { signatures }), ...(force && { force }), ...(instead && { sign: instead }) };
    return { kind: 'zone.import', zone, built, warnings: findings.warnings, ...how, baseRevision: before?.revision };
  }

  /**
   * Builds a zone that is here once more, as the store has it, to be signed in another way (undefined: not at all). What
   * changes from the call on may be in it or not. Undefined: there is no such zone. What is not taken over is to be given
   * to `discard`.
   */
  rebuild(
    zone: string,
    signing: ZoneSigning | undefined,
  ): Promise<{ readonly zone: Zone; readonly index: CaughtUp['staged'] } | undefined | Problem> {
    return this.#builder.inTurn(async () => {
      const { reply, staged } = await this.#building.rebuild(zone, signing);
      if (reply.failure !== undefined) return this.#failed(reply.failure, 'The zone could not be built', BUILDER);
      if (reply.tableFull) return FULL;
      return reply.rebuilt && staged && { zone: reply.rebuilt.zone, index: staged };
    });
  }

  /** Nobody takes over what was rebuilt. */
  discard(index: StagedIndex): void {
    this.#table.discard(index);
  }

  /** The engine finds what was staged by the name that the log has for it. */
  async #takeOver(
    zone: string,
    staged: BuiltZone['staged'],
    execute: () => Promise<CommandResult>,
  ): Promise<CommandResult> {
    if (staged === undefined) return execute();
    const { staged: zones } = this.#engine;
    const unsettled = this.#settle();
    if (unsettled !== undefined) {
      this.#drop(staged);
      return unsettled;
    }
    zones.put(zone, staged);
    const shared = await this.#engine.staged.contents?.share(this.#sourceOf(zone, staged));
    const result = shared instanceof Problem ? shared : await execute();
    // A commit in doubt may turn out to be kept, and is answered from what was staged then.
    if (!this.#engine.doubts(zone, staged.content)) this.#giveUp(zone, staged.content);
    if (shared !== undefined && !(shared instanceof Problem)) {
      await shared.over(result instanceof Problem ? result : result.revision);
    }
    return result;
  }

  /** What was staged for a commit in doubt has this one's place where it is the same file. */
  #settle(): Problem | undefined {
    try {
      this.#engine.recover();
      return undefined;
    } catch (error) {
      if (error instanceof StoreUnavailable) return error.problem;
      throw error;
    }
  }

  /** What no entry has taken over by now: one that was applied has, whatever is told of it. */
  #giveUp(zone: string, content: string): void {
    const left = this.#engine.staged.take(zone, content);
    if (left !== undefined) this.#drop(left);
  }

  #sourceOf(zone: string, { content, packed }: StagedZone): ContentSource {
    const source = { zone, content };
    if (packed !== undefined) return { ...source, chunks: packed.length, chunk: (position) => packed[position] };
    return {
      ...source,
      chunks: this.#store.packedChunksOf(content),
      chunk: (position) => this.#store.packedChunk(content, position),
    };
  }

  /** What another node imports. */
  async #stageNow(zone: string, content: PackedContent): Promise<StagedZone | Problem> {
    const { reply, staged } = await this.#building.stage(zone, content, this.#store.zone(zone), this.#signingOf(zone));
    if (reply.failure !== undefined) return this.#failed(reply.failure, 'The zone could not be staged', BUILDER);
    return staged ?? FULL;
  }

  async #stageLeftOut(zone: string, content: PackedContent): Promise<StagedZone | Problem> {
    const { staged, failure } = await this.#building.stageLeftOut(zone, content);
    return staged ?? this.#failed(failure ?? ended(BUILDER), 'The zone could not be staged', BUILDER);
  }

  /** It is given to the engine in the turn in which what it must know was found. */
  *#execute(command: ImportCommand, context: CommandContext): Sliced<Promise<CommandResult>> {
    try {
      const { staged } = command.built;
      const placed = yield* this.#placing.place(command);
      try {
        // Last, since much may have changed while the services were looked at.
        if (staged !== undefined && command.sign === undefined) yield* this.#ahead.catchUp(command.zone, staged);
        const result = this.#engine.execute(yield* withForesight(this.#store, placed, context), context);
        return result.finally(() => this.#placing.end(placed));
      } catch (error) {
        this.#placing.end(placed);
        throw error;
      }
    } catch (error) {
      if (error instanceof StoreUnavailable) return Promise.resolve(error.problem);
      throw error;
    }
  }

  /** Of a zone that the table has left out, which whoever signs does not know; undefined: he does, or it is not signed. */
  #signingOf(zone: string): ZoneSigning | undefined {
    return this.#table.content.leftOut().has(zone) ? this.#store.signing(zone) : undefined;
  }

  #drop(staged: StagedZone): void {
    this.#table.discard(staged);
    // Where the store cannot be written, the next start drops it.
    this.#store.dropStaged(staged);
  }

  /** A fault of this program is for its log, and no refusal that will pass. */
  #failed({ message, isOfStore }: Failure, what: string, thread: string): Problem {
    // Cut off by `stop`.
    if (this.#builder.isStopping) return new Problem('stopping', STOPPING);
    if (isOfStore) return new Problem('store_unavailable', `${what}: ${message}.`);
    tellFault(new Error(message), thread);
    return new Problem('internal', `${what}: a fault of Teal, and not of the request; the log has it.`);
  }
}
