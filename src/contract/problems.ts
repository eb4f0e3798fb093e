/** Refusals: one shape for all of them (RFC 9457), whose `code` scripts may rely on. */
import { oneOf, whole } from './shapes.ts';
import { Type } from './type.ts';
import { Finding } from './zones.ts';

/** `codes`: all that there are; the model has the list. */
export function problemSchema(codes: readonly string[]) {
  return Type.Object(
    {
      type: Type.String(),
      title: Type.String(),
      status: whole('Of the reply.', { minimum: 400, maximum: 599 }),
      code: oneOf(codes, { description: 'Stable: scripts may rely on it.' }),
      detail: Type.String({ description: 'What was wrong, where, and what would be right.' }),
      pointer: Type.Optional(Type.String({ description: 'JSON pointer (RFC 6901) into the body.' })),
      conflict: Type.Optional(Type.String({ description: 'The other party of a conflict.' })),
      findings: Type.Optional(Type.Array(Finding, { description: 'What is wrong in a zone file, place by place.' })),
    },
    {
      $id: 'Problem',
      examples: [
        {
          type: 'about:blank',
          title: 'Unprocessable Entity',
          status: 422,
          code: 'weights_all_zero',
          detail: 'All weights of app.example.com would be 0 and nothing could be answered: at least one is above 0.',
          pointer: '',
        },
      ],
    },
  );
}
