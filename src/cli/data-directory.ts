/** The data directory that backup and restore mean: found as `teal serve` finds it. */
import type { Command } from 'commander';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import type { Shell } from './shell.ts';

export interface DataDirectoryOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly dataDir?: string;
}

export function withDataDirectory(command: Command): Command {
  return command
    .option('--data-dir <directory>', 'directory of the store (TEAL_DATA_DIR, or dataDir of the settings)')
    .option('--config <file>', 'settings file (TEAL_CONFIG, or config/teal.yaml)');
}

/** Throws Failure. */
export async function dataDirectory({ config, dataDir }: DataDirectoryOptions, { env }: Shell): Promise<string> {
  if (dataDir === '') throw new Failure(EXIT.USAGE, '--data-dir: expected a directory, found ""');
  if (dataDir !== undefined) return dataDir;
  const { ConfigError, readSettings } = await import('../config.ts');
  const settings = readSettings(env, { '--config': config });
  if (settings instanceof ConfigError) throw new Failure(EXIT.CONFIG, settings.message);
  return settings.dataDir;
}
