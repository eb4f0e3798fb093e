/** `teal fleet join`: fills a data directory from the fleet, without a server. */
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import type { Shell } from './shell.ts';

/** Throws Failure. */
export async function joinFleet(
  { config, force }: { readonly config?: string; readonly force?: boolean },
  { env }: Shell,
): Promise<{ readonly revision: number | undefined; readonly lines: readonly string[] }> {
  const { ConfigError, readSettings } = await import('../config.ts');
  const settings = readSettings(env, { '--config': config });
  if (settings instanceof ConfigError) throw new Failure(EXIT.CONFIG, settings.message);
  if (settings.fleet === undefined) throw new Failure(EXIT.CONFIG, 'the settings have no section fleet');
  const { prepareFleet } = await import('../server/fleet/prepare.ts');
  const { SettingsError } = await import('../server/errors.ts');
  const { NamedFiles } = await import('../server/named-files.ts');
  const lines: string[] = [];
  let revision: number | undefined;
  const tell = (fields: object, line?: string): void => {
    const { kept, revision: at } = fields as { kept?: string; revision?: number };
    revision = at ?? revision;
    lines.push(`${settings.dataDir}: ${line}.`);
    if (kept !== undefined) lines.push(`What was there is kept as ${kept}.`);
  };
  try {
    const { etcd } = await prepareFleet(
      settings,
      { info: tell, warn: tell },
      { files: new NamedFiles(), replace: force === true },
    );
    etcd.close();
  } catch (error) {
    const code = error instanceof SettingsError ? EXIT.CONFIG : EXIT.UNAVAILABLE;
    throw new Failure(code, (error as Error).message);
  }
  if (lines.length === 0) lines.push(`${settings.dataDir} is of the fleet already.`);
  return { revision, lines };
}
