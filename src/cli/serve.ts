/** `teal serve`: reads the settings, runs the server, and ends it well. */
import type { Command } from 'commander';
import { settingKeys } from '../config/keys.ts';
import { ConfigError, readSettings, unknownVariables } from '../config.ts';
import { createLogger } from '../log.ts';
import { EXIT, EXIT_BY_SIGNAL } from './exit.ts';

/** A stop that takes longer is cut off; what was acknowledged is on the disk in any case. */
const STOP_LIMIT_MS = 4500;
/** Ctrl-C under `npm start` comes twice, from the terminal and from npm: within so long it is one wish. */
const SAME_SIGNAL_MS = 500;

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('answer DNS and serve the admin API')
    .option('--config <file>', 'settings file (default: config/teal.yaml)');
  for (const { flag, schema } of settingKeys) {
    if (schema.flag !== undefined) command.option(`${flag} <value>`, schema.flag);
  }
  command.addHelpText('after', help).action((_options, command: Command) => serve(flagsOf(command)));
}

const help = `
Every setting is a key in the settings file and a TEAL_ variable; config/teal.yaml explains them all.

Examples:
  teal serve
  teal serve --config /etc/teal/teal.yaml --log-level warn
  TEAL_DNS_LISTEN='0.0.0.0:53,[::]:53' TEAL_DATA_DIR=/var/lib/teal teal serve
`;

async function serve(flags: Record<string, string>): Promise<never> {
  const settings = readSettings(process.env, flags);
  if (settings instanceof ConfigError) return refuse(settings.message, EXIT.CONFIG);
  const log = createLogger(settings.log);
  for (const warning of unknownVariables(process.env)) log.warn(warning);
  process.on('uncaughtException', (error) => {
    log.fatal(error, 'ended by a fault of teal itself');
    process.exit(EXIT.INTERNAL);
  });
  const signalled = stopSignal();
  // Loaded only now, so that the other commands start without it.
  const { startServer, StartError } = await import('../server.ts');
  const server = await startServer(settings, log).catch((error) => {
    if (error instanceof StartError) return refuse(error.message, EXIT.UNAVAILABLE);
    throw error;
  });
  log.info({ signal: await signalled }, 'stopping');
  setTimeout(() => {
    log.error(`not stopped within ${STOP_LIMIT_MS} ms, cut off`);
    process.exit(EXIT.INTERNAL);
  }, STOP_LIMIT_MS);
  await server.stop();
  log.info('stopped');
  process.exit(EXIT.OK);
}

/** Resolves with the first SIGTERM or SIGINT, kept from the start on; a later one ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        firstAtMs ??= performance.now();
        if (performance.now() - firstAtMs > SAME_SIGNAL_MS) process.exit(EXIT_BY_SIGNAL[signal]);
        resolve(signal);
      });
    }
  });
}

function refuse(message: string, code: number): never {
  console.error(`teal: ${message}`);
  process.exit(code);
}

/** What was given, by flag. */
function flagsOf(command: Command): Record<string, string> {
  const values = command.options.map((option) => [option.long, command.getOptionValue(option.attributeName())]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}
