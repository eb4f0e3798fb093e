/** What two servers say, in a form that compares: RRsets with TTLs, without order, case or compression. */
import type { DecodedRecord, Reply } from '../fixtures/dns-client.ts';

export interface Said {
  readonly rcode: number;
  /** Those set, of AA TC RD RA AD CD. */
  readonly flags: readonly string[];
  /** Version and DO; '' without OPT. */
  readonly opt: string;
  readonly question: string;
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

/** `undefined` stands for silence. */
export function said(reply: Reply | undefined): Said | undefined {
  if (reply === undefined) return undefined;
  const { edns } = reply;
  return {
    rcode: reply.rcode,
    flags: (['aa', 'tc', 'rd', 'ra', 'ad', 'cd'] as const).filter((flag) => reply[flag]),
    opt: edns === undefined ? '' : `version ${edns.version}${edns.do ? ' do' : ''}`,
    question: reply.question.map(({ name, type, class: klass }) => `${name} ${type} ${klass}`).join(),
    answer: records(reply.answers),
    authority: records(reply.authority),
    additional: records(reply.additional),
  };
}

/** `owner ttl class type rdata`, sorted. */
function records(section: readonly DecodedRecord[]): string[] {
  return section
    .map(({ name, ttl, class: klass, type, data }) => `${name} ${ttl} ${klass} ${type} ${data}`.toLowerCase())
    .sort();
}

export function equal(a: Said | undefined, b: Said | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The parts in which they differ. */
export function differingParts(a: Said, b: Said): (keyof Said)[] {
  return (Object.keys(a) as (keyof Said)[]).filter((part) => JSON.stringify(a[part]) !== JSON.stringify(b[part]));
}
