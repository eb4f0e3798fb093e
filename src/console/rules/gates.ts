/** Steps of a release as a form edits them: what a kind of step or gate begins with, and moves in their order. Pure. */
import type { Step } from '../../contract/types.ts';
import type { Metric } from '../../model/release.ts';
import { numberOf } from './numbers.ts';

export type StepKind = 'setWeight' | 'pause' | 'wait' | 'approval' | 'gates' | 'drain';
export type MetricKind = 'web' | 'prometheus' | 'health' | 'samples';

/** A gate is measured so often, ten seconds apart, unless somebody says otherwise. */
const MEASUREMENTS = 3;

export function kindOf(step: Step): StepKind {
  if (step.setWeight !== undefined) return 'setWeight';
  if (step.pause?.approval !== undefined) return 'approval';
  if (step.pause !== undefined) return step.pause.duration === undefined ? 'wait' : 'pause';
  return step.analysis === undefined ? 'drain' : 'gates';
}

export function metricKindOf(metric: Metric): MetricKind {
  return (['web', 'prometheus', 'health', 'samples'] as const).find((kind) => kind in metric) ?? 'web';
}

/** What a step of the kind is at first. */
export function stepOf(kind: StepKind | MetricKind, to: string): Step {
  switch (kind) {
    case 'setWeight':
      return { setWeight: 50 };
    case 'pause':
      return { pause: { duration: '5m' } };
    case 'wait':
      return { pause: {} };
    case 'approval':
      return { pause: { approval: { by: 'other' } } };
    case 'drain':
      return { drain: {} } as Step;
    default:
      return { analysis: { count: MEASUREMENTS, metrics: [metricOf(kind === 'gates' ? 'web' : kind, to, [])] } };
  }
}

const NAMES: Readonly<Record<MetricKind, string>> = {
  web: 'smoke',
  prometheus: 'errors',
  health: 'up',
  samples: 'enough',
};

/** `others`: the names that are taken. */
export function metricOf(kind: MetricKind, to: string, others: readonly string[]): Metric {
  const name = freeName(NAMES[kind], others);
  switch (kind) {
    case 'web':
      return { name, web: { url: 'https://' } };
    case 'prometheus':
      return { name, prometheus: { address: 'https://', query: '' }, thresholdRange: { max: 0.01 } };
    case 'health':
      return { name, health: { pool: to } } as Metric;
    case 'samples':
      return { name, samples: { answers: 1000 } } as Metric;
  }
}

function freeName(wanted: string, others: readonly string[]): string {
  if (!others.includes(wanted)) return wanted;
  for (let i = 2; ; i++) if (!others.includes(`${wanted}-${i}`)) return `${wanted}-${i}`;
}

/** Without the member where the text says nothing, so that the server's default holds. */
export function withNumber<Of extends object>(of: Of, key: string, text: string): Of {
  const { [key as keyof Of]: _before, ...rest } = of;
  const number = numberOf(text);
  return (number === undefined ? rest : { ...rest, [key]: number }) as Of;
}

export function inserted<Item>(items: readonly Item[], at: number, item: Item): Item[] {
  return [...items.slice(0, at), item, ...items.slice(at)];
}

/** Up by one where `by` is -1, down by one where it is 1; at the end it stays. */
export function moved<Item>(items: readonly Item[], at: number, by: -1 | 1): readonly Item[] {
  const to = at + by;
  if (to < 0 || to >= items.length) return items;
  const next = [...items];
  next.splice(to, 0, ...next.splice(at, 1));
  return next;
}
