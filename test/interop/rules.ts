/**
 * Why servers may answer alike questions differently: each class of differences has a name, the text that allows it,
 * and conditions as narrow as the text. What no rule explains is a fault, ours or theirs.
 */
import type { Said } from './compare.ts';
import type { PeerName } from './peers.ts';
import type { GeneratedQuery } from './queries.ts';
import { isBelowCut, isOwner, zoneOf } from './zone-facts.ts';

const [NS, CNAME, SOA, AFSDB, DNAME, RRSIG, NSEC, NSEC3] = [2, 5, 6, 18, 39, 46, 47, 50];
const [SVCB, HTTPS, ANY] = [64, 65, 255];
const [NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, NOTAUTH, BADVERS] = [0, 1, 3, 4, 5, 9, 16];

export interface Case {
  readonly query: GeneratedQuery;
  readonly peer: PeerName;
  readonly ours: Said;
  readonly theirs: Said;
  /** Lengths of the replies. */
  readonly ourBytes: number;
  readonly theirBytes: number;
}

export interface Rule {
  readonly name: string;
  /** The text that allows it, and what each side makes of it. */
  readonly why: string;
  /** What the peer would have said but for this difference; undefined where the rule does not apply. */
  readonly explain: (difference: Case) => Said | undefined;
}

interface ParsedRecord {
  readonly owner: string;
  readonly type: number;
  readonly data: string;
}

function parse(record: string): ParsedRecord {
  const [owner, , , type, ...data] = record.split(' ');
  return { owner, type: Number(type), data: data.join(' ') };
}

/** The name in the question. */
const asked = ({ question }: Said): string => question.split(' ')[0].toLowerCase();

const isEmpty = ({ answer, authority, additional }: Said): boolean =>
  answer.length + authority.length + additional.length === 0;

const has = (said: Said, flag: string): boolean => said.flags.includes(flag);

const isSubset = (part: readonly string[], whole: readonly string[]): boolean =>
  part.every((each) => whole.includes(each));

/** The alias of an answer whose target has none in it: where following ended. */
function lastAlias(answer: readonly string[]): ParsedRecord | undefined {
  const aliases = answer.map(parse).filter(({ type }) => type === CNAME);
  return aliases.find(({ data }) => !aliases.some(({ owner }) => owner === data));
}

export const rules: readonly Rule[] = [
  {
    name: 'unknown operations',
    why: 'RFC 1035 §4.1.1: NOTIMP. The peers know NOTIFY (RFC 1996) and UPDATE (RFC 2136), and judge their form first.',
    explain: ({ query, ours, theirs }) =>
      query.opcode !== 0 &&
      ours.rcode === NOTIMP &&
      isEmpty(theirs) &&
      [FORMERR, NXDOMAIN, NOTIMP, REFUSED, NOTAUTH, BADVERS].includes(theirs.rcode)
        ? ours
        : undefined,
  },
  {
    name: 'other classes',
    why: 'RFC 1035 §4.1.1: REFUSED for reasons of policy; a refusal may leave the question out.',
    explain: ({ query, ours, theirs }) =>
      ![1, 255].includes(query.class) &&
      ours.rcode === REFUSED &&
      isEmpty(theirs) &&
      [REFUSED, NOTIMP, FORMERR].includes(theirs.rcode)
        ? ours
        : undefined,
  },
  {
    name: 'type 0',
    why: 'RFC 6895 §3.1 reserves it; Knot says NOTIMP, NSD and Teal that no such record exists.',
    explain: ({ query, peer, theirs, ours }) =>
      peer === 'knot' && query.type === 0 && theirs.rcode === NOTIMP && isEmpty(theirs) ? ours : undefined,
  },
  {
    name: 'flags of BADVERS',
    why: 'RFC 6891 §6.1.3 asks for the RCODE and our version; flags of an unknown version mean nothing. NSD echoes CD, not DO.',
    explain: ({ ours, theirs }) =>
      ours.rcode === BADVERS && theirs.rcode === BADVERS && isEmpty(ours) && isEmpty(theirs) ? ours : undefined,
  },
  {
    name: 'contents of a truncated reply',
    why: 'RFC 2181 §9: with TC the client ignores what is there and asks again; Teal leaves nothing there.',
    explain: ({ ours, theirs }) =>
      has(ours, 'tc') && has(theirs, 'tc') && isEmpty(ours)
        ? { ...theirs, answer: [], authority: [], additional: [] }
        : undefined,
  },
  {
    name: 'glue that does not fit',
    why: 'RFC 9471 §3.1: TC where glue of the cut itself does not fit. NSD 4.6 is older than that.',
    explain: ({ peer, ours, theirs }) => {
      if (peer !== 'nsd' || !has(ours, 'tc') || has(theirs, 'tc') || !isEmpty(ours)) return undefined;
      const servers = theirs.authority.map(parse);
      const cut = servers[0]?.owner ?? '';
      if (!servers.every(({ owner, type, data }) => type === NS && owner === cut && data.endsWith(`.${cut}`)))
        return undefined;
      return ours;
    },
  },
  {
    name: 'ANY',
    why: 'RFC 8482 §4.1: one RRset of the name, whichever.',
    explain: ({ query, ours, theirs }) => {
      if (query.type !== ANY || ours.answer.length === 0 || theirs.answer.length === 0) return undefined;
      // Behind aliases as well; those are the same for both.
      const aliases = ours.answer.filter((record) => theirs.answer.includes(record));
      const sets = [ours, theirs].map(({ answer }) => answer.filter((record) => !aliases.includes(record)).map(parse));
      const kinds = sets.map((set) => new Set(set.map(({ owner, type }) => `${owner} ${type}`)).size);
      if (!kinds.every((size) => size === 1) || sets[0][0].owner !== sets[1][0].owner) return undefined;
      return { ...theirs, answer: ours.answer, additional: ours.additional };
    },
  },
  {
    name: 'aliases into another zone',
    why: 'RFC 1034 §4.3.2 3a goes on in all zones of a server; Knot stays in one, and the resolver goes on by itself.',
    explain: ({ peer, ours, theirs }) => {
      if (peer !== 'knot' || theirs.rcode !== NOERROR || !isSubset(theirs.answer, ours.answer)) return undefined;
      const last = lastAlias(theirs.answer);
      if (last === undefined || zoneOf(last.owner) === zoneOf(last.data)) return undefined;
      // Of a zone below its own it gives the referral that it would give without serving that zone.
      const referral = theirs.authority
        .map(parse)
        .every(({ owner, type }) => type === NS && owner === `${zoneOf(last.data)}.`);
      return referral ? ours : undefined;
    },
  },
  {
    name: 'DNSSEC types beside an alias',
    why: 'RFC 4035 §2.5 lets RRSIG and NSEC stand beside a CNAME, so a peer that signs zones does not follow it for them.',
    explain: ({ query, ours, theirs }) => {
      if (![RRSIG, NSEC, NSEC3].includes(query.type) || theirs.rcode !== NOERROR) return undefined;
      const first = ours.answer.map(parse);
      if (!first.some(({ type }) => type === CNAME) || theirs.answer.length > 0) return undefined;
      return theirs.authority.map(parse).every(({ type }) => type === SOA) ? ours : undefined;
    },
  },
  {
    name: 'DNAME in circles',
    why: 'RFC 6672 §3.2 has no end for a DNAME that leads to or below itself; Knot goes round five times, Teal and NSD once.',
    explain: ({ peer, ours, theirs }) => {
      if (peer !== 'knot' || theirs.rcode !== NOERROR || !isSubset(ours.answer, theirs.answer)) return undefined;
      const owner = ours.answer.map(parse).find(({ type }) => type === DNAME)?.owner;
      const more = theirs.answer.map(parse).filter(({ type }) => type !== DNAME);
      if (owner === undefined || !more.every((record) => record.type === CNAME && record.data.endsWith(`.${owner}`)))
        return undefined;
      return { ...theirs, answer: ours.answer };
    },
  },
  {
    name: 'class ANY',
    why: 'RFC 1035 §6.2: never with authority. Knot sets AA all the same, NSD leaves the SOA of denials out.',
    explain: ({ query, ours, theirs }) => {
      if (query.class !== 255) return undefined;
      const flags = theirs.flags.filter((flag) => flag !== 'aa');
      const leftOut = theirs.authority.length === 0 && ours.authority.map(parse).every(({ type }) => type === SOA);
      return { ...theirs, flags, authority: leftOut ? ours.authority : theirs.authority };
    },
  },
  {
    name: 'room',
    why: 'RFC 1035 §4.1.4: compression is free to find more or less, so that near the limit one reply fits and another not.',
    explain: ({ query, ours, theirs, ourBytes, theirBytes }) => {
      if (has(ours, 'tc') === has(theirs, 'tc')) return undefined;
      const limit = query.edns === undefined ? 512 : Math.min(1232, Math.max(512, query.edns.udpBytes));
      return (has(ours, 'tc') ? theirBytes : ourBytes) > limit - 64 ? ours : undefined;
    },
  },
  {
    name: 'hosts below a zone cut',
    why: 'RFC 2181 §5.4.1: such addresses are not ours to vouch for. Knot adds them to answers, Teal and NSD to referrals only.',
    explain: ({ peer, ours, theirs }) => {
      if (peer !== 'knot' || ours.answer.length === 0 || !isSubset(ours.additional, theirs.additional))
        return undefined;
      const more = theirs.additional.filter((record) => !ours.additional.includes(record));
      return more.every((record) => isBelowCut(parse(record).owner))
        ? { ...theirs, additional: ours.additional }
        : undefined;
    },
  },
  {
    name: 'hidden names of the parent',
    why: 'RFC 1034 §4.2.1: a zone’s names are its own. NSD keeps one tree, where glue in the parent makes a name of the child exist.',
    explain: ({ peer, ours, theirs }) => {
      if (peer !== 'nsd' || ours.rcode !== NXDOMAIN || theirs.rcode !== NOERROR || theirs.answer.length > 0)
        return undefined;
      const name = lastAlias(ours.answer)?.data ?? asked(ours);
      return isOwner('a.test', name) && zoneOf(name) === 'child.a.test' ? { ...theirs, rcode: NXDOMAIN } : undefined;
    },
  },
  {
    name: 'optional additional data',
    why: 'RFC 1034 §4.3.2 step 6 adds what may be useful. NSD adds nothing to answers; Knot 3.2 nothing for AFSDB and `.` of HTTPS.',
    explain: ({ query, peer, ours, theirs }) => {
      if (ours.answer.length === 0) return undefined;
      const less = theirs.additional.length === 0 && (peer === 'nsd' || [AFSDB, SVCB, HTTPS].includes(query.type));
      const more = ours.additional.length === 0 && peer === 'knot' && query.type === ANY;
      return less || more ? { ...theirs, additional: ours.additional } : undefined;
    },
  },
];
