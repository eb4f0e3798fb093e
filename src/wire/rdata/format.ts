/** What the format of a type's RDATA is. */
import type { Malformed } from '../malformed.ts';
import type { Field } from './field.ts';

export interface Format {
  readonly fields: readonly Field[];
  /** Names in it may be compressed in answers: only types of RFC 1035 itself (RFC 3597 §4). */
  readonly compressible?: true;
  /** Words of the form `key="value"` may stand in it (RFC 9460 §2.1). */
  readonly pairs?: true;
  /** What the fields of one record must agree on, beyond each by itself. */
  readonly check?: (rdata: Uint8Array) => Malformed | undefined;
  /** False for valid RDATA that only the generic form can say, such as kinds of the future. */
  readonly hasText?: (rdata: Uint8Array) => boolean;
}
