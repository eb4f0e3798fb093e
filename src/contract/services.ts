/** Services, their weights, and what a client gets from them, as they are sent and shown. */
import { override } from './freezes.ts';
import { HealthBody } from './health.ts';
import { labels } from './labels.ts';
import { schedule } from './schedule.ts';
import {
  decimal,
  mapOf,
  message,
  name,
  oneOf,
  recordWarnings,
  revision,
  strict,
  textOrNull,
  time,
  timeOrNull,
  ttl,
  whole,
} from './shapes.ts';
import { Type } from './type.ts';
import { why } from './why.ts';
import { RRset } from './zones.ts';

const WEIGHT_MAX = 65_535;

const weight = whole('Integer 0 to 65535; 0 means never.', { maximum: WEIGHT_MAX, code: 'weights_invalid' });
const targets = Type.Array(Type.String(), { description: 'IP addresses, or exactly one host name.' });

const PoolBody = Type.Object(
  {
    weight: Type.Optional(
      whole('Integer 0 to 65535; left out, a pool keeps the one in force. A new pool needs one.', {
        maximum: WEIGHT_MAX,
        code: 'weights_invalid',
      }),
    ),
    targets: Type.Optional(
      Type.Array(Type.String(), {
        description: 'IP addresses, or exactly one host name. With `replace` those of the records where left out.',
      }),
    ),
    labels,
  },
  strict,
);

const replace = Type.Unsafe<boolean | Record<string, number>>({
  anyOf: [{ type: 'boolean' }, mapOf(revision)],
  description:
    'Takes the place of the A, AAAA or CNAME records at the name, at one instant; what the body leaves out (TTL, pools, targets) is as they had it. `true`: of whatever is there. `{"A":17}`: of exactly these, by type and the revision they were seen at, else 412. Left out: records there are a 409.',
});

const Pin = Type.Object(
  {
    network: Type.String({
      description: "Of clients, as ECS (RFC 7871) tells it, else the sender's: 198.51.100.0/24.",
    }),
    pool: Type.String(),
  },
  strict,
);

const ttlSeconds = ttl('TTL of its answers; 5 where left out.');
const pick = oneOf(['random', 'sticky'], {
  description:
    "`random` (if left out): each answer is an independent draw by weight. `sticky`: the client's network decides.",
});
const salt = Type.String({
  description:
    'What `sticky` hashes networks with, 32 hexadecimal digits; left out, the one in force or a new one. Services of one salt and pools choose alike.',
});
const pins = Type.Array(Pin, {
  description: 'Networks that always get one pool; the longest prefix wins. Left out: none.',
});
const previewNames = Type.Boolean({
  description:
    'Whether `green.app.example.com` answers from the pool green of app.example.com, whatever the weights, unless something else stands there. Left out: true.',
});
const release = Type.Object(
  { ttlSeconds: ttl('A release lowers a higher TTL to this until its last step has settled.') },
  { ...strict, description: 'What releases of the service do besides their steps.' },
);
const approval = oneOf(['required', 'none'], {
  description:
    '`required`: a shift or a release of it is a proposal (202) until somebody else approves it. Left out of a PUT: as it is; of a reply: `none`.',
});
const poolsDescription = { description: '2 to 16 pools by name, all of addresses or all of one host name.' };
const writtenPools = { description: `${poolsDescription.description} Left out only with \`replace\`.` };

export const ServiceBody = Type.Object(
  {
    ttlSeconds: Type.Optional(ttlSeconds),
    release: Type.Optional(release),
    health: Type.Optional(HealthBody),
    pick: Type.Optional(pick),
    salt: Type.Optional(salt),
    pins: Type.Optional(pins),
    previewNames: Type.Optional(previewNames),
    approval: Type.Optional(approval),
    replace: Type.Optional(replace),
    pools: Type.Optional(mapOf(PoolBody, writtenPools)),
    labels,
    ...why,
  },
  {
    ...strict,
    $id: 'ServiceBody',
    examples: [
      {
        ttlSeconds: 5,
        pick: 'random',
        pools: {
          blue: { weight: 100, targets: ['192.0.2.10'] },
          green: { weight: 0, targets: ['192.0.2.20'] },
        },
        pins: [{ network: '198.51.100.0/24', pool: 'green' }],
      },
    ],
  },
);

/** By pool. */
export const weights = (description: string) => mapOf(weight, { description });
const share = decimal('Of the answers.', { minimum: 0, maximum: 1 });
export const shares = mapOf(share, { description: "Each pool's share of answers: weight / sum of weights." });

export const Service = Type.Object(
  {
    name: Type.String(),
    zone: Type.String(),
    kind: oneOf(['addresses', 'host']),
    ttlSeconds,
    release: Type.Optional(release),
    health: Type.Optional(HealthBody),
    pick,
    salt,
    pins,
    previewNames,
    approval: Type.Optional(approval),
    labels,
    pools: mapOf(Type.Object({ weight, targets, labels }), poolsDescription),
    loweredTtlSeconds: Type.Optional(ttl('The TTL of its answers while a release has lowered it.')),
    shares,
    revision,
    replaced: Type.Optional(
      Type.Array(RRset, { description: 'Of a PUT with `replace`: the records whose place it took.' }),
    ),
    warnings: recordWarnings,
  },
  { $id: 'Service' },
);

/**
 * Besides the weights it takes why they change. A pool may be called `reason` or `links`: a number is its weight, and
 * what is to be said is said in headers then.
 */
export const WeightsBody = Type.Unsafe<Record<string, number>>({
  type: 'object',
  properties: { reason: { anyOf: [why.reason, weight] }, links: { anyOf: [why.links, weight] } },
  additionalProperties: weight,
  $id: 'WeightsBody',
  description:
    'The weight of every pool of the service; at least one above 0. And `reason` and `links`, unless they are numbers: then they are weights of pools of that name.',
  examples: [
    { blue: 90, green: 10 },
    { blue: 0, green: 100, reason: 'Cut-over to 4.2.0' },
  ],
});

/** What a service has, and what that comes to. */
const inForce = { weights: weights('The weight of every pool.'), shares };

export const Weights = Type.Object({ revision, ...inForce }, { $id: 'Weights' });

export const ShiftBody = Type.Object(
  {
    services: mapOf(weights('The weight of every pool of it.'), { description: 'Weights by pool, by service.' }),
    ...schedule,
    override,
    ...why,
  },
  {
    ...strict,
    $id: 'ShiftBody',
    examples: [
      {
        services: { 'app.example.com': { blue: 0, green: 100 }, 'api.example.com': { blue: 0, green: 100 } },
        reason: 'Cut-over to 4.2.0',
        links: ['https://git.example.com/app/commit/1a2b3c', 'https://ci.example.com/runs/981'],
      },
    ],
  },
);

export const Shift = Type.Object({ revision, services: mapOf(Type.Object(inForce)) }, { $id: 'Shift' });

export const RollbackBody = Type.Object(
  { revision: Type.Optional(whole('Restores the weights in force at this revision.', { minimum: 1 })), ...why },
  { ...strict, $id: 'RollbackBody', examples: [{}, { revision: 12, reason: 'Errors since 10:02' }] },
);

/** The types whose answer a service chooses. */
const EXPLAINED_TYPES = ['A', 'AAAA', 'CNAME'] as const;
const DRAWS_DEFAULT = 1000;
const DRAWS_MAX = 10_000;

export const ExplainQuery = Type.Object(
  {
    client: Type.Optional(
      Type.String({ description: 'An address or a network: 203.0.113.7; left out, the one that asks.' }),
    ),
    type: Type.Optional(oneOf(EXPLAINED_TYPES, { description: 'A if left out.' })),
    draws: Type.Optional(whole(`Answers that \`split\` counts; ${DRAWS_DEFAULT}.`, { minimum: 1, maximum: DRAWS_MAX })),
  },
  strict,
);

const answers = mapOf(whole('Since the weights in force.'));

/** What was answered, beside what is answered now. */
const Observed = Type.Object(
  {
    since: time('The last change of the weights, or the start of this server.'),
    answers,
    split: mapOf(share, { description: "Each pool's share of these answers; empty: there were none." }),
    nodes: Type.Optional(
      Type.Array(
        Type.Object({
          node: Type.String(),
          toldAt: timeOrNull('When it told; null: it is the one that is asked.'),
          revision: whole('What it answered from then.'),
          shares: Type.Optional(
            mapOf(share, {
              description: 'As it answers, without pools that are down as it sees it; left out by an earlier version.',
            }),
          ),
          answers,
        }),
        { description: 'In a fleet: each node, the one that is asked first. `answers` and `split` are of all.' },
      ),
    ),
    waitingFor: Type.Optional(
      Type.Array(Type.String(), { description: 'In a fleet: nodes of which this is not known now.' }),
    ),
  },
  { description: 'What was answered since the weights are in force, to all clients.' },
);

export const Explanation = Type.Object(
  {
    service: Type.String(),
    client: Type.String(),
    network: Type.String({ description: 'Whoever is in it would have got an answer by the same rule.' }),
    type: oneOf(EXPLAINED_TYPES),
    pool: textOrNull('null: no pool was asked for it; another zone, or an alias, answers at the name.'),
    reason: oneOf(['preview', 'pin', 'sticky', 'random', 'only_pool', 'health', 'fail_open'], {
      description: 'Stable: scripts may rely on it.',
    }),
    answer: Type.Array(Type.String(), { description: 'The records of the answer section as in a zone file.' }),
    ttlSeconds: ttl('The lowest of the answer, or that of the denial.'),
    scope: whole('SCOPE PREFIX-LENGTH that a resolver is told (RFC 7871).', { maximum: 128 }),
    split: mapOf(share, { description: "Each pool's share of `draws` answers to this client." }),
    draws: whole('How many answers `split` counts.', { minimum: 1, maximum: DRAWS_MAX }),
    observed: Observed,
    message,
  },
  { $id: 'Explanation' },
);

export const ServiceDeleteQuery = Type.Object(
  {
    leave: Type.Optional(
      Type.String({
        description:
          'A pool whose targets stay at the name, as A and AAAA records or as a CNAME, with the TTL of the service; the zone answers with them from the same instant on.',
      }),
    ),
  },
  strict,
);

/** RFC 2181 §8. */
const TTL_MAX = 2 ** 31 - 1;
const PROPOSED_TARGETS = 'IP addresses with commas, or one host name';

export const ProposalQuery = Type.Object(
  {
    targets: Type.Optional(
      Type.String({ description: `${PROPOSED_TARGETS}: proposes from these, such as another nameserver's answer.` }),
    ),
    ttlSeconds: Type.Optional(
      whole('With `targets`: the TTL that they have there; 5 where left out.', { maximum: TTL_MAX }),
    ),
  },
  strict,
);

export const Proposal = Type.Object(
  {
    name: Type.String(),
    zone: Type.String(),
    body: ServiceBody,
    replaces: Type.Array(RRset, { description: 'The records at the name that the service would take the place of.' }),
    heldSeconds: ttl('How long caches may still hold those records; 0 where there are none.'),
    message,
  },
  {
    $id: 'Proposal',
    description: 'What to PUT: blue has what is answered now and all traffic, green the same targets and none.',
  },
);

export const ServiceParams = Type.Object({ name: name('Name of the service, without the final dot.') });

export const ServicePoolParams = Type.Object({
  name: name('Name of the service, without the final dot.'),
  pool: name('Name of one of its pools.'),
});
