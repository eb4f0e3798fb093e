/** The peers, each with one worker and the options that its manual recommends for speed and correctness. */
import fs from 'node:fs';
import path from 'node:path';
import { APEX, blueAddress, greenAddress, HOSTS, KINDS, type Kind, SERVICE_TTL_SECONDS, WEIGHTS } from '../workload.ts';
import type { Peer, Site } from './peer.ts';
import { writeTealConfig } from './teal-config.ts';
import { writeLines, writeZone } from './zone-text.ts';

/**
 * Answers a second to one network. Loopback is one network: the limit is checked and counted for each answer, and bites
 * for none.
 */
const ANSWERS_PER_SECOND = 1e7;
/** The most that gdnsd takes. With the system's own it loses queries of 512 sockets, each of which waits a second then: it would be asked by half as many. */
const GDNSD_BUFFER_BYTES = 2 ** 20;
const FIXED: readonly Kind[] = ['static-a', 'nxdomain'];
const MILLION = 1e6;

const write = (folder: string, file: string, text: string): string => {
  const target = path.join(folder, file);
  fs.writeFileSync(target, text);
  return target;
};

/** The `weighted` plugin: one resource a service, DYNA and DYNC records in the zone. Cookies are on by default. */
const gdnsd: Peer = {
  name: 'gdnsd',
  packages: ['gdnsd'],
  kinds: KINDS,
  namesMax: MILLION,
  lacks: 'it has no rate limit, and counts answers for the whole server, not by service and resolver',
  version: ['gdnsd', '--version'],
  prepare({ folder, port, size }) {
    const zones = path.join(folder, 'zones');
    fs.mkdirSync(zones);
    writeZone(path.join(zones, APEX), size, {
      service: (i) => `s${i} ${SERVICE_TTL_SECONDS} DYNA weighted!s${i}\n`,
      alias: (i) => `c${i} ${SERVICE_TTL_SECONDS} DYNC weighted!cname\n`,
    });
    writeLines(
      path.join(folder, 'config'),
      (function* () {
        yield `options => {\n listen => [ "127.0.0.1:${port}" ]\n udp_threads => 1\n tcp_threads => 1\n udp_rcvbuf => ${GDNSD_BUFFER_BYTES}\n`;
        yield ` run_dir => "${folder}/run"\n state_dir => "${folder}/state"\n}\nplugins => { weighted => {\n`;
        yield ` cname => { blue = [ ${HOSTS.blue}., ${WEIGHTS.blue} ], green = [ ${HOSTS.green}., ${WEIGHTS.green} ] }\n`;
        for (let i = 0; i < size.services; i++) {
          yield ` s${i} => { blue = [ ${blueAddress(i)}, ${WEIGHTS.blue} ], green = [ ${greenAddress(i)}, ${WEIGHTS.green} ] }\n`;
        }
        yield '} }\n';
      })(),
    );
    return ['gdnsd', '-c', folder, 'start'];
  },
};

/** The geoip module with `mode: weighted`, with cookies, a rate limit and statistics by modules; the zone holds each name too, for the types that the module has not. */
export const knotPeer = (signing: string): Peer => ({
  name: 'knot',
  packages: ['knot', 'knot-module-geoip'],
  kinds: KINDS,
  namesMax: MILLION,
  lacks:
    'it counts answers by type and code, not by service and resolver; its receive buffer is the default of the system, so that it may lose queries of many sockets',
  version: ['knotd', '--version'],
  prepare({ folder, address = '127.0.0.1', port, xdp, size }) {
    const zone = path.join(folder, 'zone');
    const geo = path.join(folder, 'geo.conf');
    writeZone(zone, size, {
      service: (i) => `s${i} ${SERVICE_TTL_SECONDS} A ${blueAddress(i)}\n`,
      alias: (i) => `c${i} ${SERVICE_TTL_SECONDS} CNAME ${HOSTS.blue}.\n`,
    });
    writeLines(
      geo,
      (function* () {
        for (let i = 0; i < size.services; i++) {
          yield `s${i}.${APEX}:\n - weight: ${WEIGHTS.blue}\n   A: ${blueAddress(i)}\n`;
          yield ` - weight: ${WEIGHTS.green}\n   A: ${greenAddress(i)}\n`;
        }
        for (let i = 0; i < size.aliases; i++) {
          yield `c${i}.${APEX}:\n - weight: ${WEIGHTS.blue}\n   CNAME: ${HOSTS.blue}.\n`;
          yield ` - weight: ${WEIGHTS.green}\n   CNAME: ${HOSTS.green}.\n`;
        }
      })(),
    );
    const config = write(
      folder,
      'knot.conf',
      `server:
    rundir: "${folder}"
    listen: ${address}@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    automatic-acl: off
${xdp === undefined ? '' : `xdp:\n    listen: ${xdp}@${port}\n`}log:
  - target: stderr
    any: warning
database:
    storage: "${folder}"
mod-cookies:
  - id: default
mod-rrl:
  - id: default
    rate-limit: ${ANSWERS_PER_SECOND}
mod-stats:
  - id: default
    query-type: on
mod-geoip:
  - id: weighted
    config-file: "${geo}"
    ttl: ${SERVICE_TTL_SECONDS}
    mode: weighted
template:
  - id: default
    global-module: [mod-cookies/default, mod-rrl/default, mod-stats/default]
zone:
  - domain: ${APEX}
    file: "${zone}"
    module: mod-geoip/weighted
${signing}    zonefile-load: whole
    journal-content: none
`,
    );
    return ['knotd', '-c', config];
  },
});

const knot = knotPeer('');

export const nsd: Peer = {
  name: 'nsd',
  packages: ['nsd'],
  kinds: FIXED,
  namesMax: MILLION,
  lacks: 'it counts answers by type and code; Debian builds it to receive one query a system call',
  version: ['nsd', '-v'],
  prepare({ folder, port, size }) {
    const zone = path.join(folder, 'zone');
    writeZone(zone, size);
    const config = write(
      folder,
      'nsd.conf',
      `server:
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
  answer-cookie: yes
  minimal-responses: yes
  rrl-ratelimit: ${ANSWERS_PER_SECOND}
remote-control:
  control-enable: no
zone:
  name: ${APEX}
  zonefile: "${zone}"
`,
    );
    return ['nsd', '-d', '-c', config];
  },
};

const bind: Peer = {
  name: 'bind',
  packages: ['bind9'],
  kinds: FIXED,
  namesMax: MILLION,
  lacks: 'its rate limit, of 1,000 answers a second at most, is off; it counts answers by code and zone',
  version: ['named', '-v'],
  prepare({ folder, port, size }) {
    const zone = path.join(folder, 'zone');
    writeZone(zone, size);
    const config = write(
      folder,
      'named.conf',
      `options {
  directory "${folder}";
  pid-file "${folder}/named.pid";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  minimal-responses yes;
  notify no;
  dnssec-validation no;
  querylog no;
};
controls { };
zone "${APEX}" { type primary; file "${zone}"; };
`,
    );
    // One worker thread, and the messages on stderr.
    return ['named', '-n', '1', '-g', '-c', config];
  },
};

/** Lua records; `pickwrandom` is computed for each query, plain records come from the packet cache. */
const powerdns: Peer = {
  name: 'powerdns',
  packages: ['pdns-server', 'pdns-backend-bind'],
  kinds: KINDS,
  namesMax: 1000,
  lacks: 'it has no rate limit of its own, and counts answers by code and type',
  version: ['pdns_server', '--version'],
  prepare({ folder, port, size }) {
    const zone = path.join(folder, 'zone');
    const choice = (blue: string, green: string): string =>
      `"pickwrandom({{${WEIGHTS.blue},'${blue}'},{${WEIGHTS.green},'${green}'}})"`;
    writeZone(zone, size, {
      service: (i) => `s${i} ${SERVICE_TTL_SECONDS} LUA A ${choice(blueAddress(i), greenAddress(i))}\n`,
      alias: (i) => `c${i} ${SERVICE_TTL_SECONDS} LUA CNAME ${choice(HOSTS.blue, HOSTS.green)}\n`,
    });
    const zones = write(folder, 'named.conf', `zone "${APEX}" { type master; file "${zone}"; };\n`);
    write(
      folder,
      'pdns.conf',
      `launch=bind
bind-config=${zones}
local-address=127.0.0.1
local-port=${port}
socket-dir=${folder}
daemon=no
guardian=no
setuid=
setgid=
enable-lua-records=yes
receiver-threads=1
distributor-threads=1
reuseport=no
edns-cookie-secret=00112233445566778899aabbccddeeff
log-dns-queries=no
loglevel=3
`,
    );
    return ['pdns_server', `--config-dir=${folder}`];
  },
};

const here = (file: string): string => new URL(file, import.meta.url).pathname;

/** Above this the settings file is no way to fill a store, and the table is filled directly. */
const BOOTSTRAP_NAMES_MAX = 10_000;

const teal: Peer = {
  name: 'teal',
  packages: [],
  kinds: KINDS,
  namesMax: MILLION,
  lacks: '',
  version: [process.execPath, here('../../src/main.ts'), '--version'],
  prepare(site: Site) {
    const { port, size } = site;
    if (size.services > BOOTSTRAP_NAMES_MAX) {
      return [process.execPath, here('../teal-server.ts'), JSON.stringify({ size, port, workers: 1 })];
    }
    return [process.execPath, here('../../src/main.ts'), 'serve', '--config', writeTealConfig(site)];
  },
};

const dns2: Peer = {
  name: 'dns2',
  isBaseline: true,
  packages: [],
  kinds: ['static-a'],
  namesMax: 1000,
  lacks: 'it does nothing but answer',
  version: [process.execPath, '--version'],
  prepare: ({ port }: Site) => [process.execPath, here('./baseline-dns2.ts'), String(port)],
};

const dgram: Peer = {
  name: 'node:dgram',
  isBaseline: true,
  packages: [],
  kinds: ['static-a'],
  namesMax: MILLION,
  lacks: 'it does nothing but answer',
  version: [process.execPath, '--version'],
  prepare: ({ port }: Site) => [process.execPath, here('./baseline-dgram.ts'), String(port)],
};

/** The name of an earlier state of Teal. */
export const BEFORE = 'teal before';

export const PEERS: readonly Peer[] = [teal, gdnsd, knot, powerdns, nsd, bind, dns2, dgram];

/** Teal as it was in another checkout, with its own settings and started in its own way. */
export async function tealOf(folder: string): Promise<Peer> {
  const { PEERS: theirs } = (await import(path.join(path.resolve(folder), 'bench/peers/servers.ts'))) as {
    readonly PEERS: readonly Peer[];
  };
  const before = theirs.find(({ name }) => name === teal.name) as Peer;
  return { ...before, name: BEFORE, lacks: '' };
}
