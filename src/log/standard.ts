/** The standard streams of a server: whatever writes to them, and however the process ends, nobody waits for a reader. */
import { isStartedWith } from '../sockets/exit.ts';
import { loadLibc } from '../sockets/libc.ts';
import { type LogSink, standardSink } from './sink.ts';

/** How long the last lines may take to get out: a reader that lives reads them at once. */
const LAST_LINES_MS = 500;

/** Options of Node's by which it writes a profile when it ends. */
const WRITES_AT_ITS_END = /^--(?:cpu-prof|heap-prof|prof|trace-event)/;

/**
 * Sends what others write to process.stdout and process.stderr, warnings of Node and the output of threads say, the way
 * of the log. As they are, a terminal that was stopped would hold up the thread that writes, a pipe that nobody reads
 * would fill the memory, and one that is closed would end the process.
 */
export function divertStandardStreams(): void {
  divert(process.stdout, standardSink(1));
  divert(process.stderr, standardSink(2));
}

function divert(stream: NodeJS.WriteStream, sink: LogSink): void {
  // The listeners that are there were meant for a command that ends.
  stream.removeAllListeners('error').on('error', () => {});
  stream.write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    sink.write(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    const told = typeof encoding === 'function' ? encoding : done;
    if (typeof told === 'function') process.nextTick(told as () => void);
    return true;
  };
}

/** Ends the process once the last lines are out, or cannot be brought out. */
export async function endProcess(code: number): Promise<never> {
  await flushStandardStreams();
  return endNow(code);
}

/** Resolves when all is written, or cannot be. */
export async function flushStandardStreams(): Promise<void> {
  await Promise.all([standardSink(1).flush(LAST_LINES_MS), standardSink(2).flush(LAST_LINES_MS)]);
}

/**
 * Past Node's own end, wherever that is possible. It waits for threads that are in the middle of something, which may be
 * for ever, and it writes what it compiled to NODE_COMPILE_CACHE: thousands of files, for which a busy machine takes
 * longer than a stop may (decision 0059). What was asked for by an option is still written, unless `threadsHang`.
 */
export function endNow(code: number, threadsHang = false): never {
  const isAsked = process.env.NODE_V8_COVERAGE !== undefined || isStartedWith(WRITES_AT_ITS_END);
  if (threadsHang || standardSink(1).isStuck || standardSink(2).isStuck || !isAsked) loadLibc()?._exit(code);
  process.exit(code);
}
