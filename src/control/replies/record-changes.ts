/** What came of a list of changes of records, as the API shows it. */
import type { RRset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { formatType } from '../../wire/rdata.ts';
import { shown } from '../names.ts';

export interface RRsetChange {
  readonly name: string;
  readonly type: number;
  readonly change: 'made' | 'changed' | 'deleted' | 'none';
  /** As it is now. */
  readonly rrset: RRset | undefined;
}

/** `revision`: that holds the result. */
export function changesReply(
  zone: Zone,
  changes: readonly RRsetChange[],
  revision: number,
  warnings: readonly unknown[],
): object {
  const rrsets = changes.map(({ name, type, change, rrset }) => ({
    name: shown(name),
    type: formatType(type),
    change,
    ...(rrset !== undefined && { ttlSeconds: rrset.ttlSeconds }),
    records: rrset?.rdata.length ?? 0,
  }));
  return { zone: shown(zone.name), rrsets, revision, ...(warnings.length > 0 && { warnings }) };
}
