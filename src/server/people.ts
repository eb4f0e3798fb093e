/** People who sign in with a provider of identities, as the settings have it; undefined where they have none. */
import { randomBytes } from 'node:crypto';
import type { ApiPeople } from '../api/parts.ts';
import { placesOf } from '../api/sessions.ts';
import type { Settings } from '../config.ts';
import type { Outbound } from '../control/outbound/outbound.ts';
import { People } from '../control/people/people.ts';
import { Provider } from '../control/people/provider.ts';
import type { Logger } from '../log.ts';
import { Problem } from '../model/errors.ts';
import { makeRole, type Role } from '../model/token.ts';
import { SettingsError } from './errors.ts';
import type { NamedFiles } from './named-files.ts';
import { readSecretFile } from './secret-file.ts';
import { sessionFiles } from './session-files.ts';
import { systemClock } from './system-clock.ts';

const SECOND_MS = 1000;

type Oidc = NonNullable<NonNullable<Settings['console']>['oidc']>;

interface PeopleParts {
  readonly outbound: Outbound;
  readonly log: Logger;
  readonly dataDir: string;
  readonly files: NamedFiles;
  /** Ends what is under way. */
  readonly stopped: AbortSignal;
}

/** The provider is not asked here: it may be down, and that is no reason not to start. Throws SettingsError. */
export function makePeople(oidc: Oidc | undefined, parts: PeopleParts): ApiPeople | undefined {
  if (oidc === undefined) return undefined;
  const { outbound, log, stopped, dataDir, files } = parts;
  const { issuer, clientId, redirectUrl, scopes, groupsClaim, nameClaim, afterSignOutUrl } = oidc;
  const settings = {
    issuer,
    clientId,
    redirectUrl,
    scopes,
    groupsClaim,
    afterSignOutUrl,
    clientSecret: secretOf(oidc, files),
  };
  const { steadyMs, wallMs } = systemClock;
  const maxMs = oidc.sessionMaxSeconds * SECOND_MS;
  const provider = new Provider({ settings, outbound, steadyMs, stopped });
  const people = new People({
    provider,
    settings: {
      groupsClaim,
      nameClaim,
      byGroup: rolesOf(oidc),
      idleMs: oidc.sessionIdleSeconds * SECOND_MS,
      maxMs,
      recheckMs: oidc.recheckSeconds * SECOND_MS,
      trustMs: oidc.trustSeconds * SECOND_MS,
    },
    randomBytes,
    steadyMs,
    log,
    keeping: { files: sessionFiles(dataDir, maxMs, wallMs(), log), wallMs, provider: `${issuer} ${clientId}` },
  });
  return { people, label: oidc.label ?? new URL(issuer).host, places: placesOf(redirectUrl) };
}

/** Throws SettingsError where what the settings say of people cannot be meant. */
export function checkPeople(oidc: Oidc | undefined, files: NamedFiles): void {
  if (oidc === undefined) return;
  rolesOf(oidc);
  secretOf(oidc, files);
}

function rolesOf({ groups }: Oidc): Map<string, Role> {
  const roles = Object.entries(groups).map(([group, body]): [string, Role] => {
    const role = makeRole(body);
    if (!(role instanceof Problem)) return [group, role];
    const where = `console.oidc.groups[${JSON.stringify(group)}]${(role.pointer ?? '').replaceAll('/', '.')}`;
    throw new SettingsError(`${where}: ${role.detail}`);
  });
  return new Map(roles);
}

function secretOf({ clientSecret, clientSecretFile }: Oidc, files: NamedFiles): string | undefined {
  return clientSecret ?? readSecretFile('console.oidc.clientSecretFile', clientSecretFile, files);
}
