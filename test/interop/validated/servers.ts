/**
 * A small internet on the loopback of a network namespace: a root and a domain below it, both signed by Knot DNS,
 * which know nothing of Teal but the delegation and the DS that the test gives them.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { askUdp, buildQuery } from '../../fixtures/dns-client.ts';
import { endsWithUs } from '../../fixtures/tidying.ts';

/**
 * The root's server, that of `example` and of the zones below Teal's, Teal, what stands between it and who asks for one of its
 * zones, and another Teal. Knot Resolver takes no glue of 127.0.0.0/8.
 */
export const ADDRESS = {
  root: '10.53.0.1',
  parent: '10.53.0.2',
  teal: '10.53.0.3',
  relay: '10.53.0.4',
  large: '10.53.0.5',
  copy: '10.53.0.6',
  liar: '10.53.0.7',
} as const;
/** Zones of Teal's with all kinds of answers: one begins with NSEC, the other with NSEC3. */
export const ZONES = { live: 'live.example', hashed: 'hashed.example' } as const;
/** A small one behind the relay. */
export const RELAYED = 'relayed.example';
/** A large one of a server of its own. */
export const LARGE = 'large.example';
/** Of everything that a roll waits for: Knot Resolver keeps whatever it hears for 5 seconds at least. */
export const SHORT_TTL_SECONDS = 5;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5000;

/** A program that runs until it is stopped. */
export interface Running {
  readonly name: string;
  /** What it said. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a program and waits until `isReady`. */
export async function runUntilStopped(
  name: string,
  words: readonly string[],
  folder: string,
  isReady: () => Promise<boolean>,
): Promise<Running> {
  const [program = '', ...args] = words;
  const child = endsWithUs(spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] }));
  let output = '';
  child.on('error', (error) => (output += error.message));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  for (const startedAt = performance.now(); !(await isReady()); await sleep(100)) {
    if (child.pid !== undefined && child.exitCode === null && performance.now() - startedAt < START_LIMIT_MS) continue;
    await end(child);
    throw new Error(`${name} does not start:\n${output.slice(-4000)}`);
  }
  return { name, output: () => output, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([exited, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
}

/** Whether a server answers with records. */
export async function answers(address: string, name: string, type: string | number): Promise<boolean> {
  try {
    const query = buildQuery({ name, type, rd: true, edns: { do: true } });
    return (await askUdp(address, 53, query, { timeoutMs: 1000 })).answers.length > 0;
  } catch {
    return false;
  }
}

export interface Internet {
  /** DNSKEY of the root as a zone file has it, and its DS. */
  readonly anchor: { readonly dnskey: string; readonly ds: string };
  /** What the parent has for a zone of Teal's from now on: lines of DS; none. */
  setDs(zone: string, lines: readonly string[]): Promise<void>;
  /** Another server of `example`, where there is one. */
  readonly copy: Copy | undefined;
  stop(): Promise<void>;
}

/** It has what the first server had when it looked last, and it looks when it is told to. */
interface Copy {
  look(): Promise<void>;
  /** It is there no more. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const soa = (server: string): string => `SOA ${server} hostmaster.example. 1 3600 600 86400 ${SHORT_TTL_SECONDS}`;

/** The loopback of the namespace has these addresses from now on. */
export function addAddresses(...addresses: string[]): void {
  must('ip', 'link', 'set', 'lo', 'up');
  for (const address of addresses) must('ip', 'address', 'add', `${address}/32`, 'dev', 'lo');
}

/** Starts both servers; `folder` is theirs. */
export async function startInternet(folder: string, { isCopied = false } = {}): Promise<Internet> {
  addAddresses(...Object.values(ADDRESS));
  const second = isCopied ? `example. 86400 NS ns2.example.\nns2.example. 86400 A ${ADDRESS.copy}\n` : '';
  const short = `$TTL ${SHORT_TTL_SECONDS}\n`;
  const child = (zone: string): [string, string] => [
    `${zone}.`,
    `${short}@ ${soa('ns.example.')}\n@ NS ns.example.\nhost A 192.0.2.77\n`,
  ];
  const delegated = [
    ...Object.values(ZONES).map((zone) => [zone, ADDRESS.teal]),
    [RELAYED, ADDRESS.relay],
    [LARGE, ADDRESS.large],
  ];
  const cuts = delegated.map(([zone, address]) => `${zone}. NS ns.${zone}.\nns.${zone}. A ${address}\n`);
  const parent = knot(folder, 'parent', ADDRESS.parent, {
    'example.': `${short}@ ${soa('ns.example.')}\n@ NS ns.example.\nns A ${ADDRESS.parent}\n${second}${cuts.join('')}`,
    ...Object.fromEntries(Object.values(ZONES).flatMap((zone) => [child(`secure.${zone}`), child(`plain.${zone}`)])),
  });
  const dsOf = (conf: string, zone: string): string[] =>
    must('keymgr', '-c', conf, zone, 'ds')
      .split('\n')
      .filter((line) => / 13 2 /.test(line));
  const [dsOfExample = ''] = dsOf(parent.conf, 'example.');
  const root = knot(folder, 'root', ADDRESS.root, {
    '.': `. 86400 ${soa('ns.root.invalid.').replace(/ 5$/, ' 60')}\n. 86400 NS ns.root.invalid.\nns.root.invalid. 86400 A ${ADDRESS.root}\nexample. 86400 NS ns.example.\nns.example. 86400 A ${ADDRESS.parent}\n${second}${dsOfExample}\n`,
  });
  const running: Running[] = [];
  for (const { conf, name, address, zone } of [parent, root]) {
    const isReady = (): Promise<boolean> => answers(address, zone, 48);
    running.push(await runUntilStopped(name, ['knotd', '-c', conf], folder, isReady));
  }
  const copy = isCopied ? await startCopy(folder) : undefined;
  const control = (...words: string[]): Promise<string> => outputOf('knotc', '-c', parent.conf, ...words);
  const change = async (zone: string, lines: readonly string[]): Promise<void> => {
    await control('zone-begin', 'example.');
    // There may be none.
    await control('zone-unset', 'example.', `${zone}.`, 'DS').catch(() => {});
    for (const line of lines) {
      const rdata = line.split(' IN DS ')[1] ?? '';
      await control('zone-set', 'example.', `${zone}.`, String(SHORT_TTL_SECONDS), 'DS', ...rdata.split(' '));
    }
    await control('zone-commit', 'example.');
  };
  // One after the other: Knot has one transaction a zone.
  let last = Promise.resolve();
  return {
    anchor: { dnskey: await dnskeyOf(ADDRESS.root), ds: dsOf(root.conf, '.')[0] ?? '' },
    setDs(zone, lines) {
      const changed = last.then(() => change(zone, lines));
      last = changed.catch(() => {});
      return changed;
    },
    copy,
    async stop() {
      await Promise.all([copy?.stop(), ...running.map((each) => each.stop())]);
    },
  };
}

async function startCopy(folder: string): Promise<Copy> {
  const home = join(folder, 'copy');
  mkdirSync(join(home, 'db'), { recursive: true });
  const conf = join(home, 'knot.conf');
  writeFileSync(
    conf,
    `${head(home, ADDRESS.copy)}remote:
  - id: first
    address: ${ADDRESS.parent}@53
    via: ${ADDRESS.copy}
zone:
  - domain: example.
    master: first
    storage: ${home}
    zonefile-load: none
    # It looks when it is told to.
    refresh-min-interval: 86400
`,
  );
  const isReady = (): Promise<boolean> => answers(ADDRESS.copy, 'example', 'SOA');
  const begin = (): Promise<Running> => runUntilStopped('copy', ['knotd', '-c', conf], folder, isReady);
  let running = await begin();
  const serial = async (address: string): Promise<string> => {
    const [soa] = (await askUdp(address, 53, buildQuery({ name: 'example', type: 'SOA' }))).answers;
    return String(soa?.data);
  };
  return {
    stop: () => running.stop(),
    async start() {
      running = await begin();
    },
    async look() {
      await outputOf('knotc', '-c', conf, 'zone-refresh', 'example.');
      const startedAt = performance.now();
      while ((await serial(ADDRESS.copy)) !== (await serial(ADDRESS.parent))) {
        if (performance.now() - startedAt > START_LIMIT_MS) throw new Error('the copy does not follow');
        await sleep(100);
      }
    },
  };
}

/** The beginning of a configuration of Knot DNS. */
const head = (home: string, address: string): string => `server:
    rundir: ${home}
    listen: ${address}@53
database:
    storage: ${home}/db
control:
    listen: ${home}/knot.sock
log:
  - target: stderr
    any: warning
`;

/** RDATA of the DS of the signed one of the two zones below one of Teal's. */
export function dsOfSecureChild(folder: string, zone: string): string {
  const lines = must('keymgr', '-c', join(folder, 'parent', 'knot.conf'), `secure.${zone}.`, 'ds').split('\n');
  return (lines.find((line) => / 13 2 /.test(line)) ?? '').split(' DS ')[1] ?? '';
}

/** Configures a Knot DNS that signs by itself, all its zones but `plain`, and makes its keys. */
function knot(folder: string, name: string, address: string, zones: Readonly<Record<string, string>>) {
  const home = join(folder, name);
  mkdirSync(join(home, 'db'), { recursive: true });
  const blocks = Object.entries(zones).map(([zone, text], at) => {
    writeFileSync(join(home, `${at}.zone`), text);
    const signing = zone.startsWith('plain.') ? 'off' : 'on';
    return `  - domain: ${zone}\n    file: ${at}.zone\n    dnssec-signing: ${signing}\n    dnssec-policy: own\n`;
  });
  const conf = join(home, 'knot.conf');
  writeFileSync(
    conf,
    `${head(home, address)}acl:
  - id: copies
    address: ${ADDRESS.copy}
    action: transfer
policy:
  - id: own
    algorithm: ecdsap256sha256
    single-type-signing: on
    dnskey-ttl: ${SHORT_TTL_SECONDS}
    zone-max-ttl: 86400
    cds-cdnskey-publish: none
template:
  - id: default
    storage: ${home}
    acl: copies
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
zone:
${blocks.join('')}`,
  );
  for (const zone of Object.keys(zones)) {
    if (!zone.startsWith('plain.')) must('keymgr', '-c', conf, zone, 'generate', 'algorithm=13', 'ksk=yes', 'zsk=yes');
  }
  return { conf, name, address, zone: Object.keys(zones)[0] ?? '.' };
}

async function dnskeyOf(address: string): Promise<string> {
  const query = buildQuery({ name: '.', type: 48 });
  const [key] = (await askUdp(address, 53, query)).answers;
  const rdata = Buffer.from(key?.data ?? '', 'hex');
  return `. 3600 IN DNSKEY ${rdata.readUInt16BE(0)} ${rdata[2]} ${rdata[3]} ${rdata.subarray(4).toString('base64')}`;
}

/** The same while clients ask: whoever waits for a program would hold their replies for replies that did not come. */
export async function outputOf(command: string, ...args: string[]): Promise<string> {
  return (await promisify(execFile)(command, args, { encoding: 'utf8', timeout: START_LIMIT_MS })).stdout;
}

/** The output of a program that must succeed, before anybody asks. */
export function must(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: START_LIMIT_MS });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? ''}${stdout}${stderr}`);
  return stdout;
}
