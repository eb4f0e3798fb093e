/** Doors: APIs that others' tools speak. Each is loaded only where the settings open it. */
import { Problem } from '../model/errors.ts';
import { openToAll } from './access.ts';
import type { AcmeDnsSettings } from './acme/register.ts';
import type { Api } from './parts.ts';
import { sendProblem } from './problems.ts';

/** The group `doors` of the settings. */
interface DoorSettings {
  readonly powerdns: { readonly enabled: boolean };
  readonly externalDns: { readonly enabled: boolean };
  readonly httpreq: { readonly enabled: boolean };
  readonly acmeDns: { readonly enabled: boolean } & AcmeDnsSettings;
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
  externalDns: {
    paths: ['/external-dns'],
    load: async () => (await import('./external-dns/index.ts')).externalDns,
  },
  httpreq: { paths: ['/httpreq'], load: async () => (await import('./acme/httpreq.ts')).httpreq },
  acmeDns: {
    paths: ['/acme-dns'],
    load: async ({ acmeDns }) => (await import('./acme/acme-dns.ts')).acmeDns(acmeDns),
  },
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
