/** What happens, as it happens: server-sent events that go on where a client was cut off. */

import { EventsQuery } from '../../../contract/webhooks.ts';
import { type Position, parseId } from '../../../control/events/event.ts';
import { Problem } from '../../../model/errors.ts';
import { access, grantOf } from '../../access.ts';
import { isStillGood } from '../../auth.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import { readProblems } from '../../reply-schemas.ts';
import { EventStreams } from '../event-streams.ts';

/** How soon to come again where there are too many streams. */
const RETRY_AFTER_SECONDS = 5;

const stream = {
  operationId: 'streamEvents',
  summary: 'What happens, as server-sent events',
  description:
    'docs/events.md of the repository has the list. After a `Last-Event-ID` all that was missed comes first; `reset` says that it was too much, and that the client should read everything anew.',
  tags: ['events'],
  querystring: EventsQuery,
  headers: {
    type: 'object',
    properties: { 'Last-Event-ID': { type: 'string', description: 'The id of the last event that the client had.' } },
  },
  response: {
    200: {
      description: 'Goes on until one side ends it (WHATWG HTML §9.2).',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    },
    ...readProblems('query_invalid', 'header_invalid', 'too_many_streams', 'stopping'),
  },
};

export function eventRoutes(api: ApiInstance, parts: ApiParts): void {
  const { events } = parts;
  const streams = new EventStreams(events);
  api.addHook('preClose', async () => streams.stop());
  // A HEAD would be a stream as well.
  const route = { schema: stream, config: access('read', 'filtered'), exposeHeadRoute: false };
  api.get('/v1/events', route, (request, reply) => {
    const after = positionOf(request.headers['last-event-id'], request.query.lastEventId);
    if (after instanceof Problem) return sendProblem(reply, after);
    const isGood = () => isStillGood(request, parts);
    const { holder, turns } = request;
    const turn = () => turns.again(holder);
    const opened = streams.open({ token: holder, grant: grantOf(request), isGood, turn }, after);
    if (opened instanceof Problem) return sendProblem(reply.header('retry-after', RETRY_AFTER_SECONDS), opened);
    // A proxy that collects a reply before it passes it on would keep events back; nginx is told so by this header.
    reply.headers({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no', connection: 'close' });
    return reply.send(opened);
  });
}

/** The header is what a client sends by itself when it comes again; the parameter is for its first request. */
function positionOf(header: unknown, query: string | undefined): Position | undefined | Problem {
  const text = header ?? query;
  if (text === undefined || text === '') return undefined;
  const position = typeof text === 'string' ? parseId(text) : undefined;
  if (position !== undefined) return position;
  const [code, what] =
    header === undefined ? (['query_invalid', 'lastEventId'] as const) : (['header_invalid', 'Last-Event-ID'] as const);
  return new Problem(code, `${what} is the id of an event such as 17 or 17.1, not ${JSON.stringify(text)}.`);
}
