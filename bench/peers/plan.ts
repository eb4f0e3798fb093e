/** What one run of the contest measures, from the command line. */
import { parseArgs } from 'node:util';
import { EDNS, type Edns, KINDS, type Kind, type ZoneSize } from '../workload.ts';
import type { Peer } from './peer.ts';
import { PEERS } from './servers.ts';

export interface Plan {
  readonly peers: readonly Peer[];
  readonly kinds: readonly Kind[];
  readonly edns: readonly Edns[];
  /** Names of each sort; 1,000,000 leaves the CNAME services and PowerDNS out. */
  readonly names: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  /** The fixed rate that CPU time and latency are compared at. */
  readonly qps: number;
  /** Sockets that ask: by default as many as resolvers would be; few are a proxy, a forwarder or dnsperf. */
  readonly clients: number;
  readonly out: string | undefined;
  /** A checkout of an earlier state, which takes part as `teal before`. */
  readonly before: string | undefined;
}

/** Many enough that neighbours in a batch hardly ever come from one socket, as with resolvers. */
const CLIENTS = '512';

export const USAGE = `npm run bench:peers -- [--peers teal,gdnsd,…] [--kinds ${KINDS.join(',')}] [--edns ${EDNS.join(',')}]
  [--names 1,1000,1000000] [--rounds 5] [--seconds 3] [--qps 50000] [--clients 512] [--out folder]
  [--before folder of an earlier checkout]`;

/** The plan, or what is wrong with the arguments. */
export function parsePlan(args: readonly string[]): Plan | string {
  const text = { type: 'string' } as const;
  const options = {
    peers: text,
    kinds: text,
    edns: text,
    names: text,
    rounds: text,
    seconds: text,
    qps: text,
    clients: text,
    out: text,
    before: text,
  };
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const peerNames = values.peers?.split(',') ?? PEERS.map(({ name }) => name);
  const peers = PEERS.filter(({ name }) => peerNames.includes(name));
  if (peers.length !== peerNames.length) return `--peers: known are ${PEERS.map(({ name }) => name).join(', ')}`;
  const kinds = KINDS.filter((kind) => values.kinds === undefined || values.kinds.split(',').includes(kind));
  const edns = EDNS.filter((one) => (values.edns ?? 'plain,cookie').split(',').includes(one));
  const names = (values.names ?? '1000').split(',').map(Number);
  const { rounds, seconds, qps, clients } = numbersOf(values);
  if (kinds.length === 0 || edns.length === 0) return USAGE;
  for (const number of [...names, rounds, seconds, qps, clients]) if (!(number > 0)) return USAGE;
  return { peers, kinds, edns, names, rounds, seconds, qps, clients, out: values.out, before: values.before };
}

function numbersOf(values: { rounds?: string; seconds?: string; qps?: string; clients?: string }) {
  const { rounds = '5', seconds = '3', qps = '50000', clients = CLIENTS } = values;
  return { rounds: Number(rounds), seconds: Number(seconds), qps: Number(qps), clients: Number(clients) };
}

/** The zone for so many names of a sort. A million CNAME services besides would only lengthen the load. */
export function zoneSize(names: number): ZoneSize {
  return { services: names, hosts: names, aliases: Math.min(names, 1000) };
}
