/** Record types by mnemonic and by number (RFC 3597 §5), and which of them can be stored. */
import { TYPE } from '../constants.ts';
import { Malformed } from '../malformed.ts';
import { quote } from '../text.ts';

export type Mnemonic = keyof typeof TYPE;

const mnemonicOf = new Map<number, Mnemonic>(
  Object.entries(TYPE).map(([mnemonic, code]) => [code, mnemonic as Mnemonic]),
);
const codeOf = new Map<string, number>(Object.entries(TYPE));

const TYPE_CODE_MAX = 0xffff;

/** A mnemonic of any case, or `TYPEnnn` (RFC 3597 §5), to its code. */
export function parseType(text: string): number | Malformed {
  const known = codeOf.get(text) ?? codeOf.get(text.toUpperCase());
  if (known !== undefined) return known;
  const generic = /^TYPE(\d{1,5})$/i.exec(text);
  if (generic && Number(generic[1]) <= TYPE_CODE_MAX) return Number(generic[1]);
  return new Malformed(`a record type such as A or TYPE257 was expected, not ${quote(text)}`);
}

/** The mnemonic of a type, `TYPEnnn` where it has none here. */
export function formatType(code: number): string {
  return mnemonicOf.get(code) ?? `TYPE${code}`;
}

/** True for types that belong to a message or a question and cannot be stored (RFC 6895 §3.1: 128..255, OPT, and 0). */
export function isMetaType(code: number): boolean {
  return code === 0 || code === TYPE.OPT || (code >= 128 && code <= 255);
}

/** Why a meta type is not stored, to stand behind its name. */
export function whyNotStored(code: number): string {
  return code === TYPE.NXNAME
    ? 'stands in the types of an NSEC only, where a server that denies says it (RFC 9824 §3.5)'
    : 'belongs to messages and questions';
}
