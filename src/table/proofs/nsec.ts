/** NSEC records (RFC 4034 §4): who is next in the order of a zone, and which types a name has. */
import { TYPE } from '../../wire/constants.ts';
import { nsec3Rdata } from '../../wire/dnssec/denial.ts';
import { bitmapOf } from '../../wire/rdata/type-bitmap.ts';
import { NODE, NSEC_IN_CHAIN, NSEC_WITHOUT_A, NSEC_WITHOUT_AAAA } from '../layout.ts';
import type { ArenaView } from '../memory.ts';
import { rdataOf, ttlOf } from '../rrset-reader.ts';

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
function typesSaid(types: Iterable<number>, isCut: boolean): number[] {
  const said = [...types].filter((type) => !isProof(type) && type !== TYPE.RRSIG && (!isCut || CUT_TYPES.has(type)));
  return [...new Set([...said, ...PROOF_TYPES])];
}

/** The types that a name's NSEC3 says, of those that it has: RRSIG only where something there is signed (RFC 5155 §7.1). */
function hashedTypesSaid(types: Iterable<number>, isCut: boolean): number[] {
  const said = [...types].filter((type) => !isProof(type) && type !== TYPE.RRSIG && (!isCut || CUT_TYPES.has(type)));
  const isSigned = said.some((type) => isVouchedFor(type, isCut));
  return [...new Set(isSigned ? [...said, TYPE.RRSIG] : said)];
}

/** A zone has a million names, and a few sets of types. */
const known = new Map<string, Uint8Array>();
const KNOWN_MAX = 1000;

function windowsOf(types: readonly number[]): Uint8Array {
  const key = types.join();
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = bitmapOf(types);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, made);
  return made;
}

/** The RDATA; `next` in lower-case wire form. */
function nsecRdata(next: Uint8Array, types: readonly number[]): Uint8Array {
  const windows = windowsOf(types);
  const rdata = new Uint8Array(next.length + windows.length);
  rdata.set(next);
  rdata.set(windows, next.length);
  return rdata;
}

/** An NSEC that a name is to have. */
export interface Proof {
  readonly ttlSeconds: number;
  readonly rdata: Uint8Array;
}

/** What a service says of the name that it stands at. */
export interface ServiceProof {
  /** The types of each pool that may answer. */
  readonly pools: readonly (readonly number[])[];
  readonly ttlSeconds: number;
}

/** Which NSEC denies which type of addresses, where a pool lacks it and another one has it. */
const FORMS = [
  [NSEC_WITHOUT_A, TYPE.A],
  [NSEC_WITHOUT_AAAA, TYPE.AAAA],
] as const;

/** What a name has of its own. */
export interface Owned {
  readonly types: Iterable<number>;
  /** It is delegated. */
  readonly isCut: boolean;
  readonly service: ServiceProof | undefined;
}

/** The NSEC records of a name, by what they stand under in its node. `next`: who comes after it; `ttlSeconds`: the zone's. */
export function proofsFor(next: Uint8Array, ttlSeconds: number, owned: Owned): Map<number, Proof> {
  return formsOf(ttlSeconds, owned, (types) => nsecRdata(next, typesSaid(types, owned.isCut)));
}

/** The same by NSEC3: that under NSEC_IN_CHAIN is the one among the hashes. `next`: the hash after its own. */
export function hashedProofsFor(next: Uint8Array, ttlSeconds: number, owned: Owned): Map<number, Proof> {
  return formsOf(ttlSeconds, owned, (types) => nsec3Rdata(next, hashedTypesSaid(types, owned.isCut)));
}

function formsOf(
  ttlSeconds: number,
  { types, service }: Owned,
  rdataOf: (types: readonly number[]) => Uint8Array,
): Map<number, Proof> {
  // So it is with nearly all names.
  if (service === undefined) return new Map([[NSEC_IN_CHAIN, { ttlSeconds, rdata: rdataOf([...types]) }]]);
  const all = [...types, ...service.pools.flat()];
  const ttl = Math.min(ttlSeconds, service.ttlSeconds);
  const proof = (said: readonly number[]): Proof => ({ ttlSeconds: ttl, rdata: rdataOf(said) });
  const proofs = new Map<number, Proof>([[NSEC_IN_CHAIN, proof(all)]]);
  for (const [form, type] of FORMS) {
    const isMissed = service.pools.some((has) => !has.includes(type));
    if (isMissed && all.includes(type)) proofs.set(form, proof(all.filter((each) => each !== type)));
  }
  return proofs;
}

/** The TTL of a zone's NSEC records (RFC 9077 §3): the lesser of the SOA's minimum and its own TTL. */
export function denialTtl(view: ArenaView, soa: number, apex: Uint8Array): number {
  const [rdata] = rdataOf(view, soa, apex);
  return Math.min(Buffer.from(rdata).readUInt32BE(rdata.length - 4), ttlOf(view, soa));
}
