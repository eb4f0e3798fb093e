/** What the zones of the server itself say of a zone below them. */
import type { RRset, Signing, Zone } from '../../contract/types.ts';
import { type Api, path } from '../api.ts';
import { Failure } from '../failure.ts';
import type { Diagnosis } from './diagnosis.ts';

/** Whether a parent of the zone here is signed and does not delegate it: then it proves that nothing is there (RFC 4035 §5.4). */
export async function examineAbove(zone: string, api: Pick<Api, 'find'>): Promise<Diagnosis[]> {
  const labels = zone.split('.');
  const namesAbove = labels.map((_, i) => labels.slice(i).join('.'));
  try {
    for (const [i, above] of namesAbove.entries()) {
      if (i === 0 || (await api.find<Zone>(path`/v1/zones/${above}`)) === undefined) continue;
      if ((await api.find<Signing>(path`/v1/zones/${above}/dnssec`)) === undefined) return [];
      for (const at of namesAbove.slice(0, i)) {
        if ((await api.find<RRset>(path`/v1/zones/${above}/rrsets/${at}/NS`)) !== undefined) return [];
      }
      return [undelegated(zone, above)];
    }
  } catch (error) {
    // A token may reach the zone alone.
    if (!(error instanceof Failure)) throw error;
  }
  return [];
}

function undelegated(zone: string, parent: string): Diagnosis {
  return {
    level: 'error',
    code: 'child_undelegated',
    what: `${parent} is signed here and does not delegate ${zone}, which is a zone of its own here.`,
    why: 'It proves that nothing is there, so that who validates refuses all answers of the zone.',
    todo: `Put NS records at ${zone} into ${parent}, and its DS once it is signed (\`teal dnssec delegate ${zone}\`).`,
  };
}
