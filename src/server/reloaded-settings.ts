/** Which settings can change while the server runs. */
import type { Settings } from '../config.ts';

/** What of new settings can be in force without a restart, and the rest as it was. */
export function withReloaded(before: Settings, wanted: Settings): Settings {
  const tls = before.admin.tls && wanted.admin.tls;
  const admin = { ...before.admin, ...(tls && { tls }) };
  return { ...before, probes: wanted.probes, admin, log: { ...before.log, level: wanted.log.level } };
}
