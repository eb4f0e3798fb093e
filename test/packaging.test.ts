/** What the container files and the units name is there: files, settings, programs. */
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'yaml';
import { settingKeys } from '../src/config/keys.ts';
import { ConfigError, readSettings } from '../src/config.ts';

interface Container {
  readonly environment?: Record<string, string>;
  readonly volumes?: string[];
  readonly depends_on?: string[];
  readonly ports?: string[];
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
}

/** The settings that a container's environment comes to, with what compose puts in for its own variables. */
function settingsOf(environment: Readonly<Record<string, string>> = {}) {
  const filled = Object.entries(environment).map(([name, value]) => {
    const text = value.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, variable, how, otherwise) =>
      how === '-' ? otherwise : `of-${variable}-9c41e07b52d8af36b1e4770d`,
    );
    return [name, text];
  });
  const settings = readSettings({ TEAL_CONFIG: 'config/teal.yaml', ...Object.fromEntries(filled) }, {});
  if (settings instanceof ConfigError) throw settings;
  return settings;
}

const variables = new Set(settingKeys.map(({ variable }) => variable));
const tealVariables = (text: string): string[] => text.match(/\bTEAL_[A-Z_]+(?==|:)/g) ?? [];

t.test('docker-compose.yml', async (t) => {
  const { services, volumes } = parse(readFileSync('docker-compose.yml', 'utf8')) as {
    services: Record<string, Container>;
    volumes: Record<string, unknown>;
  };
  t.same(Object.keys(services), ['teal', 'prometheus', 'grafana']);
  for (const [name, container] of Object.entries(services)) {
    t.match(container, { read_only: true, cap_drop: ['ALL'] }, name);
    for (const port of container.ports ?? []) t.match(port, /^127\.0\.0\.1:/, `${name} is for this machine only`);
    for (const volume of container.volumes ?? []) {
      const [from = ''] = volume.split(':');
      t.ok(from.startsWith('.') ? existsSync(from) : from in volumes, `${name} mounts ${from}`);
    }
    for (const other of container.depends_on ?? []) t.ok(other in services, other);
    const own = Object.keys(container.environment ?? {}).filter((variable) => variable.startsWith('TEAL_'));
    for (const variable of own) t.ok(variables.has(variable), variable);
  }
  const { admin, metrics } = settingsOf(services.teal?.environment);
  t.match({ admin, metrics }, { admin: { insecure: true, listen: { port: 8053 } }, metrics: { public: true } });
  t.throws(() => settingsOf({ TEAL_ADMIN_LISTEN: '0.0.0.0:8053' }), 'this check can fail');
  const scraped = parse(readFileSync('config/prometheus/prometheus.yml', 'utf8'));
  t.same(scraped.scrape_configs[0].static_configs[0].targets, ['teal:8053']);
  for (const file of scraped.rule_files) t.ok(existsSync(`config/prometheus/${file}`), file);
});

t.test('docker-compose.fleet.yml', async (t) => {
  const text = readFileSync('docker-compose.fleet.yml', 'utf8');
  const { services, volumes } = parse(text, { merge: true }) as {
    services: Record<string, Container>;
    volumes: Record<string, unknown>;
  };
  t.same(Object.keys(services), ['etcd1', 'etcd2', 'etcd3', 'ns1', 'ns2', 'ns3']);
  const published = Object.values(services).flatMap(({ ports = [] }) => ports);
  t.equal(new Set(published).size, 9);
  for (const port of published) t.match(port, /^127\.0\.0\.1:/);
  for (const [name, { environment = {}, ...container }] of Object.entries(services)) {
    t.match(container, { read_only: true, cap_drop: ['ALL'] }, name);
    t.match(container.volumes, [new RegExp(`^${name}:/`)]);
    t.ok(name in volumes, name);
    if (name.startsWith('etcd')) {
      t.equal(environment.ETCD_NAME, name);
      t.match(environment.ETCD_INITIAL_CLUSTER, `${name}=${environment.ETCD_INITIAL_ADVERTISE_PEER_URLS}`);
      t.match(services.ns1?.environment?.TEAL_FLEET_ENDPOINTS, environment.ETCD_ADVERTISE_CLIENT_URLS);
      continue;
    }
    t.equal(environment.TEAL_FLEET_NODE, name);
    t.match(settingsOf(environment).fleet, { name: 'try-out', node: name, endpoints: { length: 3 } });
    // The token of the command line.
    const settings = Object.keys(environment).filter((variable) => variable !== 'TEAL_TOKEN');
    for (const variable of settings) t.ok(variables.has(variable), variable);
  }
});

t.test('the settings of three nodes', async (t) => {
  for (const node of ['ns1', 'ns2', 'ns3']) {
    const settings = readSettings({ TEAL_CONFIG: 'config/fleet.yaml', TEAL_FLEET_NODE: node }, {});
    if (settings instanceof ConfigError) throw settings;
    t.match(settings.fleet, { name: 'production', node, staleAfterSeconds: 5, whenStale: 'answer' });
    t.equal(settings.fleet?.endpoints.length, 3);
  }
  const nameless = readSettings({ TEAL_CONFIG: 'config/fleet.yaml' }, {});
  t.match(nameless, { message: /fleet\.node/ }, 'no two nodes have the name of an example by mistake');
});

t.test('Dockerfile', async (t) => {
  const text = readFileSync('Dockerfile', 'utf8');
  const copies = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from]) => (from as string).split(' '));
  t.ok(copies.length >= 4);
  const sent = readFileSync('.dockerignore', 'utf8').split('\n');
  for (const path of copies) {
    t.ok(existsSync(path), `${path} is there`);
    t.ok(sent.includes(`!${path}`), `${path} is not ignored`);
  }
  for (const variable of tealVariables(text)) t.ok(variables.has(variable), variable);
  t.match(text, /^USER (?!root)/m);
  t.match(text, /^HEALTHCHECK/m);
  const set = text.match(/^ENV (.*)$/m)?.[1] ?? '';
  const environment = Object.fromEntries(set.split(' ').map((pair) => pair.split('=') as [string, string]));
  t.match(settingsOf(environment), { dataDir: '/data', dns: { listen: [{ address: '0.0.0.0', port: 5300 }] } });
});

t.test('an image for amd64 and for arm64 finds its binaries: they come as files, with hashes', async (t) => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { cpu?: string[]; optionalDependencies?: object } | undefined>;
  };
  for (const cpu of ['x64', 'arm64']) {
    t.match(lock.packages[`node_modules/@koromix/koffi-linux-${cpu}`]?.cpu, [cpu]);
    t.ok(existsSync(`node_modules/better-sqlite3/prebuilds/linux-${cpu}.node`), `better-sqlite3 for ${cpu}`);
    t.ok(`node-linux-${cpu}` in (lock.packages['tools/node']?.optionalDependencies ?? {}));
  }
  // Nothing is compiled, and nothing is copied from one platform's stage into another's image.
  const text = readFileSync('Dockerfile', 'utf8');
  t.notMatch(text, /--platform|node-gyp|apt-get/);
});

t.test('the units of systemd', async (t) => {
  const service = readFileSync('config/systemd/teal.service', 'utf8');
  const wanted = ['TEAL_DATA_DIR', ...tealVariables(service)];
  for (const variable of wanted) t.ok(variables.has(variable), variable);
  for (const right of ['DynamicUser=yes', 'NoNewPrivileges=yes', 'ProtectSystem=strict', 'StateDirectory=teal']) {
    t.ok(service.includes(`\n${right}\n`), right);
  }
  const socket = readFileSync('config/systemd/teal.socket', 'utf8');
  const listens = (kind: string) => [...socket.matchAll(new RegExp(`^Listen${kind}=(.*)$`, 'gm'))].map(([, at]) => at);
  t.same(listens('Datagram'), listens('Stream'), 'UDP and TCP for each address (RFC 7766 §5)');
});

t.test('what npm installs', async (t) => {
  interface Locked {
    readonly version?: string;
    readonly integrity?: string;
    readonly link?: true;
    readonly dev?: true;
    readonly optional?: true;
    readonly hasInstallScript?: true;
    readonly engines?: object;
    readonly deprecated?: string;
  }
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> };
  const own = ['', 'tools/node'];
  const fetched = Object.entries(lock.packages).filter(([path, { link }]) => !own.includes(path) && link !== true);
  t.ok(fetched.length > 100);
  const unpinned = fetched.filter(([, { integrity = '' }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity));
  t.same(
    unpinned.map(([path]) => path),
    [],
    'each has its hash in the lock file',
  );

  // npm ci would warn of each on an older Node than theirs, though none of them runs by that.
  const wanting = fetched.filter(([, { engines }]) => engines !== undefined).map(([path]) => path);
  t.same(wanting, [], 'after a change of packages: node tools/lock.ts');
  t.same(
    fetched.filter(([, { deprecated }]) => deprecated !== undefined),
    [],
    'nothing that npm warns of',
  );

  const { allowScripts, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.equal(optionalDependencies, undefined, 'who installs Teal gets no Node with it');
  const scripts = fetched.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
  for (const path of scripts) {
    t.equal(allowScripts[path.replace(/^.*node_modules\//, '')], false, `${path} runs nothing, so fetches nothing`);
  }
  t.notOk(Object.values(allowScripts).includes(true));

  const node = JSON.parse(readFileSync('tools/node/package.json', 'utf8'));
  const platforms = Object.entries(node.optionalDependencies as Record<string, string>);
  t.ok(platforms.length >= 3);
  for (const [name, version] of platforms) {
    t.equal(version, node.version, `${name} is one exact version`);
    t.match(lock.packages[`node_modules/${name}`], { version, dev: true, optional: true }, `${name} is locked`);
  }
  t.equal(lock.packages['node_modules/node'], undefined, 'the package that fetches without a hash is gone');
});
