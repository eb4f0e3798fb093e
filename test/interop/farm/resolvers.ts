/** Recursive resolvers of five kinds from Debian, each in a process and a folder of its own, all asking the same server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askUdp, buildQuery } from '../../fixtures/dns-client.ts';
import { freePort, freePorts } from '../../fixtures/free-port.ts';
import { endsWithUs } from '../../fixtures/tidying.ts';

export const kinds = ['unbound', 'BIND', 'dnsmasq', 'PowerDNS Recursor', 'Knot Resolver'] as const;
export type Kind = (typeof kinds)[number];

/** `shipped`: as Debian ships it. `prefetch`: refreshes popular names early. `stale`: may serve what has expired. */
export type Habit = 'shipped' | 'prefetch' | 'stale';

export interface Resolver {
  readonly kind: Kind;
  readonly habit: Habit;
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  stop(): Promise<void>;
}

/** What a configuration is made of. */
interface Place {
  readonly folder: string;
  readonly port: number;
  /** It asks from here, so that the server sees as many clients as there are resolvers. */
  readonly source: string;
  /** Who is asked: nameservers of the zone, at one port of each address. */
  readonly upstreams: readonly string[];
  readonly upstreamPort: number;
  readonly habit: Habit;
}

const ZONE = 'example.com';
/** Nine programs that start at once on two cores need a while. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5000;

/** Starts resolvers of the zone example.com, which `upstreamPort` of 127.0.0.1, or of `upstreams`, answers for, all at once. */
export async function startResolvers(
  wanted: readonly { readonly kind: Kind; readonly habit: Habit }[],
  upstreamPort: number,
  upstreams: readonly string[] = ['127.0.0.1'],
): Promise<Resolver[]> {
  const ports = await freePorts(wanted.length);
  const starts = wanted.map(({ kind, habit }, at) => {
    const where = { port: ports[at], source: `127.53.0.${at + 1}`, upstreams, upstreamPort, habit };
    // Somebody else may take a free port before the resolver does.
    return start(kind, where).catch(async () => start(kind, { ...where, port: await freePort() }));
  });
  const results = await Promise.allSettled(starts);
  const running = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure === undefined) return running;
  await Promise.all(running.map((resolver) => resolver.stop()));
  throw failure.reason;
}

async function start(kind: Kind, where: Omit<Place, 'folder'>): Promise<Resolver> {
  const folder = mkdtempSync(join(tmpdir(), 'teal-farm-'));
  const { command, files } = programs[kind]({ ...where, folder });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const [program = '', ...args] = command;
  const child = endsWithUs(spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] }));
  let output = '';
  child.on('error', (error) => (output += error.message));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const stop = async (): Promise<void> => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const { port, habit } = where;
  for (const startedAt = performance.now(); !(await answers(port)); await sleep(100)) {
    const runs = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    if (runs && performance.now() - startedAt < START_LIMIT_MS) continue;
    await stop();
    throw new Error(`${program} does not answer for ${ZONE}:\n${output.slice(-4000)}`);
  }
  return { kind, habit, port, stop };
}

async function answers(port: number): Promise<boolean> {
  try {
    const query = buildQuery({ name: ZONE, type: 'SOA', rd: true });
    return (await askUdp('127.0.0.1', port, query, { timeoutMs: 1000 })).answers.length === 1;
  } catch {
    return false;
  }
}

/** Until it has ended: its folder is taken away next. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([exited, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
  child.kill('SIGKILL');
  await exited;
}

interface Program {
  readonly command: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

/** A root that is this machine too, so that no query leaves it. */
const rootHints = '. 3600 IN NS root.invalid.\nroot.invalid. 3600 IN A 127.0.0.1\n';

/** Only what makes them run here as the user that started them; what they do with TTLs is left as it is shipped. */
const programs: Readonly<Record<Kind, (place: Place) => Program>> = {
  unbound: ({ folder, port, source, upstreams, upstreamPort, habit }) => ({
    command: ['unbound', '-d', '-c', 'unbound.conf'],
    files: {
      'root.hints': rootHints,
      'unbound.conf': `server:
  interface: 127.0.0.1@${port}
  outgoing-interface: ${source}
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  root-hints: "${folder}/root.hints"
  use-syslog: no
  logfile: ""
  do-not-query-localhost: no
  module-config: "iterator"
  ${{ shipped: '', prefetch: 'prefetch: yes', stale: 'serve-expired: yes' }[habit]}
remote-control:
  control-enable: no
stub-zone:
  name: "${ZONE}"
${upstreams.map((upstream) => `  stub-addr: ${upstream}@${upstreamPort}\n`).join('')}`,
    },
  }),
  // Its `port` is also the one that it asks. It prefetches as it is shipped, where the TTL is 9 seconds or more.
  BIND: ({ folder, port, source, upstreams, upstreamPort, habit }) => ({
    command: ['named', '-g', '-n', '1', '-c', 'named.conf'],
    files: {
      'root.hints': rootHints,
      'named.conf': `options {
  directory "${folder}";
  port ${upstreamPort};
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  query-source address ${source};
  pid-file none;
  session-keyfile none;
  lock-file none;
  dnssec-validation no;
  recursion yes;
  ${habit === 'stale' ? 'stale-cache-enable yes; stale-answer-enable yes;' : ''}
};
controls { };
zone "." { type hint; file "root.hints"; };
zone "${ZONE}" { type static-stub; server-addresses { ${upstreams.join('; ')}; }; };
`,
    },
  }),
  // It cannot prefetch.
  dnsmasq: ({ port, source, upstreams, upstreamPort, habit }) => ({
    command: [
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=dnsmasq.conf',
      '--log-facility=-',
      `--user=${userInfo().username}`,
    ],
    files: {
      'dnsmasq.conf': `listen-address=127.0.0.1
bind-interfaces
port=${port}
pid-file=
no-resolv
no-hosts
${upstreams.map((upstream) => `server=/${ZONE}/${upstream}#${upstreamPort}@${source}\n`).join('')}${habit === 'stale' ? 'use-stale-cache' : ''}
`,
    },
  }),
  'PowerDNS Recursor': ({ folder, port, source, upstreams, upstreamPort, habit }) => ({
    command: ['pdns_recursor', `--config-dir=${folder}`],
    files: {
      'root.hints': rootHints,
      'recursor.conf': `local-address=127.0.0.1
local-port=${port}
query-local-address=${source}
dont-query=
forward-zones=${ZONE}=${upstreams.map((upstream) => `${upstream}:${upstreamPort}`).join(';')}
hint-file=${folder}/root.hints
dnssec=off
security-poll-suffix=
socket-dir=${folder}
daemon=no
setuid=
setgid=
${{ shipped: '', prefetch: 'refresh-on-ttl-perc=10', stale: 'serve-stale-extensions=60' }[habit]}
`,
    },
  }),
  'Knot Resolver': ({ folder, port, source, upstreams, upstreamPort, habit }) => ({
    command: ['kresd', '-n', '-c', 'kresd.conf', folder],
    files: {
      'kresd.conf': `net.ipv6 = false
net.listen('127.0.0.1', ${port}, { kind = 'dns' })
net.outgoing_v4('${source}')
trust_anchors.remove('.')
modules.unload('priming')
cache.size = 10 * MB
policy.add(policy.suffix(policy.FORWARD({${upstreams.map((upstream) => `'${upstream}@${upstreamPort}'`).join(', ')}}), policy.todnames({ '${ZONE}' })))
${{ shipped: '', prefetch: "modules.load('predict')", stale: "modules.load('serve_stale < cache')" }[habit]}
`,
    },
  }),
};
