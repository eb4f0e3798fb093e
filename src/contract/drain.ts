/** Drain reports, as they are asked for and shown. */
import { decimal, mapOf, message, oneOf, strict, textOrNull, time, timeOrNull, whole, wholeOrNull } from './shapes.ts';
import { Type } from './type.ts';

const share = (description: string) => decimal(description, { minimum: 0, maximum: 1 });

/** What a resolver of the settings said last. */
const Held = Type.Object({
  resolver: Type.String(),
  pool: textOrNull('null: the answer is of no pool.'),
  answers: Type.Array(Type.String()),
  ttlSeconds: wholeOrNull('For how long it goes on giving this answer.'),
  error: Type.Optional(Type.String({ description: 'Why there is no answer.' })),
});

export const DrainPool = Type.Object({
  weight: whole('That it has now.', { maximum: 65_535 }),
  answers: whole('Since the pool was made, or the server started.'),
  lastAnswerAt: timeOrNull('null: none since the server started.'),
  lastTtlSeconds: wholeOrNull('TTL of the last answer; null: there was none.'),
  drainedAt: timeOrNull(
    'After this no cache that honours TTL holds an answer; null: the weight is above 0, or there never was an answer.',
  ),
  drained: Type.Boolean({ description: '`drainedAt` is over, and the weight is 0.' }),
  assumed: Type.Boolean({
    description:
      'Answers that nobody counted decide `drainedAt`: from before the start of the server, or those by which resolvers know its targets of records, a wildcard, a service or a pool that were there before.',
  }),
  share: Type.Object({
    configured: share('weight / sum of weights'),
    answers: share('Share of the answers since `since`.'),
    resolvers: share('Share of the resolvers since `since`; one that got two pools counts for both.'),
  }),
  resolvers: Type.Object({
    distinct: whole('Resolvers that got the pool since the server started.'),
    notBack: whole('Those whose last answer was of this pool.'),
    errorPercent: decimal('Two standard errors of `distinct`; 0: everybody is counted.', { minimum: 0 }),
    method: Type.String(),
  }),
  lateQueries: wholeOrNull(
    'Resolvers whose first answer since the pool drains came after its answer had expired; null: it does not drain, or another pool began to drain later.',
  ),
  topNetworks: Type.Array(
    Type.Object({
      network: Type.String({ description: 'A /24 or /56.' }),
      answers: whole('An estimate; answers to one resolver within one second count once.'),
    }),
  ),
});

/** Why nothing is drained because of a node. */
export const Holding = Type.Object({
  node: Type.String(),
  why: oneOf(['silent', 'behind', 'untold', 'stale', 'unknown'], {
    description:
      '`silent`: it shows no sign of life. `behind`: it does not take what was changed. `untold`: it does not tell what it answered. `stale`: it is the one that is asked, and does not know. `unknown`: how it stands cannot be read.',
  }),
  since: timeOrNull('Since when, as far as this node has noticed; null: not known.'),
  message,
  command: textOrNull('What ends it if the node does not come back; null: it ends by itself.'),
});

export const Drain = Type.Object(
  {
    service: Type.String(),
    at: time(),
    since: time('Shares are counted since then: the last change of the weights, or the start of the server.'),
    pools: mapOf(DrainPool),
    propagation: Type.Array(Held, {
      description: 'What the resolvers of the setting propagation.resolvers said last; asked anew in the background.',
    }),
    fleet: Type.Optional(
      Type.Object(
        {
          waitingFor: Type.Array(Type.String(), {
            description: 'Nodes of which it is not known what they answered: nothing is drained before that is known.',
          }),
          holding: Type.Array(Holding, {
            description: 'Nodes because of which nothing is drained: those that may answer by what was before, too.',
          }),
          nodes: Type.Array(
            Type.Object({
              node: Type.String(),
              toldAt: time('When it told that.'),
              answers: mapOf(whole('Since its counts began.')),
            }),
          ),
        },
        { description: 'In a fleet: what the other nodes said. `pools` has the counts of all.' },
      ),
    ),
    unknownRecords: Type.Optional(
      Type.Object(
        {
          zone: Type.String(),
          revision: whole('The import, or the end of the zone.'),
          until: time(
            'Resolvers keep nothing for longer than a week (RFC 8767 §4), and none of them may have been kept so long.',
          ),
        },
        {
          description:
            'Records that an import replaced, or that went with a zone, before the service was made: whether one led to a target of a pool is not known, and `drained` says nothing of it. Left out where there are none.',
        },
      ),
    ),
    message,
  },
  { $id: 'Drain' },
);

export const DrainQuery = Type.Object(
  {
    check: Type.Optional(
      oneOf(['now'], { description: 'Asks the resolvers of the setting propagation.resolvers before it answers.' }),
    ),
  },
  strict,
);
