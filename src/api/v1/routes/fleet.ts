/** The fleet: how its nodes stand, and how it is founded and left. */
import { refTo } from '../../../contract/components.ts';
import { FleetNodeParams } from '../../../contract/fleet.ts';
import { EmptyBody } from '../../../contract/releases.ts';
import { Problem } from '../../../model/errors.ts';
import { access } from '../../access.ts';
import { takeNoBody } from '../../json-body.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import { deleteProblems, readProblems, whyHeaders, writeProblems } from '../../reply-schemas.ts';
import { fleetReply } from '../replies/fleet.ts';

const tags = ['fleet'];

const get = {
  operationId: 'getFleet',
  summary: 'How the fleet stands: its nodes, who is behind, and etcd',
  description: 'As this node sees it. `fleet_none` where the settings have no section `fleet`.',
  tags,
  response: { 200: { description: 'The fleet.', ...refTo('Fleet') }, ...readProblems('fleet_none') },
};

const found = {
  operationId: 'foundFleet',
  summary: 'Found the fleet with this node, all its data and history',
  description:
    'Others join by starting with an empty data directory. Answers go on; changes wait for the last moment of it.',
  tags,
  headers: whyHeaders,
  body: EmptyBody,
  response: {
    200: { description: 'It is founded.', ...refTo('Fleet') },
    ...writeProblems('fleet_none', 'fleet_exists', 'request_invalid'),
  },
};

const leave = {
  operationId: 'leaveFleet',
  summary: 'Leave the fleet with this node, which goes on alone with what it has',
  description: 'Its data directory is of another log from then on: to come back it starts with an empty one.',
  tags,
  headers: whyHeaders,
  body: EmptyBody,
  response: {
    200: { description: 'It has left.', ...refTo('Fleet') },
    ...writeProblems('fleet_none', 'request_invalid'),
  },
};

const remove = {
  operationId: 'removeNode',
  summary: 'Forget a node that does not come back',
  description: 'A node that runs is refused: stop it, or leave with it.',
  tags,
  params: FleetNodeParams,
  headers: whyHeaders,
  response: {
    204: { description: 'It is forgotten.', type: 'null' },
    ...deleteProblems('fleet_none', 'node_unknown', 'node_runs'),
  },
};

const NONE = new Problem('fleet_none', 'This server is one node: its settings have no section fleet (docs/fleet.md).');

export function fleetRoutes(api: ApiInstance, { fleet }: ApiParts): void {
  const config = access('admin', 'server');
  api.get('/v1/fleet', { schema: get, config: access('read', 'server') }, async (_request, reply) =>
    fleet === undefined ? sendProblem(reply, NONE) : reply.send(fleetReply(await fleet.view())),
  );
  api.post('/v1/fleet/init', { schema: found, config, preValidation: takeNoBody }, async (_request, reply) => {
    if (fleet === undefined) return sendProblem(reply, NONE);
    const result = await fleet.found();
    return result instanceof Problem ? sendProblem(reply, result) : reply.send(fleetReply(await fleet.view()));
  });
  api.post('/v1/fleet/leave', { schema: leave, config, preValidation: takeNoBody }, async (_request, reply) => {
    if (fleet === undefined) return sendProblem(reply, NONE);
    const problem = await fleet.leave();
    return problem === undefined ? reply.send(fleetReply(await fleet.view())) : sendProblem(reply, problem);
  });
  api.delete('/v1/fleet/nodes/:node', { schema: remove, config }, async (request, reply) => {
    if (fleet === undefined) return sendProblem(reply, NONE);
    const problem = await fleet.remove(request.params.node);
    return problem === undefined ? reply.code(204).send() : sendProblem(reply, problem);
  });
}
