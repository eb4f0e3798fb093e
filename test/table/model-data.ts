/** What stands at the names of the model, made from numbers: records, and services. */
import type { TableChange } from '../../src/table/changes.ts';
import { rrset, service, zone } from '../fixtures/table.ts';

/** Where aliases lead: to what may be there, be an alias itself, lie below a DNAME or a delegation, or in no zone. */
const aliased = ['a.test', 'www.test', 'n.c.b.a.test', 'elsewhere.invalid', 'd.c.b.a.test', 'nope.test', 'x.*.a.test'];
const renamed = ['b.a.test', 'www.test', 'elsewhere.invalid', 'g.test', 'a.test', 'n.c.b.a.test'];

/** The types that the model knows, each with RDATA made from a number. */
export const rdataOf: Readonly<Record<string, (n: number) => string[]>> = {
  A: (n) => Array.from({ length: 1 + (n % 3) }, (_, i) => `192.0.${n}.${i}`),
  AAAA: (n) => [`2001:db8::${1 + n}`],
  TXT: (n) => [`"text ${n}"`],
  NS: (n) => [`ns${n}.elsewhere.invalid.`],
  DS: (n) => [`${n % 10} 8 0 12`],
  CNAME: (n) => [`${aliased[n % aliased.length]}.`],
  DNAME: (n) => [`${renamed[n % renamed.length]}.`],
};

/** How long an RRset may be kept, from its number: where two numbers make the same data, it is what differs. Seconds. */
export function ttlOf(n: number): number {
  return 100 + n;
}

/** The RRset that a number makes. */
export function rrsetOf(apex: string, name: string, type: string, n: number) {
  return rrset(apex, name, type, ttlOf(n), ...rdataOf[type](n));
}

/** What a zone says of itself, made from a number: a denial's TTL is that of the SOA or the one that is in it, whichever is lower. */
export function apexMade(n: number) {
  return {
    serial: n,
    ttlSeconds: n % 3 === 0 ? 20 : 3600,
    nameserversTtlSeconds: 400 + n,
    negativeTtlSeconds: 30 + (n % 40),
  };
}

/** The same as a change. */
export function zonePut(name: string, n: number): Extract<TableChange, { op: 'putZone' }> {
  return zone(name, apexMade(n)) as Extract<TableChange, { op: 'putZone' }>;
}

/** What a service is, made from a number: which pools it has, who of them has the weight, and what they answer. */
export function serviceMade(n: number) {
  const isHost = n % 11 === 0;
  const pools: Record<string, readonly string[]> = isHost
    ? { blue: ['blue.www.test'], green: ['nope.test'] }
    : { blue: ['198.51.100.1', '198.51.100.2'], green: ['203.0.113.1', '2001:db8:1::1'] };
  if (n % 3 === 0) pools.red = isHost ? ['c.b.a.test'] : ['192.0.2.77'];
  return { isHost, pools, heavy: ['green', 'blue'][n % 2], hasPreviews: n % 5 !== 0, ttlSeconds: 5 + (n % 4) };
}

/** Which pool has the weight changes, as in a shift; a weight of 0 makes the answer certain. */
export function serviceOf(apex: string, name: string, n: number): TableChange {
  const { isHost, pools, heavy, hasPreviews, ttlSeconds } = serviceMade(n);
  const weighed = Object.entries(pools).map(([pool, targets]): [string, [number, ...string[]]] => {
    return [pool, [pool === heavy ? 1 : 0, ...targets]];
  });
  const kind = isHost ? 'host' : 'addresses';
  return service(apex, name, Object.fromEntries(weighed), { ttlSeconds, kind, previewNames: hasPreviews });
}
