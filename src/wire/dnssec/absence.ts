/** Whether NSEC or NSEC3 records say that something is not there (RFC 4035 §5.4, RFC 5155 §8): of records whose signatures hold. */
import { TYPE } from '../constants.ts';
import { compareNames, isWireAtOrBelow, nameLength } from '../name.ts';
import { hashLabel, nsec3Hash, typesOf } from './denial.ts';
import type { SignedRRset } from './sections.ts';

const WILDCARD = Uint8Array.of(1, 0x2a);
/** Algorithm, flags, iterations (2), length of the salt. */
const NSEC3_SALT_AT = 5;
/** RFC 9276 §3.2: validators take such zones for insecure from here on. */
const ITERATIONS_MAX = 150;

/** Names in lower-case wire form. Undefined: it is proved. */
export function absenceFault(
  rrsets: readonly SignedRRset[],
  zone: Uint8Array,
  name: Uint8Array,
  type: number,
  isNoName: boolean,
): string | undefined {
  const proofs = rrsets.filter((rrset) => !rrset.isAnswer);
  const nsec = proofs.filter((rrset) => rrset.type === TYPE.NSEC).flatMap(linkOf);
  if (nsec.length > 0) return isNoName ? noNameFault(nsec, zone, name) : noDataFault(nsec, zone, name, type);
  const hashed = proofs.filter((rrset) => rrset.type === TYPE.NSEC3).flatMap(hashedLinkOf);
  return hashed.length > 0 ? hashedFault(hashed, zone, name, type, isNoName) : 'no record proves it';
}

interface Link {
  readonly owner: Uint8Array;
  readonly next: Uint8Array;
  readonly types: readonly number[];
}

function linkOf({ owner, rdata: [rdata] }: SignedRRset): Link[] {
  const length = nameLength(rdata);
  return length === 0 ? [] : [{ owner, next: rdata.slice(0, length), types: typesOf(rdata, length, rdata.length) }];
}

/** Between two names in canonical order; the last one leads back to the apex. */
function covers({ owner, next }: Link, zone: Uint8Array, name: Uint8Array): boolean {
  const isLast = compareNames(next, zone) === 0;
  return compareNames(owner, name) < 0 && (isLast || compareNames(name, next) < 0);
}

function noNameFault(links: readonly Link[], zone: Uint8Array, name: Uint8Array): string | undefined {
  const covering = links.find((link) => covers(link, zone, name));
  if (covering === undefined) return 'no NSEC spans the name';
  const wild = wildcardOf(encloserOf(covering, zone, name));
  return links.some((link) => covers(link, zone, wild)) ? undefined : 'no NSEC spans the wildcard that would answer';
}

function noDataFault(links: readonly Link[], zone: Uint8Array, name: Uint8Array, type: number): string | undefined {
  const own = links.find(({ owner }) => compareNames(owner, name) === 0);
  const covering = links.find((link) => covers(link, zone, name));
  // An empty non-terminal lies between two names, above the second one (RFC 4035 §3.1.3.1).
  if (own === undefined && covering !== undefined && isWireAtOrBelow(covering.next, name)) return undefined;
  const wild = covering === undefined ? undefined : wildcardOf(encloserOf(covering, zone, name));
  const said = own ?? links.find(({ owner }) => wild !== undefined && compareNames(owner, wild) === 0);
  if (said === undefined) return 'no NSEC says what the name has';
  return said.types.includes(type) || said.types.includes(TYPE.CNAME)
    ? 'the NSEC says that the type is there'
    : undefined;
}

/** The longest name above `name` that is above one end of the link too, or is it. */
function encloserOf({ owner, next }: Link, zone: Uint8Array, name: Uint8Array): Uint8Array {
  for (const above of namesAbove(name, zone)) {
    if (isWireAtOrBelow(owner, above) || isWireAtOrBelow(next, above)) return above;
  }
  return zone;
}

/** From one label above the name up to the apex. */
function namesAbove(name: Uint8Array, zone: Uint8Array): Uint8Array[] {
  const names: Uint8Array[] = [];
  for (let at = 1 + name[0]; name.length - at >= zone.length; at += 1 + name[at]) names.push(name.subarray(at));
  return names;
}

function wildcardOf(encloser: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([WILDCARD, encloser]));
}

interface HashedLink {
  readonly owner: string;
  readonly next: string;
  readonly types: readonly number[];
  readonly hash: (name: Uint8Array) => string;
}

function hashedLinkOf({ owner, rdata: [rdata] }: SignedRRset): HashedLink[] {
  const salt = rdata.subarray(NSEC3_SALT_AT, NSEC3_SALT_AT + rdata[4]);
  const at = NSEC3_SALT_AT + salt.length;
  const iterations = (rdata[2] << 8) | rdata[3];
  if (rdata[0] !== 1 || at >= rdata.length || iterations > ITERATIONS_MAX) return [];
  const next = rdata.subarray(at + 1, at + 1 + rdata[at]);
  return [
    {
      owner: Buffer.from(owner.subarray(1, 1 + owner[0])).toString('latin1'),
      next: hashLabel(next),
      types: typesOf(rdata, at + 1 + next.length, rdata.length),
      hash: (name) => hashLabel(nsec3Hash(name, iterations, salt)),
    },
  ];
}

/** RFC 5155 §8.4 to §8.7. */
function hashedFault(
  links: readonly HashedLink[],
  zone: Uint8Array,
  name: Uint8Array,
  type: number,
  isNoName: boolean,
): string | undefined {
  const matching = (of: Uint8Array) => links.find(({ owner, hash }) => owner === hash(of));
  const isCovered = (of: Uint8Array): boolean =>
    links.some(({ owner, next, hash }) => {
      const digest = hash(of);
      return owner < next ? owner < digest && digest < next : digest > owner || digest < next;
    });
  const said = (link: HashedLink): string | undefined =>
    link.types.includes(type) || link.types.includes(TYPE.CNAME) ? 'the NSEC3 says that the type is there' : undefined;
  const own = matching(name);
  if (!isNoName && own !== undefined) return said(own);
  let closer = name;
  for (const above of namesAbove(name, zone)) {
    if (matching(above) === undefined) {
      closer = above;
      continue;
    }
    if (!isCovered(closer)) return 'no NSEC3 spans the name';
    const wild = wildcardOf(above);
    if (isNoName) return isCovered(wild) ? undefined : 'no NSEC3 spans the wildcard that would answer';
    const wildcard = matching(wild);
    return wildcard === undefined ? 'no NSEC3 says what the name has' : said(wildcard);
  }
  return 'no NSEC3 proves an encloser';
}
