/**
 * Why servers may prove alike things differently: each class of differences has a name, the text that allows it, and
 * conditions as narrow as the text. What no rule explains is a fault, ours or theirs.
 */
import type { PeerName } from '../peers.ts';
import type { SignedQuery } from './queries.ts';
import type { SignedZone } from './zones.ts';

export interface Said {
  readonly rcode: number;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly ad: boolean;
  /** `owner ttl type rdata`, sorted. */
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

export interface Seen {
  readonly query: SignedQuery;
  readonly peer: PeerName;
  readonly ours: Said;
  readonly theirs: Said;
  readonly zones: readonly SignedZone[];
}

interface Rule {
  readonly name: string;
  /** The text that allows it, and what each side makes of it. */
  readonly why: string;
  /** What the peer would have said but for this difference; undefined where the rule does not apply. */
  readonly explain: (seen: Seen) => Said | undefined;
}

const [NS, CNAME, SOA, DNAME, RRSIG, NSEC, NSEC3, ANY] = [2, 5, 6, 39, 46, 47, 50, 255];
const [NOERROR, NXDOMAIN] = [0, 3];

interface Parsed {
  readonly owner: string;
  readonly type: number;
  readonly data: string;
}

function parse(record: string): Parsed {
  const [owner = '', , type, data = ''] = record.split(' ');
  return { owner, type: Number(type), data };
}

const isSubset = (part: readonly string[], whole: readonly string[]): boolean =>
  part.every((each) => whole.includes(each));

const only = (records: readonly string[], ...types: readonly number[]): boolean =>
  records.every((record) => types.includes(parse(record).type));

const without = (records: readonly string[], others: readonly string[]): string[] =>
  records.filter((record) => !others.includes(record));

/** The labels of a name in wire form, as text. */
function labelsOf(wire: Buffer): string[] {
  const labels: string[] = [];
  for (let at = 0; wire[at] !== 0; at += 1 + (wire[at] as number))
    labels.push(wire.toString('latin1', at + 1, at + 1 + (wire[at] as number)));
  return labels;
}

function zoneOf(zones: readonly SignedZone[], name: string): string | undefined {
  return zones.map(({ apex }) => apex).find((apex) => name === apex || name.endsWith(`.${apex}`));
}

/** Where the aliases of an answer end. */
function lastTarget({ query, theirs }: Seen): string {
  let name = labelsOf(query.name).join('.');
  const aliases = theirs.answer.map(parse).filter(({ type }) => type === CNAME);
  for (let left = aliases.length; left > 0; left--) {
    const next = aliases.find(({ owner }) => owner === name);
    if (next === undefined) break;
    name = labelsOf(Buffer.from(next.data, 'hex')).join('.');
  }
  return name;
}

/** Names that exist through unsigned delegations alone: opted out, as those are (RFC 5155 §7.1, errata 3441). */
const optedOut = /(^|\.)(ent-cut|cut2|er\.cut2)\.(salted|often)\.signed\.test$/;

export const rules: readonly Rule[] = [
  {
    name: 'aliases into another zone',
    why: 'RFC 1034 §4.3.2 3a goes on in all zones of a server; Knot stays in one, and the resolver goes on by itself.',
    explain: (seen) => {
      const { peer, ours, theirs, zones, query } = seen;
      if (peer !== 'knot' || theirs.rcode !== NOERROR || theirs.answer.length === 0) return undefined;
      if (!isSubset(theirs.answer, ours.answer) || !isSubset(theirs.authority, ours.authority)) return undefined;
      const from = zoneOf(zones, labelsOf(query.name).join('.'));
      const to = zoneOf(zones, lastTarget(seen));
      return to !== undefined && to !== from ? { ...ours } : undefined;
    },
  },
  {
    name: 'which signatures RRSIG asks for',
    why: 'RFC 4035 §2.2: the signatures of a name are no RRset, and no text says which of them a question for RRSIG gets. Teal gives all, Knot some.',
    explain: ({ query, peer, ours, theirs }) => {
      if (peer !== 'knot' || query.type !== RRSIG || theirs.answer.length === 0) return undefined;
      const more = without(ours.answer, theirs.answer);
      if (!isSubset(theirs.answer, ours.answer) || !only(more, RRSIG)) return undefined;
      return { ...theirs, answer: ours.answer };
    },
  },
  {
    name: 'NSEC and NSEC3 beside an alias',
    why: 'RFC 4035 §2.5 lets NSEC stand beside a CNAME: Knot does not follow one for it, also where there is NSEC3 and so no NSEC, and NSD none for NSEC3, which stands at no name that is asked for. RFC 1034 §3.6.2 follows for every type that is not there.',
    explain: ({ query, peer, ours, theirs }) => {
      if (query.type !== (peer === 'knot' ? NSEC : NSEC3) || theirs.rcode !== NOERROR || theirs.answer.length > 0)
        return undefined;
      const isAlias = ours.answer.map(parse).some(({ type }) => type === CNAME);
      return isAlias && only(theirs.authority, SOA, NSEC, NSEC3, RRSIG) ? { ...ours } : undefined;
    },
  },
  {
    name: 'an NSEC that a wildcard gives',
    why: 'RFC 4035 §3.1.3.3: what a wildcard gives has a proof that no closer name is there. Knot leaves it out where what is given is the NSEC itself.',
    explain: ({ query, peer, ours, theirs }) => {
      if (peer !== 'knot' || query.type !== NSEC || theirs.authority.length > 0 || ours.answer.length === 0)
        return undefined;
      return only(ours.authority, NSEC, RRSIG) ? { ...theirs, authority: ours.authority } : undefined;
    },
  },
  {
    name: 'a wildcard that is asked for itself',
    why: 'RFC 5155 §7.2.3: a name that is there needs its own NSEC3 alone. NSD takes any name that begins with * for expanded, and proves besides that the next closer name is not there (§7.2.5).',
    explain: ({ query, peer, ours, theirs }) => {
      if (peer !== 'nsd' || labelsOf(query.name)[0] !== '*' || theirs.rcode !== NOERROR) return undefined;
      const more = without(theirs.authority, ours.authority);
      if (!isSubset(ours.authority, theirs.authority) || !only(more, NSEC3, RRSIG) || more.length > 2) return undefined;
      return { ...theirs, authority: ours.authority };
    },
  },
  {
    name: 'below what was opted out',
    why: 'RFC 5155 §7.2.1: the closest provable encloser, and the next closer name to that. NSD 4.6 takes an empty non-terminal that was opted out for the encloser, though it has no NSEC3, and covers one label more.',
    explain: ({ query, peer, ours, theirs }) => {
      if (peer !== 'nsd' || !optedOut.test(labelsOf(query.name).join('.'))) return undefined;
      const [more, less] = [without(theirs.authority, ours.authority), without(ours.authority, theirs.authority)];
      return only([...more, ...less], NSEC3, RRSIG) ? { ...theirs, authority: ours.authority } : undefined;
    },
  },
  {
    name: 'the wildcard behind an alias',
    why: 'RFC 4035 §3.1.3.2: an NXDOMAIN proves that no wildcard answers; NSD leaves that out behind a DNAME.',
    explain: ({ peer, ours, theirs }) => {
      if (peer !== 'nsd' || ours.rcode !== NXDOMAIN || theirs.rcode !== NXDOMAIN) return undefined;
      if (!ours.answer.map(parse).some(({ type }) => type === DNAME)) return undefined;
      const less = without(ours.authority, theirs.authority);
      if (!isSubset(theirs.authority, ours.authority) || !only(less, NSEC, RRSIG) || less.length > 2) return undefined;
      return { ...theirs, authority: ours.authority };
    },
  },
  {
    name: 'ANY',
    why: 'RFC 8482 §4.1: one RRset of the name, whichever, and its signature.',
    explain: ({ query, ours, theirs }) => {
      if (query.type !== ANY || ours.answer.length === 0 || theirs.answer.length === 0) return undefined;
      return only(without(theirs.additional, ours.additional), 1, 28, RRSIG)
        ? { ...theirs, answer: ours.answer, additional: ours.additional }
        : undefined;
    },
  },
  {
    name: 'optional additional data',
    why: 'RFC 1034 §4.3.2 step 6 adds what may be useful to answers: NSD adds nothing, Knot not the same as Teal.',
    explain: ({ ours, theirs }) => {
      if (ours.answer.length === 0 || ours.authority.some((record) => parse(record).type === NS)) return undefined;
      return only([...ours.additional, ...theirs.additional], 1, 28, RRSIG)
        ? { ...theirs, additional: ours.additional }
        : undefined;
    },
  },
];
