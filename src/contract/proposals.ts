/** Changes that were proposed, and wait for somebody or for a time, as they are decided on and shown. */
import { override } from './freezes.ts';
import { limit } from './pages.ts';
import { Step } from './releases.ts';
import { weights } from './services.ts';
import { mapOf, message, name, oneOf, revision, strict, time, whole } from './shapes.ts';
import { Type } from './type.ts';
import { shownWhy, why } from './why.ts';

export const ProposedChange = Type.Object(
  {
    id: Type.String(),
    kind: oneOf(['shift', 'release'], { description: 'More may come.' }),
    shift: Type.Optional(mapOf(weights('The weight of every pool.'), { description: 'Weights by pool, by service.' })),
    release: Type.Optional(
      Type.Object({ to: Type.String(), steps: Type.Array(Step) }, { description: 'Of the services below.' }),
    ),
    services: mapOf(revision, {
      description: 'The services that it moves, each with the revision it was proposed at: of another it is void.',
    }),
    askedBy: Type.String({ description: 'Whoever proposed it.' }),
    approved: Type.Optional(Type.Object({ by: Type.String(), at: time() })),
    at: Type.Optional(time('When it is to be done, RFC 3339, UTC; left out: once it is approved.')),
    timeZone: Type.Optional(Type.String({ description: 'By whose clock that was said.' })),
    override: Type.Optional(Type.Object({ reason: Type.String() }, { description: 'Of an emergency.' })),
    why: Type.Optional(Type.Object(shownWhy, { description: 'What was said when it was made.' })),
    state: oneOf(['waiting', 'scheduled', 'done', 'ended'], {
      description: '`waiting`: for somebody. `scheduled`: for its time. `ended`: it is never done.',
    }),
    reason: oneOf(
      ['approval_needed', 'time_to_come', 'carried_out', 'canceled', 'approval_void', 'missed', 'frozen', 'refused'],
      { description: 'Why it is in this state. Stable: scripts may rely on it; more may come.' },
    ),
    message,
    outcome: Type.Optional(whole('The revision in which it was carried out.')),
    createdAt: time(),
    revision,
  },
  { $id: 'ProposedChange' },
);

export const ApproveBody = Type.Object(
  {
    revision: Type.Optional(whole('That of the proposal as it was looked at.', { minimum: 1 })),
    override,
    ...why,
  },
  { ...strict, $id: 'ApproveBody', examples: [{}, { revision: 17 }] },
);

export const ProposalParams = Type.Object({ id: name('Id of the proposal, as the reply that made it says.') });

export const ProposalPageQuery = Type.Object(
  {
    after: Type.Optional(whole('Only proposals with a higher id.')),
    limit,
    state: Type.Optional(
      oneOf(['open', 'waiting', 'scheduled', 'done', 'ended'], {
        description: 'Only those that are so; `open`: that wait for somebody or for their time.',
      }),
    ),
  },
  strict,
);
