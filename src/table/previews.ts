/** Preview names in the table: each has a cell and a plan of one pool, as a service of its own would. */
import { nameToWire } from '../model/name.ts';
import { previewNames } from '../model/preview.ts';
import type { Pool, Service } from '../model/service.ts';
import { TYPE } from '../wire/constants.ts';
import { type CompiledPool, compilePlan } from './compile.ts';
import { COUNTER } from './counters.ts';
import { PLAN, SERVICE } from './layout.ts';
import type { Preparation } from './preparation.ts';
import type { RRsetCompiler } from './rrset-compiler.ts';

interface CompiledPreview {
  /** What a node leads to where the name answers. */
  readonly cell: number;
  /** What it was made from. */
  readonly pool: CompiledPool;
  /** A CNAME is compressed against its owner, so that it is the preview's own; 0: the pool's addresses serve. */
  readonly cname: number;
}

/** By canonical name. */
export type CompiledPreviews = ReadonlyMap<string, CompiledPreview>;

export const NO_PREVIEWS: CompiledPreviews = new Map();

/** No service or pool has it. */
const NO_ID = 0;

/** Makes and retires what previews are made of. Which of them answer is for the table to say. */
export class PreviewWriter {
  readonly #preparation: Preparation;

  constructor(preparation: Preparation) {
    this.#preparation = preparation;
  }

  /** The previews of a service: those of `old` in place whose pool has not changed. Throws ArenaFull. */
  compile(
    compiler: RRsetCompiler,
    service: Service,
    pools: readonly CompiledPool[],
    old: CompiledPreviews,
  ): CompiledPreviews {
    const previews = new Map<string, CompiledPreview>();
    for (const [name, poolName] of previewNames(service)) {
      const place = pools.findIndex((pool) => pool.name === poolName);
      const pool = pools[place];
      const before = old.get(name);
      const isSame = before !== undefined && before.pool === pool;
      if (isSame) {
        previews.set(name, before);
        continue;
      }
      const cname = service.kind === 'host' ? compileCname(compiler, service, service.pools[place], name) : 0;
      const cell = before?.cell ?? this.#preparation.allocate(SERVICE.WORDS);
      this.#writePlan(cell, service, service.pools[place], pool, cname);
      previews.set(name, { cell, pool, cname });
      if (before !== undefined && before.cname !== 0) compiler.retire(before.cname);
    }
    return previews;
  }

  /** Leads the cell to the plan of one pool. */
  #writePlan(cell: number, service: Service, pool: Pool, compiled: CompiledPool, cname: number): void {
    const only = { ...service, pick: 'random', pins: [], pools: [{ ...pool, weight: 1 }] } as const;
    // Testers who look at a pool do not keep it from being drained, nor make a canary look tried: they count elsewhere.
    const parts = { ...compiled, id: NO_ID, counter: COUNTER.PREVIEWS, ...(cname !== 0 && { first: cname }) };
    const plan = compilePlan(this.#preparation, only, NO_ID, [parts]);
    this.#preparation.setVersion(cell + SERVICE.PLAN_WORD, plan, (old) => this.#words[old + PLAN.WORDS]);
  }

  /** No node leads to the preview any more, once the changes are published. */
  retire(compiler: RRsetCompiler, preview: CompiledPreview): void {
    const plan = this.#words[preview.cell + SERVICE.PLAN_WORD];
    this.#preparation.retire(plan, this.#words[plan + PLAN.WORDS]);
    this.#preparation.retire(preview.cell, SERVICE.WORDS);
    if (preview.cname !== 0) compiler.retire(preview.cname);
  }

  get #words(): Int32Array<SharedArrayBuffer> {
    return this.#preparation.view.words;
  }
}

function compileCname(compiler: RRsetCompiler, service: Service, pool: Pool, name: string): number {
  const ttlSeconds = service.loweredTtlSeconds ?? service.ttlSeconds;
  return compiler.compileSigned(nameToWire(name), TYPE.CNAME, ttlSeconds, [nameToWire(pool.targets[0])]);
}
