/** What the measurements ask: one zone, its names by number, and the queries of each workload. */
import { askUdp, buildQuery, type EdnsFields } from '../test/fixtures/dns-client.ts';

export const APEX = 'bench.test';
/** Short, as for a service that is about to move. */
export const SERVICE_TTL_SECONDS = 5;
export const STATIC_TTL_SECONDS = 300;
/** Weights of the two pools of every service. */
export const WEIGHTS = { blue: 70, green: 30 } as const;
/** CNAME pools point outside our zones, so that every server answers with one record. */
export const HOSTS = { blue: 'blue.pools.invalid', green: 'green.pools.invalid' } as const;

/** So many records of one of the shapes in peers/shapes.ts. */
export interface ShapedZone {
  readonly name: string;
  readonly records: number;
}

/** How many names of each sort the zone holds; the names of a sort are numbered from 0. */
export interface ZoneSize {
  /** `s0` …: weighted A. */
  readonly services: number;
  /** `c0` …: weighted CNAME. */
  readonly aliases: number;
  /** `h0` …: one A record. */
  readonly hosts: number;
  /** Other records before those. */
  readonly shape?: ShapedZone;
}

export const serviceName = (i: number): string => `s${i}.${APEX}`;
export const aliasName = (i: number): string => `c${i}.${APEX}`;
export const hostName = (i: number): string => `h${i}.${APEX}`;
/** Last bytes from 1 to 200, so that a wrong answer is seen. */
export const blueAddress = (i: number): string => `192.0.2.${1 + (i % 200)}`;
export const greenAddress = (i: number): string => `198.51.100.${1 + (i % 200)}`;
export const hostAddress = (i: number): string => `203.0.113.${1 + (i % 200)}`;

export const KINDS = ['weighted-a', 'weighted-cname', 'static-a', 'nxdomain', 'mixture'] as const;
/** Asked where it is named only. */
export const NXDOMAIN_AMONG = 'nxdomain-among';
export type Kind = (typeof KINDS)[number] | typeof NXDOMAIN_AMONG;
export const EDNS = ['plain', 'edns', 'cookie', 'do'] as const;
/**
 * Without OPT; with OPT and 1232 bytes; with a cookie too (RFC 7873 §4), as most resolvers send it; with OPT and the DO bit,
 * for zones that are signed (RFC 4035 §3.1).
 */
export type Edns = (typeof EDNS)[number];

/** One query with what its answer must look like. */
export interface Question {
  readonly name: string;
  readonly type: number;
  readonly rcode: number;
  readonly answers: number;
}

const TYPE = { A: 1, NS: 2, SOA: 6, MX: 15, TXT: 16, AAAA: 28, HTTPS: 65 } as const;

/** How many records the answer section must have: with DO a signature for each RRset, which are all of one record. */
export function answersTo({ answers }: Question, edns: Edns): number {
  return edns === 'do' ? 2 * answers : answers;
}

type Make = (size: ZoneSize, random: () => number) => Question;

const pick = (count: number, random: () => number): number => Math.floor(random() * count);
const ask = (name: string, type: number, answers: number, rcode = 0): Question => ({ name, type, answers, rcode });

const weightedA: Make = (size, random) => ask(serviceName(pick(size.services, random)), TYPE.A, 1);
const weightedCname: Make = (size, random) => ask(aliasName(pick(size.aliases, random)), TYPE.A, 1);
const staticA: Make = (size, random) => ask(hostName(pick(size.hosts, random)), TYPE.A, 1);
/** Names that are not there behind each of those that are: all of these prove something. */
const missingAmong: Make = (size, random) =>
  ask(`h${pick(size.hosts, random)}-${pick(1e6, random)}.${APEX}`, TYPE.A, 0, 3);
/** Behind all that are there. */
const missing: Make = (_, random) => ask(`x${pick(1e9, random)}.${APEX}`, TYPE.A, 0, 3);

/**
 * Percentages of the mixture: what an organisation's own servers see, rounded. Clients ask A, AAAA and HTTPS for each
 * name, so that a third of the answers is NODATA; the rest is mail, text, the apex, and names that do not exist.
 */
const MIXTURE: readonly (readonly [percent: number, make: Make])[] = [
  [25, weightedA],
  [20, staticA],
  [5, weightedCname],
  [12, (size, random) => ask(serviceName(pick(size.services, random)), TYPE.AAAA, 0)],
  [10, (size, random) => ask(hostName(pick(size.hosts, random)), TYPE.AAAA, 0)],
  [10, (size, random) => ask(hostName(pick(size.hosts, random)), TYPE.HTTPS, 0)],
  [2, () => ask(APEX, TYPE.MX, 1)],
  [3, () => ask(APEX, TYPE.TXT, 1)],
  [2, () => ask(APEX, TYPE.NS, 1)],
  [1, () => ask(APEX, TYPE.SOA, 1)],
  [10, missing],
];

const mixture: Make = (size, random) => {
  let left = random() * 100;
  for (const [percent, make] of MIXTURE) {
    if (left < percent) return make(size, random);
    left -= percent;
  }
  return weightedA(size, random);
};

const MAKE: Record<Kind, Make> = {
  'weighted-a': weightedA,
  'weighted-cname': weightedCname,
  'static-a': staticA,
  nxdomain: missing,
  [NXDOMAIN_AMONG]: missingAmong,
  mixture,
};

/** A repeatable source in [0, 1): mulberry32. The order of the queries is the same in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` questions of a workload, names drawn evenly: the hardest order for caches. */
export function* questions(kind: Kind, size: ZoneSize, count: number, seed = 1): Generator<Question> {
  const random = seededRandom(seed);
  for (let i = 0; i < count; i++) yield MAKE[kind](size, random);
}

export const COOKIE_OPTION = 10;
const CLIENT_COOKIE = Uint8Array.of(0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57);

function ednsFields(edns: Edns, cookie: Uint8Array): EdnsFields | undefined {
  if (edns === 'plain') return undefined;
  return {
    udpBytes: 1232,
    do: edns === 'do',
    options: edns === 'cookie' ? [{ code: COOKIE_OPTION, data: cookie }] : [],
  };
}

/** The cookie that a server gives a client on its first query; what a client that knows none would send, else. */
export async function learnCookie(port: number, edns: Edns): Promise<string> {
  if (edns !== 'cookie') return '';
  const reply = await askUdp('127.0.0.1', port, queryBytes({ name: APEX, type: TYPE.SOA, rcode: 0, answers: 1 }, edns));
  const option = reply.edns?.options.find(({ code }) => code === COOKIE_OPTION);
  return Buffer.from(option?.data ?? CLIENT_COOKIE).toString('hex');
}

/** The query in wire form, with ID 0. `cookie`: in hex, as `learnCookie` gives it. */
export function queryBytes({ name, type }: Question, edns: Edns, cookie = ''): Buffer {
  const fields = ednsFields(edns, cookie === '' ? CLIENT_COOKIE : Buffer.from(cookie, 'hex'));
  return buildQuery({ id: 0, name, type, ...(fields === undefined ? {} : { edns: fields }) });
}
