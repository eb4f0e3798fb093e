/**
 * A process of a server of two planes, `data` or `control`, as the one that watches it starts it: with sockets and memory
 * handed over, and Node's channel for the rest. It ends with who started it, however that ends.
 */

import type { SettingsFile } from '../config/sources.ts';
import type { Settings } from '../config.ts';
import { standardSink } from '../log/sink.ts';
import { divertStandardStreams, endNow, endProcess } from '../log/standard.ts';
import { createLogger, tellLosses } from '../log.ts';
import { asStartError, SettingsError, StartError } from '../server/errors.ts';
import type { Plane } from '../server/planes/data.ts';
import type { ControlStart, DataStart, Reread, SettingsSources } from '../server/planes/messages.ts';
import { dieWithParent, goFirst } from '../server/planes/parent.ts';
import { withReloaded } from '../server/reloaded-settings.ts';
import { passOverSignals } from '../server/signals.ts';
import { readVersion } from '../server/version.ts';
import { EXIT, EXIT_BY_SIGNAL } from './exit.ts';
import { catchFaults } from './faults.ts';
import { refuseDebugger } from './no-debugger.ts';

type Start = ControlStart | DataStart;

let plane: Promise<Plane<never>> | undefined;

// Imported (tools/compile.ts), it does nothing by itself.
if (import.meta.main) run(process.argv[2]);

function run(which: string | undefined): void {
  refuseDebugger();
  process.title = `teal: ${which}`;
  divertStandardStreams();
  dieWithParent(() => endNow(EXIT.INTERNAL, true));
  if (which === 'control') goFirst();
  // A terminal sends them to all processes, and so does a supervisor: who started this one says when it is to end.
  for (const signal of [...Object.keys(EXIT_BY_SIGNAL), 'SIGHUP']) process.on(signal, () => {});
  process.on('message', (message: { kind: string }) => {
    if (message.kind === 'start') plane = begin(message as Start);
    else if (message.kind === 'stop') end();
    else plane?.then((each) => each.hear(message as never)).catch(fail);
  });
}

async function begin(start: Start): Promise<Plane<never>> {
  try {
    const { sources } = start;
    const read = (one: SettingsFile | undefined): Promise<Settings> => readAgain(one, sources);
    const settings = sources.version === readVersion() ? sources.settings : await readAll(sources, read);
    const log = createLogger(settings.log, standardSink(1), sources.isTerminal);
    tellLosses(log, standardSink(1));
    catchFaults(process, log, () => endProcess(EXIT.INTERNAL));
    passOverSignals(log);
    const parts = { settings, log, reread: ({ file: one }: Reread) => read(one) };
    const say = (message: object): void => {
      if (process.connected) process.send?.(message, undefined, undefined, () => {});
    };
    // What one of them needs the other does not.
    if (!('spare' in start)) return (await import('../server/planes/data.ts')).startData(start, parts, say);
    const control = (await import('../server/planes/control.ts')).startControl(start, parts, say);
    control.started.catch(fail);
    return control;
  } catch (error) {
    return fail(error);
  }
}

/** Loaded only here: the schema of all settings takes longer than all else that a data process needs. */
async function readAgain(file: SettingsFile | undefined, { flags }: SettingsSources): Promise<Settings> {
  const { ConfigError, loadSettings } = await import('../config.ts');
  const settings = loadSettings({ file, env: process.env, flags });
  if (settings instanceof ConfigError) throw new SettingsError(settings.message);
  return settings;
}

async function readAll(
  { file, reloaded }: SettingsSources,
  read: (one: SettingsFile | undefined) => Promise<Settings>,
): Promise<Settings> {
  const first = await read(file);
  return reloaded === undefined ? first : withReloaded(first, await read(reloaded.file));
}

/** Nothing that was begun may hold it up: what was acknowledged is on the disk, and who waits has a limit of its own. */
async function end(): Promise<void> {
  await (await plane)?.stop();
  await endProcess(EXIT.OK);
}

function fail(fault: unknown): Promise<never> {
  const error = asStartError(fault);
  if (!(error instanceof StartError)) throw error;
  standardSink(2).write(`teal: ${error.message}\n`);
  return endProcess(error instanceof SettingsError ? EXIT.CONFIG : EXIT.UNAVAILABLE);
}
