/** SOA and NS at the top of a zone: clients write them as RRsets, and Teal has them in the zone itself. */
import { Problem } from '../../model/errors.ts';
import { makeRRset, rrsetBody } from '../../model/rrset.ts';
import type { ApexChange } from '../../model/zone.ts';
import { TYPE } from '../../wire/constants.ts';
import { type AskedRRset, bad, explain } from './rrset-changes.ts';

/** The RRsets that are the zone's own, and its records. */
export function partApex(zone: string, all: readonly AskedRRset[]): [own: AskedRRset[], records: AskedRRset[]] {
  const isOwn = ({ name, type }: AskedRRset): boolean => name === zone && (type === TYPE.SOA || type === TYPE.NS);
  return [all.filter(isOwn), all.filter((rrset) => !isOwn(rrset))];
}

/** What the RRsets say of the zone; undefined: there are none. The serial is passed over: the log has it. */
export function apexOf(zone: string, own: readonly AskedRRset[]): ApexChange | Problem | undefined {
  let change: ApexChange | undefined;
  for (const rrset of own) {
    const { type, contents, shown, ttlSeconds } = rrset;
    if (contents.length === 0) return bad(`RRset ${shown}: a zone has one; replace it, or delete the zone`);
    const made = makeRRset({ zone, name: zone, type }, { ttlSeconds, rdata: contents }, 0);
    if (made instanceof Problem) return explain(rrset, made, recordOf(made));
    const { rdata } = rrsetBody(made);
    const said =
      type === TYPE.NS ? { nameservers: rdata, nameserversTtlSeconds: ttlSeconds } : soaOf(rdata, ttlSeconds);
    change = { ...change, ...said };
  }
  return change;
}

/** The engine's word on what the zone would say, in the words that clients look for. */
export function inApexWords(problem: Problem, own: readonly AskedRRset[]): Problem {
  const { pointer = '', detail, code } = problem;
  if (!pointer.startsWith('/apex')) return problem;
  const type = pointer.startsWith('/apex/nameservers') ? TYPE.NS : TYPE.SOA;
  const rrset = own.find((each) => each.type === type) ?? own[0];
  return rrset === undefined ? problem : explain(rrset, new Problem(code, detail.replace(/^apex: /, '')), undefined);
}

/** An SOA as it is written, in which names have no blanks. */
function soaOf([soa = '']: readonly string[], ttlSeconds: number): ApexChange {
  const [primary = '', hostmaster = '', _serial, ...seconds] = soa.split(' ');
  const [refreshSeconds = 0, retrySeconds = 0, expireSeconds = 0, negativeTtlSeconds = 0] = seconds.map(Number);
  const times = { refreshSeconds, retrySeconds, expireSeconds, negativeTtlSeconds };
  return { primary, hostmaster, ttlSeconds, ...times };
}

/** The record that a problem with an RRset is of; undefined: it is of the whole. */
export function recordOf({ pointer = '' }: Problem): number | undefined {
  const index = /^\/rdata\/(\d+)/.exec(pointer)?.[1];
  return index === undefined ? undefined : Number(index);
}
