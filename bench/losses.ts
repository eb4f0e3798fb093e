/** Where queries and answers were lost between a client of this thread's and a server: what each place on the way counts. */
import { readFileSync } from 'node:fs';
import type { TealProcess } from '../test/fixtures/process.ts';
import type { Wire } from '../test/fixtures/two-namespaces.ts';

/** By the places' names, in the order of the way. */
export type PlaceCounts = Readonly<Record<string, number>>;

/** Answers that the server counts as sent by UDP; beside the places' counts. */
export const ANSWERED = 'answers that the server sent';

/** `wire`: where there is one between them; else both are on loopback. */
export async function countLosses(teal: TealProcess, wire: Wire | undefined): Promise<PlaceCounts> {
  const metrics = await readMetrics(teal);
  const sum = (name: string): number =>
    metrics.filter((line) => line.startsWith(name)).reduce((all, line) => all + Number(line.split(' ').at(-1)), 0);
  return {
    ...(wire === undefined ? {} : linkDrops('client', wire.client, readDevices())),
    ...(wire === undefined ? {} : linkDrops('server', wire.server, serverDevices(wire))),
    "dropped by the processors' backlogs (of the whole machine)": backlogDrops(),
    "dropped by the server's rings and sockets, which were full": sum('teal_socket_dropped_total{'),
    'not answered by the server: no DNS, or above the rate limit':
      sum('teal_dns_dropped_total') + sum('teal_dns_rate_limited_total{action="dropped"}'),
    'replies that an interface did not send': sum('teal_socket_unsent_total{'),
    [ANSWERED]: sum('teal_dns_answers_total{transport="udp"}'),
    "dropped by the client's socket, whose buffer was full": udpErrors('RcvbufErrors'),
    'refused by the client for a wrong checksum': udpErrors('InCsumErrors'),
  };
}

async function readMetrics(teal: TealProcess): Promise<string[]> {
  const reply = await fetch(`${teal.admin}/metrics`, { headers: { authorization: `Bearer ${teal.token}` } });
  if (!reply.ok) throw new Error(`/metrics: ${reply.status}`);
  return (await reply.text()).split('\n');
}

/** proc_net_dev(5) of the namespace that this thread is in. */
function readDevices(): string {
  return readFileSync('/proc/thread-self/net/dev', 'latin1');
}

function serverDevices({ ip, server }: Wire): string {
  const [{ stats64 }] = JSON.parse(ip('-j', '-s', 'link', 'show', server)) as [
    { stats64: { rx: { dropped: number }; tx: { dropped: number } } },
  ];
  return `${server}: 0 0 0 ${stats64.rx.dropped} 0 0 0 0 0 0 0 ${stats64.tx.dropped}`;
}

function linkDrops(end: string, name: string, devices: string): PlaceCounts {
  const line = devices.split('\n').find((each) => each.includes(`${name}:`)) ?? '';
  const fields = line
    .slice(line.indexOf(':') + 1)
    .trim()
    .split(/\s+/)
    .map(Number);
  return {
    [`dropped by the ${end}'s interface on the way in`]: fields[3],
    [`dropped by the ${end}'s interface on the way out`]: fields[11],
  };
}

/** The second number of each processor, in hex. */
function backlogDrops(): number {
  const lines = readFileSync('/proc/net/softnet_stat', 'latin1').trim().split('\n');
  return lines.reduce((all, line) => all + Number.parseInt(line.split(' ')[1], 16), 0);
}

function udpErrors(name: string): number {
  const text = readFileSync('/proc/thread-self/net/snmp', 'latin1');
  const [names = '', values = ''] = text.split('\n').filter((line) => line.startsWith('Udp:'));
  return Number(values.split(' ')[names.split(' ').indexOf(name)]);
}

/** What has grown, but for the answers. */
export function grown(before: PlaceCounts, after: PlaceCounts): [place: string, count: number][] {
  return Object.entries(after)
    .map(([place, count]): [string, number] => [place, count - before[place]])
    .filter(([place, count]) => count > 0 && place !== ANSWERED);
}
