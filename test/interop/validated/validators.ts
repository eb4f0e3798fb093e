/** Validating resolvers of four kinds from Debian, each from the root down by its key alone, aggressive use of NSEC on (RFC 8198). */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADDRESS, addAddresses, answers, type Internet, type Running, runUntilStopped } from './servers.ts';

export interface Validator extends Running {
  readonly address: string;
}

interface Place {
  readonly folder: string;
  readonly address: string;
  readonly anchor: Internet['anchor'];
}

interface Program {
  readonly command: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

/** As a file. */
export const rootHints = `. 3600 IN NS ns.root.invalid.\nns.root.invalid. 3600 IN A ${ADDRESS.root}\n`;

/** Only what makes them run here, and what has them validate; what they do with TTLs is left as it is shipped. */
const programs: Readonly<Record<string, (place: Place) => Program>> = {
  unbound: ({ folder, address, anchor }) => ({
    command: ['unbound', '-d', '-c', 'unbound.conf'],
    files: {
      'root.hints': rootHints,
      'anchor.key': anchor.dnskey,
      'unbound.conf': `server:
  interface: ${address}@53
  access-control: 10.53.0.0/16 allow
  outgoing-interface: ${address}
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  root-hints: "${folder}/root.hints"
  trust-anchor-file: "${folder}/anchor.key"
  module-config: "validator iterator"
  aggressive-nsec: yes
  val-log-level: 2
  use-syslog: no
  logfile: ""
remote-control:
  control-enable: no
`,
    },
  }),
  BIND: ({ folder, address, anchor }) => ({
    command: ['named', '-g', '-n', '1', '-c', 'named.conf'],
    files: {
      'root.hints': rootHints,
      'named.conf': `options {
  directory "${folder}";
  listen-on port 53 { ${address}; };
  listen-on-v6 { none; };
  query-source address ${address};
  pid-file none;
  session-keyfile none;
  lock-file none;
  dnssec-validation yes;
  synth-from-dnssec yes;
  recursion yes;
};
controls { };
trust-anchors { "." static-key ${anchor.dnskey.split(' DNSKEY ')[1]?.replace(/ (\S+)$/, ' "$1"')}; };
zone "." { type hint; file "root.hints"; };
`,
    },
  }),
  'PowerDNS Recursor': ({ folder, address, anchor }) => ({
    command: ['pdns_recursor', `--config-dir=${folder}`],
    files: {
      'root.hints': rootHints,
      'anchor.lua': `clearTA()\naddTA('.', "${anchor.ds.split(' DS ')[1]}")\n`,
      'recursor.conf': `local-address=${address}
local-port=53
query-local-address=${address}
dont-query=
hint-file=${folder}/root.hints
lua-config-file=${folder}/anchor.lua
dnssec=validate
dnssec-log-bogus=yes
aggressive-nsec-cache-size=100000
security-poll-suffix=
socket-dir=${folder}
daemon=no
setuid=
setgid=
`,
    },
  }),
  'Knot Resolver': ({ folder, address, anchor }) => ({
    command: ['kresd', '-n', '-c', 'kresd.conf', folder],
    files: {
      'kresd.conf': `net.ipv6 = false
net.listen('${address}', 53, { kind = 'dns' })
net.outgoing_v4('${address}')
modules = { 'hints' }
hints.root({ ['ns.root.invalid.'] = '${ADDRESS.root}' })
trust_anchors.remove('.')
trust_anchors.add('. 3600 IN DS ${anchor.ds.split(' DS ')[1]}')
modules.unload('priming')
cache.size = 50 * MB
`,
    },
  }),
};

/** Each in a folder of its own, at an address of its own. */
export async function startValidators(folder: string, anchor: Internet['anchor']): Promise<Validator[]> {
  const starts = Object.entries(programs).map(async ([name, program], at) => {
    const place = { folder: join(folder, `validator-${at}`), address: `10.53.1.${at + 1}`, anchor };
    mkdirSync(place.folder);
    addAddresses(place.address);
    const { command, files } = program(place);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(place.folder, file), text);
    const isReady = (): Promise<boolean> => answers(place.address, 'example', 'SOA');
    return { ...(await runUntilStopped(name, command, place.folder, isReady)), address: place.address };
  });
  const results = await Promise.allSettled(starts);
  const running = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure === undefined) return running;
  await Promise.all(running.map((each) => each.stop()));
  throw failure.reason;
}

/** Their packages with versions: what is said of a judge is said of one version. */
export function versions(): string[] {
  const packages = [
    'unbound',
    'bind9',
    'pdns-recursor',
    'knot-resolver',
    'bind9-dnsutils',
    'ldnsutils',
    'knot',
    'dnsviz',
    'zonemaster-cli',
  ];
  const format = '$' + '{Package} $' + '{Version}\n';
  return spawnSync('dpkg-query', ['-W', '-f', format, ...packages], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
}
