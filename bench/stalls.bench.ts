/**
 * `npm run bench:stalls -- [services] [names]`: a zone with 1,000 services and one with 10,000 or so many, each with 10,000
 * other names or so many, is imported, signed, signed in another way, exported and deleted: for how long the server's main
 * thread comes to nothing else in each, and what another service's shifts and queries wait. CPU times say nearly the same on
 * a busy machine.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildQuery, UdpClient } from '../test/fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { numbersAndWords } from '../tools/command-line.ts';
import { zoneFile } from './import.ts';
import { askWhile, type Latencies, pause, quantile, shiftWhile } from './meanwhile.ts';
import type { Slice } from './slices-watch.ts';

const ZONE = 'big.test';
const PATH = `/v1/zones/${ZONE}`;
const FILE = `${PATH}/file`;
const DNSSEC = `${PATH}/dnssec`;
/** RFC 4034 §3 and §4, RFC 5155 §3. */
const [RRSIG, NSEC, NSEC3] = [46, 47, 50];
/** Requests on their way while services are made. */
const AT_ONCE = 16;
const PAUSE_MS = 2;
/** After what was asked for is there, for what comes of it by itself: what was replaced is freed, digests are made. */
const AFTER_MS = 3000;

const { services: most, names } = numbersAndWords({ services: 10_000, names: 10_000 }).numbers;
for (const services of new Set([Math.min(most, 1000), most])) await measure(services);

async function measure(services: number): Promise<void> {
  const folder = fs.mkdtempSync(join(tmpdir(), 'teal-stalls-'));
  const slices = join(folder, 'slices');
  const watch = new URL('./slices-watch.ts', import.meta.url).href;
  const env = {
    TEAL_TABLE_MAX_BYTES: String(2 ** 31),
    TEAL_BENCH_SLICES: slices,
    NODE_OPTIONS: `--import=${watch}`,
  };
  const teal = await startTeal(join(folder, 'teal'), { env });
  try {
    console.log(`load average ${fs.readFileSync('/proc/loadavg', 'utf8').trim()}`);
    await send(teal, zoneFile(names));
    await putServices(teal, services);
    console.log(
      `${services} services and ${names} other names${' '.repeat(24)}longest slice   loop   shifts p50, p99  DNS p99`,
    );
    for (const [what, act] of acts(teal)) {
      const watched = await whileBusy(teal, act);
      console.log(`${what.padEnd(46)} ${line(watched, slicesIn(folder, watched))}`);
    }
  } finally {
    await teal.end('SIGTERM');
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

type Act = readonly [what: string, act: () => Promise<void>];

function acts(teal: TealProcess): Act[] {
  const other = Buffer.concat([zoneFile(names), Buffer.from('more 60 A 192.0.2.3\n')]);
  const last = `n${names - 1}.${ZONE}`;
  const call = async (method: string, path: string, body?: object): Promise<void> => {
    const { status, body: said } = await teal.call(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(said)}`);
  };
  const settings = (more: object) => async (): Promise<void> => {
    const { nameservers, hostmaster } = (await teal.call('GET', PATH)).body;
    await call('PUT', PATH, { nameservers, hostmaster, ...more });
  };
  const until = (type: number, isThere: boolean) => answeredWith(teal, last, type, isThere);
  const provedBy = (type: number) => answeredWith(teal, `nobody.${ZONE}`, type, true);
  return [
    ['nothing', () => pause(AFTER_MS)],
    ['imported', () => send(teal, other)],
    ['exported', () => read(teal, FILE)],
    ['its TTLs of denial changed', settings({ negativeTtlSeconds: 61 })],
    ['a digest (ZONEMD) made', settings({ zonemd: true })],
    ['signed', () => call('PUT', DNSSEC, {}).then(() => until(RRSIG, true))],
    ['signed: imported', () => send(teal, zoneFile(names))],
    ['signed: exported', () => read(teal, `${FILE}?signed=true`)],
    ['signed: its TTLs of denial changed', settings({ negativeTtlSeconds: 62 })],
    ['signed: by NSEC3', () => call('PUT', DNSSEC, { denial: 'nsec3' }).then(() => provedBy(NSEC3))],
    ['signed: by NSEC again', () => call('PUT', DNSSEC, { denial: 'nsec' }).then(() => provedBy(NSEC))],
    ['unsigned', () => call('DELETE', `${DNSSEC}?force=true`).then(() => until(RRSIG, false))],
    ['deleted, with its services', () => call('DELETE', `${PATH}?services=delete`)],
  ];
}

interface Watched {
  /** Unix time, milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly seconds: number;
  readonly shifts: Latencies;
  readonly answers: Latencies;
}

/** Another service is shifted meanwhile, and asked for. */
async function whileBusy(teal: TealProcess, act: () => Promise<void>): Promise<Watched> {
  const fromMs = Date.now();
  let isOver = false;
  const goOn = (): boolean => !isOver;
  const acting = act().then(async () => {
    const seconds = (Date.now() - fromMs) / 1000;
    await pause(AFTER_MS);
    return seconds;
  });
  const over = acting.finally(() => {
    isOver = true;
  });
  const [seconds, shifts, answers] = await Promise.all([
    over,
    shiftWhile(teal, goOn, PAUSE_MS),
    askWhile(teal, goOn, PAUSE_MS),
  ]);
  return { fromMs, toMs: Date.now(), seconds, shifts, answers };
}

function line({ seconds, shifts, answers }: Watched, { cpuMs, wallMs }: { cpuMs: number; wallMs: number }): string {
  const ms = (value: number, digits = 1): string => `${value.toFixed(digits)} ms`.padStart(9);
  const [p50, p99] = [quantile(shifts, 0.5), quantile(shifts, 0.99)];
  return `${seconds.toFixed(1).padStart(6)} s  ${ms(cpuMs)} CPU ${ms(wallMs)} ${ms(p50)}${ms(p99)} ${ms(quantile(answers, 0.99), 2)}`;
}

/** The longest ones of all of the server's processes, in that time. */
function slicesIn(folder: string, { fromMs, toMs }: Watched): { cpuMs: number; wallMs: number } {
  let [cpuMs, wallMs] = [0, 0];
  for (const file of fs.readdirSync(folder).filter((each) => each.startsWith('slices.'))) {
    for (const text of fs.readFileSync(join(folder, file), 'utf8').split('\n')) {
      if (text === '') continue;
      const slice = JSON.parse(text) as Slice;
      if (slice.atMs < fromMs || slice.atMs > toMs) continue;
      cpuMs = Math.max(cpuMs, slice.cpuMs);
      wallMs = Math.max(wallMs, slice.wallMs);
    }
  }
  return { cpuMs, wallMs };
}

async function putServices(teal: TealProcess, count: number): Promise<void> {
  let next = 0;
  const pools = { blue: { weight: 1, targets: ['192.0.2.10'] }, green: { weight: 1, targets: ['192.0.2.20'] } };
  const work = async (): Promise<void> => {
    while (next < count) {
      const { status } = await teal.call('PUT', `/v1/services/s${next++}.${ZONE}`, { pools });
      if (status !== 201) throw new Error(`a service: ${status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function send(teal: TealProcess, body: Buffer): Promise<void> {
  const headers = { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' };
  const reply = await fetch(`${teal.admin}${FILE}`, { method: 'PUT', headers, body: new Uint8Array(body) });
  const text = await reply.text();
  if (reply.status > 201) throw new Error(`${reply.status} ${text.slice(0, 500)}`);
}

async function read(teal: TealProcess, path: string): Promise<void> {
  for (;;) {
    const reply = await fetch(`${teal.admin}${path}`, { headers: { authorization: `Bearer ${teal.token}` } });
    await reply.arrayBuffer();
    if (reply.status === 200) return;
    // Not all of it is answered yet as it is to be signed.
    if (reply.status !== 409) throw new Error(`GET ${path}: ${reply.status}`);
    await pause(200);
  }
}

/** Until a name is answered with a record of a type, or without. */
async function answeredWith(teal: TealProcess, name: string, type: number, isThere: boolean): Promise<void> {
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  const query = buildQuery({ name, edns: { do: true } });
  for (;;) {
    const { answers, authority } = await client.ask(query);
    if ([...answers, ...authority].some((record) => record.type === type) === isThere) break;
    await pause(10);
  }
  await client.close();
}
