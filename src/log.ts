/** The log: one JSON line an event on standard output, or lines for people where that is a terminal. */
import { type DestinationStream, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';
import type { Settings } from './config.ts';

export type { Logger } from 'pino';

/** Keys that hold secrets, and how deep in a line they are looked for. */
const SECRET_KEYS = ['token', 'readToken', 'authorization', 'cookie'];
const SECRET_DEPTHS = ['', '*.', '*.*.'];

/** `output` is standard output unless a test listens. */
export function createLogger(settings: Settings['log'], output?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level: settings.level,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_DEPTHS.flatMap((depth) => SECRET_KEYS.map((key) => depth + key)), censor: '[redacted]' },
  };
  const forPeople = settings.format === 'pretty' || (settings.format === 'auto' && process.stdout.isTTY);
  if (forPeople) return pino(options, prettyStream(output));
  return output === undefined ? pino(options) : pino(options, output);
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
