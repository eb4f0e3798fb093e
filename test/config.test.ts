/** Settings: where they come from, which wins, and what is said about wrong ones. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { settingKeys } from '../src/config/keys.ts';
import { ConfigError, loadSettings, readSettings, type Settings, settingsWarnings } from '../src/config.ts';
import type { WrittenServiceBody } from '../src/model/adoption.ts';
import type { ZoneBody } from '../src/model/zone.ts';
import { runs } from './fixtures/runs.ts';

interface Given {
  readonly yaml?: string;
  readonly env?: Record<string, string>;
  readonly flags?: Record<string, string>;
}

/** Tokens that nobody guesses. */
const FIRST = '5b0e93d7c14f8a26-first';
const SECOND = 'e7a41c06f92d835b-second';

function load({ yaml, env = {}, flags = {} }: Given = {}): Settings | ConfigError {
  return loadSettings({ file: yaml === undefined ? undefined : { name: 'teal.yaml', text: yaml }, env, flags });
}

function loadGood(given: Given = {}): Settings {
  const settings = load(given);
  if (settings instanceof ConfigError) throw new Error(settings.message);
  return settings;
}

function fault(given: Given): string {
  const settings = load(given);
  return settings instanceof ConfigError ? settings.message : 'no error';
}

/** Where clouds keep secrets for their machines. */
const metadata = [
  ...['169.254.169.254', 'fd20:ce::254', 'fd00:ec2::254', '169.254.170.2', '169.254.170.23', 'fd00:ec2::23'],
  ...['168.63.129.16', '100.100.100.200', '192.0.0.192'],
];

t.test('without any source the defaults hold', async (t) => {
  t.same(load(), {
    dataDir: './data',
    startEmpty: false,
    dns: {
      listen: [
        { address: '127.0.0.1', port: 5300 },
        { address: '::1', port: 5300 },
      ],
      workers: 'auto',
      planes: 'two',
      transport: 'auto',
      udpMaxBytes: 1232,
      receiveBufferBytes: 4_194_304,
      gatherMicroseconds: 100,
      cookies: { secrets: [], required: false },
      rateLimit: {
        responsesPerSecond: 500,
        slip: 1,
        ipv4PrefixLength: 24,
        ipv6PrefixLength: 56,
        exempt: ['127.0.0.0/8', '::1/128'],
      },
      tcp: { maxConnections: 1000, maxConnectionsPerPrefix: 200, idleSeconds: 10 },
    },
    table: { initialBytes: 1_048_576, maxBytes: 1_073_741_824 },
    admin: {
      listen: { address: '127.0.0.1', port: 8053 },
      insecure: false,
      bodyMaxBytes: 1_048_576,
      zoneFileMaxBytes: 268_435_456,
      maxConnections: 1000,
      maxConnectionsPerPrefix: 200,
      hosts: [],
      authFailuresPerMinute: 10,
    },
    doors: {
      powerdns: { enabled: false },
      externalDns: { enabled: false },
      httpreq: { enabled: false },
      acmeDns: { enabled: false, registerFrom: [] },
    },
    dnssec: { notifyParents: true, parentServers: [] },
    history: { contentRevisions: 10_000, contentMaxBytes: 1_073_741_824 },
    propagation: { resolvers: [] },
    probes: { allow: [], deny: metadata },
    metrics: { public: false, servicesMax: 1000 },
    log: { level: 'info', format: 'auto' },
  });
});

t.test('config/teal.yaml says the defaults, names every key, and seeds example.test', async (t) => {
  const yaml = readFileSync('config/teal.yaml', 'utf8');
  const { bootstrap, ...settings } = loadGood({ yaml });
  t.same(settings, load());
  // The bodies are the ones that the engine's commands take.
  const zones: Readonly<Record<string, ZoneBody>> = bootstrap?.zones ?? {};
  const services: Readonly<Record<string, WrittenServiceBody>> = bootstrap?.services ?? {};
  t.same(Object.keys(zones), ['example.test']);
  t.same(services, {
    'app.example.test': {
      ttlSeconds: 5,
      pools: { blue: { weight: 90, targets: ['192.0.2.10'] }, green: { weight: 10, targets: ['192.0.2.20'] } },
    },
  });
  for (const { path } of settingKeys) {
    const key = path.at(-1);
    t.match(yaml, new RegExp(`^ *(# +)?${key}:`, 'm'), path.join('.'));
  }
});

t.test('a flag wins over the environment, the environment over the file', async (t) => {
  const yaml = 'dns: { workers: 1, udpMaxBytes: 1400 }';
  const env = { TEAL_DNS_WORKERS: '2' };
  const flags = { '--dns-workers': '3' };
  t.equal(loadGood({ yaml }).dns.workers, 1);
  t.equal(loadGood({ yaml, env }).dns.workers, 2);
  t.equal(loadGood({ yaml, env, flags }).dns.workers, 3);
  t.equal(loadGood({ yaml, env, flags }).dns.udpMaxBytes, 1400, 'what the others leave alone stays');
});

t.test('every setting can be given in the environment', async (t) => {
  const env: Record<string, string> = {
    TEAL_DATA_DIR: '/var/lib/teal',
    TEAL_START_EMPTY: 'true',
    TEAL_DNS_LISTEN: '0.0.0.0:53, [2001:DB8:0::1]:53',
    TEAL_DNS_WORKERS: '2',
    TEAL_DNS_PLANES: 'one',
    TEAL_DNS_TRANSPORT: 'portable',
    TEAL_DNS_XDP_INTERFACES: 'eth0,eth1',
    TEAL_DNS_UDP_MAX_BYTES: '1400',
    TEAL_DNS_RECEIVE_BUFFER_BYTES: '65536',
    TEAL_DNS_GATHER_MICROSECONDS: '250',
    TEAL_DNS_NSID: 'ns1',
    TEAL_DNS_IDENTITY: 'ns2',
    TEAL_DNS_VERSION: 'teal',
    TEAL_DNS_COOKIES_SECRETS: '0123456789abcdef0123456789ABCDEF',
    TEAL_DNS_COOKIES_REQUIRED: 'true',
    TEAL_DNS_RATE_LIMIT_RESPONSES_PER_SECOND: '0',
    TEAL_DNS_RATE_LIMIT_SLIP: '2',
    TEAL_DNS_RATE_LIMIT_IPV4_PREFIX_LENGTH: '32',
    TEAL_DNS_RATE_LIMIT_IPV6_PREFIX_LENGTH: '64',
    TEAL_DNS_RATE_LIMIT_EXEMPT: '192.0.2.0/24,2001:db8::/32',
    TEAL_DNS_TCP_MAX_CONNECTIONS: '10',
    TEAL_DNS_TCP_MAX_CONNECTIONS_PER_PREFIX: '4',
    TEAL_DNS_TCP_IDLE_SECONDS: '3',
    TEAL_TABLE_INITIAL_BYTES: '8192',
    TEAL_TABLE_MAX_BYTES: '16384',
    TEAL_ADMIN_LISTEN: '0.0.0.0:443',
    TEAL_ADMIN_TLS_CERT_FILE: 'a.crt',
    TEAL_ADMIN_TLS_KEY_FILE: 'a.key',
    TEAL_ADMIN_INSECURE: 'true',
    TEAL_ADMIN_TOKEN: FIRST,
    TEAL_ADMIN_READ_TOKEN: SECOND,
    TEAL_ADMIN_BODY_MAX_BYTES: '2048',
    TEAL_ADMIN_ZONE_FILE_MAX_BYTES: '4096',
    TEAL_ADMIN_MAX_CONNECTIONS: '50',
    TEAL_ADMIN_MAX_CONNECTIONS_PER_PREFIX: '5',
    TEAL_ADMIN_HOSTS: 'teal.example.com',
    TEAL_ADMIN_AUTH_FAILURES_PER_MINUTE: '3',
    TEAL_CONSOLE_NAME: 'Produktion – Süd',
    TEAL_CONSOLE_COLOUR: '#b91C1c',
    TEAL_CONSOLE_OIDC_ISSUER: 'https://id.example.com',
    TEAL_CONSOLE_OIDC_CLIENT_ID: 'teal',
    TEAL_CONSOLE_OIDC_CLIENT_SECRET: 'what only the provider knows\n',
    TEAL_CONSOLE_OIDC_CLIENT_SECRET_FILE: 'oidc.secret',
    TEAL_CONSOLE_OIDC_REDIRECT_URL: 'https://teal.example.com/auth/callback',
    TEAL_CONSOLE_OIDC_AFTER_SIGN_OUT_URL: 'https://teal.example.com/',
    TEAL_CONSOLE_OIDC_LABEL: 'Example',
    TEAL_CONSOLE_OIDC_SCOPES: 'profile,groups',
    TEAL_CONSOLE_OIDC_GROUPS_CLAIM: 'realm_access.roles',
    TEAL_CONSOLE_OIDC_NAME_CLAIM: 'preferred_username',
    TEAL_CONSOLE_OIDC_GROUPS: '{ admins: { scope: admin } }',
    TEAL_CONSOLE_OIDC_SESSION_IDLE_SECONDS: '60',
    TEAL_CONSOLE_OIDC_SESSION_MAX_SECONDS: '600',
    TEAL_CONSOLE_OIDC_RECHECK_SECONDS: '20',
    TEAL_CONSOLE_OIDC_TRUST_SECONDS: '200',
    TEAL_DOORS_POWERDNS_ENABLED: 'true',
    TEAL_DOORS_EXTERNAL_DNS_ENABLED: 'true',
    TEAL_DOORS_HTTPREQ_ENABLED: 'true',
    TEAL_DOORS_ACME_DNS_ENABLED: 'true',
    TEAL_DOORS_ACME_DNS_ZONE: 'acme.example.com',
    TEAL_DOORS_ACME_DNS_REGISTER_FROM: '10.1.0.0/16,2001:db8::/32',
    TEAL_DNSSEC_WRAPPING_KEY: 'ab'.repeat(32),
    TEAL_DNSSEC_NOTIFY_PARENTS: 'false',
    TEAL_DNSSEC_WRAPPING_KEY_FILE: 'dnssec.key',
    TEAL_DNSSEC_RESOLVER: '192.0.2.53',
    TEAL_DNSSEC_PARENT_SERVERS: '192.0.2.1,[2001:db8::1]:5353',
    TEAL_HISTORY_CONTENT_REVISIONS: '500',
    TEAL_HISTORY_CONTENT_MAX_BYTES: '2097152',
    TEAL_PROPAGATION_RESOLVERS: '192.0.2.53,[2001:db8::53]:5353',
    TEAL_PROBES_ALLOW: '10.1.0.0/16,::1',
    TEAL_PROBES_DENY: '10.2.0.0/16',
    TEAL_MAIL_HOST: 'smtp.example.com',
    TEAL_MAIL_PORT: '465',
    TEAL_MAIL_TLS: 'tls',
    TEAL_MAIL_FROM: 'Teal <teal@example.com>',
    TEAL_MAIL_USER: 'teal',
    TEAL_MAIL_PASSWORD: 'what only it knows\n',
    TEAL_MAIL_PASSWORD_FILE: 'mail.password',
    TEAL_METRICS_PUBLIC: 'true',
    TEAL_METRICS_SERVICES_MAX: '20',
    TEAL_LOG_LEVEL: 'warn',
    TEAL_LOG_FORMAT: 'json',
    TEAL_FLEET_ENGINE: 'etcd',
    TEAL_FLEET_NAME: 'production',
    TEAL_FLEET_NODE: 'ns1',
    TEAL_FLEET_ENDPOINTS: 'https://10.0.0.1:2379, https://[2001:db8::2]:2379',
    TEAL_FLEET_TLS_CA_FILE: 'ca.pem',
    TEAL_FLEET_TLS_CERT_FILE: 'ns1.pem',
    TEAL_FLEET_TLS_KEY_FILE: 'ns1.key',
    TEAL_FLEET_USER: 'teal',
    TEAL_FLEET_PASSWORD: 'what only etcd knows\n',
    TEAL_FLEET_STALE_AFTER_SECONDS: '3',
    TEAL_FLEET_WHEN_STALE: 'withdraw',
    TEAL_BOOTSTRAP: '{"services":{}}',
  };
  t.same(settingKeys.map(({ variable }) => variable).sort(), Object.keys(env).sort());
  t.same(load({ env }), {
    dataDir: '/var/lib/teal',
    startEmpty: true,
    dns: {
      listen: [
        { address: '0.0.0.0', port: 53 },
        { address: '2001:db8::1', port: 53 },
      ],
      workers: 2,
      planes: 'one',
      transport: 'portable',
      xdpInterfaces: ['eth0', 'eth1'],
      udpMaxBytes: 1400,
      receiveBufferBytes: 65536,
      gatherMicroseconds: 250,
      nsid: 'ns1',
      identity: 'ns2',
      version: 'teal',
      cookies: { secrets: ['0123456789abcdef0123456789ABCDEF'], required: true },
      rateLimit: {
        responsesPerSecond: 0,
        slip: 2,
        ipv4PrefixLength: 32,
        ipv6PrefixLength: 64,
        exempt: ['192.0.2.0/24', '2001:db8::/32'],
      },
      tcp: { maxConnections: 10, maxConnectionsPerPrefix: 4, idleSeconds: 3 },
    },
    table: { initialBytes: 8192, maxBytes: 16384 },
    admin: {
      listen: { address: '0.0.0.0', port: 443 },
      tls: { certFile: 'a.crt', keyFile: 'a.key' },
      insecure: true,
      token: FIRST,
      readToken: SECOND,
      bodyMaxBytes: 2048,
      zoneFileMaxBytes: 4096,
      maxConnections: 50,
      maxConnectionsPerPrefix: 5,
      hosts: ['teal.example.com'],
      authFailuresPerMinute: 3,
    },
    console: {
      ...{ name: 'Produktion – Süd', colour: '#b91C1c' },
      oidc: {
        ...{ issuer: 'https://id.example.com', clientId: 'teal', clientSecret: 'what only the provider knows' },
        ...{ clientSecretFile: 'oidc.secret', redirectUrl: 'https://teal.example.com/auth/callback' },
        ...{ afterSignOutUrl: 'https://teal.example.com/', label: 'Example', scopes: ['profile', 'groups'] },
        ...{
          groupsClaim: 'realm_access.roles',
          nameClaim: 'preferred_username',
          groups: { admins: { scope: 'admin' } },
        },
        ...{ sessionIdleSeconds: 60, sessionMaxSeconds: 600, recheckSeconds: 20, trustSeconds: 200 },
      },
    },
    doors: {
      powerdns: { enabled: true },
      externalDns: { enabled: true },
      httpreq: { enabled: true },
      acmeDns: { enabled: true, zone: 'acme.example.com', registerFrom: ['10.1.0.0/16', '2001:db8::/32'] },
    },
    dnssec: {
      wrappingKey: 'ab'.repeat(32),
      notifyParents: false,
      wrappingKeyFile: 'dnssec.key',
      resolver: { address: '192.0.2.53', port: 53 },
      parentServers: [
        { address: '192.0.2.1', port: 53 },
        { address: '2001:db8::1', port: 5353 },
      ],
    },
    history: { contentRevisions: 500, contentMaxBytes: 2_097_152 },
    propagation: {
      resolvers: [
        { address: '192.0.2.53', port: 53 },
        { address: '2001:db8::53', port: 5353 },
      ],
    },
    probes: { allow: ['10.1.0.0/16', '::1'], deny: ['10.2.0.0/16'] },
    mail: {
      ...{ host: 'smtp.example.com', port: 465, tls: 'tls', from: 'Teal <teal@example.com>' },
      ...{ user: 'teal', password: 'what only it knows', passwordFile: 'mail.password' },
    },
    metrics: { public: true, servicesMax: 20 },
    log: { level: 'warn', format: 'json' },
    fleet: {
      engine: 'etcd',
      name: 'production',
      node: 'ns1',
      endpoints: ['https://10.0.0.1:2379', 'https://[2001:db8::2]:2379'],
      tls: { caFile: 'ca.pem', certFile: 'ns1.pem', keyFile: 'ns1.key' },
      user: 'teal',
      password: 'what only etcd knows',
      staleAfterSeconds: 3,
      whenStale: 'withdraw',
    },
    bootstrap: { zones: {}, rrsets: [], services: {} },
  });
});

t.test('what has nothing after it counts as absent', async (t) => {
  t.same(load({ yaml: '' }), load());
  t.same(load({ yaml: '# only a comment\ndns:\nadmin:\n  tls:\n  token:\nlog:\n  level:\nbootstrap:\n' }), load());
  t.same(load({ env: { TEAL_ADMIN_TOKEN: '', TEAL_DNS_WORKERS: '' } }), load());
});

t.test('a group that may be left out has its defaults only where it is given', async (t) => {
  t.equal(loadGood().fleet, undefined);
  const env = { TEAL_FLEET_NAME: 'a', TEAL_FLEET_NODE: 'ns1', TEAL_FLEET_ENDPOINTS: 'http://10.0.0.1:2379' };
  t.match(loadGood({ env }).fleet, { engine: 'etcd', staleAfterSeconds: 5, whenStale: 'answer' });
});

t.test('settings are frozen, the defaults stay as they are', async (t) => {
  const settings = loadGood({ yaml: 'bootstrap: { zones: { example.test: { nameservers: [a], hostmaster: b } } }' });
  const groups = [settings, settings.dns, settings.dns.listen, settings.dns.listen[0], settings.bootstrap?.zones];
  for (const group of groups) t.ok(Object.isFrozen(group));
  t.throws(() => {
    (settings.dns as { workers: unknown }).workers = 1;
  }, TypeError);
});

const faults: readonly [string, Given, string][] = [
  [
    'a network with bits beyond its prefix',
    { yaml: 'dns: { rateLimit: { exempt: ["192.0.2.1/24"] } }' },
    'teal.yaml: dns.rateLimit.exempt[0]: expected a network, such as 192.0.2.0/24 or 2001:db8::/32, or an address, ' +
      'found "192.0.2.1/24"',
  ],
  ['unknown key', { yaml: 'dns: { wrkers: 2 }' }, 'teal.yaml: dns.wrkers: is not a setting; did you mean dns.workers?'],
  ['unknown group', { yaml: 'admim: {}' }, 'teal.yaml: admim: is not a setting; did you mean admin?'],
  ['key in the wrong group', { yaml: 'workers: 2' }, 'teal.yaml: workers: is not a setting; did you mean dns.workers?'],
  [
    'a key like no other',
    { yaml: 'log: { weather: blue }' },
    'teal.yaml: log.weather: is not a setting; the keys here are level, format',
  ],
  [
    'a mistyped key rather than the missing one',
    { yaml: 'bootstrap: { services: { app.example.test: { pools: { blue: { targts: [] } } } } }' },
    'teal.yaml: bootstrap.services["app.example.test"].pools.blue.targts: is not a setting; ' +
      'did you mean bootstrap.services["app.example.test"].pools.blue.targets?',
  ],
  [
    'key missing from a body',
    { yaml: 'bootstrap: { zones: { example.test: { hostmaster: a } } }' },
    'teal.yaml: bootstrap.zones["example.test"].nameservers: expected a list, found nothing',
  ],
  [
    'a text for a list in a body',
    { yaml: 'bootstrap: { services: { "a\\nb": { pools: { blue: { targets: 192.0.2.1 } } } } }' },
    'teal.yaml: bootstrap.services["a\\nb"].pools.blue.targets: expected a list, found "192.0.2.1"',
  ],
  [
    'a word for another in a body',
    { yaml: 'bootstrap: { services: { app.example.test: { pick: best, pools: {} } } }' },
    'teal.yaml: bootstrap.services["app.example.test"].pick: expected random or sticky, found "best"',
  ],
  [
    'a body that is none',
    { yaml: 'bootstrap: { rrsets: [7] }' },
    'teal.yaml: bootstrap.rrsets[0]: expected a group of keys, found 7',
  ],
  [
    'a door without the zone that it needs',
    { yaml: 'doors: { acmeDns: { enabled: true } }' },
    'teal.yaml: doors.acmeDns.zone: expected the name of a zone, such as acme.example.com, ' +
      'since doors.acmeDns.enabled is true; found nothing',
  ],
  [
    'a zone that is none',
    { yaml: 'doors: { acmeDns: { zone: "acme..example.com" } }' },
    'teal.yaml: doors.acmeDns.zone: expected the name of a zone, such as acme.example.com, found "acme..example.com"',
  ],
  [
    'a network that is none',
    { yaml: 'doors: { acmeDns: { registerFrom: ["home"] } }' },
    'teal.yaml: doors.acmeDns.registerFrom[0]: expected a network, such as 192.0.2.0/24 or 2001:db8::/32, or an address, found "home"',
  ],
  [
    'a colour by its name',
    { yaml: 'console: { colour: red }' },
    'teal.yaml: console.colour: expected a colour of six hexadecimal digits, such as #b91c1c, found "red"',
  ],
  [
    'a name that turns the text around it',
    { yaml: 'console: { name: "a\\u202eb" }' },
    'teal.yaml: console.name: expected a name of at most 40 characters, found "a\u202eb"',
  ],
  [
    'number out of range',
    { yaml: 'dns: { udpMaxBytes: 511 }' },
    'teal.yaml: dns.udpMaxBytes: expected a whole number from 512 to 4096, found 511',
  ],
  [
    'fraction',
    { yaml: 'dns: { tcp: { idleSeconds: 1.5 } }' },
    'teal.yaml: dns.tcp.idleSeconds: expected a whole number from 1 to 3600, found 1.5',
  ],
  [
    'number or word',
    { env: { TEAL_DNS_WORKERS: 'many' } },
    'environment: TEAL_DNS_WORKERS: expected auto or a whole number from 1 to 64, found "many"',
  ],
  ['no workers', { flags: { '--dns-workers': '0' } }, '--dns-workers: expected auto or a whole number from 1 to 64'],
  [
    'word of a list',
    { flags: { '--dns-transport': 'quick' } },
    'command line: --dns-transport: expected one of auto, xdp, batch, portable, found "quick"',
  ],
  [
    'empty flag',
    { flags: { '--data-dir': '' } },
    'command line: --data-dir: expected the path of a directory, found ""',
  ],
  ['long name', { env: { TEAL_DNS_NSID: 'ä'.repeat(65) } }, 'TEAL_DNS_NSID: expected a text of at most 128 bytes'],
  [
    'short cookie secret',
    { yaml: 'dns: { cookies: { secrets: [abc] } }' },
    'teal.yaml: dns.cookies.secrets[0]: expected a secret of 32 hexadecimal digits',
  ],
  ['group that is none', { yaml: 'dns: 5300' }, 'teal.yaml: dns: expected a group of settings, found 5300'],
  ['list for a text', { yaml: 'dataDir: [a]' }, 'teal.yaml: dataDir: expected the path of a directory, found a list'],
  ['no address', { yaml: 'dns: { listen: [] }' }, 'teal.yaml: dns.listen: expected a list of addresses with ports'],
  ['yes is not true', { env: { TEAL_ADMIN_INSECURE: 'yes' } }, 'expected true or false, found "yes"'],
  [
    'half of TLS',
    { yaml: 'admin: { tls: { certFile: a } }' },
    'teal.yaml: admin.tls.keyFile: expected the path of a PEM',
  ],
  [
    'a fleet without a name for this node',
    { yaml: 'fleet: { name: production, endpoints: ["http://127.0.0.1:2379"] }' },
    'teal.yaml: fleet.node: expected a name for this node that no other node has: 1 to 63 lower-case letters, digits',
  ],
  [
    'a member of etcd that is no URL',
    {
      env: { TEAL_FLEET_NAME: 'a', TEAL_FLEET_NODE: 'ns1', TEAL_FLEET_ENDPOINTS: 'http://10.0.0.1:2379,10.0.0.2:2379' },
    },
    'environment: TEAL_FLEET_ENDPOINTS: fleet.endpoints[1]: expected a URL with a port, such as https://10.0.0.1:2379',
  ],
  [
    'a user without a password',
    { yaml: 'fleet: { name: a, node: b, endpoints: ["http://[::1]:2379"], user: teal }' },
    'teal.yaml: fleet.password: expected a value, since fleet.user is there; found nothing',
  ],
  [
    'a certificate without its key',
    { yaml: 'fleet: { name: a, node: b, endpoints: ["https://e:1"], tls: { caFile: a, certFile: b } }' },
    'teal.yaml: fleet.tls.keyFile: expected a value, since fleet.tls.certFile is there; found nothing',
  ],
  [
    'a node that would claim for an hour',
    { yaml: 'fleet: { name: a, node: b, endpoints: ["http://e:1"], staleAfterSeconds: 3600 }' },
    'teal.yaml: fleet.staleAfterSeconds: expected a whole number from 2 to 60, found 3600',
  ],
  [
    'an address that means nothing without an interface',
    { env: { TEAL_DNS_LISTEN: '192.0.2.1:53,[fe80::1]:53' } },
    'environment: TEAL_DNS_LISTEN: expected addresses that need no interface beside them, found [fe80::1]:53; [::]:53 listens on link-local ones, too',
  ],
  [
    'address given twice',
    { env: { TEAL_DNS_LISTEN: '[::1]:53,[0:0::1]:53' } },
    'environment: TEAL_DNS_LISTEN: expected different addresses, found [::1]:53 twice',
  ],
  [
    'limit below the start',
    { env: { TEAL_TABLE_MAX_BYTES: '4096' } },
    'environment: TEAL_TABLE_MAX_BYTES: expected at least table.initialBytes, 1048576, found 4096',
  ],
  [
    'the same token twice',
    { env: { TEAL_ADMIN_TOKEN: FIRST, TEAL_ADMIN_READ_TOKEN: FIRST } },
    'environment: TEAL_ADMIN_READ_TOKEN: expected another token than admin.token, found the same',
  ],
  ['not YAML', { yaml: 'dns: [1' }, 'teal.yaml: expected YAML: '],
  [
    'a key twice',
    { yaml: 'log: {}\nlog: {}' },
    'teal.yaml: expected YAML: Map keys must be unique at line 2, column 1',
  ],
  [
    'a name that begins with * without quotes',
    { yaml: 'admin:\n  hosts: [*.example.com]' },
    'teal.yaml: expected YAML: *.example.com is an alias, and nothing is called &.example.com: a text that begins with * is written in quotes, such as "*.example.com" at line 2, column 11',
  ],
  [
    'an alias of itself',
    { yaml: 'admin: &a\n  hosts: [*a]' },
    'teal.yaml: expected YAML: aliases (*name) that lead to',
  ],
  ['two documents', { yaml: 'log: {}\n---\nlog: {}' }, 'teal.yaml: expected YAML: one document was expected, and ---'],
  ['a list', { yaml: '- a' }, 'teal.yaml: expected groups of settings, found ["a"]'],
  ['text for bootstrap', { env: { TEAL_BOOTSTRAP: '{' } }, 'environment: TEAL_BOOTSTRAP: expected zones, rrsets and'],
  [
    'key inside a variable',
    { env: { TEAL_BOOTSTRAP: '{"zonez":{}}' } },
    'environment: TEAL_BOOTSTRAP: bootstrap.zonez: is not a setting; did you mean bootstrap.zones?',
  ],
];

t.test('every fault is one line: where, what was expected, what was found', async (t) => {
  for (const [title, given, expected] of faults) {
    const message = fault(given);
    t.ok(message.includes(expected), title, { found: message, wanted: expected });
    t.notMatch(message, /\n/);
  }
});

t.test('addresses', async (t) => {
  const refused = [
    '127.0.0.1',
    'localhost:53',
    ':53',
    '127.1:53',
    '127.0.0.01:53',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:',
    '::1:53',
    '[::1]',
    '[127.0.0.1]:53',
    '[fe80::1%eth0]:53',
    '[:::]:53',
    ' ',
    'udp://127.0.0.1:53',
  ];
  for (const address of refused) {
    t.match(fault({ flags: { '--dns-listen': address } }), /expected an IP address and a port/, address);
  }
  t.same(loadGood({ flags: { '--dns-listen': '[::]:0,0.0.0.0:0,[::]:0' } }).dns.listen, [
    { address: '::', port: 0 },
    { address: '0.0.0.0', port: 0 },
    { address: '::', port: 0 },
  ]);
});

t.test('an admin address that others reach wants TLS or an explicit word', async (t) => {
  for (const address of ['0.0.0.0:8053', '[::]:8053', '192.0.2.1:8053', '[::ffff:127.0.0.1]:8053']) {
    const env = { TEAL_ADMIN_LISTEN: address };
    t.match(fault({ env }), /environment: TEAL_ADMIN_LISTEN: .* give admin\.tls .* or, .* say admin\.insecure: true$/);
    t.type(load({ env: { ...env, TEAL_ADMIN_INSECURE: 'true' } }), Object);
    t.equal(loadGood({ env, yaml: 'admin: { tls: { certFile: a, keyFile: b } }' }).admin.tls?.certFile, 'a');
  }
  for (const address of ['127.0.0.1:8053', '127.9.9.9:8053', '[::1]:8053']) {
    t.ok(loadGood({ env: { TEAL_ADMIN_LISTEN: address } }));
  }
});

t.test('tokens are what a bearer may send, and never shown', async (t) => {
  for (const token of ['se cret', 'sécret', 'secret"', 'sec=ret']) {
    const message = fault({ env: { TEAL_ADMIN_TOKEN: token } });
    t.match(message, /^environment: TEAL_ADMIN_TOKEN: expected a token of letters/);
    t.notOk(message.includes(token));
  }
  const token = 'aZ09-._~+/bY18cX27==';
  t.equal(loadGood({ env: { TEAL_ADMIN_TOKEN: token } }).admin.token, token);
});

t.test('a token that could be guessed stops the start, wherever the API listens', async (t) => {
  const samples = readFileSync('config/teal.yaml', 'utf8').matchAll(/^ *# (?:token|readToken): (.+)$/gm);
  const weak = [
    ...[...samples].map(([, sample]) => sample as string),
    ...['x', 'abc', 'hunter2', 'change-me', 'changeme-changeme-changeme', 'change-me-too-change-me-too'],
    ...['a'.repeat(64), 'ab'.repeat(20), '0123456789'.repeat(4), 'abcdefghijklmnopqrstuvwxyz', '1'.repeat(20)],
    ...[
      'my-super-secret-admin-token',
      'your-very-long-random-token-here',
      'passwordpassword1234',
      'Password.Password.1234',
    ],
    ...['qwertyuiopasdfghjklzxcvbnm', 'TEAL_ADMIN_TOKEN_EXAMPLE', 'replace-this-with-a-secret-token'],
  ];
  t.ok(weak.includes('change-me'), 'the samples are among them');
  for (const token of weak) {
    for (const listen of ['127.0.0.1:8053', '0.0.0.0:8053']) {
      const base = { TEAL_ADMIN_LISTEN: listen, TEAL_ADMIN_INSECURE: 'true' };
      for (const name of ['TEAL_ADMIN_TOKEN', 'TEAL_ADMIN_READ_TOKEN']) {
        const message = fault({ env: { ...base, [name]: token } });
        t.match(
          message,
          new RegExp(`^environment: ${name}: expected a token that cannot be guessed: .*openssl`),
          token,
        );
        t.notMatch(message, /\n/);
      }
    }
    t.match(fault({ yaml: `admin: { token: '${token}' }` }), /admin\.token: expected a token that cannot be guessed/);
  }
  for (const [bytes, encoding] of [
    [10, 'hex'],
    [32, 'hex'],
    [24, 'base64'],
    [32, 'base64url'],
  ] as const) {
    // Not random, so that the test says the same each time.
    const token = createHash('sha512').update(`${bytes}`).digest().subarray(0, bytes).toString(encoding);
    t.equal(loadGood({ env: { TEAL_ADMIN_TOKEN: token } }).admin.token, token, token);
  }
});

t.test('the line feed at the end of a file is no part of a value', async (t) => {
  for (const end of ['\n', '\r\n', '\n\n']) {
    const env = { TEAL_ADMIN_TOKEN: `${FIRST}${end}`, TEAL_DATA_DIR: `/data${end}`, TEAL_DNS_WORKERS: `2${end}` };
    t.match(loadGood({ env }), { admin: { token: FIRST }, dataDir: '/data', dns: { workers: 2 } });
    t.match(loadGood({ env: { TEAL_ADMIN_TOKEN: end } }).admin, { token: undefined }, 'nothing else is nothing');
  }
  const secrets = ['0123456789abcdef'.repeat(2), 'fedcba9876543210'.repeat(2)];
  const yaml = `admin:\n  token: |\n    ${FIRST}\n  readToken: "${SECOND}\\n"\ndns: { cookies: { secrets: ["${secrets[0]}\\n"] } }\n`;
  t.match(loadGood({ yaml }), {
    admin: { token: FIRST, readToken: SECOND },
    dns: { cookies: { secrets: [secrets[0]] } },
  });
  const env = { TEAL_DNS_COOKIES_SECRETS: `${secrets.join(',')}\n` };
  t.same(loadGood({ env }).dns.cookies.secrets, secrets);
});

t.test('a wrong cookie secret is not shown', async (t) => {
  for (const secret of ['deadbeef', 'deadbeef'.repeat(5), 'deadbeez'.repeat(4)]) {
    const message = fault({ env: { TEAL_DNS_COOKIES_SECRETS: secret } });
    t.match(message, /^environment: TEAL_DNS_COOKIES_SECRETS.*: expected a secret of 32 hexadecimal digits/);
    t.notOk(message.includes('deadbee'), message);
  }
});

t.test('any YAML gives settings or one line', async () => {
  const key = fc.constantFrom(
    'dns',
    'listen',
    'workers',
    'tcp',
    'admin',
    'tls',
    'bootstrap',
    'zones',
    '__proto__',
    'a/b~c',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.dictionary(key, tie('tree'), { maxKeys: 3 })),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const settings = load({ yaml: JSON.stringify(value) });
      return settings instanceof ConfigError
        ? /^teal\.yaml: [^\n]+$/.test(settings.message)
        : Object.isFrozen(settings);
    }),
    { numRuns: runs(500) },
  );
});

t.test('variables that are no settings are named, with the one that was meant', async (t) => {
  const env = {
    TEAL_DNS_LISTN: '',
    TEAL_PORT_53_UDP_ADDR: '',
    TEAL_CONFIG: '',
    TEAL_TOKEN: '',
    TEAL_ADMIN_URL: '',
    PATH: '',
  };
  t.same(settingsWarnings(loadGood(), { ...env, TEAL_LOG_LEVEL: 'info' }), [
    'environment: TEAL_DNS_LISTN is not a setting; did you mean TEAL_DNS_LISTEN?',
    'environment: TEAL_PORT_53_UDP_ADDR is not a setting',
  ]);
});

t.test('the file: --config, else TEAL_CONFIG, else config/teal.yaml, else the one of the package', async (t) => {
  const folder = t.testdir({
    'flag.yaml': 'dataDir: flag',
    'env.yaml': 'dataDir: env',
    mine: { config: { 'teal.yaml': 'dataDir: mine' } },
    empty: {},
  });
  const dataDir = (env: Record<string, string>, flags: Record<string, string> = {}): string => {
    const settings = readSettings(env, flags);
    return settings instanceof ConfigError ? settings.message : settings.dataDir;
  };
  const before = process.cwd();
  t.teardown(() => process.chdir(before));
  const env = { TEAL_CONFIG: `${folder}/env.yaml` };
  t.equal(dataDir(env, { '--config': `${folder}/flag.yaml` }), 'flag');
  t.equal(dataDir(env), 'env');
  process.chdir(`${folder}/mine`);
  t.equal(dataDir({}), 'mine');
  process.chdir(`${folder}/empty`);
  t.equal(dataDir({ TEAL_CONFIG: '' }), './data');
  const settings = readSettings({}, {});
  t.ok(settings instanceof ConfigError || settings.bootstrap?.services?.['app.example.test'], "the package's own file");
  t.equal(dataDir({}, { '--config': 'none.yaml' }), 'none.yaml: expected a settings file, found nothing there');
  t.equal(dataDir({}, { '--config': '.' }), '.: expected a settings file, found a directory');
});

const oidc = {
  issuer: 'https://id.example.com/realms/example',
  clientId: 'teal',
  redirectUrl: 'https://teal.example.com/auth/callback',
  groups: { admins: { scope: 'admin' } },
};
const ofPeople = (more: object): Given => ({ yaml: JSON.stringify({ console: { oidc: { ...oidc, ...more } } }) });

t.test('people sign in where the settings have a provider, with times that fit', async (t) => {
  t.same(loadGood(ofPeople({})).console?.oidc, {
    ...oidc,
    ...{ scopes: ['profile', 'email'], groupsClaim: 'groups', nameClaim: 'email' },
    ...{ sessionIdleSeconds: 7200, sessionMaxSeconds: 43_200, recheckSeconds: 300, trustSeconds: 3600 },
  });
  const env = { TEAL_CONSOLE_OIDC_CLIENT_SECRET: 'a\n', TEAL_CONSOLE_OIDC_GROUPS: '{ ops: { scope: shift } }' };
  const { clientSecret, groups } = loadGood({ ...ofPeople({}), env }).console?.oidc ?? {};
  t.same([clientSecret, groups], ['a', { ops: { scope: 'shift' } }]);
  const wrong: readonly [object, RegExp][] = [
    [{ issuer: 'http://id.example.com' }, /console\.oidc\.issuer: expected https, or http on this machine only/],
    [{ redirectUrl: 'http://teal.example.com/auth/callback' }, /redirectUrl: expected https/],
    [{ redirectUrl: 'https://teal.example.com/' }, /redirectUrl: expected a URL that ends in \/auth\/callback/],
    [{ redirectUrl: 'https://teal.example.com/auth/callback?a' }, /ends in \/auth\/callback/],
    [{ trustSeconds: 300 }, /trustSeconds: expected more than recheckSeconds, 300, found 300/],
    [{ groups: {} }, /groups: expected 1 to 500 names of groups/],
    [{ groups: { a: { scope: 'boss' } } }, /groups\.a\.scope: expected .*found "boss"/],
    [{ groups: { a: { scope: 'read', zone: ['a'] } } }, /zone.* is not a setting; did you mean .*zones/],
    [{ scopes: ['a b'] }, /scopes\[0\]: expected a word/],
  ];
  for (const [more, message] of wrong) t.match(fault(ofPeople(more)), message);
  for (const host of ['localhost:8053', '127.0.0.1:8053', '[::1]:8053'])
    t.ok(loadGood(ofPeople({ redirectUrl: `http://${host}/auth/callback`, issuer: `http://${host}` })), host);
});
