/** NSD and Knot DNS from Debian, each in a process of its own, on the zones of rich-zones.ts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { freePort } from '../fixtures/free-port.ts';
import { endsWithUs } from '../fixtures/tidying.ts';
import { richZones, zoneFile } from './rich-zones.ts';

export type PeerName = 'nsd' | 'knot';

export interface Peer {
  readonly name: PeerName;
  readonly port: number;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 5000;

/** Zones by name, each as a file. */
type ZoneFiles = Readonly<Record<string, string>>;

function richFiles(): ZoneFiles {
  return Object.fromEntries(Object.keys(richZones).map((apex) => [apex, zoneFile(apex)]));
}

/** Starts a server and waits for its first answer. `udpBytes`: the longest reply over UDP; left out: as it comes. */
export async function startPeer(name: PeerName, files = richFiles(), udpBytes?: number): Promise<Peer> {
  const apexes = Object.keys(files);
  const folder = mkdtempSync(join(tmpdir(), `teal-interop-${name}-`));
  for (const [apex, text] of Object.entries(files)) writeFileSync(join(folder, `${apex}.zone`), text, 'latin1');
  const port = await freePort();
  const config = join(folder, `${name}.conf`);
  writeFileSync(config, configs[name]({ folder, port, apexes, udpBytes }));
  const command = name === 'nsd' ? ['-d', '-c', config] : ['-c', config];
  const child = endsWithUs(spawn(name === 'nsd' ? 'nsd' : 'knotd', command, { stdio: ['ignore', 'pipe', 'pipe'] }));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const stop = async (): Promise<void> => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  for (const startedAt = performance.now(); !(await answersAll(port, apexes)); await sleep(50)) {
    const runs = child.exitCode === null && child.signalCode === null;
    if (runs && performance.now() - startedAt < START_LIMIT_MS) continue;
    const log = name === 'nsd' ? readFileSync(join(folder, 'nsd.log'), 'utf8') : output;
    await stop();
    throw new Error(`${name} does not answer for all zones:\n${log.slice(-4000)}`);
  }
  return { name, port, stop };
}

interface PeerConfig {
  readonly folder: string;
  readonly port: number;
  readonly apexes: readonly string[];
  readonly udpBytes: number | undefined;
}

const configs: Readonly<Record<PeerName, (config: PeerConfig) => string>> = {
  nsd: ({ folder, port, apexes, udpBytes }) => `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
  database: ""
  logfile: "${folder}/nsd.log"
  hide-version: yes
  rrl-ratelimit: 0
  round-robin: no
  minimal-responses: yes${udpBytes === undefined ? '' : `\n  ipv4-edns-size: ${udpBytes}`}
remote-control:
  control-enable: no
${apexes.map((apex) => `zone:\n  name: ${apex}\n  zonefile: "${folder}/${apex}.zone"`).join('\n')}
`,
  knot: ({ folder, port, apexes, udpBytes }) => `server:
  rundir: "${folder}"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  automatic-acl: off${udpBytes === undefined ? '' : `\n  udp-max-payload: ${udpBytes}`}
database:
  storage: "${folder}/db"
template:
  - id: default
    storage: "${folder}"
    file: "%s.zone"
    semantic-checks: off
    zonefile-sync: -1
    journal-content: none
zone:
${apexes.map((apex) => `  - domain: ${apex}`).join('\n')}
log:
  - target: stderr
    any: warning
`,
};

async function answersAll(port: number, apexes: readonly string[]): Promise<boolean> {
  for (const apex of apexes) {
    try {
      const reply = await askUdp('127.0.0.1', port, buildQuery({ name: apex, type: 'SOA' }), { timeoutMs: 300 });
      if (reply.rcode !== 0 || reply.answers.length !== 1) return false;
    } catch {
      return false;
    }
  }
  return true;
}

/** Until it has ended: its folder is taken away next. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([exited, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
  child.kill('SIGKILL');
  await exited;
}
