/** Whether what an analysis measures is still what it began with: a pool with other targets is another thing. */
import type { Analysis, Release } from './release.ts';
import type { Subject } from './revision.ts';

interface Pools {
  readonly pools?: Readonly<Record<string, { readonly targets?: readonly string[] }>>;
}

/**
 * The pools of a release whose targets a revision changed while its analysis runs, as `green of app.example.com`. Those
 * count that get traffic, that it moves to, or that a gate names: the others are not measured.
 */
export function changedTargets(release: Release, subjects: readonly Subject[]): string[] {
  const { wait, held, steps, stepIndex, services, to } = release;
  const analysis = steps[stepIndex]?.analysis;
  if (wait?.kind !== 'analysis' || held || analysis === undefined) return [];
  const named = new Set([to, ...poolsOf(analysis)]);
  return services.flatMap(({ name, weights }) => {
    const subject = subjects.find(({ kind, name: about }) => kind === 'service' && about === name);
    const [before, after] = [subject?.before, subject?.after] as (Pools | null | undefined)[];
    const measured = Object.keys(weights).filter((pool) => named.has(pool) || weights[pool] > 0);
    const changed = measured.filter((pool) => {
      const [was, is] = [before?.pools?.[pool]?.targets, after?.pools?.[pool]?.targets];
      return Array.isArray(was) && Array.isArray(is) && !hasSame(was, is);
    });
    return changed.map((pool) => `${pool} of ${name}`);
  });
}

function poolsOf({ metrics }: Analysis): string[] {
  return metrics.flatMap(({ health }) => (health === undefined ? [] : [health.pool]));
}

/** The order of targets means nothing: answers rotate them. */
function hasSame(was: readonly string[], is: readonly string[]): boolean {
  return was.length === is.length && was.every((target) => is.includes(target));
}
