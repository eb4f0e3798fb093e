/** What a service answered, hour by hour, as it is shown. */
import { mapOf, time, whole } from './shapes.ts';
import { Type } from './type.ts';

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
