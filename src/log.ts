/** The log: one JSON line an event on standard output, or lines for people where that is a terminal. */
import { createRequire } from 'node:module';
import tty from 'node:tty';
import { type DestinationStream, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import type { Settings } from './config.ts';
import { type LogSink, standardSink } from './log/sink.ts';

export type { Logger } from 'pino';

/** Keys that hold secrets, and how deep in a line they are looked for. */
const SECRET_KEYS = ['token', 'readToken', 'authorization', 'cookie'];
const SECRET_DEPTHS = ['', '*.', '*.*.'];

/** The loggers of the parts, by the one that they were made of. */
const partsOf = new WeakMap<Logger, Logger[]>();

/** Changes the level of a logger and of those made of it; a request's, made of those, has it from the next one on. */
export function setLevel(log: Logger, level: Settings['log']['level']): void {
  for (const each of [log, ...(partsOf.get(log) ?? [])]) each.level = level;
}

/**
 * `output` is standard output unless a test listens. No line ever waits or fails: see log/sink.ts. `isTerminal`: asked of
 * the descriptor, since process.stdout would change how others who share it may write.
 */
export function createLogger(
  settings: Settings['log'],
  output: DestinationStream = standardSink(1),
  isTerminal = tty.isatty(1),
): Logger {
  const parts: Logger[] = [];
  const options: LoggerOptions = {
    onChild(part) {
      parts.push(part);
      // The loggers that a part makes for itself are short-lived.
      part.onChild = () => {};
    },
    level: settings.level,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_DEPTHS.flatMap((depth) => SECRET_KEYS.map((key) => depth + key)), censor: '[redacted]' },
  };
  const forPeople = settings.format === 'pretty' || (settings.format === 'auto' && isTerminal);
  const log = pino(options, forPeople ? prettyStream(output, isTerminal) : output);
  partsOf.set(log, parts);
  return log;
}

/** Tells in the log itself when lines of it are missing. */
export function tellLosses(log: Logger, sink: LogSink): void {
  sink.onResumed = ({ dropped, reason }) => log.warn({ dropped, reason }, 'lines of the log were dropped here');
}

/** Line by line, with no stream between that could hold lines back. */
function prettyStream(output: DestinationStream, isTerminal: boolean): DestinationStream {
  // Loaded only for people: where a supervisor reads, three processes start without it.
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  const prettify = prettyFactory({
    colorize: isTerminal,
    ignore: 'pid',
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
  });
  return { write: (line) => output.write(prettify(line) ?? '') };
}
