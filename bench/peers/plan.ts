/** What one run of the contest measures, from the command line. */
import { commandLine, refuse, wholeNumber } from '../../tools/command-line.ts';
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
const PEER_NAMES = PEERS.map(({ name }) => name);

/** The plan; ends the program where the arguments are wrong. */
export function planOfCommandLine(): Plan {
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
  const { values } = commandLine({ options });
  const { rounds = '5', seconds = '3', qps = '50000', clients = CLIENTS, names = '1000', out, before } = values;
  const peers = chosen('--peers', values.peers, PEER_NAMES);
  return {
    peers: PEERS.filter(({ name }) => peers.includes(name)),
    kinds: chosen('--kinds', values.kinds, KINDS),
    edns: chosen('--edns', values.edns ?? 'plain,cookie', EDNS),
    names: names.split(',').map((one) => wholeNumber(one, '--names')),
    rounds: wholeNumber(rounds, '--rounds'),
    seconds: wholeNumber(seconds, '--seconds'),
    qps: wholeNumber(qps, '--qps'),
    clients: wholeNumber(clients, '--clients'),
    out,
    before,
  };
}

/** Those that are named, in the order of all; undefined: all. */
function chosen<T extends string>(option: string, list: string | undefined, all: readonly T[]): readonly T[] {
  if (list === undefined) return all;
  const named = list.split(',');
  const unknown = named.find((one) => !(all as readonly string[]).includes(one));
  if (unknown !== undefined) refuse(`${option}: ${unknown} is none of ${all.join(', ')}`);
  return all.filter((one) => named.includes(one));
}

/** The zone for so many names of a sort. A million CNAME services besides would only lengthen the load. */
export function zoneSize(names: number): ZoneSize {
  return { services: names, hosts: names, aliases: Math.min(names, 1000) };
}
