/** Preview names in the table: each has a cell and a plan of one pool, as a service of its own would. */
import { nameToWire } from '../model/name.ts';
import { previewNames } from '../model/preview.ts';
import type { Pool, Service } from '../model/service.ts';
import { type CompiledPool, compilePlan, compilePool } from './compile.ts';
import { COUNTER } from './counters.ts';
import { PLAN, SERVICE } from './layout.ts';
import type { Preparation } from './preparation.ts';
import type { RRsetCompiler } from './rrset-compiler.ts';

export interface CompiledPreview {
  /** What a node leads to where the name answers. */
  readonly cell: number;
  /** What it was made from. */
  readonly pool: CompiledPool;
  /**
   * RRsets of its own, as of a pool: a CNAME, which is compressed against its owner, and addresses with signatures, which
   * are of one owner. 0: those of the pool serve.
   */
  readonly own: readonly [number, number];
}

/** By canonical name. */
export type CompiledPreviews = ReadonlyMap<string, CompiledPreview>;

export const NO_PREVIEWS: CompiledPreviews = new Map();

const NOTHING = [0, 0] as const;
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
      const hasOwn = service.kind === 'host' || compiler.signs;
      const own = hasOwn ? compilePool(compiler, nameToWire(name), service, service.pools[place]) : NOTHING;
      const cell = before?.cell ?? this.#preparation.allocate(SERVICE.WORDS);
      this.#writePlan(cell, service, service.pools[place], pool, own);
      previews.set(name, { cell, pool, own });
      if (before !== undefined) retireOwn(compiler, before);
    }
    return previews;
  }

  /** Leads the cell to the plan of one pool. */
  #writePlan(
    cell: number,
    service: Service,
    pool: Pool,
    compiled: CompiledPool,
    [first, second]: CompiledPreview['own'],
  ): void {
    const only = { ...service, pick: 'random', pins: [], pools: [{ ...pool, weight: 1 }] } as const;
    // Testers who look at a pool do not keep it from being drained, nor make a canary look tried: they count elsewhere.
    const parts = { ...compiled, id: NO_ID, counter: COUNTER.PREVIEWS, ...(first + second !== 0 && { first, second }) };
    const plan = compilePlan(this.#preparation, only, NO_ID, [parts]);
    this.#preparation.setVersion(cell + SERVICE.PLAN_WORD, plan, (old) => this.#words[old + PLAN.WORDS]);
  }

  /** No node leads to the preview any more, once the changes are published. */
  retire(compiler: RRsetCompiler, preview: CompiledPreview): void {
    const plan = this.#words[preview.cell + SERVICE.PLAN_WORD];
    this.#preparation.retire(plan, this.#words[plan + PLAN.WORDS]);
    this.#preparation.retire(preview.cell, SERVICE.WORDS);
    retireOwn(compiler, preview);
  }

  get #words(): Int32Array<SharedArrayBuffer> {
    return this.#preparation.view.words;
  }
}

function retireOwn(compiler: RRsetCompiler, { own }: CompiledPreview): void {
  for (const rrset of own) if (rrset !== 0) compiler.retire(rrset);
}
