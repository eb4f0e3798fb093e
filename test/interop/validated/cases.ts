/** The zone that validators are asked about, and what each question about it may be answered with. */
import type { Reply } from '../../fixtures/dns-client.ts';
import type { Case } from './asking.ts';
import { ADDRESS, SHORT_TTL_SECONDS, ZONE } from './servers.ts';

export const BLUE = '192.0.2.10';
export const GREEN = '192.0.2.20';
const BLUE_SIX = '2001:db8::10';
const NXDOMAIN = 3;

/** Services whose shares are counted: each is a draw of its own whenever a cache asks. */
export const COUNTED = 60;
export const counted = Array.from({ length: COUNTED }, (_, i) => `s${i}.${ZONE}`);
export const BLUE_SHARE = 0.7;

const ttlSeconds = SHORT_TTL_SECONDS;
const pool = (weight: number, ...targets: string[]) => ({ weight, targets });

/** Bodies of services by name. */
export const services: Readonly<Record<string, unknown>> = {
  // Only blue has AAAA: green's denial must not take it away for longer than the TTL.
  [`app.${ZONE}`]: { ttlSeconds: 1, pools: { blue: pool(50, BLUE, BLUE_SIX), green: pool(50, GREEN) } },
  [`moved.${ZONE}`]: { ttlSeconds: 1, pools: { blue: pool(50, `host.${ZONE}`), green: pool(50, `other.${ZONE}`) } },
  [`*.wild-service.${ZONE}`]: { ttlSeconds: 1, pools: { blue: pool(50, BLUE), green: pool(50, GREEN) } },
  [`canary.${ZONE}`]: {
    ttlSeconds: 20,
    release: { ttlSeconds },
    pools: { blue: pool(100, BLUE), green: pool(0, GREEN) },
  },
  ...Object.fromEntries(
    counted.map((name) => [name, { ttlSeconds: 1, pools: { blue: pool(70, BLUE), green: pool(30, GREEN) } }]),
  ),
};

/** RDATA of plain RRsets by `name type`. */
export function records(dsOfSecureChild: string): Readonly<Record<string, readonly string[]>> {
  return {
    [`ns.${ZONE} A`]: [ADDRESS.teal],
    [`host.${ZONE} A`]: ['192.0.2.30', '192.0.2.31'],
    [`other.${ZONE} A`]: ['192.0.2.40'],
    [`host.${ZONE} MX`]: [`10 host.${ZONE}.`],
    [`*.wild.${ZONE} TXT`]: ['"wild"'],
    [`deep.below.empty.${ZONE} A`]: ['192.0.2.50'],
    [`old.${ZONE} DNAME`]: [`below.empty.${ZONE}.`],
    [`secure.${ZONE} NS`]: ['ns.example.'],
    [`secure.${ZONE} DS`]: [dsOfSecureChild],
    [`plain.${ZONE} NS`]: ['ns.example.'],
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

/** `isThere`: what comes and goes is there or is not. */
export const comesAndGoes = `guest.${ZONE}`;

export const cases: readonly Case[] = [
  ['service', fixed(`app.${ZONE}`), A, oneOf(A, [BLUE], [GREEN])],
  ['a type of one pool', fixed(`app.${ZONE}`), AAAA, oneOf(AAAA, [BLUE_SIX], [])],
  ['service NODATA', fixed(`app.${ZONE}`), TXT, nothing],
  ['services', anyOf(counted), A, oneOf(A, [BLUE], [GREEN])],
  ['services NODATA', anyOf(counted), AAAA, nothing],
  ['canary', fixed(`canary.${ZONE}`), A, oneOf(A, [BLUE], [GREEN])],
  ['service CNAME', fixed(`moved.${ZONE}`), A, oneOf(A, ['192.0.2.30', '192.0.2.31'], ['192.0.2.40'])],
  ['preview', fixed(`green.app.${ZONE}`), A, oneOf(A, [GREEN])],
  ['preview NODATA', fixed(`green.app.${ZONE}`), AAAA, nothing],
  ['wildcard service', fresh(`wild-service.${ZONE}`), A, oneOf(A, [BLUE], [GREEN])],
  ['wildcard service NODATA', fresh(`wild-service.${ZONE}`), AAAA, nothing],
  ['wildcard', fresh(`wild.${ZONE}`), TXT, (reply: Reply) => is(0, reply)],
  ['wildcard NODATA', fresh(`wild.${ZONE}`), A, nothing],
  ['NXDOMAIN', fresh(ZONE), A, noName],
  ['NXDOMAIN below a service', fresh(`s1.${ZONE}`), A, noName],
  ['NXDOMAIN below a host', fresh(`host.${ZONE}`), A, noName],
  ['empty non-terminal', fixed(`empty.${ZONE}`), A, nothing],
  ['DNAME', fixed(`deep.old.${ZONE}`), A, oneOf(A, ['192.0.2.50'])],
  ['DNAME NXDOMAIN', fresh(`old.${ZONE}`), A, noName],
  ['host', fixed(`host.${ZONE}`), A, oneOf(A, ['192.0.2.30', '192.0.2.31'])],
  ['apex NODATA', fixed(ZONE), TXT, nothing],
  ['secure delegation', fixed(`host.secure.${ZONE}`), A, oneOf(A, ['192.0.2.77'])],
  ['DS of an insecure delegation', fixed(`plain.${ZONE}`), 43, nothing],
  ['comes and goes', fixed(comesAndGoes), A, (reply: Reply) => (reply.rcode === NXDOMAIN ? undefined : is(0, reply))],
].map(([kind, name, type, fault]) => ({ kind, name, type, fault, isSecure: true }) as Case);

export const insecure: readonly Case[] = [
  {
    kind: 'insecure delegation',
    name: fixed(`host.plain.${ZONE}`),
    type: A,
    fault: oneOf(A, ['192.0.2.77']),
    isSecure: false,
  },
];
