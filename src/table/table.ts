/** The table as the control path sees it: changes of the model go in, workers see them all at once. */
import assert from 'node:assert/strict';
import { Problem } from '../model/errors.ts';
import { nameToWire, parentOf } from '../model/name.ts';
import type { Sightings } from '../model/resolver-estimates.ts';
import type { ModelChange, StagedZone } from '../model/revision.ts';
import type { RRset } from '../model/rrset.ts';
import type { Service } from '../model/service.ts';
import type { Zone } from '../model/zone.ts';
import { TYPE } from '../wire/constants.ts';
import type { TableChanges } from './changes.ts';
import { type CompiledPool, compilePlan, compilePool, compileRRset, poolSource, soaRdata } from './compile.ts';
import type { CounterRegistry, PoolCount } from './counters.ts';
import { zoneFlags } from './flags.ts';
import type { BlockList } from './free-blocks.ts';
import { ARENA, CONTROL, PLAN, RRSET, SERVICE, VERSION, ZONE } from './layout.ts';
import { Arena, ArenaFull, type SharedTable } from './memory.ts';
import { type NodeContent, NodeWriter } from './nodes.ts';
import { type CompiledPreviews, NO_PREVIEWS, PreviewWriter } from './previews.ts';
import { Reclaimer } from './reclaim.ts';
import { ZoneBuilder } from './zone-builder.ts';

/** What the writer remembers of a service, so that a shift touches only its plan. */
interface CompiledService {
  /** A number that no other service has had. */
  readonly id: number;
  readonly service: Service;
  readonly cell: number;
  readonly pools: readonly CompiledPool[];
  readonly previews: CompiledPreviews;
}

/** Names of a dropped zone that are given back in one go: about a millisecond's work. */
const DISMANTLED_AT_ONCE = 2000;

export class Table implements TableChanges {
  readonly shared: SharedTable;
  readonly #arena: Arena;
  readonly #reclaimer: Reclaimer;
  readonly #nodes: NodeWriter;
  readonly #previews: PreviewWriter;
  readonly #counters: CounterRegistry;
  readonly #services = new Map<string, CompiledService>();
  /** Names of the services of each zone. */
  readonly #servicesByZone = new Map<string, Set<string>>();
  #pending = false;
  /** Of services and pools; they may wrap: after four billion nobody asks for the first any more. */
  #nextId = 1;

  constructor(shared: SharedTable, counters: CounterRegistry) {
    this.shared = shared;
    this.#counters = counters;
    this.#arena = new Arena(shared);
    this.#reclaimer = new Reclaimer(this.#arena);
    this.#nodes = new NodeWriter(this.#arena, this.#reclaimer);
    this.#previews = new PreviewWriter(this.#arena, this.#nodes);
    assert(this.#nodes.index.create(ARENA.ZONES), 'a new arena has room for an empty index');
  }

  prepare(changes: readonly ModelChange[]): Problem | undefined {
    assert(!this.#pending, 'one prepared list of changes at a time');
    this.#pending = true;
    this.#arena.mayUseReserve = changes.every((change) => this.#mayUseReserve(change));
    try {
      for (const change of changes) this.#apply(change);
      return undefined;
    } catch (error) {
      this.takeBack();
      if (!(error instanceof ArenaFull)) throw error;
      return this.#full();
    } finally {
      this.#arena.mayUseReserve = false;
    }
  }

  /** A full table must not refuse a rollback, nor the delete that makes room. */
  #mayUseReserve(change: ModelChange): boolean {
    switch (change.op) {
      case 'putRRset':
      case 'importZone':
        return false;
      case 'putZone':
        return this.#nodes.zone(nameToWire(change.zone.name)) !== 0;
      case 'putService':
        return this.#services.has(change.service.name);
      default:
        return true;
    }
  }

  load(zone: Zone, rrsets: Iterable<RRset>): Problem | undefined {
    const built = this.#buildAside(zone.name, rrsets);
    if (built === undefined) return this.#full();
    const problem = this.prepare([{ op: 'importZone', zone, staged: { records: [], ...built } }]);
    if (problem === undefined) this.publish();
    return problem;
  }

  #buildAside(zone: string, rrsets: Iterable<RRset>): { index: number; flags: number } | undefined {
    try {
      const builder = new ZoneBuilder(this.#arena, zone);
      for (const { name, type, ttlSeconds, rdata } of rrsets) builder.put(nameToWire(name), type, ttlSeconds, rdata);
      return { index: builder.cell, flags: builder.flags };
    } catch (error) {
      if (error instanceof ArenaFull) return undefined;
      throw error;
    }
  }

  #full(): Problem {
    return new Problem(
      'table_full',
      `the table has reached its limit of ${this.shared.arena.maxByteLength} bytes; raise table.maxBytes and restart`,
    );
  }

  publish(): void {
    assert(this.#pending, 'something was prepared');
    this.#pending = false;
    this.#nodes.publish();
  }

  takeBack(): void {
    assert(this.#pending, 'something was prepared');
    this.#pending = false;
    this.#nodes.takeBack();
  }

  /** Frees what workers have left, and some of what was dropped. To be called now and then; true: soon again. */
  collect(): boolean {
    if (this.#pending) return false;
    this.#reclaim();
    return this.#nodes.dismantle(DISMANTLED_AT_ONCE);
  }

  #reclaim(): void {
    if (this.#reclaimer.waiting === 0) return;
    // What the last collection itself retired waits for an epoch of its own.
    this.#reclaimer.advance();
    this.#reclaimer.collect();
  }

  /** Free blocks for the thread that builds a zone aside. */
  lendBlocks(): BlockList[] {
    return this.#arena.lend();
  }

  /** Takes free blocks back. */
  absorbBlocks(lists: readonly BlockList[]): void {
    this.#arena.absorb(lists);
  }

  /** Gives up a zone that was built aside and not imported. */
  discard({ index }: Pick<StagedZone, 'index'>): void {
    this.#nodes.discardIndex(index);
  }

  /** Sizes, bytes; `waiting`: blocks that some worker may still read. */
  get memory(): { usedBytes: number; sizeBytes: number; maxBytes: number; waiting: number } {
    const { usedBytes, sizeBytes } = this.#arena;
    return { usedBytes, sizeBytes, maxBytes: this.shared.arena.maxByteLength, waiting: this.#reclaimer.waiting };
  }

  /** The generation that workers answer from. */
  get generation(): number {
    return Atomics.load(this.#arena.view.control, CONTROL.GENERATION);
  }

  get serviceCount(): number {
    return this.#services.size;
  }

  /** Every service, as it is answered. */
  *services(): Generator<Service> {
    for (const { service } of this.#services.values()) yield service;
  }

  /** Answers that a service's pools have given, by pool name; empty where there is no such service. */
  poolCounts(service: string): Record<string, PoolCount> {
    const pools = this.#services.get(service)?.pools ?? [];
    return Object.fromEntries(pools.map((pool) => [pool.name, this.#counters.pool(pool.counter)]));
  }

  /** What workers saw of the resolvers that a service's pools answered, by the number of the pool in the service. */
  sightings(service: string): Sightings {
    const ids = this.#services.get(service)?.pools.map(({ id }) => id) ?? [];
    return this.#counters.sightings(ids);
  }

  /** A service as it is answered. */
  service(name: string): Service | undefined {
    return this.#services.get(name)?.service;
  }

  /** The name of a service's pool by its id. */
  poolName(service: string, id: number): string | undefined {
    return this.#services.get(service)?.pools.find((pool) => pool.id === id)?.name;
  }

  /** True once no worker can still answer by what the service was before its last change. */
  isSettled(service: string): boolean {
    const compiled = this.#services.get(service);
    if (compiled === undefined) return true;
    // The reclaimer takes a version's generation away when every worker has left the epochs before it.
    this.#reclaim();
    const plan = this.#words[compiled.cell + SERVICE.PLAN_WORD] as number;
    return this.#words[plan + VERSION.GENERATION] === 0;
  }

  #apply(change: ModelChange): void {
    switch (change.op) {
      case 'putZone':
        return this.#putZone(change.zone);
      case 'importZone':
        return this.#importZone(change.zone, change.staged);
      case 'deleteZone':
        return this.#deleteZone(change.zone);
      case 'putRRset':
        return this.#putRRset(change.rrset);
      case 'deleteRRset':
        return this.#deleteRRset(change.zone, change.name, change.type);
      case 'putService':
        return this.#putService(change.service);
      case 'deleteService':
        return this.#deleteService(change.zone, change.name);
      case 'putRelease':
      case 'putToken':
      case 'deleteToken':
      case 'putWebhook':
      case 'deleteWebhook':
        return;
    }
  }

  #putZone(zone: Zone): void {
    const apex = nameToWire(zone.name);
    const existing = this.#nodes.zone(apex);
    const cell = existing === 0 ? this.#nodes.makeIndex() : (this.#words[existing + ZONE.INDEX] as number);
    this.#writeApex(cell, apex, zone);
    if (existing === 0) this.#nodes.setZone(apex, cell, this.#nodes.find(cell, apex), 0);
  }

  #writeApex(cell: number, apex: Uint8Array, zone: Zone): void {
    this.#nodes.update(cell, apex, apex, (content) => {
      this.#setRRset(content, apex, TYPE.SOA, zone.ttlSeconds, [soaRdata(zone)]);
      this.#setRRset(content, apex, TYPE.NS, zone.nameserversTtlSeconds, zone.nameservers.map(nameToWire));
    });
  }

  /** Swaps the zone's index for one that was built aside, and links the zone's services into it. */
  #importZone(zone: Zone, { index, flags: builtFlags }: StagedZone): void {
    const apex = nameToWire(zone.name);
    const existing = this.#nodes.zone(apex);
    const replaced = existing === 0 ? 0 : (this.#words[existing + ZONE.INDEX] as number);
    this.#nodes.adoptIndex(index);
    this.#writeApex(index, apex, zone);
    let flags = builtFlags;
    for (const name of this.#servicesByZone.get(zone.name) ?? []) {
      const owner = nameToWire(name);
      flags |= zoneFlags(owner, 0, owner.length === apex.length);
      const { previews } = this.#services.get(name) as CompiledService;
      for (const each of [name, ...previews.keys()]) this.#settleName(index, zone.name, each);
    }
    this.#nodes.setZone(apex, index, this.#nodes.find(index, apex), flags);
    if (replaced !== 0) this.#nodes.dropIndex(replaced);
  }

  #deleteZone(name: string): void {
    const apex = nameToWire(name);
    const cell = this.#indexOf(apex);
    this.#nodes.setZone(apex, 0, 0, 0);
    this.#nodes.dropIndex(cell);
    for (const service of [...(this.#servicesByZone.get(name) ?? [])]) {
      this.#forgetService(service, this.#services.get(service) as CompiledService);
    }
  }

  #putRRset(rrset: RRset): void {
    const apex = nameToWire(rrset.zone);
    const owner = nameToWire(rrset.name);
    this.#raiseZoneFlags(apex, zoneFlags(owner, rrset.type, owner.length === apex.length));
    this.#nodes.update(this.#indexOf(apex), apex, owner, (content) => {
      this.#setRRset(content, owner, rrset.type, rrset.ttlSeconds, rrset.rdata);
      this.#settle(content, rrset.zone, rrset.name);
    });
  }

  #deleteRRset(zone: string, name: string, type: number): void {
    const apex = nameToWire(zone);
    this.#nodes.update(this.#indexOf(apex), apex, nameToWire(name), (content) => {
      const rrset = content.rrsets.get(type);
      assert(rrset !== undefined, 'the RRset to delete is in the table');
      this.#retireRRset(rrset);
      content.rrsets.delete(type);
      this.#settle(content, zone, name);
    });
  }

  /** What a node leads to besides its RRsets: its service; or, where nothing else is there, the preview of its name. */
  #settle(content: NodeContent, zone: string, name: string): void {
    const own = this.#services.get(name);
    if (own?.service.zone === zone) content.service = own.cell;
    else content.service = content.rrsets.size > 0 ? 0 : this.#previewAt(zone, name);
  }

  #settleName(index: number, zone: string, name: string): void {
    this.#nodes.update(index, nameToWire(zone), nameToWire(name), (content) => this.#settle(content, zone, name));
  }

  /** The cell of the preview that a name is for the service one label above it; 0: none. */
  #previewAt(zone: string, name: string): number {
    const above = parentOf(name);
    const owner = above === undefined ? undefined : this.#services.get(above);
    return owner?.service.zone === zone ? (owner.previews.get(name)?.cell ?? 0) : 0;
  }

  #setRRset(content: NodeContent, owner: Uint8Array, type: number, ttl: number, rdata: readonly Uint8Array[]): void {
    const old = content.rrsets.get(type);
    if (old !== undefined) this.#retireRRset(old);
    const rrset = compileRRset(this.#arena, owner, type, ttl, rdata);
    if (rrset === 0) throw new ArenaFull();
    this.#undoRRset(rrset);
    content.rrsets.set(type, rrset);
  }

  #putService(service: Service): void {
    const old = this.#services.get(service.name);
    assert(old === undefined || old.service.zone === service.zone, 'a service moves by a delete and a put');
    const owner = nameToWire(service.name);
    const cell = old?.cell ?? this.#nodes.allocate(SERVICE.WORDS);
    const pools = service.pools.map((pool) => this.#compilePool(owner, service, pool, old));
    const id = old?.id ?? this.#nextId++;
    const plan = compilePlan(this.#arena, service, id, pools);
    if (plan === 0) throw new ArenaFull();
    const words = this.#words[plan + PLAN.WORDS] as number;
    this.#nodes.undo(() => this.#reclaimer.retire(plan, words));
    this.#nodes.setVersion(cell + SERVICE.PLAN_WORD, plan, (old) => this.#words[old + PLAN.WORDS] as number);
    const previews = this.#previews.compile(service, pools, old?.previews ?? NO_PREVIEWS);
    for (const pool of old?.pools ?? []) this.#retirePool(pool, pools);
    if (old !== undefined && old.service.weightsSinceMs !== service.weightsSinceMs) this.#markWeights(pools);
    this.#remember(service.name, { id, service, cell, pools, previews });
    this.#settlePreviews(service.zone, old?.previews ?? NO_PREVIEWS, previews);
    if (old !== undefined) return;
    const apex = nameToWire(service.zone);
    this.#raiseZoneFlags(apex, zoneFlags(owner, 0, owner.length === apex.length));
    this.#settleName(this.#indexOf(apex), service.zone, service.name);
  }

  /** Links the previews that have come, and lets go of those that went. */
  #settlePreviews(zone: string, before: CompiledPreviews, after: CompiledPreviews): void {
    const index = this.#indexOf(nameToWire(zone));
    for (const name of after.keys()) if (!before.has(name)) this.#settleName(index, zone, name);
    for (const [name, preview] of before) {
      if (after.has(name)) continue;
      this.#settleName(index, zone, name);
      this.#previews.retire(preview);
    }
  }

  /** What they answer from now on is counted under the new weights. */
  #markWeights(pools: readonly CompiledPool[]): void {
    this.#nodes.onPublish(() => {
      for (const { counter } of pools) this.#counters.markWeight(counter);
    });
  }

  /** A pool's RRsets: those in place where nothing but the weight has changed. */
  #compilePool(
    owner: Uint8Array,
    service: Service,
    pool: Service['pools'][number],
    old: CompiledService | undefined,
  ): CompiledPool {
    const source = poolSource(service, pool);
    const before = old?.pools.find((other) => other.name === pool.name);
    if (before?.source === source) return before;
    const rrsets = compilePool(this.#arena, owner, service, pool);
    if (rrsets === undefined) throw new ArenaFull();
    for (const rrset of rrsets) if (rrset !== 0) this.#undoRRset(rrset);
    const counter = before?.counter ?? this.#counters.allocate(pool.heldUntilMs ?? 0);
    if (before === undefined) this.#nodes.undo(() => this.#counters.free(counter));
    const id = before?.id ?? this.#nextId++;
    return { name: pool.name, source, counter, id, first: rrsets[0], second: rrsets[1] };
  }

  /** Retires what no pool of `kept` uses. */
  #retirePool(pool: CompiledPool, kept: readonly CompiledPool[]): void {
    if (kept.includes(pool)) return;
    for (const rrset of [pool.first, pool.second]) if (rrset !== 0) this.#retireRRset(rrset);
    if (kept.some((other) => other.counter === pool.counter)) return;
    this.#nodes.onPublish(() => this.#reclaimer.afterwards(() => this.#counters.free(pool.counter)));
  }

  #deleteService(zone: string, name: string): void {
    const compiled = this.#services.get(name);
    assert(compiled !== undefined, 'the service to delete is in the table');
    this.#forgetService(name, compiled);
    const index = this.#indexOf(nameToWire(zone));
    for (const each of [name, ...compiled.previews.keys()]) this.#settleName(index, zone, each);
  }

  #forgetService(name: string, compiled: CompiledService): void {
    const plan = this.#words[compiled.cell + SERVICE.PLAN_WORD] as number;
    this.#nodes.retireOnPublish(plan, this.#words[plan + PLAN.WORDS] as number);
    this.#nodes.retireOnPublish(compiled.cell, SERVICE.WORDS);
    for (const pool of compiled.pools) this.#retirePool(pool, []);
    for (const preview of compiled.previews.values()) this.#previews.retire(preview);
    this.#remember(name, undefined);
  }

  #remember(name: string, compiled: CompiledService | undefined): void {
    const old = this.#services.get(name);
    this.#setService(name, old, compiled);
    this.#nodes.undo(() => this.#setService(name, compiled, old));
  }

  #setService(name: string, from: CompiledService | undefined, to: CompiledService | undefined): void {
    if (from !== undefined) this.#servicesByZone.get(from.service.zone)?.delete(name);
    if (to === undefined) {
      this.#services.delete(name);
      return;
    }
    this.#services.set(name, to);
    const { zone } = to.service;
    const names = this.#servicesByZone.get(zone);
    if (names === undefined) this.#servicesByZone.set(zone, new Set([name]));
    else names.add(name);
  }

  /** Flags are only ever raised: one too many costs a probe, one too few would be a wrong answer. */
  #raiseZoneFlags(apex: Uint8Array, more: number): void {
    const zone = this.#nodes.zone(apex);
    const flags = this.#words[zone + ZONE.FLAGS] as number;
    if ((flags & more) === more) return;
    const { INDEX, APEX } = ZONE;
    this.#nodes.setZone(apex, this.#words[zone + INDEX] as number, this.#words[zone + APEX] as number, flags | more);
  }

  #indexOf(apex: Uint8Array): number {
    const zone = this.#nodes.zone(apex);
    assert(zone !== 0, 'the zone is in the table');
    return this.#words[zone + ZONE.INDEX] as number;
  }

  #undoRRset(rrset: number): void {
    const size = this.#words[rrset + RRSET.WORDS] as number;
    this.#nodes.undo(() => this.#reclaimer.retire(rrset, size));
  }

  #retireRRset(rrset: number): void {
    this.#nodes.retireOnPublish(rrset, this.#words[rrset + RRSET.WORDS] as number);
  }

  get #words(): Int32Array<SharedArrayBuffer> {
    return this.#arena.view.words;
  }
}
