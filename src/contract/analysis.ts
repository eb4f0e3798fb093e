/** What the gates of a release say: while they are asked, and afterwards. */
import { mapOf, oneOf, time, timeOrNull, whole } from './shapes.ts';
import { Type } from './type.ts';

const outcome = oneOf(['passed', 'failed', 'inconclusive', 'error'], {
  description: '`error`: it could not be asked, so that nothing was measured.',
});

export const AnalysisProgress = Type.Object(
  {
    count: whole('How often each metric is measured.'),
    failureLimit: whole('Failed measurements that one metric may have.'),
    consecutiveErrorLimit: whole('Errors in a row that one metric may have.'),
    lastAt: timeOrNull('null: nothing was measured yet.'),
    metrics: Type.Array(
      Type.Object({
        name: Type.String(),
        measurements: whole('Without those that were errors.'),
        failures: whole('Of the measurements.'),
        inconclusive: whole('Of the measurements.'),
        errors: whole('In all.'),
        consecutiveErrors: whole('Since the last measurement that was none.'),
        last: Type.Union([
          Type.Null(),
          Type.Object({ outcome, message: Type.String(), value: Type.Optional(Type.Number()) }),
        ]),
      }),
    ),
  },
  { description: 'While it is in an analysis: how far that is, on this server.' },
);

/** Many words, so that more may come. */
const phase = Type.String({
  description: 'passed, failed, inconclusive, error; running, stopped; none: not measured.',
});

/** What the gates of a step said. */
export const AnalysisRecord = Type.Object({
  stepIndex: whole('The step that asked, from 0.'),
  phase,
  message: Type.String(),
  startedAt: time(),
  endedAt: timeOrNull('null: it goes on.'),
  earlier: Type.Boolean({ description: 'Of an attempt before the release was retried.' }),
  failureLimit: whole('Failed measurements that one metric may have.'),
  metrics: Type.Array(
    Type.Object({
      name: Type.String(),
      phase,
      counts: mapOf(whole('How many.'), { description: 'Measurements by phase, those too that are not kept.' }),
      measurements: Type.Array(
        Type.Object({ at: time(), phase, value: Type.Optional(Type.Number()), message: Type.String() }),
        { description: 'The last ones, in order of time.' },
      ),
    }),
  ),
});
