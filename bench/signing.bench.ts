/**
 * `npm run bench:signing -- [names] [ed25519]`: signs a zone of 100,000 names, or so many, in a server that runs, beside
 * kzonesign and ldns-signzone with the same file; then what being signed costs: memory, shifts, and a start. With 20,000
 * names it takes about a minute and a half, and its CPU times say nearly the same.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildQuery, UdpClient } from '../test/fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { processTree } from '../test/fixtures/tidying.ts';
import { numbersAndWords } from '../tools/command-line.ts';
import { spentSeconds } from './cpu.ts';
import { putZoneFile, zoneFile } from './import.ts';
import { quantile } from './meanwhile.ts';

const ZONE = 'big.test';
const SHIFTS = 400;
/** The lesser counts: what others use of the machine makes it more, and nothing makes it less. */
const STARTS = 2;
const { numbers, words } = numbersAndWords({ names: 100_000 }, ['ed25519']);
const { names } = numbers;
const algorithm = words.has('ed25519') ? 'ed25519' : 'ecdsap256sha256';

const folder = fs.mkdtempSync(join(tmpdir(), 'teal-signing-'));
const env = { TEAL_TABLE_MAX_BYTES: String(2 ** 31) };
const file = zoneFile(names);
const print = (what: string, value: string): void => console.log(`${what.padEnd(44)} ${value}`);
try {
  print('load average', fs.readFileSync('/proc/loadavg', 'utf8').trim());
  const peers = [kzonesign(), ldnsSignzone()].filter((peer) => peer !== undefined);
  await measure(peers);
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

async function measure(peers: readonly Peer[]): Promise<void> {
  const teal = await startTeal(join(folder, 'teal'), { env });
  await putZoneFile(teal, ZONE, file);
  await settled(teal);
  const unsignedBytes = await tableBytes(teal);
  const service = `app.${ZONE}`;
  const pools = { blue: { weight: 1, targets: ['192.0.2.10'] }, green: { weight: 0, targets: ['192.0.2.20'] } };
  const put = await teal.call('PUT', `/v1/services/${service}`, { pools });
  if (put.status !== 201) throw new Error(`the service: ${put.status}`);
  const unsignedStart = await restarted(teal, false);
  const before = spentSeconds(processTree(unsignedStart.teal.pid));
  const startedAt = performance.now();
  const signing = unsignedStart.teal;
  const { status } = await signing.call('PUT', `/v1/zones/${ZONE}/dnssec`, { algorithm });
  if (status !== 201) throw new Error(`signing: ${status}`);
  const accepted = performance.now() - startedAt;
  await untilSigned(signing);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = spentSeconds(processTree(signing.pid)) - before;
  print('algorithm', algorithm);
  print(`${names} names signed, from the request on`, `${seconds.toFixed(1)} s; 2xx after ${accepted.toFixed(0)} ms`);
  print('CPU of the server for it', `${cpu.toFixed(2)} s`);
  for (const { name, seconds: of } of peers)
    print(`CPU of ${name}`, `${of.toFixed(2)} s: Teal ${(cpu / of).toFixed(2)}`);
  await settled(signing);
  const bytes = (await tableBytes(signing)) - unsignedBytes;
  print('table, for being signed', `${Math.round(bytes / names)} bytes a name`);
  const [plain, signed] = await shifts(signing, 'app.example.test', service);
  print('a shift, p50', `${plain.toFixed(2)} ms, signed ${signed.toFixed(2)} ms: ${(signed / plain).toFixed(2)}`);
  const signedStart = await restarted(signing, true);
  print('a start from the rows', line(unsignedStart, signedStart, 'seconds'));
  print('its CPU', line(unsignedStart, signedStart, 'cpu'));
  const reply = await fetch(`${signedStart.teal.admin}/metrics`, {
    headers: { authorization: `Bearer ${signedStart.teal.token}` },
  });
  const made = /^teal_dnssec_signatures_made_total (?<count>\d+)$/m.exec(await reply.text());
  print('signatures made in it', String(made?.groups?.count));
  await signedStart.teal.end('SIGTERM');
}

interface Start {
  readonly teal: TealProcess;
  readonly seconds: number;
  /** Of all processes, seconds. */
  readonly cpu: number;
}

function line(unsigned: Start, signed: Start, of: 'seconds' | 'cpu'): string {
  return `${unsigned[of].toFixed(2)} s, signed ${signed[of].toFixed(2)} s: ${(signed[of] / unsigned[of]).toFixed(2)}`;
}

/** Ends the server and starts it again, from the rows of its store; until an answer. */
async function restarted(teal: TealProcess, isSigned: boolean): Promise<Start> {
  let running = teal;
  let least: Start | undefined;
  for (let i = 0; i < STARTS; i++) {
    await running.end('SIGTERM');
    fs.rmSync(join(folder, 'teal', 'table.img'), { force: true });
    const startedAt = performance.now();
    running = await startTeal(join(folder, 'teal'), { env });
    await untilAnswered(running, isSigned);
    const cpu = spentSeconds(processTree(running.pid));
    const seconds = (performance.now() - startedAt) / 1000;
    least = {
      teal: running,
      seconds: Math.min(seconds, least?.seconds ?? seconds),
      cpu: Math.min(cpu, least?.cpu ?? cpu),
    };
  }
  return least as Start;
}

async function untilSigned(teal: TealProcess): Promise<void> {
  await untilAnswered(teal, true);
}

/** The last name answers, with a signature where it is to have one. */
async function untilAnswered(teal: TealProcess, isSigned: boolean): Promise<void> {
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  const query = buildQuery({ name: `n${names - 1}.${ZONE}`, edns: { do: true } });
  for (;;) {
    const { answers } = await client.ask(query);
    if (answers.length === (isSigned ? 2 : 1)) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await client.close();
}

/** The medians of two services that are shifted in turns. */
async function shifts(teal: TealProcess, one: string, other: string): Promise<[number, number]> {
  const latencies: [number[], number[]] = [[], []];
  for (let i = 0; i < SHIFTS; i++) {
    for (const [which, service] of [one, other].entries()) {
      const startedAt = performance.now();
      const { status } = await teal.call('PUT', `/v1/services/${service}/weights`, { blue: i % 2, green: 1 - (i % 2) });
      if (status !== 200) throw new Error(`a shift: ${status}`);
      latencies[which]?.push(performance.now() - startedAt);
    }
  }
  return latencies.map((all) =>
    quantile(
      all.sort((a, b) => a - b),
      0.5,
    ),
  ) as [number, number];
}

/** Until what was replaced is given back. */
async function settled(teal: TealProcess): Promise<void> {
  for (let before = -1, now = await tableBytes(teal); before !== now; ) {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    before = now;
    now = await tableBytes(teal);
  }
}

async function tableBytes(teal: TealProcess): Promise<number> {
  const reply = await fetch(`${teal.admin}/metrics`, { headers: { authorization: `Bearer ${teal.token}` } });
  const found = /^teal_table_used_bytes (?<bytes>\S+)$/m.exec(await reply.text());
  return Number(found?.groups?.bytes);
}

interface Peer {
  readonly name: string;
  /** CPU, user and system. */
  readonly seconds: number;
}

function kzonesign(): Peer | undefined {
  const at = fs.mkdtempSync(join(folder, 'knot-'));
  fs.writeFileSync(join(at, `${ZONE}zone`), file);
  const config = [
    `server:\n  rundir: ${at}`,
    `database:\n  storage: ${at}`,
    `policy:\n  - id: csk\n    single-type-signing: on\n    algorithm: ${algorithm}`,
    `zone:\n  - domain: ${ZONE}\n    storage: ${at}\n    file: ${ZONE}zone\n    dnssec-signing: on\n    dnssec-policy: csk`,
  ];
  fs.writeFileSync(join(at, 'knot.conf'), `${config.join('\n')}\n`);
  return timed('kzonesign', at, `kzonesign -c ${at}/knot.conf -o ${at} ${ZONE}`);
}

function ldnsSignzone(): Peer | undefined {
  const at = fs.mkdtempSync(join(folder, 'ldns-'));
  fs.writeFileSync(join(at, 'zone'), Buffer.concat([Buffer.from(`$ORIGIN ${ZONE}.\n`), file]));
  const made = spawnSync('ldns-keygen', ['-a', algorithm === 'ed25519' ? 'ED25519' : 'ECDSAP256SHA256', '-k', ZONE], {
    cwd: at,
    encoding: 'utf8',
  });
  if (made.error !== undefined) return undefined;
  return timed('ldns-signzone', at, `ldns-signzone -f signed -o ${ZONE} zone ${made.stdout.trim()}`);
}

/** Undefined: it is not installed. */
function timed(name: string, cwd: string, command: string): Peer | undefined {
  const script = `TIMEFORMAT='%U %S'; time ${command} >/dev/null 2>said`;
  const { stderr, status } = spawnSync('bash', ['-c', script], { cwd, encoding: 'utf8' });
  if (status === 127) return undefined;
  if (status !== 0) throw new Error(`${name}: ${fs.readFileSync(join(cwd, 'said'), 'utf8')}`);
  const [user, system] = stderr.trim().split(' ').map(Number) as [number, number];
  return { name, seconds: user + system };
}
