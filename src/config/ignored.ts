/**
 * Settings that have no say beside others: each works only with one that is set in another way here, or behind one that
 * another goes before. They are no errors, since a file may keep them for another day; whoever gave them is told.
 */
import { formatPath, schemaAt } from './keys.ts';
import type { SettingsValues } from './schema.ts';
import { get } from './sources.ts';

interface Rule {
  readonly key: string;
  /** Why it has no say with these settings; undefined: it has. */
  readonly why: (settings: SettingsValues) => string | undefined;
}

/** `condition` in short, with a reason. */
const when = (condition: boolean | undefined, why: string): string | undefined => (condition ? why : undefined);

const RULES: readonly Rule[] = [
  {
    key: 'dns.xdpInterfaces',
    why: ({ dns }) =>
      // An empty list says what none says.
      when(
        dns.transport !== 'xdp' && dns.xdpInterfaces?.length !== 0,
        `it is for dns.transport: xdp, and dns.transport is ${dns.transport}`,
      ),
  },
  {
    // Batches serve in the place of AF_XDP where that cannot be had.
    key: 'dns.gatherMicroseconds',
    why: ({ dns }) => when(dns.transport === 'portable', 'it is for batches, and dns.transport is portable'),
  },
  {
    // The lengths of prefixes and the networks without a limit are those of dns.tcp too.
    key: 'dns.rateLimit.slip',
    why: ({ dns }) => when(dns.rateLimit.responsesPerSecond === 0, 'dns.rateLimit.responsesPerSecond is 0: no limit'),
  },
  {
    key: 'table.initialBytes',
    why: ({ dns }) =>
      when(dns.planes === 'two', 'it is for one process, and dns.planes is two; where two cannot be had it has a say'),
  },
  {
    key: 'admin.insecure',
    why: ({ admin }) =>
      when(admin.tls !== undefined, 'admin.tls is there, so that nothing crosses the network in the clear'),
  },
  ...['zone', 'registerFrom'].map((key) => ({
    key: `doors.acmeDns.${key}`,
    why: ({ doors }: SettingsValues) => when(!doors.acmeDns.enabled, 'doors.acmeDns.enabled is not true'),
  })),
  {
    key: 'dnssec.wrappingKeyFile',
    why: ({ dnssec }) => when(dnssec.wrappingKey !== undefined, 'dnssec.wrappingKey goes before it'),
  },
  {
    // Endpoints that parents name are looked up by it too, where they are told.
    key: 'dnssec.resolver',
    why: ({ dnssec }) =>
      when(
        dnssec.parentServers.length > 0 && !dnssec.notifyParents,
        'dnssec.parentServers says who the parents are, and dnssec.notifyParents is false: nobody is looked up',
      ),
  },
  {
    key: 'mail.passwordFile',
    why: ({ mail }) => when(mail?.password !== undefined, 'mail.password goes before it'),
  },
  ...['password', 'passwordFile'].map((key) => ({
    key: `mail.${key}`,
    why: ({ mail }: SettingsValues) =>
      when(mail?.user === undefined, 'mail.user is not there, so that nobody signs in'),
  })),
  {
    key: 'console.oidc.clientSecretFile',
    why: ({ console: page }) =>
      when(page?.oidc?.clientSecret !== undefined, 'console.oidc.clientSecret goes before it'),
  },
  {
    key: 'console.oidc.sessionIdleSeconds',
    why: ({ console: page }) =>
      when(
        (page?.oidc?.sessionIdleSeconds ?? 0) > (page?.oidc?.sessionMaxSeconds ?? 0),
        'console.oidc.sessionMaxSeconds ends a session before',
      ),
  },
  ...['caFile', 'certFile', 'keyFile'].map((key) => ({
    key: `fleet.tls.${key}`,
    why: ({ fleet }: SettingsValues) =>
      when(
        fleet?.endpoints.every((url) => url.startsWith('http:')),
        'fleet.endpoints are all http: etcd is spoken to in the clear',
      ),
  })),
];

/** A line for each setting that was given another value than its default, and has no say. Values are not told. */
export function ignoredSettings(settings: object): string[] {
  return RULES.flatMap(({ key, why }) => {
    const path = key.split('.');
    const value = get(settings, path);
    const reason = why(settings as SettingsValues);
    if (reason === undefined || value === undefined || isSame(value, schemaAt(path)?.default)) return [];
    return [`${formatPath(path)} is ignored: ${reason}`];
  });
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
