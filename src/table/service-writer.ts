/** Services in the table: their plans, pools and previews. */
import assert from 'node:assert/strict';
import { nameToWire } from '../model/name.ts';
import type { Service } from '../model/service.ts';
import { type CompiledPool, compilePlan, compilePool, poolSource, serviceNumber } from './compile.ts';
import type { CounterRegistry } from './counters.ts';
import { PLAN, SERVICE, WRITER } from './layout.ts';
import type { Preparation } from './preparation.ts';
import { type CompiledPreviews, NO_PREVIEWS, PreviewWriter } from './previews.ts';
import type { RRsetCompiler } from './rrset-compiler.ts';
import { recordOf } from './service-record.ts';
import type { CompiledService, ServiceRegistry } from './services.ts';
import type { ZoneWriter } from './zone-writer.ts';

/** Each change is a part of the preparation that is pending, and throws ArenaFull. */
export class ServiceWriter {
  readonly #preparation: Preparation;
  readonly #zones: ZoneWriter;
  readonly #services: ServiceRegistry;
  readonly #counters: CounterRegistry;
  readonly #previews: PreviewWriter;

  constructor(preparation: Preparation, zones: ZoneWriter, services: ServiceRegistry, counters: CounterRegistry) {
    this.#preparation = preparation;
    this.#zones = zones;
    this.#services = services;
    this.#counters = counters;
    this.#previews = new PreviewWriter(preparation);
  }

  /** The zone is signed in another way: so are its services. */
  resign(zone: string): void {
    for (const name of [...this.#services.namesIn(zone)]) this.resignOne(name);
  }

  /** One service is, where it is there. */
  resignOne(name: string): void {
    const compiled = this.#services.get(name);
    if (compiled !== undefined) this.put(compiled.service, true);
  }

  /** `isAnew`: nothing that was compiled before may stay. */
  put(service: Service, isAnew = false): void {
    const old = this.#services.get(service.name);
    const compiler = this.#zones.compilerOf(service.zone);
    const cell = old?.cell ?? this.#preparation.allocate(SERVICE.WORDS);
    const pools = service.pools.map((pool) => this.#compilePool(compiler, service, pool, old, isAnew));
    const previews = this.#previews.compile(compiler, service, pools, old?.previews ?? NO_PREVIEWS);
    const record = recordOf({ service, previews: [...previews.values()].flatMap(({ cell, own }) => [cell, ...own]) });
    const plan = compilePlan(this.#preparation, service, serviceNumber(service.name), pools, record);
    this.#preparation.setVersion(cell + SERVICE.PLAN_WORD, plan, (old) => this.#words[old + PLAN.WORDS]);
    for (const pool of old?.pools ?? []) this.#retirePool(compiler, pool, pools);
    if (old !== undefined && old.service.weightsSinceMs !== service.weightsSinceMs)
      this.#markWeights(pools, service.weightsSinceMs);
    this.#services.set(service.name, { service, cell, pools, previews }, this.#preparation);
    if (old !== undefined && old.service.zone !== service.zone) return this.#move(old, service, previews);
    this.#linkPreviews(compiler, service.zone, old?.previews ?? NO_PREVIEWS, previews);
    if (old === undefined) this.#zones.welcome(service.zone, service.name);
    for (const name of [service.name, ...previews.keys()]) this.#zones.touch(service.zone, name);
  }

  /** A child zone takes the service over: what it answers with says nothing of its zone and stays, other nodes lead to it. */
  #move(old: CompiledService, { name, zone }: Service, previews: CompiledPreviews): void {
    this.#zones.leave(old.service.zone, zone, [name, ...old.previews.keys()]);
    this.#zones.welcome(zone, name);
    for (const preview of previews.keys()) this.#zones.link(zone, preview);
    const compiler = this.#zones.compilerOf(old.service.zone);
    for (const [former, preview] of old.previews) if (!previews.has(former)) this.#previews.retire(compiler, preview);
  }

  delete(zone: string, name: string): void {
    const { previews } = this.#retire(name);
    for (const each of [name, ...previews.keys()]) this.#zones.link(zone, each);
  }

  /** Retires the services of a zone that goes as a whole. */
  deleteAllIn(zone: string): void {
    for (const name of [...this.#services.namesIn(zone)]) this.#retire(name);
  }

  #retire(name: string): CompiledService {
    const compiled = this.#services.get(name);
    assert(compiled !== undefined, 'the service to delete is in the table');
    const plan = this.#words[compiled.cell + SERVICE.PLAN_WORD];
    this.#preparation.retire(plan, this.#words[plan + PLAN.WORDS]);
    this.#preparation.retire(compiled.cell, SERVICE.WORDS);
    const compiler = this.#zones.compilerOf(compiled.service.zone);
    for (const pool of compiled.pools) this.#retirePool(compiler, pool, []);
    for (const preview of compiled.previews.values()) this.#previews.retire(compiler, preview);
    this.#services.set(name, undefined, this.#preparation);
    return compiled;
  }

  /** Links the previews that have come, and lets go of those that went. */
  #linkPreviews(compiler: RRsetCompiler, zone: string, before: CompiledPreviews, after: CompiledPreviews): void {
    for (const name of after.keys()) if (!before.has(name)) this.#zones.link(zone, name);
    for (const [name, preview] of before) {
      if (after.has(name)) continue;
      this.#zones.link(zone, name);
      this.#previews.retire(compiler, preview);
    }
  }

  /** A number that no pool has had; they may wrap: after four billion nobody asks for the first any more. */
  #newId(): number {
    const { control } = this.#preparation.view;
    const id = (control[WRITER.LAST_ID] + 1) | 0;
    // Noted before it is used, so that no later writer gives it to another one.
    Atomics.store(control, WRITER.LAST_ID, id);
    return id;
  }

  /** What they answer from now on is counted under the new weights. */
  #markWeights(pools: readonly CompiledPool[], sinceMs = 0): void {
    this.#preparation.onPublish(() => {
      for (const { counter } of pools) this.#counters.markWeight(counter, sinceMs);
    });
  }

  /** A pool's RRsets: those in place where nothing but the weight has changed. */
  #compilePool(
    compiler: RRsetCompiler,
    service: Service,
    pool: Service['pools'][number],
    old: CompiledService | undefined,
    isAnew: boolean,
  ): CompiledPool {
    const source = poolSource(service, pool);
    const before = old?.pools.find((other) => other.name === pool.name);
    if (!isAnew && before?.source === source) return before;
    const [first, second] = compilePool(compiler, nameToWire(service.name), service, pool);
    const counter = before?.counter ?? this.#counters.allocate(pool.heldUntilMs ?? 0, service.weightsSinceMs);
    if (before === undefined) this.#preparation.undo(() => this.#counters.free(counter));
    const id = before?.id ?? this.#newId();
    return { name: pool.name, source, counter, id, first, second };
  }

  /** Retires what no pool of `kept` uses. */
  #retirePool(compiler: RRsetCompiler, pool: CompiledPool, kept: readonly CompiledPool[]): void {
    if (kept.includes(pool)) return;
    for (const rrset of [pool.first, pool.second]) if (rrset !== 0) compiler.retire(rrset);
    if (kept.some((other) => other.counter === pool.counter)) return;
    this.#preparation.whenSeen(() => this.#counters.free(pool.counter));
  }

  get #words(): Int32Array<SharedArrayBuffer> {
    return this.#preparation.view.words;
  }
}
