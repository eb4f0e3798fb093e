/** What becomes of a name's signatures and proofs where they are not what they should be, as edits of its node. */
import { TYPE } from '../../wire/constants.ts';
import { RRSET } from '../layout.ts';
import type { ArenaView } from '../memory.ts';
import type { NodeContent } from '../nodes.ts';
import type { RRsetCompiler } from '../rrset-compiler.ts';
import { lowestTtlOf, rdataOf, signaturesOf, ttlOf } from '../rrset-reader.ts';
import { isProof, isVouchedFor, type Proof } from './nsec.ts';

/** How one name is signed. */
interface Sealing {
  readonly compiler: RRsetCompiler;
  /** Everything is signed anew, whatever is there. */
  readonly isAnew: boolean;
  /** Whatever is due of it is. */
  readonly isRenewed: boolean;
}

interface SealedName {
  readonly view: ArenaView;
  readonly sealing: Sealing;
  /** Lower-case wire form. */
  readonly owner: Uint8Array;
  readonly content: NodeContent;
}

type Edit = (content: NodeContent) => void;

/** Signs what is vouched for (`isOurs`: the zone vouches for the name) and is not signed, and the reverse. Throws ArenaFull. */
export function signatureEdits({ view, sealing, owner, content }: SealedName, isOurs: boolean): Edit[] {
  const { compiler } = sealing;
  const edits: Edit[] = [];
  const isCut = content.rrsets.has(TYPE.NS) && !compiler.isApex(owner);
  for (const [type, rrset] of content.rrsets) {
    if (isProof(type)) continue;
    const isSigned = view.words[rrset + RRSET.SIGNATURES] !== 0;
    const isToBe = isOurs && isVouchedFor(type, isCut);
    if (isSigned === isToBe && !(isToBe && isDue(view, sealing, type, rrset))) continue;
    const rdata = rdataOf(view, rrset, owner);
    const ttl = lowestTtlOf(view, rrset);
    const made = isToBe ? compiler.compileSigned(owner, type, ttl, rdata) : compiler.compile(owner, type, ttl, rdata);
    compiler.retire(rrset);
    edits.push(({ rrsets }) => rrsets.set(type, made));
  }
  return edits;
}

/** Gives a name the proof that it is to have in one form, or (undefined) none. Undefined: all is as it should be. Throws ArenaFull. */
export function proofEdit(
  { view, sealing, owner, content }: SealedName,
  form: number,
  wanted: Proof | undefined,
): Edit | undefined {
  const old = content.rrsets.get(form);
  if (wanted === undefined) {
    if (old === undefined) return undefined;
    sealing.compiler.retire(old);
    return ({ rrsets }) => rrsets.delete(form);
  }
  if (old !== undefined && ttlOf(view, old) === wanted.ttlSeconds && !isDue(view, sealing, TYPE.NSEC, old)) {
    if (Buffer.compare(rdataOf(view, old, owner)[0], wanted.rdata) === 0) return undefined;
  }
  const made = sealing.compiler.compileSigned(owner, TYPE.NSEC, wanted.ttlSeconds, [wanted.rdata]);
  if (old !== undefined) sealing.compiler.retire(old);
  return ({ rrsets }) => rrsets.set(form, made);
}

/** Whether an RRset that is there is signed anew as it is. */
function isDue(view: ArenaView, { compiler, isAnew, isRenewed }: Sealing, type: number, rrset: number): boolean {
  return isAnew || (isRenewed && !compiler.isCurrent(type, signaturesOf(view, rrset)));
}
