/** Doors: APIs that others' tools speak. Each is loaded only where the settings open it; what they share is here. */
import type { FastifyRequest } from 'fastify';
import type { CommandContext } from '../control/commands/command.ts';
import { Problem } from '../model/errors.ts';
import { makeWhy } from '../model/why.ts';
import { openToAll } from './access.ts';
import { contextFor } from './commands.ts';
import type { Api } from './parts.ts';
import { sendProblem } from './problems.ts';
import { readWhyHeaders } from './why-headers.ts';

/** The group `doors` of the settings. */
interface DoorSettings {
  readonly powerdns: { readonly enabled: boolean };
}

type DoorKey = keyof DoorSettings;

interface DoorEntry {
  /** All that is below them is the door's. */
  readonly paths: readonly string[];
  load(settings: DoorSettings): Promise<Api>;
}

/** A door is a folder of its own, and a line here. */
const DOORS: Readonly<Record<DoorKey, DoorEntry>> = {
  powerdns: { paths: ['/api'], load: async () => (await import('./powerdns/index.ts')).powerdns },
};

/** The doors that are open; and in the place of those that are not, a word on how to open them. */
export function openDoors(settings: DoorSettings): Promise<Api[]> {
  const keys = Object.keys(DOORS) as DoorKey[];
  return Promise.all(keys.map(async (key) => (settings[key].enabled ? DOORS[key].load(settings) : closed(key))));
}

/** Every request gets 404, with or without a token: clients of a door send theirs in ways that are not those of /v1. */
function closed(key: DoorKey): Api {
  const detail = `No such path: this door is closed, and the setting doors.${key}.enabled opens it.`;
  return {
    isDocumented: false,
    routes(api) {
      openToAll(api, { isNamed: false });
      // Before a body is read.
      api.addHook('onRequest', async (_request, reply) => sendProblem(reply, new Problem('route_unknown', detail)));
      for (const path of DOORS[key].paths) {
        for (const url of [path, `${path}/*`]) api.all(url, (_request, reply) => reply);
      }
    },
  };
}

/**
 * What the engine must know of a change that came through a door. In the log of changes it is `DOOR:WHO`, which no token
 * can be named: the token, where the door has no better name for who asks. Why: the headers Teal-Reason and Teal-Links.
 */
export function doorContext(
  request: FastifyRequest,
  atMs: number,
  door: string,
  who: string | undefined = request.actor?.name,
): CommandContext | Problem {
  const { actor, headers } = request;
  // Routes without a token change nothing.
  if (actor === undefined) return new Problem('token_missing', request.server.dialect.howToAsk);
  const said = readWhyHeaders(headers);
  const why = said instanceof Problem ? said : makeWhy(said.reason, said.links);
  if (why instanceof Problem) return why;
  return { ...contextFor(request, actor, atMs), actor: `${door}:${who}`, why };
}
