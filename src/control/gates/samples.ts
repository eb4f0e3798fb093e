/** The gate that passes once there is enough to judge by: answers of the pool that a release goes to, and resolvers. */
import type { Metric, Release } from '../../model/release.ts';
import type { Measurement } from '../../model/release-analysis.ts';
import type { Sightings } from '../../model/resolver-estimates.ts';
import type { Service } from '../../model/service.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Table } from '../../table/table.ts';
import type { Clock } from '../clock.ts';
import { shown } from '../names.ts';
import type { Asking } from './analysis.ts';

interface SampleParts {
  readonly store: Pick<Store, 'service'>;
  readonly table: Pick<Table, 'observed'>;
  readonly clock: Pick<Clock, 'wallMs'>;
}

/** How things stood when an analysis began. */
interface Begin {
  /** Unix time, seconds. */
  readonly atSeconds: number;
  /** Answers of the target pool, by service. */
  readonly answers: ReadonlyMap<string, number>;
}

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

  #begin({ services, to }: Release): Begin {
    const { table, clock } = this.#parts;
    const answers = services.map(({ name }) => [name, table.observed.poolCounts(name)[to]?.answers ?? 0] as const);
    return { atSeconds: Math.floor(clock.wallMs() / 1000), answers: new Map(answers) };
  }

  #count(name: string, pool: string, begin: Begin): { answers: number; resolvers: number; message: string } {
    const { store, table } = this.#parts;
    const all = table.observed.poolCounts(name)[pool]?.answers ?? 0;
    // A pool that was made anew meanwhile counts from 0.
    const before = begin.answers.get(name) ?? 0;
    const answers = all < before ? all : all - before;
    const resolvers = resolversSince(table.observed.sightings(name), store.service(name), pool, begin.atSeconds);
    return {
      answers,
      resolvers,
      message: `${pool} of ${shown(name)} has ${answers} answers to ${resolvers} resolvers`,
    };
  }
}

/** Times of resolvers are in whole seconds: those of the second in which it began do not count. */
function resolversSince(
  { level, seen }: Sightings,
  service: Service | undefined,
  pool: string,
  atSeconds: number,
): number {
  const index = service?.pools.findIndex(({ name }) => name === pool);
  const since = seen.filter((each) => each.pool === index && each.lastAtSeconds > atSeconds);
  return new Set(since.map(({ resolver }) => resolver)).size * 2 ** level;
}

function demand({ answers, resolvers }: NonNullable<Metric['samples']>): string {
  const parts = [
    ...(answers === undefined ? [] : [`${answers} answers`]),
    ...(resolvers === undefined ? [] : [`${resolvers} resolvers`]),
  ];
  return parts.join(' and ');
}
