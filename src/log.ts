/** The log: one JSON line an event on standard output, or lines for people where that is a terminal. */
import { type DestinationStream, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';
import type { Settings } from './config.ts';

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

/** `output` is standard output unless a test listens. */
export function createLogger(settings: Settings['log'], output?: DestinationStream): Logger {
  const parts: Logger[] = [];
  const options: LoggerOptions = {
    onChild(part) {
      parts.push(part);
      // What a part makes of its own is short-lived.
      part.onChild = () => {};
    },
    level: settings.level,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_DEPTHS.flatMap((depth) => SECRET_KEYS.map((key) => depth + key)), censor: '[redacted]' },
  };
  const forPeople = settings.format === 'pretty' || (settings.format === 'auto' && process.stdout.isTTY);
  const log = forPeople
    ? pino(options, prettyStream(output))
    : pino(options, output ?? pino.destination({ sync: true }));
  partsOf.set(log, parts);
  return log;
}

/** Written at once, like the JSON lines, so that the last words before an exit are not lost. */
function prettyStream(output?: DestinationStream) {
  return pretty({
    sync: true,
    colorize: process.stdout.isTTY,
    ignore: 'pid',
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    ...(output === undefined ? {} : { destination: output }),
  });
}
