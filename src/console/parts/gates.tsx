/** The gates of one step of a release: what each asks, what it came to, and the measurements that say why. */
import type { AnalysisRecord, Release } from '../../contract/types.ts';
import { bothText, clockText, momentText } from '../rules/format.ts';
import { countsText, metricText } from '../rules/steps.ts';
import { Badge, Fold, Scroll, type Tone } from './controls.tsx';
import { MeasuredLine } from './measured-line.tsx';

type Analysis = NonNullable<Release['steps'][number]['analysis']>;

export function Gates(props: { step: Analysis; record: AnalysisRecord | undefined; count: number | undefined }) {
  const { step, record } = props;
  const isOver = record !== undefined && record.endedAt !== null;
  return (
    <div class="stack-s small">
      {record?.earlier && <p class="quiet">From the attempt before, until {momentText(record.endedAt as string)}:</p>}
      {isOver && record.phase !== 'passed' && <p class="gate-verdict">{record.message}</p>}
      <ul class="stack-s">
        {step.metrics.map((metric) => {
          const own = record?.metrics.find(({ name }) => name === metric.name);
          return (
            <li key={metric.name} data-phase={own?.phase}>
              <strong>{metric.name}</strong> <span class="quiet">{metricText(metric)}</span>
              {own && record && <Measured of={own} record={record} count={props.count} />}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Measured(props: { of: AnalysisRecord['metrics'][number]; record: AnalysisRecord; count: number | undefined }) {
  const { phase, counts, measurements } = props.of;
  const { endedAt, failureLimit } = props.record;
  const last = measurements.at(-1);
  const hasFailed = endedAt !== null && phase !== 'passed';
  return (
    <>
      <div class="row">
        <Badge tone={toneOf(phase, hasFailed)}>
          {phase === 'none' ? 'not measured yet' : phase}
          {endedAt === null && props.count !== undefined && ` · round ${roundsOf(counts)} of ${props.count}`}
        </Badge>
        <span>{countsText(counts, failureLimit)}</span>
      </div>
      {last && !hasFailed && <p class="quiet">{last.message}</p>}
      <MeasuredLine name={props.of.name} measurements={measurements} />
      {measurements.length > 0 && (
        <Fold
          isOpen={hasFailed}
          summary={measurements.length === 1 ? 'The measurement' : `The last ${measurements.length} measurements`}
        >
          <Scroll>
            <table class="measurements">
              <thead>
                <tr>
                  <th scope="col">At</th>
                  <th scope="col">Came to</th>
                  <th scope="col" class="number">
                    Value
                  </th>
                  <th scope="col">It said</th>
                </tr>
              </thead>
              <tbody>
                {measurements.toReversed().map(({ at, phase, value, message }, i) => (
                  <tr key={i} data-phase={phase}>
                    <td title={bothText(at)}>{clockText(at)}</td>
                    <td>{phase}</td>
                    <td class="number">{value ?? '–'}</td>
                    <td>{message}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </Fold>
      )}
    </>
  );
}

/** What could not be asked is asked again, and is no round. */
function roundsOf({ error: _error, ...counts }: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** An error is no failure, unless the release was taken back for it. */
function toneOf(phase: string, hasFailed: boolean): Tone | undefined {
  if (phase === 'passed') return 'ok';
  if (phase === 'failed' || (phase === 'error' && hasFailed)) return 'danger';
  return phase === 'inconclusive' || phase === 'error' ? 'warn' : undefined;
}
