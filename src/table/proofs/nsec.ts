/** NSEC records (RFC 4034 §4): who is next in the order of a zone, and which types a name has. */
import { TYPE } from '../../wire/constants.ts';
import { bitmapOf } from '../../wire/rdata/type-bitmap.ts';
import { NODE, NSEC_IN_CHAIN, NSEC_WITHOUT_A, NSEC_WITHOUT_AAAA } from '../layout.ts';

/** What stands at every name that has an NSEC (RFC 4035 §2.3). */
const PROOF_TYPES = [TYPE.RRSIG, TYPE.NSEC];
/** All that the parent's side of a zone cut vouches for (RFC 4035 §2.3); the rest is the child's, or glue. */
const CUT_TYPES: ReadonlySet<number> = new Set([TYPE.NS, TYPE.DS]);

/** Whether what stands under a type in a node proves something of it, and is no record that somebody put there. */
export function isProof(type: number): boolean {
  return type === NSEC_IN_CHAIN || type === NSEC_WITHOUT_A || type === NSEC_WITHOUT_AAAA;
}

/** Whether a node owns records besides what proves something of it. */
export function ownsRecords(rrsets: ReadonlyMap<number, number>): boolean {
  for (const type of rrsets.keys()) if (!isProof(type)) return true;
  return false;
}

/** The same of a node's version, in which records stand first. */
export function hasOwnRecords(words: Int32Array, version: number): boolean {
  return words[version + NODE.COUNT] > 0 && !isProof(words[version + NODE.PAIRS]);
}

/** Whether an RRset is one that its zone vouches for, and so signs (RFC 4035 §2.2). `isCut`: its owner is delegated. */
export function isVouchedFor(type: number, isCut: boolean): boolean {
  return type !== TYPE.RRSIG && (!isCut || type === TYPE.DS);
}

/** The types that a name's NSEC says, of those that it has. */
export function typesSaid(types: Iterable<number>, isCut: boolean): number[] {
  const said = [...types].filter((type) => !isProof(type) && type !== TYPE.RRSIG && (!isCut || CUT_TYPES.has(type)));
  return [...new Set([...said, ...PROOF_TYPES])];
}

/** The RDATA; `next` in lower-case wire form. */
export function nsecRdata(next: Uint8Array, types: readonly number[]): Uint8Array {
  const windows = bitmapOf(types);
  const rdata = new Uint8Array(next.length + windows.length);
  rdata.set(next);
  rdata.set(windows, next.length);
  return rdata;
}
