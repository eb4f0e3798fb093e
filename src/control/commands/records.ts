/** The commands that change records: several at once, of one zone; a whole RRset is a case of that. */
import type { RecordChange } from '../../model/record-change.ts';
import type { RRsetBody } from '../../model/rrset.ts';
import type { ApexChange } from '../../model/zone.ts';
import type { Below } from './below.ts';

/** Names and types are as typed by a user. `below`: what was found out before, see foresight.ts. */
export type RecordsCommand =
  | {
      readonly kind: 'records.change';
      readonly zone: string;
      /** There may be none where there is an `apex`. */
      readonly changes: readonly RecordChange[];
      /** What the zone itself is to say from the same instant on: its SOA and NS. */
      readonly apex?: ApexChange;
      readonly below?: readonly Below[];
    }
  | {
      readonly kind: 'rrset.put';
      readonly zone: string;
      readonly name: string;
      readonly type: string;
      readonly body: RRsetBody;
      readonly below?: readonly Below[];
    }
  | { readonly kind: 'rrset.delete'; readonly zone: string; readonly name: string; readonly type: string };
