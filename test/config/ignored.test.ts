/** Settings that have no say beside others: whoever gave them is told, and nobody else. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { ConfigError, loadSettings, settingsWarnings } from '../../src/config.ts';

function warnings(yaml: string | undefined): string[] {
  const settings = loadSettings({
    file: yaml === undefined ? undefined : { name: 'teal.yaml', text: yaml },
    env: {},
    flags: {},
  });
  if (settings instanceof ConfigError) throw settings;
  return settingsWarnings(settings, {});
}

const oidc = `issuer: https://id.test, clientId: x, redirectUrl: https://teal.test/auth/callback, groups: { a: { scope: read } }`;
const mail = 'host: m.test, from: t@example.com';
const fleet = 'name: f, node: n';
const files = 'caFile: a, certFile: b, keyFile: c';
const key = 'a'.repeat(64);

/** What is ignored, in settings where it is, and in others where it is not. */
const cases: readonly (readonly [warning: string, ignored: string, inForce: string])[] = [
  [
    'dns.xdpInterfaces is ignored: it is for dns.transport: xdp, and dns.transport is auto',
    'dns: { xdpInterfaces: [eth0] }',
    'dns: { xdpInterfaces: [eth0], transport: xdp }',
  ],
  [
    'dns.gatherMicroseconds is ignored: it is for batches, and dns.transport is portable',
    'dns: { transport: portable, gatherMicroseconds: 5 }',
    'dns: { transport: xdp, gatherMicroseconds: 5 }',
  ],
  [
    'dns.rateLimit.slip is ignored: dns.rateLimit.responsesPerSecond is 0: no limit',
    'dns: { rateLimit: { responsesPerSecond: 0, slip: 2 } }',
    'dns: { rateLimit: { slip: 2 } }',
  ],
  [
    'table.initialBytes is ignored: it is for one process, and dns.planes is two; where two cannot be had it has a say',
    'table: { initialBytes: 65536 }',
    'table: { initialBytes: 65536 }\ndns: { planes: one }',
  ],
  [
    'admin.insecure is ignored: admin.tls is there, so that nothing crosses the network in the clear',
    'admin: { insecure: true, tls: { certFile: a, keyFile: b } }',
    'admin: { insecure: true }',
  ],
  [
    'doors.acmeDns.zone is ignored: doors.acmeDns.enabled is not true',
    'doors: { acmeDns: { zone: acme.example.com } }',
    'doors: { acmeDns: { zone: acme.example.com, enabled: true } }',
  ],
  [
    'doors.acmeDns.registerFrom is ignored: doors.acmeDns.enabled is not true',
    'doors: { acmeDns: { registerFrom: [10.0.0.0/8] } }',
    'doors: { acmeDns: { zone: acme.example.com, enabled: true, registerFrom: [10.0.0.0/8] } }',
  ],
  [
    'dnssec.wrappingKeyFile is ignored: dnssec.wrappingKey goes before it',
    `dnssec: { wrappingKeyFile: f, wrappingKey: ${key} }`,
    'dnssec: { wrappingKeyFile: f }',
  ],
  [
    'dnssec.resolver is ignored: dnssec.parentServers says who the parents are, and dnssec.notifyParents is false: nobody is looked up',
    'dnssec: { resolver: 192.0.2.1, parentServers: [192.0.2.2], notifyParents: false }',
    'dnssec: { resolver: 192.0.2.1, parentServers: [192.0.2.2] }',
  ],
  [
    'mail.passwordFile is ignored: mail.password goes before it',
    `mail: { ${mail}, user: u, password: p, passwordFile: f }`,
    `mail: { ${mail}, user: u, passwordFile: f }`,
  ],
  [
    'mail.password is ignored: mail.user is not there, so that nobody signs in',
    `mail: { ${mail}, password: p }`,
    `mail: { ${mail}, user: u, password: p }`,
  ],
  [
    'mail.passwordFile is ignored: mail.user is not there, so that nobody signs in',
    `mail: { ${mail}, passwordFile: f }`,
    `mail: { ${mail} }`,
  ],
  [
    'console.oidc.clientSecretFile is ignored: console.oidc.clientSecret goes before it',
    `console: { oidc: { ${oidc}, clientSecret: s, clientSecretFile: f } }`,
    `console: { oidc: { ${oidc}, clientSecretFile: f } }`,
  ],
  [
    'console.oidc.sessionIdleSeconds is ignored: console.oidc.sessionMaxSeconds ends a session before',
    `console: { oidc: { ${oidc}, sessionIdleSeconds: 9000, sessionMaxSeconds: 8000 } }`,
    `console: { oidc: { ${oidc}, sessionMaxSeconds: 3600 } }`,
  ],
  ...['caFile', 'certFile', 'keyFile'].map((file): readonly [string, string, string] => [
    `fleet.tls.${file} is ignored: fleet.endpoints are all http: etcd is spoken to in the clear`,
    `fleet: { ${fleet}, endpoints: ["http://10.0.0.1:2379"], tls: { ${files} } }`,
    `fleet: { ${fleet}, endpoints: ["http://10.0.0.1:2379", "https://10.0.0.2:2379"], tls: { ${files} } }`,
  ]),
];

for (const [warning, ignored, inForce] of cases) {
  t.test(warning, async (t) => {
    t.ok(warnings(ignored).includes(warning), JSON.stringify(warnings(ignored)));
    t.notOk(warnings(inForce).includes(warning));
  });
}

t.test('the defaults, and the settings file that says them all, are not warned of', async (t) => {
  t.same(warnings(undefined), []);
  t.same(warnings(readFileSync(new URL('../../config/teal.yaml', import.meta.url), 'utf8')), []);
  t.same(warnings('dns: { transport: portable, gatherMicroseconds: 100 }'), [], 'a default that a file says too');
  t.same(warnings('dns: { xdpInterfaces: [] }'), [], 'a list of none');
});

t.test('a secret that is ignored is not told', async (t) => {
  t.notMatch(warnings(`mail: { ${mail}, password: hush-hush }`).join(), /hush/);
});
