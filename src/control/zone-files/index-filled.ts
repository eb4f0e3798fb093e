/** What the records of a zone are put into, beside the store. */
import { nameToWire } from '../../model/name.ts';
import type { StagedRRset } from '../../model/revision.ts';
import type { ZoneBuilder } from '../../table/zone-builder.ts';

export type Index = Pick<ZoneBuilder, 'put' | 'putPacked'>;

/** Of a zone that the table has no room for. */
export const NO_INDEX: Index = { put: () => {}, putPacked: () => {} };

export function putInto(index: Index, { name, type, ttlSeconds, recordTtlSeconds, rdata }: StagedRRset): void {
  index.put(nameToWire(name), type, recordTtlSeconds ?? ttlSeconds, rdata);
}
