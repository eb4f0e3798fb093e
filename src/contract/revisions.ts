/** The log of changes, as it is shown. */
import { shownOverride } from './freezes.ts';
import { message, oneOf, time, whole } from './shapes.ts';
import { Type } from './type.ts';
import { shownWhy } from './why.ts';

export const Subject = Type.Object({
  kind: oneOf(['zone', 'rrset', 'service', 'release', 'health', 'token', 'webhook', 'dnssec', 'freeze', 'proposal']),
  name: Type.String(),
  before: Type.Unknown({ description: 'null: it was not there, or see `forgotten`.' }),
  after: Type.Unknown({ description: 'null: it is gone, or see `forgotten`.' }),
  forgotten: Type.Optional(
    Type.Array(oneOf(['before', 'after']), {
      description: 'What of the two was large and is no longer kept: see history.contentRevisions.',
    }),
  ),
});

/** Who changed what, when and why. */
export const revisionHead = {
  revision: whole('Its number.'),
  at: time(),
  actor: Type.String({ description: "The token's name." }),
  kind: Type.String(),
  summary: message,
  ...shownWhy,
};

export const Revision = Type.Object(
  {
    ...revisionHead,
    requestId: Type.Optional(
      Type.String({
        description: "X-Request-Id of the request that it came with: the client's own, or the one that it was given.",
      }),
    ),
    traceparent: Type.Optional(
      Type.String({ description: "Where that request belongs in the client's trace (W3C Trace Context)." }),
    ),
    override: Type.Optional(shownOverride),
    subjects: Type.Array(Subject),
  },
  {
    $id: 'Revision',
    examples: [
      {
        revision: 17,
        at: '2026-01-31T12:00:00.000Z',
        actor: 'admin',
        kind: 'shift',
        summary: 'app.example.com blue 100→90 green 0→10',
        reason: 'Canary of 4.2.0',
        links: ['https://git.example.com/app/commit/1a2b3c'],
        subjects: [
          {
            kind: 'service',
            name: 'app.example.com',
            before: { blue: 100, green: 0 },
            after: { blue: 90, green: 10 },
          },
        ],
      },
    ],
  },
);
