/** Whether the server lives, and whether it takes changes; for supervisors and load balancers, without a token. */
import { oneOf, whole, wholeOrNull } from '../contract/shapes.ts';
import { Type } from '../contract/type.ts';
import type { FleetControl } from '../control/nodes.ts';
import { openToAll } from './access.ts';
import type { Api } from './parts.ts';
import { sendProblem } from './problems.ts';
import { problemReplies } from './reply-schemas.ts';

const tags = ['health'];
const open = { tags, security: [] };

const status = (word: string, description: string, more = {}) => ({
  description,
  ...Type.Object({ status: Type.Literal(word), ...more }),
});

const fleetReadiness = Type.Optional(
  Type.Object(
    {
      standing: Type.String({ description: 'As `GET /v1/fleet` has it.' }),
      current: Type.Boolean({ description: 'false: stale. It answers, and cannot prove that it is current.' }),
      message: Type.String({ description: 'The same for people.' }),
      currentForMs: wholeOrNull(
        'How long it may claim that from now on, unless it goes out by itself before; null: it is one node.',
      ),
      etcd: Type.Optional(
        Type.Object(
          {
            member: Type.String({ description: 'The one that has the least room.' }),
            databaseBytes: whole('Of its database.'),
            quotaBytes: whole('What it may have; 2 GB where it does not tell.'),
            room: oneOf(['ample', 'warn', 'refuse', 'full'], {
              description:
                '`warn`: half of the quota is used. `refuse`: four fifths are, and imports are refused. `full`: nothing can be changed.',
            }),
          },
          { description: 'How full etcd is, as this node saw it in the last seconds; left out until it has seen it.' },
        ),
      ),
    },
    { description: 'Of this node; left out where there is no fleet.' },
  ),
);

const unusableFiles = Type.Optional(
  Type.Array(Type.String(), {
    description:
      'Settings, such as `admin.tls`, whose files became unreadable or junk while the server ran: what was in them before is in force until it is restarted, which it could not be now. The log says what is wrong. Left out where there are none.',
  }),
);

/** Without a token, so it names neither nodes nor members of etcd: those who may read ask `GET /v1/fleet` why. */
function standingWords(standing: FleetControl['standing'], isCurrent: boolean): string {
  if (standing === 'alone') return 'One node: it is not of the fleet, which may not be founded.';
  if (standing === 'ended') return 'It takes no part in its fleet any more: it was removed, or its name is in use.';
  if (standing === 'joining')
    return 'Stale: it has not found its place in the log yet, and answers from what it has, unless whenStale says withdraw.';
  if (standing === 'out') return 'Stale: it is behind, changes do not wait for it, and it answers from what it has.';
  return isCurrent
    ? 'Current.'
    : 'Stale: it does not hear where the log is, and answers from what it has, unless whenStale says withdraw.';
}

const live = {
  ...open,
  operationId: 'getHealth',
  summary: 'The process lives',
  description: 'For supervisors. Without a token, and without a look at the store or the workers.',
  response: { 200: status('ok', 'It does.'), ...problemReplies(['request_invalid']) },
};

const ready = {
  ...open,
  operationId: 'getReadiness',
  summary: 'The server answers, and takes changes',
  description:
    'For load balancers: 503 while a worker is missing, the store takes no change, the table had no room for a zone, which is answered with SERVFAIL (`detail` names five at most), a zone that is signed cannot be signed anew (`detail` counts those zones, and names five at most), or not all of one is answered with signatures yet. A server that goes on with what was in a file before is ready, and says which (`unusableFiles`). A stale node of a fleet says so, and is ready: it answers.',
  response: {
    200: status('ready', 'It does both.', { fleet: fleetReadiness, unusableFiles }),
    ...problemReplies([
      'request_invalid',
      'store_unavailable',
      'workers_missing',
      'zones_left_out',
      'signing_refused',
      'signing_unfinished',
    ]),
  },
};

function readinessOf({ standing, isCurrent: current, currentForMs, room }: FleetControl): object {
  const { level, ...where } = room ?? {};
  const message = standingWords(standing, current);
  return { standing, current, message, currentForMs, ...(room && { etcd: { ...where, room: level } }) };
}

export const health: Api = {
  isDocumented: true,
  routes(api, { queries, fleet, files }) {
    openToAll(api, { isNamed: false });
    api.get('/healthz', { schema: live, config: { prompt: true } }, (_request, reply) => reply.send({ status: 'ok' }));
    api.get('/readyz', { schema: ready, config: { prompt: true } }, (_request, reply) => {
      const problem = queries.readiness();
      if (problem !== undefined) return sendProblem(reply, problem);
      const unusable = files?.unusable ?? [];
      const more = unusable.length > 0 ? { unusableFiles: unusable } : {};
      return reply.send({ status: 'ready', ...(fleet && { fleet: readinessOf(fleet) }), ...more });
    });
  },
};
