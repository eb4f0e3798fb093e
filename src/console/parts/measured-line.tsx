/** The measurements of a gate as a line, with those that failed marked. */
import type { AnalysisRecord } from '../../contract/types.ts';

type Measurement = AnalysisRecord['metrics'][number]['measurements'][number];

const WIDTH = 240;
const HEIGHT = 44;
const EDGE = 5;

export function MeasuredLine({ name, measurements }: { name: string; measurements: readonly Measurement[] }) {
  const values = measurements.map(({ value }) => (typeof value === 'number' ? value : undefined));
  const known = values.filter((value) => value !== undefined);
  if (known.length < 2) return null;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (i: number): number => EDGE + ((WIDTH - 2 * EDGE) * i) / Math.max(1, values.length - 1);
  const y = (value: number): number =>
    high === low ? HEIGHT / 2 : HEIGHT - EDGE - ((HEIGHT - 2 * EDGE) * (value - low)) / (high - low);
  const points = values.flatMap((value, i) => (value === undefined ? [] : [`${x(i)},${y(value)}`]));
  const failed = measurements.filter(({ phase }) => phase === 'failed').length;
  const words = `${name}: ${known.length} values from ${low} to ${high}, ${failed} failed, the last ${known.at(-1)}`;
  return (
    <svg class="measured" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words}>
      <polyline points={points.join(' ')} />
      {values.map((value, i) =>
        value === undefined ? null : (
          <circle key={i} cx={x(i)} cy={y(value)} r={3} data-phase={measurements[i]?.phase} />
        ),
      )}
    </svg>
  );
}
