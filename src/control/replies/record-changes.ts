/** What came of a list of changes of records, as the API shows it. */
import type { RRset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import { formatType } from '../../wire/rdata.ts';

export interface RRsetChange {
  readonly name: string;
  readonly type: number;
  readonly change: 'made' | 'changed' | 'deleted' | 'none';
  /** As it is now. */
  readonly rrset: RRset | undefined;
}

/** What was asked of a zone: of its records, and of what it says itself. */
interface Told {
  readonly zone: Zone;
  readonly changes: readonly RRsetChange[];
  readonly apex?: { readonly change: 'changed' | 'none' };
}

/** `revision`: that holds the result. */
export function changesReply({ zone, changes, apex }: Told, revision: number, warnings: readonly unknown[]): object {
  const rrsets = changes.map(({ name, type, change, rrset }) => ({
    name: shown(name),
    type: formatType(type),
    change,
    ...(rrset !== undefined && { ttlSeconds: rrset.ttlSeconds }),
    records: rrset?.rdata.length ?? 0,
  }));
  return { zone: shown(zone.name), rrsets, ...(apex && { apex }), revision, ...(warnings.length > 0 && { warnings }) };
}
