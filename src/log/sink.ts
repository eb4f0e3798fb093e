/** Where lines of the log go: a queue with an end, which is emptied as fast as somebody takes it, and waits for nobody. */
import { type Outlet, openOutlet, type Written } from './outlet.ts';

/** Lines that wait: some 4,000, so that a reader may pause for a moment, and a full disk costs no memory to speak of. */
const QUEUE_MAX_BYTES = 2 ** 20;
/** One write takes so many: what a pipe holds on Linux. */
const WRITE_MAX_BYTES = 2 ** 16;
/** A reader that is slow is tried again so soon, each time after twice as long, up to a quarter of a second. */
const SLOW_RETRY_MS = 10;
const SLOW_RETRY_MAX_MS = 250;
/** And so soon after an error: a disk may have room again, a named pipe a reader. */
const FAILED_RETRY_MS = 1000;
/** A write that takes longer is held up by somebody. */
const HELD_UP_MS = 1000;

/** What was lost before writing went on again. */
interface Loss {
  readonly dropped: number;
  /** Why nothing went out: a code such as ENOSPC, or EAGAIN for a reader that did not read; none: there was too much. */
  readonly reason?: string;
}

export class LogSink {
  readonly #outlet: Outlet;
  /** Told when writing goes on after lines were dropped: what it writes comes where they are missing. */
  onResumed: (loss: Loss) => void = () => {};
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** What is being written, or was in part. */
  #current: Buffer | undefined;
  #isBusy = false;
  #busySinceMs = 0;
  #retry: NodeJS.Timeout | undefined;
  #slowMs = SLOW_RETRY_MS;
  #failure: string | undefined;
  #dropped = 0;
  #droppedUntold = 0;
  /** What the last failure before the loss is told was. */
  #lossReason: string | undefined;
  #idle: (() => void)[] = [];

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  /** A line that does not fit any more is dropped; and so are those after it, until it can be told that some are missing. */
  write(text: string): void {
    const line = Buffer.from(text);
    if (this.#droppedUntold > 0 || this.#waitingBytes + line.length > QUEUE_MAX_BYTES) {
      this.#dropped++;
      this.#droppedUntold++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#pump();
  }

  /** Lines that were dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Why the last write did not go through, or has not come back; undefined: it did. */
  get failure(): string | undefined {
    const isHeldUp = this.#isBusy && performance.now() - this.#busySinceMs > HELD_UP_MS;
    return this.#failure ?? (isHeldUp ? 'EAGAIN' : undefined);
  }

  /** A write was begun and has not come back: a thread waits in it, which a plain exit would wait for. */
  get isStuck(): boolean {
    return this.#isBusy;
  }

  /** Resolves when all is written, or when it could not be for so long. */
  async flush(limitMs: number): Promise<void> {
    if (this.#isIdle) return;
    // What was not possible a moment ago may be now.
    this.#pumpNow();
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, limitMs);
      this.#idle.push(() => {
        clearTimeout(limit);
        resolve();
      });
    });
  }

  get #isIdle(): boolean {
    return !this.#isBusy && this.#current === undefined && this.#waiting.length === 0;
  }

  #pumpNow(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#pump();
  }

  #pump(): void {
    if (this.#isBusy || this.#retry !== undefined) return;
    this.#current ??= this.#next();
    if (this.#current === undefined) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#isBusy = true;
    this.#busySinceMs = performance.now();
    this.#outlet.write(this.#current, this.#written);
  }

  readonly #written: Written = (bytes, code) => {
    this.#isBusy = false;
    if (code === undefined) this.#took(bytes);
    else if (code !== 'EINTR') return this.#later(code);
    this.#pump();
  };

  #took(bytes: number): void {
    const left = (this.#current as Buffer).subarray(bytes);
    this.#current = left.length === 0 ? undefined : left;
    this.#slowMs = SLOW_RETRY_MS;
    this.#failure = undefined;
    // Where there is room for the line that says so.
    if (this.#droppedUntold === 0 || this.#waitingBytes > QUEUE_MAX_BYTES / 2) return;
    const loss = { dropped: this.#droppedUntold, ...(this.#lossReason && { reason: this.#lossReason }) };
    this.#droppedUntold = 0;
    this.#lossReason = undefined;
    this.onResumed(loss);
  }

  #later(code: string): void {
    this.#failure = code;
    this.#lossReason = code;
    const isSlow = code === 'EAGAIN';
    this.#retry = setTimeout(() => this.#pumpNow(), isSlow ? this.#slowMs : FAILED_RETRY_MS).unref();
    if (isSlow) this.#slowMs = Math.min(2 * this.#slowMs, SLOW_RETRY_MAX_MS);
  }

  /** Whole lines, as many as one write takes; at least one. */
  #next(): Buffer | undefined {
    let count = 0;
    let bytes = 0;
    for (const line of this.#waiting) {
      if (count > 0 && bytes + line.length > WRITE_MAX_BYTES) break;
      bytes += line.length;
      count++;
    }
    this.#waitingBytes -= bytes;
    return count === 0 ? undefined : Buffer.concat(this.#waiting.splice(0, count));
  }
}

const standard = new Map<1 | 2, LogSink>();

/** The one sink of standard output (1) or standard error (2). */
export function standardSink(fd: 1 | 2): LogSink {
  const sink = standard.get(fd) ?? new LogSink(openOutlet(fd));
  standard.set(fd, sink);
  return sink;
}
