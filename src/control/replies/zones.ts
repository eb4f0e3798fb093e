/** Zones as the API shows them. */
import { settingsRevision, type Zone, zoneBody } from '../../model/zone.ts';
import { shown } from '../../shown.ts';

/** The zone with its numbers and its name, as replies show it. */
export function zoneReply(zone: Zone) {
  return {
    name: shown(zone.name),
    ...zoneBody(zone),
    revision: settingsRevision(zone),
    contentRevision: zone.revision,
  };
}
