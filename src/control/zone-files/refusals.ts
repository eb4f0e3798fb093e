/** Why a zone file is not taken, as whoever sent it is told. */
import { Problem } from '../../model/errors.ts';
import { shown } from '../../shown.ts';
import { signaturesUnsaid } from '../drafts/signed-guard.ts';
import type { BuildReply } from './messages.ts';

export const FULL = new Problem('table_full', 'The table has no room for this zone; raise table.maxBytes and restart.');

/** Of a file that was not built. */
export function refusal(zone: string, { findings, tableFull, isUnsaid }: BuildReply): Problem {
  if (tableFull) return FULL;
  if (isUnsaid === true) return signaturesUnsaid(zone);
  const { errors, warnings, moreErrors } = findings;
  const more = moreErrors > 0 ? ` and ${moreErrors} more` : '';
  const detail = `The file of ${shown(zone)} has ${errors.length} error${errors.length === 1 ? '' : 's'}${more}; the zone is as it was.`;
  return new Problem('zone_file_invalid', detail, { findings: [...errors, ...warnings] });
}
