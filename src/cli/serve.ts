/** `teal serve`: reads the settings, runs the server, and ends it well. */
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { AT_START, SERVING, type Waits } from '../bounded-file.ts';
import { settingKeys } from '../config/keys.ts';
import { ConfigError, loadSettings, readSettingsFile, type Settings, settingsWarnings } from '../config.ts';
import { standardSink } from '../log/sink.ts';
import { divertStandardStreams, endNow, endProcess, flushStandardStreams } from '../log/standard.ts';
import { createLogger, type Logger, tellLosses } from '../log.ts';
import type { Reread } from '../server/planes/messages.ts';
import { passOverSignals } from '../server/signals.ts';
import { EXIT } from './exit.ts';
import { ABANDONED, catchFaults } from './faults.ts';
import { stopSignal } from './stop-signal.ts';
import { welcome } from './welcome.ts';

/**
 * A stop that takes longer is cut off; what was acknowledged is on the disk in any case. The control process is given 5.5 s of
 * it, and then the data process 3 s. Supervisors often give ten seconds in all.
 */
const STOP_LIMIT_MS = 9000;

/** The module that the processes of a server of two planes run. */
const PLANE = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './plane.ts' : './plane.js', import.meta.url));

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
  const given = read(flags, (name) => ({ ...AT_START, tell: (phrase) => say(`${name} ${phrase}`) }));
  if (given instanceof ConfigError) return refuse(given.message, EXIT.CONFIG);
  const { settings } = given;
  const log = createLogger(settings.log);
  tellLosses(log, standardSink(1));
  for (const warning of settingsWarnings(settings, process.env)) log.warn(warning);
  let running: Running | undefined;
  const faults = catchFaults(
    process,
    log,
    () => endProcess(EXIT.INTERNAL),
    () => running?.afterFault ?? ABANDONED,
  );
  passOverSignals(log, (signal) => signal === 'SIGUSR2' && running?.upgrade() === true);
  const signalled = stopSignal(process, (code) => endNow(code, true));
  // Counted from the signal, so that a start that hangs is cut off too.
  signalled.then(() => setTimeout(() => cutOff(log, running), STOP_LIMIT_MS));
  let reload = (): void => log.warn('SIGHUP came before the start was done; it is passed over');
  process.on('SIGHUP', () => reload());
  const server = await start(given, flags, log);
  running = server;
  if (isatty(1)) standardSink(1).write(`\n${welcome(settings).join('\n')}\n\n`);
  reload = () => {
    if (faults.happened && !server.outlivesFaults) return log.warn('SIGHUP came after a fault; it is passed over');
    const wanted = read(flags, () => SERVING);
    if (wanted instanceof ConfigError) return log.error(`settings not reloaded: ${wanted.message}`);
    for (const warning of settingsWarnings(wanted.settings, process.env)) log.warn(warning);
    server.reload(wanted);
  };
  faults.started(() => server.abandonControl());
  log.info({ signal: await signalled }, 'stopping');
  const isWhole = await server.stop();
  if (isWhole) log.info('stopped');
  return endProcess(faults.happened || !isWhole ? EXIT.INTERNAL : EXIT.OK);
}

/** Settings with the file that they were read from. */
interface Given extends Reread {
  readonly settings: Settings;
}

function read(flags: Record<string, string>, waits: (name: string) => Waits): Given | ConfigError {
  const file = readSettingsFile(process.env, flags, waits);
  if (file instanceof ConfigError) return file;
  const settings = loadSettings({ file, env: process.env, flags });
  return settings instanceof ConfigError ? settings : { settings, file };
}

/** A server, in one process or more. */
interface Running {
  /** What a fault of this process means, in words. */
  readonly afterFault: string;
  /** Those who decide are in another process, and go on. */
  readonly outlivesFaults: boolean;
  reload(wanted: Given): void;
  abandonControl(): void;
  /** Goes on with the code that is there now, without a gap; false: only a restart does that. */
  upgrade(): boolean;
  /** False: a part of it did not stop in time, which the log has told, and was cut off. */
  stop(): Promise<boolean>;
  /** Ends at once what a stop waits for. */
  kill(): void;
}

/** Loads what it takes only now, so that the other commands start without it. */
async function start(given: Given, flags: Record<string, string>, log: Logger): Promise<Running> {
  const { PlaneEnded, SettingsError, StartError } = await import('../server/errors.ts');
  try {
    return await (given.settings.dns.planes === 'two' ? startTwo(given, flags, log) : startOne(given, log));
  } catch (error) {
    // It has said why itself, where it could.
    if (error instanceof PlaneEnded && error.code !== null) return endProcess(error.code);
    if (error instanceof SettingsError) return refuse(error.message, EXIT.CONFIG);
    if (error instanceof PlaneEnded) return refuse(error.message, EXIT.INTERNAL);
    if (error instanceof StartError) return refuse(error.message, EXIT.UNAVAILABLE);
    throw error;
  }
}

async function startOne({ settings }: Given, log: Logger): Promise<Running> {
  const { SettingsError, startServer } = await import('../server.ts');
  const server = await startServer(settings, log);
  return {
    afterFault: ABANDONED,
    outlivesFaults: false,
    reload(wanted) {
      try {
        server.reload(wanted.settings);
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
        log.error(`settings not reloaded: ${error.message}`);
      }
    },
    abandonControl: () => server.abandonControl(),
    upgrade: () => false,
    stop: () => server.stop().then(() => true),
    kill: () => {},
  };
}

async function startTwo(given: Given, flags: Record<string, string>, log: Logger): Promise<Running> {
  const { Watcher, whyOnePlane } = await import('../server/planes/watcher.ts');
  const reason = whyOnePlane();
  if (reason !== undefined) {
    log.info({ reason }, 'one process answers and decides: dns.planes: two does not work here');
    return startOne(given, log);
  }
  const { settings, file } = given;
  const watcher = await Watcher.start({ settings, sources: { file, flags }, log, entry: PLANE });
  return {
    afterFault: 'a fault of teal itself in the process that watches the others; answers and changes go on',
    outlivesFaults: true,
    reload: (wanted) => watcher.reload(wanted.settings, { file: wanted.file }),
    abandonControl: () => {},
    upgrade: () => watcher.upgrade(),
    stop: () => watcher.stop(),
    kill: () => watcher.kill(),
  };
}

async function cutOff(log: Logger, running: Running | undefined): Promise<never> {
  running?.kill();
  log.error(`not stopped within ${STOP_LIMIT_MS} ms, cut off`);
  await flushStandardStreams();
  return endNow(EXIT.INTERNAL, true);
}

function refuse(message: string, code: number): Promise<never> {
  say(message);
  return endProcess(code);
}

/** In one line on standard error. */
function say(message: string): void {
  standardSink(2).write(`teal: ${message}\n`);
}

/** What was given, by flag. */
function flagsOf(command: Command): Record<string, string> {
  const values = command.options.map((option) => [option.long, command.getOptionValue(option.attributeName())]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}
