/** `teal serve`: reads the settings, runs the server, and ends it well. */
import type { Command } from 'commander';
import { settingKeys } from '../config/keys.ts';
import { ConfigError, readSettings, unknownVariables } from '../config.ts';
import { standardSink } from '../log/sink.ts';
import { divertStandardStreams, endNow, endProcess, flushStandardStreams } from '../log/standard.ts';
import { createLogger, type Logger, tellLosses } from '../log.ts';
import { passOverSignals } from '../server/signals.ts';
import { EXIT } from './exit.ts';
import { catchFaults } from './faults.ts';
import { stopSignal } from './stop-signal.ts';

/** A stop that takes longer is cut off; what was acknowledged is on the disk in any case. */
const STOP_LIMIT_MS = 4500;

export function add(program: Command): void {
  const command = program
    .command('serve')
    .helpGroup('The server:')
    .summary('answer DNS and serve the admin API')
    .description('Answer DNS and serve the admin API, until SIGTERM or SIGINT. SIGHUP reads the settings again.')
    .option('--config <file>', 'settings file (default: config/teal.yaml)');
  for (const { flag, schema } of settingKeys) {
    if (schema.flag !== undefined) command.option(`${flag} <value>`, schema.flag);
  }
  command.addHelpText('after', help).action((_options, command: Command) => serve(flagsOf(command)));
}

const help = `
Every setting is a key in the settings file and a TEAL_ variable;
config/teal.yaml explains them all.

Examples:
  teal serve
  teal serve --config /etc/teal/teal.yaml --log-level warn
  TEAL_DNS_LISTEN='0.0.0.0:53,[::]:53' TEAL_DATA_DIR=/var/lib/teal teal serve
`;

async function serve(flags: Record<string, string>): Promise<never> {
  divertStandardStreams();
  const settings = readSettings(process.env, flags);
  if (settings instanceof ConfigError) return refuse(settings.message, EXIT.CONFIG);
  const log = createLogger(settings.log);
  tellLosses(log, standardSink(1));
  for (const warning of unknownVariables(process.env)) log.warn(warning);
  const faults = catchFaults(process, log, () => endProcess(EXIT.INTERNAL));
  passOverSignals(log);
  const signalled = stopSignal(process, (code) => endNow(code, true));
  // Counted from the signal, so that a start that hangs is cut off too.
  signalled.then(() => setTimeout(() => cutOff(log), STOP_LIMIT_MS));
  let reload = (): void => log.warn('SIGHUP came before the start was done; it is passed over');
  process.on('SIGHUP', () => reload());
  // Loaded only now, so that the other commands start without it.
  const { SettingsError, StartError, startServer } = await import('../server.ts');
  const server = await startServer(settings, log).catch((error: unknown) => {
    if (error instanceof SettingsError) return refuse(error.message, EXIT.CONFIG);
    if (error instanceof StartError) return refuse(error.message, EXIT.UNAVAILABLE);
    throw error;
  });
  reload = () => {
    if (faults.happened) return log.warn('SIGHUP came after a fault; it is passed over');
    const wanted = readSettings(process.env, flags);
    try {
      if (wanted instanceof ConfigError) log.error(`settings not reloaded: ${wanted.message}`);
      else server.reload(wanted);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      log.error(`settings not reloaded: ${error.message}`);
    }
  };
  faults.started(() => server.abandonControl());
  log.info({ signal: await signalled }, 'stopping');
  await server.stop();
  log.info('stopped');
  return endProcess(faults.happened ? EXIT.INTERNAL : EXIT.OK);
}

async function cutOff(log: Logger): Promise<never> {
  log.error(`not stopped within ${STOP_LIMIT_MS} ms, cut off`);
  await flushStandardStreams();
  return endNow(EXIT.INTERNAL, true);
}

/** In one line on standard error. */
function refuse(message: string, code: number): Promise<never> {
  standardSink(2).write(`teal: ${message}\n`);
  return endProcess(code);
}

/** What was given, by flag. */
function flagsOf(command: Command): Record<string, string> {
  const values = command.options.map((option) => [option.long, command.getOptionValue(option.attributeName())]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}
