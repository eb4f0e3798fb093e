/** RDATA in the generic form (RFC 3597 §5), and the field of types that have no other. */
import { type Field, remainingOrNone } from './field.ts';

/** `\# length hex`. */
export function formatGeneric(rdata: Uint8Array): string {
  return rdata.length === 0 ? '\\# 0' : `\\# ${rdata.length} ${Buffer.from(rdata).toString('hex')}`;
}

/** Any bytes, for types whose text has no form of its own, such as NULL (RFC 1035 §3.3.10). */
export function opaque(mnemonic: string): Field {
  return {
    label: 'data',
    words: 'some',
    parse: (words, index) =>
      words.at(index).malformed(`${mnemonic} is written in the generic form: \\# length hex (RFC 3597)`),
    measure: remainingOrNone,
    format: (rdata, start, end) => formatGeneric(rdata.subarray(start, end)),
  };
}
