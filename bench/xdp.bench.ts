/**
 * `npm run bench:xdp -- [--rounds 3] [--seconds 5] [--rates 100000,1000000] [--drop]`: Teal by AF_XDP, Knot DNS by AF_XDP
 * and Teal by batches, each with one thread that answers, on a wire between two namespaces, asked by kxdpgun from the
 * other core, interleaved. Answers are checked by a bystander before, after and while they are timed, and whether they
 * went the way that they are timed for. `--drop`: kxdpgun's program drops the replies (its -r), which are counted by the
 * kernel either way. On a veth the sender's core does the receiving of the other end too, and it is less then.
 */
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWire, SERVER, type Wire } from '../test/fixtures/two-namespaces.ts';
import { commandLine, refuse } from '../tools/command-line.ts';
import { areNear } from './core-distance.ts';
import { cpuBetween, cpuTime } from './cpu.ts';
import { check } from './peers/check.ts';
import { install } from './peers/install.ts';
import type { Peer } from './peers/peer.ts';
import { RunningServer } from './peers/process.ts';
import { median } from './peers/report.ts';
import { PEERS } from './peers/servers.ts';
import { type Kind, questions } from './workload.ts';

const PORT = 53;
const SERVER_CORE = 1;
const LOAD_CORE = 0;
const SIZE = { services: 1000, aliases: 0, hosts: 1000 };
const QUERIES = 20_000;
const KINDS: readonly Kind[] = ['weighted-a', 'static-a'];
/** Queries that pass the kernel's sockets for each reply that is to go round them, and for each that is not. */
const BY_SOCKETS = { XDP_MAX: 0.001, BATCH_MIN: 0.9 } as const;
/**
 * Since its first answer, before a server is timed: what it does once after a start is over then. Teal gives the memory
 * of its start back after some ten seconds, which is a twentieth of what it used in the seconds around.
 */
const SETTLED_MS = 20_000;
/** Left out at both ends of a timing, while kxdpgun starts and ends. */
const MARGIN_SECONDS = 1;
/** kxdpgun takes what is sent to ports from 2000 on; a bystander asks from below. */
const BYSTANDER_PORT = 1900;
const TYPE_NAMES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA' };

interface Contestant {
  readonly name: string;
  readonly peer: Peer;
  readonly byXdp: boolean;
}

interface Timing {
  readonly contestant: string;
  readonly kind: Kind;
  readonly rate: number;
  /** Whether load and server shared a cache. */
  readonly near: boolean;
  readonly repliesPerSecond: number;
  readonly cpuUs: number;
  readonly userUs: number;
}

const { values } = commandLine({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    rates: { type: 'string', default: '100000,1000000' },
    drop: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const rates = values.rates.split(',').map(Number);
// Margins at both ends of a timing are not counted.
if (![rounds, seconds - 2 * MARGIN_SECONDS, ...rates].every((number) => number > 0)) {
  refuse(`expected numbers of rounds and queries a second, and more than ${2 * MARGIN_SECONDS} seconds`);
}

const peer = (name: string): Peer => PEERS.find((each) => each.name === name) as Peer;
const contestants: readonly Contestant[] = [
  { name: 'Teal, xdp', peer: peer('teal'), byXdp: true },
  { name: 'Knot DNS, XDP', peer: peer('knot'), byXdp: true },
  { name: 'Teal, batch', peer: peer('teal'), byXdp: false },
];

/** On a wire of its own: a server that ends may leave its program on the interface, as Knot does. */
async function timeAll(contestant: Contestant): Promise<Timing[]> {
  const wire = openWire();
  if (typeof wire === 'string') throw new Error(wire);
  try {
    const server = await RunningServer.start(contestant.peer, SIZE, {
      ...{ core: SERVER_CORE, address: SERVER.v4, port: PORT, wrapper: wire.atServer },
      ...(contestant.byXdp ? { xdp: wire.server } : {}),
    });
    const startedMs = performance.now();
    try {
      await warmUp(wire);
      await sleep(startedMs + SETTLED_MS - performance.now());
      const timings: Timing[] = [];
      for (const kind of KINDS)
        for (const rate of rates) {
          const nearBefore = await areNear(LOAD_CORE, SERVER_CORE);
          const timing = await timeOne(wire, server, contestant, kind, rate);
          const near = await areNear(LOAD_CORE, SERVER_CORE);
          if (near === nearBefore) timings.push({ ...timing, near });
          else console.error(`${contestant.name}, ${kind}, ${rate}: left out, the host moved the cores meanwhile`);
        }
      return timings;
    } finally {
      await server.stop();
    }
  } finally {
    wire.close();
  }
}

/** Throws where kxdpgun could not do it. */
function shoot(wire: Wire, file: string, rate: number): Promise<void> {
  const words = ['-c', String(LOAD_CORE), 'kxdpgun', '-t', String(seconds), '-Q', String(rate), '-i', file];
  const to = [...(values.drop ? ['-r'] : []), '-I', wire.client, '-p', String(PORT), SERVER.v4];
  return new Promise((resolve, reject) => {
    execFile('taskset', [...words, ...to], (error, stdout, stderr) => {
      if (error !== null || !stdout.includes('total queries:')) reject(new Error(`kxdpgun: ${stdout}${stderr}`));
      else resolve();
    });
  });
}

/**
 * Until compilers have done their work, for each kind and as full batches as there will be: the first timing would count
 * it as the answers' own.
 */
async function warmUp(wire: Wire): Promise<void> {
  for (const kind of KINDS) {
    const file = writeQueries(kind);
    await shoot(wire, file, Math.max(...rates));
    fs.rmSync(file, { force: true });
    // The kernel takes a queue back a little after its user has ended.
    await sleep(MARGIN_SECONDS * 1000);
  }
}

function writeQueries(kind: Kind): string {
  const file = path.join(os.tmpdir(), `bench-xdp-${process.pid}.txt`);
  const lines = [...questions(kind, SIZE, QUERIES, 1)].map(({ name, type }) => `${name} ${TYPE_NAMES[type]}\n`);
  fs.writeFileSync(file, lines.join(''));
  return file;
}

async function timeOne(
  wire: Wire,
  server: RunningServer,
  contestant: Contestant,
  kind: Kind,
  rate: number,
): Promise<Omit<Timing, 'near'>> {
  const file = writeQueries(kind);
  const judge = async (when: string): Promise<void> => {
    const { address, port, peer } = server;
    const fault = await check({ address, port, peer, localPort: BYSTANDER_PORT }, kind, 'plain', SIZE);
    if (fault !== undefined) throw new Error(`${contestant.name}, ${kind}, ${when}: ${fault}`);
  };
  try {
    await judge('before a timing');
    const running = shoot(wire, file, rate);
    await sleep(MARGIN_SECONDS * 1000);
    const { pids } = server;
    const bySocketsBefore = socketDatagrams(wire);
    const [repliesBefore, cpuBefore, startMs] = [framesOut(wire), cpuTime(pids), performance.now()];
    // Where more is offered than it can take, a bystander's query may be lost; a wrong answer is a fault all the same.
    const beside = judge('while timed').catch((error: Error) => (/no reply/.test(error.message) ? undefined : error));
    await sleep((seconds - 2 * MARGIN_SECONDS) * 1000);
    const used = cpuBetween(cpuBefore, cpuTime(pids));
    const replies = framesOut(wire) - repliesBefore;
    const elapsedSeconds = (performance.now() - startMs) / 1000;
    const bySockets = (socketDatagrams(wire) - bySocketsBefore) / replies;
    await running;
    const fault = await beside;
    if (fault !== undefined) throw fault;
    const isOnItsWay = contestant.byXdp ? bySockets < BY_SOCKETS.XDP_MAX : bySockets > BY_SOCKETS.BATCH_MIN;
    const wayFault = isOnItsWay ? server.coreFault : `${bySockets.toFixed(3)} queries by sockets for each reply`;
    if (wayFault !== undefined) throw new Error(`${contestant.name}, ${kind}: ${wayFault}`);
    await judge('after a timing');
    const perReply = (ms: number): number => (ms * 1000) / replies;
    return {
      ...{ contestant: contestant.name, kind, rate },
      repliesPerSecond: replies / elapsedSeconds,
      cpuUs: perReply(used.totalMs),
      userUs: perReply(used.userMs),
    };
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** Datagrams that the kernel has handed to sockets at the server's end (RFC 4113). */
function socketDatagrams(wire: Wire): number {
  const [program, ...words] = [...wire.atServer, 'cat', '/proc/net/snmp'];
  const text = execFileSync(program, words, { encoding: 'latin1' });
  return Number(/^Udp: (\d+)/m.exec(text)?.[1]);
}

/** Frames that have come to the client's end. */
function framesOut(wire: Wire): number {
  const line = fs
    .readFileSync('/proc/thread-self/net/dev', 'latin1')
    .split('\n')
    .find((each) => each.includes(`${wire.client}:`));
  const packets = line?.split(':')[1]?.trim().split(/\s+/)[1];
  return Number(packets);
}

install(contestants.map(({ peer }) => peer));
const timings: Timing[] = [];
for (let round = 0; round < rounds; round++) {
  for (const contestant of contestants) timings.push(...(await timeAll(contestant)));
  console.error(`round ${round + 1} of ${rounds} done, load average ${os.loadavg()[0]?.toFixed(1)}`);
}

if (timings.length === 0) {
  console.error('every timing was left out, there is nothing to show: run it again, with more --rounds');
  process.exitCode = 1;
}
for (const near of [true, false]) {
  const those = timings.filter((one) => one.near === near);
  if (those.length > 0)
    console.log(`\nLoad and server ${near ? 'share a cache' : 'share no cache'}:\n\n${table(those)}`);
}

/** What is held against each other was timed while the cores lay alike. */
function table(those: readonly Timing[]): string {
  const lines = [
    "| | offered a second | replies a second | CPU µs a reply | lowest to highest of | of it user | CPU / Knot's XDP |",
    '|---|---:|---:|---:|---:|---:|---:|',
  ];
  for (const kind of KINDS) {
    for (const rate of rates) {
      const all = (name: string, figure: 'repliesPerSecond' | 'cpuUs' | 'userUs'): number[] =>
        those
          .filter((one) => one.contestant === name && one.kind === kind && one.rate === rate)
          .map((one) => one[figure]);
      const knot = all('Knot DNS, XDP', 'cpuUs');
      for (const { name } of contestants) {
        const cpuUs = all(name, 'cpuUs');
        if (cpuUs.length === 0) continue;
        const cells = [
          rate,
          Math.round(median(all(name, 'repliesPerSecond'))),
          median(cpuUs).toFixed(2),
          `${Math.min(...cpuUs).toFixed(2)} to ${Math.max(...cpuUs).toFixed(2)} of ${cpuUs.length}`,
          median(all(name, 'userUs')).toFixed(2),
          knot.length === 0 ? '' : (median(cpuUs) / median(knot)).toFixed(2),
        ];
        lines.push(`| ${kind}, ${name} | ${cells.join(' | ')} |`);
      }
    }
  }
  return lines.join('\n');
}
