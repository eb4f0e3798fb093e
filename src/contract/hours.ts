/** What a service answered, hour by hour, as it is shown. */
import { Type } from 'typebox';
import { mapOf, time, whole } from './shapes.ts';

export const AnswerHours = Type.Object(
  {
    service: Type.String(),
    items: Type.Array(
      Type.Object({
        at: time('When the hour began.'),
        answers: mapOf(whole('Answers with this pool.')),
      }),
      { description: 'Hours of the last week in which something was answered, the oldest first.' },
    ),
  },
  { $id: 'AnswerHours' },
);
