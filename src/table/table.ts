/** The table as the control path sees it: changes of the model go in, workers see them all at once. */
import type { Problem } from '../model/errors.ts';
import type { RRset } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';
import { adopt } from './adoption/adopt.ts';
import { Doubt } from './adoption/census.ts';
import type { Held, Loaded, LoadedSigning, StagedIndex, TableChange, TableChanges, TableContent } from './changes.ts';
import type { CounterRegistry } from './counters.ts';
import type { Followed } from './followed.ts';
import type { BlockList } from './free-blocks.ts';
import { CONTROL, WRITER } from './layout.ts';
import { bringsIn, LeftOut, leavesOut } from './left-out.ts';
import { Arena, ArenaFull, type SharedTable } from './memory.ts';
import { NodeWriter } from './nodes.ts';
import { Observed } from './observed.ts';
import { Preparation } from './preparation.ts';
import { looksOf, SignatureLook, type SignatureLooks } from './proofs/signature-look.ts';
import { Reclaimer } from './reclaim.ts';
import { SigningRefused, type ZoneSigners } from './rrset-signer.ts';
import { ServiceWriter } from './service-writer.ts';
import { ServiceRegistry } from './services.ts';
import { orderOf } from './takeover.ts';
import { full, ZoneLoader } from './zone-loader.ts';
import { ZoneWriter } from './zone-writer.ts';

/** Names of a dropped zone that are freed in one go: about a millisecond's work. */
const DISMANTLED_AT_ONCE = 2000;
/** Names that a child zone hides and that are let go of in one go: a few milliseconds' work. */
const LET_GO_AT_ONCE = 200;

export class Table implements TableChanges {
  readonly shared: SharedTable;
  /** What was answered, and by which services. */
  readonly observed: Observed;
  /** What zones and services are signed with. */
  readonly signatures: SignatureLooks;
  readonly #arena: Arena;
  readonly #reclaimer: Reclaimer;
  readonly #preparation: Preparation;
  readonly #nodes: NodeWriter;
  readonly #zones: ZoneWriter;
  readonly #leftOut: LeftOut;
  readonly #services: ServiceWriter;
  readonly #registry = new ServiceRegistry();
  readonly #loader: ZoneLoader;
  readonly #counters: CounterRegistry;
  #isAdopted = false;
  /** Revision and history. */
  readonly #held: Float64Array<SharedArrayBuffer>;

  /** `keys`: KEY_WORDS words that nobody can guess, for an empty table to hash names by; undefined: for `adopt` only. */
  constructor(shared: SharedTable, counters: CounterRegistry, keys: Int32Array | undefined) {
    this.shared = shared;
    this.#counters = counters;
    this.#held = new Float64Array(shared.control, WRITER.REVISION * 4, 2);
    this.#arena = new Arena(shared);
    if (keys !== undefined) this.#arena.view.keys.set(keys);
    this.#reclaimer = new Reclaimer(this.#arena);
    this.#preparation = new Preparation(this.#arena, this.#reclaimer);
    this.#nodes = new NodeWriter(this.#arena, this.#reclaimer, this.#preparation, keys !== undefined);
    this.#zones = new ZoneWriter(this.#preparation, this.#nodes, this.#registry);
    this.#leftOut = new LeftOut(this.#preparation, this.#nodes, this.#zones, this.#registry);
    this.#services = new ServiceWriter(this.#preparation, this.#zones, this.#registry, counters);
    this.signatures = looksOf(
      new SignatureLook(this.#arena.view, this.#nodes, this.#registry),
      () => this.#zones.signers,
    );
    this.#loader = new ZoneLoader(this.#arena, this.#zones, this);
    this.observed = new Observed(this.#arena.view, this.#reclaimer, this.#registry, counters);
  }

  /** The table of a writer that died, to be gone on with; or why that cannot be. */
  static adopt(shared: SharedTable, counters: CounterRegistry): Table | string {
    const table = new Table(shared, counters, undefined);
    if (table.held === undefined) return 'it was never loaded to its end';
    try {
      adopt({
        arena: table.#arena,
        reclaimer: table.#reclaimer,
        nodes: table.#nodes,
        zones: table.#zones,
        leftOut: table.#leftOut,
        registry: table.#registry,
        counters,
      });
    } catch (error) {
      if (error instanceof Doubt) return error.message;
      throw error;
    }
    table.#isAdopted = true;
    return table;
  }

  /** Another writer made it, and this one goes on with it. */
  get isAdopted(): boolean {
    return this.#isAdopted;
  }

  /** What the table holds; undefined: it was never said to be whole. */
  get held(): Held | undefined {
    if (Atomics.load(this.#arena.view.control, WRITER.IS_LOADED) === 0) return undefined;
    return { revision: this.#held[0], history: this.#held[1] };
  }

  /** From now on the table is whole, and holds so much. */
  hold(held: Held): void {
    this.#note(held);
    Atomics.store(this.#arena.view.control, WRITER.IS_LOADED, 1);
  }

  /** History first: a revision whose history is another one's is found out. */
  #note({ revision, history }: Held): void {
    this.#held[1] = history;
    this.#held[0] = revision;
  }

  /** From now on what is compiled of these zones is signed by them. To be called before anything is prepared. */
  signWith(signers: ZoneSigners): void {
    this.#zones.signers = signers;
  }

  prepare(changes: readonly TableChange[]): Problem | undefined {
    // What others left is free in blocks of their sizes, and is to be room for a zone that comes back with its services.
    if (changes.some((change) => this.#leftOut.isEndedBy(change))) this.#arena.join();
    this.#preparation.begin();
    this.#arena.mayUseReserve = changes.some(leavesOut) || changes.every((change) => this.#mayUseReserve(change));
    try {
      this.#zones.begin();
      for (const change of changes) this.#apply(change, changes);
      this.#zones.finish();
      return undefined;
    } catch (error) {
      this.takeBack();
      if (error instanceof SigningRefused) return error.problem;
      if (!(error instanceof ArenaFull)) throw error;
      // It came to the end of what is kept for shifts, in blocks that are of no use for these.
      if (changes.some(leavesOut)) this.#arena.join();
      return full(this.shared);
    } finally {
      this.#arena.mayUseReserve = false;
    }
  }

  /** A full table must not refuse a rollback, nor the delete that makes room. */
  #mayUseReserve(change: TableChange): boolean {
    switch (change.op) {
      case 'putRRset':
      case 'importZone':
      case 'rebuildZone':
      case 'renewNames':
      case 'resignService':
      case 'linkAhead':
      case 'catchUp':
        return false;
      case 'putDigest':
        return change.digest === undefined;
      case 'putZone':
        return this.#zones.has(change.zone.name);
      case 'putService':
        return this.#registry.get(change.service.name) !== undefined;
      default:
        return true;
    }
  }

  #apply(change: TableChange, all: readonly TableChange[]): void {
    if (this.#leftOut.zones.size > 0 && this.#leftOut.passesOver(change, all)) return;
    switch (change.op) {
      case 'putZone':
        return this.#zones.put(change.zone);
      case 'importZone':
        if (leavesOut(change)) return this.#leftOut.put(change.zone, change.staged);
        return this.#zones.takeover.import(change.zone, change.staged);
      case 'leaveOut':
        return this.#leftOut.put(change.zone, undefined, change.keepsRecords);
      case 'rebuildZone':
        return this.#zones.takeover.rebuild(change.rebuilt);
      case 'renewNames':
        return this.#zones.renew(change.zone, change.names);
      case 'resignService':
        return this.#services.resignOne(change.name);
      case 'linkAhead':
        return this.#zones.takeover.linkAhead(change.zone, change.staged);
      case 'catchUp':
        return this.#zones.takeover.catchUp(change.caughtUp);
      case 'putDigest':
        return this.#zones.putDigest(change.zone, change.digest);
      case 'deleteZone':
        this.#zones.delete(change.zone);
        return this.#services.deleteAllIn(change.zone);
      case 'putRRset':
        return this.#zones.putRRset(change.rrset);
      case 'deleteRRset':
        return this.#zones.deleteRRset(change.zone, change.name, change.type);
      case 'putService':
        return this.#services.put(change.service);
      case 'deleteService':
        return this.#services.delete(change.zone, change.name);
      case 'putRelease':
      case 'putToken':
      case 'deleteToken':
      case 'putWebhook':
      case 'deleteWebhook':
      case 'putFreeze':
      case 'deleteFreeze':
      case 'putProposal':
        return;
      case 'putSigning':
        // What is imported with it is signed so already.
        if (all.some((each) => bringsIn(each, change.signing.zone))) {
          this.#zones.signFirst(change.signing.zone, change.signing);
          // Those of a zone that was left out were signed by nobody.
          if (this.#leftOut.zones.has(change.signing.zone)) this.#services.resign(change.signing.zone);
          return;
        }
        if (this.#zones.setSigning(change.signing.zone, change.signing)) this.#services.resign(change.signing.zone);
        return;
      case 'deleteSigning':
        if (this.#zones.setSigning(change.zone, undefined)) this.#services.resign(change.zone);
        return;
    }
  }

  publish(held?: Held): void {
    this.#preparation.publish();
    if (held !== undefined) this.#note(held);
  }

  takeBack(): void {
    this.#preparation.takeBack();
  }

  keepRoom(bytes: number): void {
    this.#arena.keptBytes = bytes;
  }

  load(zone: Zone, rrsets: () => Iterable<RRset>, signed?: LoadedSigning): Problem | Loaded {
    return this.#loader.load(zone, rrsets, signed);
  }

  readonly content: TableContent = {
    leftOut: () => this.#leftOut.zones,
    hasZone: (zone) => this.#zones.has(zone),
    hasRRset: (zone, name, type) => this.#zones.hasRRset(zone, name, type),
    service: (name) => this.#registry.get(name)?.service,
    services: () => this.observed.services(),
    servicesIn: (zone) => [...this.#registry.namesIn(zone)],
    sealed: (zone, name) => this.#registry.sealed(zone, name),
    noteHeld: (service) => {
      for (const { name, counter } of this.#registry.get(service.name)?.pools ?? []) {
        const pool = service.pools.find((each) => each.name === name);
        this.#counters.hold(counter, pool?.heldUntilMs ?? 0);
      }
    },
    build: (zone, rrsets, signed) => this.#loader.build(zone, rrsets, signed) ?? full(this.shared),
  };

  /** See TableChanges; to be called now and then. What it frees is what workers have left. */
  collect(): boolean {
    if (this.#preparation.isPending) return false;
    const isMore = this.#letGo();
    this.#reclaimer.endEpoch();
    return this.#nodes.dismantle(DISMANTLED_AT_ONCE) || isMore;
  }

  /** Nothing that anybody sees changes by it. */
  #letGo(): boolean {
    if (!this.#zones.hidden.areLeft) return false;
    this.#preparation.begin();
    this.#arena.mayUseReserve = true;
    try {
      this.#zones.begin();
      this.#zones.letGo(LET_GO_AT_ONCE);
      this.#zones.finish();
    } catch (error) {
      this.takeBack();
      if (!(error instanceof ArenaFull)) throw error;
      return false;
    } finally {
      this.#arena.mayUseReserve = false;
    }
    this.publish();
    return this.#zones.hidden.areLeft;
  }

  /** Free blocks for the thread that builds a zone aside. */
  lendBlocks(): BlockList[] {
    return this.#arena.lend();
  }

  /** Takes free blocks back. */
  absorbBlocks(lists: readonly BlockList[]): void {
    this.#arena.absorb(lists);
  }

  /** From now on it is noted what becomes of a zone that is built aside; to be given along with what was built, or ended. */
  follow(zone: string): Followed {
    return this.#zones.follow(zone);
  }

  unfollow(followed: Followed): void {
    this.#zones.unfollow(followed);
  }

  /** How many zones that are built aside are followed. */
  get followed(): number {
    return this.#zones.followed;
  }

  /** Drops a zone that was built aside and not imported. */
  discard(staged: Pick<StagedIndex, 'index' | 'order' | 'followed'>): void {
    if (staged.followed !== undefined) this.#zones.unfollow(staged.followed);
    // Of what was staged for a zone that is left out there is none.
    if (staged.index === 0) return;
    this.#nodes.discardIndex(staged.index, orderOf(staged));
  }

  /** Sizes, bytes; `waiting`: blocks that some worker may still read. */
  get memory(): { usedBytes: number; sizeBytes: number; maxBytes: number; waiting: number } {
    const { usedBytes, sizeBytes } = this.#arena;
    return { usedBytes, sizeBytes, maxBytes: this.shared.maxBytes, waiting: this.#reclaimer.waiting };
  }

  /** The generation that workers answer from. */
  get generation(): number {
    return Atomics.load(this.#arena.view.control, CONTROL.GENERATION);
  }
}
