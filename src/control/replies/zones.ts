/** Zones as the API shows them. */
import { type Zone, zoneBody } from '../../model/zone.ts';
import { shown } from '../names.ts';

/** The zone with its number and its name, as replies show it. */
export function zoneReply(zone: Zone) {
  return { name: shown(zone.name), ...zoneBody(zone), revision: zone.revision };
}
