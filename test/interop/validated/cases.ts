/** A zone that validators are asked about, and what each question about it may be answered with. */
import type { Reply } from '../../fixtures/dns-client.ts';
import type { Case } from './asking.ts';
import { ADDRESS, SHORT_TTL_SECONDS } from './servers.ts';

export const BLUE = '192.0.2.10';
export const GREEN = '192.0.2.20';
const BLUE_SIX = '2001:db8::10';
const NXDOMAIN = 3;

/** Services whose shares are counted: each is a draw of its own whenever a cache asks. */
export const COUNTED = 60;
export const countedIn = (zone: string): string[] => Array.from({ length: COUNTED }, (_, i) => `s${i}.${zone}`);
export const BLUE_SHARE = 0.7;

const ttlSeconds = SHORT_TTL_SECONDS;
/** The longest TTL of all, of the service that is released: until then it is lowered. */
export const CANARY_TTL_SECONDS = 20;
const pool = (weight: number, ...targets: string[]) => ({ weight, targets });

/** Bodies of services by name. */
export const servicesIn = (zone: string): Readonly<Record<string, unknown>> => ({
  // Only blue has AAAA: green's denial must not take it away for longer than the TTL.
  [`app.${zone}`]: { ttlSeconds: 1, pools: { blue: pool(50, BLUE, BLUE_SIX), green: pool(50, GREEN) } },
  [`moved.${zone}`]: { ttlSeconds: 1, pools: { blue: pool(50, `host.${zone}`), green: pool(50, `other.${zone}`) } },
  [`*.wild-service.${zone}`]: { ttlSeconds: 1, pools: { blue: pool(50, BLUE), green: pool(50, GREEN) } },
  [`canary.${zone}`]: {
    ttlSeconds: CANARY_TTL_SECONDS,
    release: { ttlSeconds },
    pools: { blue: pool(100, BLUE), green: pool(0, GREEN) },
  },
  ...Object.fromEntries(
    countedIn(zone).map((name) => [name, { ttlSeconds: 1, pools: { blue: pool(70, BLUE), green: pool(30, GREEN) } }]),
  ),
});

/** RDATA of plain RRsets by `name type`. */
export function recordsIn(zone: string, dsOfSecureChild: string): Readonly<Record<string, readonly string[]>> {
  return {
    [`ns.${zone} A`]: [ADDRESS.teal],
    [`host.${zone} A`]: ['192.0.2.30', '192.0.2.31'],
    [`other.${zone} A`]: ['192.0.2.40'],
    [`host.${zone} MX`]: [`10 host.${zone}.`],
    [`*.wild.${zone} TXT`]: ['"wild"'],
    [`deep.below.empty.${zone} A`]: ['192.0.2.50'],
    [`old.${zone} DNAME`]: [`below.empty.${zone}.`],
    [`secure.${zone} NS`]: ['ns.example.'],
    [`secure.${zone} DS`]: [dsOfSecureChild],
    [`plain.${zone} NS`]: ['ns.example.'],
    [`alone.${zone} NS`]: ['ns.example.'],
  };
}

const data = ({ answers }: Reply, type: number): string[] => {
  return answers.flatMap((record) => (record.type === type ? [record.data] : []));
};
const is = (rcode: number, found: Reply): string | undefined => {
  return found.rcode === rcode ? undefined : `rcode ${found.rcode}`;
};
const A = 1;
const TXT = 16;
const AAAA = 28;

/** Exactly one of these lists of addresses. */
function oneOf(type: number, ...lists: string[][]): (reply: Reply) => string | undefined {
  const known = lists.map((list) => list.toSorted().join(' '));
  return (reply) => {
    const found = data(reply, type).toSorted().join(' ');
    return is(0, reply) ?? (known.includes(found) ? undefined : `${found || 'nothing'} is no pool's`);
  };
}
const nothing = (reply: Reply): string | undefined => {
  return is(0, reply) ?? (reply.answers.some(({ type }) => type !== 46) ? 'an answer' : undefined);
};
const noName = (reply: Reply): string | undefined => is(NXDOMAIN, reply);

let drawn = 0;
/** Names that no cache has. */
const fresh = (below: string) => () => `x${++drawn}.${below}`;
const fixed = (name: string) => () => name;
const anyOf = (names: readonly string[]) => () => names[++drawn % names.length] as string;

/** A name that is there or is not. */
export const comesAndGoes = (zone: string): string => `guest.${zone}`;

/**
 * A referral proves by NSEC that a delegation has no DS, and BIND (9.18.49, and its main branch in August 2026) keeps that NSEC without
 * validating it. Where it has the same from a denial that it did validate, that one stays; but not where that was by NSEC3. So after a
 * change from NSEC3 to NSEC, for the TTL of a denial at most, it answers for the DS by what it did not validate, and without AD.
 */
const isByReferral = (kind: string, validator: string): boolean =>
  validator === 'BIND' && kind === 'DS of an insecure delegation';

/**
 * unbound (1.17.1) keeps a DNAME and the CNAME that goes with it for times of their own. Where the DNAME's is over a second before the
 * CNAME's, it has a CNAME without a signature, asks for the DS of its name, and answers SERVFAIL until the CNAME's time is over too,
 * whatever it is told meanwhile.
 */
const isRefusedAtTimes = (kind: string, validator: string): boolean =>
  validator === 'unbound' && kind.startsWith('DNAME');

/** Everything that is asked about a zone. `validator`: who is asked. */
export function casesIn(zone: string, validator = ''): readonly Case[] {
  const secure = secureIn(zone).map(([kind, name, type, fault]) => {
    const isSecure = !isByReferral(kind, validator);
    return { kind, name, type, fault, isSecure, isRefusedAtTimes: isRefusedAtTimes(kind, validator) };
  });
  const plain = {
    kind: 'insecure delegation',
    name: fixed(`host.plain.${zone}`),
    type: A,
    fault: oneOf(A, ['192.0.2.77']),
    isSecure: false,
  };
  return [...secure, plain];
}

type SecureCase = readonly [Case['kind'], Case['name'], Case['type'], Case['fault']];
const secureIn = (zone: string): SecureCase[] => [
  ['service', fixed(`app.${zone}`), A, oneOf(A, [BLUE], [GREEN])],
  ['a type of one pool', fixed(`app.${zone}`), AAAA, oneOf(AAAA, [BLUE_SIX], [])],
  ['service NODATA', fixed(`app.${zone}`), TXT, nothing],
  ['services', anyOf(countedIn(zone)), A, oneOf(A, [BLUE], [GREEN])],
  ['services NODATA', anyOf(countedIn(zone)), AAAA, nothing],
  ['canary', fixed(`canary.${zone}`), A, oneOf(A, [BLUE], [GREEN])],
  ['service CNAME', fixed(`moved.${zone}`), A, oneOf(A, ['192.0.2.30', '192.0.2.31'], ['192.0.2.40'])],
  ['preview', fixed(`green.app.${zone}`), A, oneOf(A, [GREEN])],
  ['preview NODATA', fixed(`green.app.${zone}`), AAAA, nothing],
  ['wildcard service', fresh(`wild-service.${zone}`), A, oneOf(A, [BLUE], [GREEN])],
  ['wildcard service NODATA', fresh(`wild-service.${zone}`), AAAA, nothing],
  ['wildcard', fresh(`wild.${zone}`), TXT, (reply) => is(0, reply)],
  ['wildcard NODATA', fresh(`wild.${zone}`), A, nothing],
  ['NXDOMAIN', fresh(zone), A, noName],
  ['NXDOMAIN below a service', fresh(`s1.${zone}`), A, noName],
  ['NXDOMAIN below a host', fresh(`host.${zone}`), A, noName],
  ['empty non-terminal', fixed(`empty.${zone}`), A, nothing],
  ['DNAME', fixed(`deep.old.${zone}`), A, oneOf(A, ['192.0.2.50'])],
  ['DNAME NXDOMAIN', fresh(`old.${zone}`), A, noName],
  ['host', fixed(`host.${zone}`), A, oneOf(A, ['192.0.2.30', '192.0.2.31'])],
  ['apex NODATA', fixed(zone), TXT, nothing],
  ['secure delegation', fixed(`host.secure.${zone}`), A, oneOf(A, ['192.0.2.77'])],
  ['DS of an insecure delegation', fixed(`plain.${zone}`), 43, nothing],
  ['DS of one that nobody follows', fixed(`alone.${zone}`), 43, nothing],
  ['comes and goes', fixed(comesAndGoes(zone)), A, (reply) => (reply.rcode === NXDOMAIN ? undefined : is(0, reply))],
];
