/** Lines of other processes on their way into the log: one process writes them all, so that none ends up in another. */
import type { Readable } from 'node:stream';
import type { LogSink } from './sink.ts';

/** A line that is longer is cut: whoever writes it has lost its mind, and this process must not lose its memory. */
const LINE_MAX_CHARS = 2 ** 20;

/** Takes a stream of text and gives whole lines on. */
export class LineRelay {
  readonly #sink: Pick<LogSink, 'write'>;
  #rest = '';

  constructor(sink: Pick<LogSink, 'write'>) {
    this.#sink = sink;
  }

  take(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#sink.write(`${line}\n`);
    if (this.#rest.length > LINE_MAX_CHARS) this.end();
  }

  /** What has no end yet will get none. */
  end(): void {
    if (this.#rest !== '') this.#sink.write(`${this.#rest}\n`);
    this.#rest = '';
  }
}

/** Gives on what a stream says, for as long as it does. */
export function relayLines(stream: Readable, sink: LogSink): void {
  const relay = new LineRelay(sink);
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => relay.take(chunk));
  stream.on('end', () => relay.end());
  // The process has gone; its end is told elsewhere.
  stream.on('error', () => relay.end());
}
