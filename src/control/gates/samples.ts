/** The gate that passes once there is enough to judge by: answers of the pool that a release goes to, and resolvers. */

import type { ServiceCounts } from '../../model/fleet/counts.ts';
import type { Metric, Release } from '../../model/release.ts';
import type { Measurement } from '../../model/release-analysis.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Table } from '../../table/table.ts';
import type { Clock } from '../clock.ts';
import { ownCounts } from '../drain/shared-counts.ts';
import type { FleetCounts } from '../nodes.ts';
import type { Asking } from './analysis.ts';

interface SampleParts {
  readonly store: Pick<Store, 'service'>;
  readonly table: Pick<Table, 'observed'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Of the other nodes of a fleet; undefined: there are none. */
  readonly others?: () => FleetCounts | undefined;
}

/** How things stood when an analysis began. */
interface Begin {
  /** Unix time, seconds. */
  readonly atSeconds: number;
  /** Answers of the target pool, by service, then by node; of another node when it was heard of first. */
  readonly answers: ReadonlyMap<string, Map<string, number>>;
}

/** What one node counted. */
interface NodeSample {
  readonly node: string;
  readonly counts: ServiceCounts;
}

/** Where one node stands alone, or for this node. */
const OWN = '';
/** What others saw came with a message that was on its way: it may have been before the begin by so much. */
const ON_THE_WAY_SECONDS = 2;

export class SampleGate {
  readonly #parts: SampleParts;
  /** By what stops the analysis, of which each has its own. After a restart an analysis begins anew. */
  readonly #begins = new WeakMap<AbortSignal, Begin>();

  constructor(parts: SampleParts) {
    this.#parts = parts;
  }

  /** Enough in each service of the release; the first measurement of an analysis is made when its step begins. */
  measure(samples: NonNullable<Metric['samples']>, { release, stopped }: Asking): Measurement {
    const begin = this.#begins.get(stopped) ?? this.#begin(release);
    this.#begins.set(stopped, begin);
    const counts = release.services.map(({ name }) => this.#count(name, release.to, begin));
    const { answers: answersMin = 0, resolvers: resolversMin = 0 } = samples;
    const isEnough = counts.every(({ answers, resolvers }) => answers >= answersMin && resolvers >= resolversMin);
    const message = counts.map(({ message }) => message).join(', ');
    return isEnough
      ? { outcome: 'passed', message }
      : { outcome: 'inconclusive', message: `${message}; at least ${demand(samples)} were wanted` };
  }

  #begin({ services }: Release): Begin {
    const answers = services.map(({ name }) => [name, new Map<string, number>()] as const);
    return { atSeconds: Math.floor(this.#parts.clock.wallMs() / 1000), answers: new Map(answers) };
  }

  #count(name: string, pool: string, begin: Begin): { answers: number; resolvers: number; message: string } {
    const { nodes, missing } = this.#nodes(name);
    const before = begin.answers.get(name) ?? new Map<string, number>();
    const answers = nodes.reduce((sum, { node, counts }) => {
      const all = counts.pools[pool]?.answers ?? 0;
      const first = before.get(node) ?? all;
      before.set(node, first);
      // A pool that was made anew meanwhile counts from 0, and so does a node that was started anew.
      return sum + (all < first ? all : all - first);
    }, 0);
    const byKey = [...Map.groupBy(nodes, ({ node, counts }) => counts.sampledBy ?? `of ${node} alone`).values()];
    const resolvers = Math.max(0, ...byKey.map((same) => resolversSince(same, pool, begin.atSeconds)));
    const words = missing.length === 0 ? '' : ` (without what ${missing.join(' and ')} answered)`;
    return {
      answers,
      resolvers,
      message: `${pool} of ${shown(name)} has ${answers} answers to ${resolvers} resolvers${words}`,
    };
  }

  /** What each node counted, as far as it told. */
  #nodes(name: string): { nodes: NodeSample[]; missing: readonly string[] } {
    const { store, table, others } = this.#parts;
    const service = store.service(name);
    if (service === undefined) return { nodes: [], missing: [] };
    const { told, missing } = others?.()?.about(name, service.revision) ?? { told: [], missing: [] };
    return { nodes: [{ node: OWN, counts: ownCounts(service, table.observed) }, ...told], missing };
  }
}

/**
 * Of nodes that tell resolvers apart by the same key, so that one which asked several of them counts once. A node that has
 * another key, as an earlier version of Teal has, may have met the same resolvers: whoever saw the most speaks for all.
 * Times are in whole seconds: those of the second in which it began do not count.
 */
function resolversSince(nodes: readonly NodeSample[], pool: string, atSeconds: number): number {
  const level = nodes.reduce((highest, { counts }) => Math.max(highest, counts.sightings.level), 0);
  const seen = new Set<number>();
  for (const { node, counts } of nodes) {
    const index = counts.order.indexOf(pool);
    const sinceSeconds = node === OWN ? atSeconds : atSeconds + ON_THE_WAY_SECONDS;
    for (const { pool, lastAtSeconds, resolver } of counts.sightings.seen) {
      // What the node that watches the fewest does not watch is left out of all.
      if (pool === index && lastAtSeconds > sinceSeconds && Math.clz32(resolver) >= level) seen.add(resolver);
    }
  }
  return seen.size * 2 ** level;
}

function demand({ answers, resolvers }: NonNullable<Metric['samples']>): string {
  const parts = [
    ...(answers === undefined ? [] : [`${answers} answers`]),
    ...(resolvers === undefined ? [] : [`${resolvers} resolvers`]),
  ];
  return parts.join(' and ');
}
