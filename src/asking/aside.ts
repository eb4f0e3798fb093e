/**
 * The client in a thread of its own: what strangers send is parsed there, so that nothing they send can hold up whoever
 * asks. A thread that does not come back in time is ended, and the next question starts another one.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Answer, askAt, type NoAnswer, type Patience, type Question } from './ask.ts';

interface Order {
  readonly id: number;
  readonly address: string;
  readonly question: Question;
}

interface Reply {
  readonly id: number;
  readonly answer: Answer | NoAnswer;
}

const ROLE = 'asking';
/** Beyond what the question itself may take: for the thread to start, and to parse, on a busy machine. */
const SLACK_MS = 3000;
const DNS_PORT = 53;
/** Replies of 64 KiB and what is made of them. */
const HEAP_MAX_MB = 64;

const entry = new URL(import.meta.url.endsWith('.ts') ? './aside.ts' : './aside.js', import.meta.url);

export class AskingThread {
  readonly #patience: Patience;
  readonly #slackMs: number;
  readonly #waiting = new Map<number, (answer: Answer | NoAnswer) => void>();
  #thread: Worker | undefined;
  #next = 0;

  constructor(patience: Patience, slackMs = SLACK_MS) {
    this.#patience = patience;
    this.#slackMs = slackMs;
  }

  /** Asks the server at `192.0.2.1:53` or `[2001:db8::1]:53`. Never rejects. */
  ask(address: string, question: Question): Promise<Answer | NoAnswer> {
    const id = this.#next++;
    const thread = this.#running();
    return new Promise((resolve) => {
      const limit = setTimeout(() => this.#end(thread, 'reading the answer took too long'), this.#limitMs());
      this.#waiting.set(id, (answer) => {
        clearTimeout(limit);
        this.#waiting.delete(id);
        resolve(answer);
      });
      thread.postMessage({ id, address, question } satisfies Order);
    });
  }

  #limitMs(): number {
    return this.#patience.limitMs * this.#patience.tries + this.#slackMs;
  }

  #running(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(entry, {
      workerData: { role: ROLE, patience: this.#patience },
      name: 'teal-asking',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB },
    });
    thread.on('message', ({ id, answer }: Reply) => this.#waiting.get(id)?.(answer));
    thread.on('error', ({ message }) => this.#end(thread, message));
    thread.on('exit', () => this.#end(thread, 'the thread that asks has ended'));
    // After the listeners, which would keep the process for themselves; a question that waits keeps it.
    thread.unref();
    this.#thread = thread;
    return thread;
  }

  /** All that was asked of this thread has no answer. */
  #end(thread: Worker, error: string): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    thread.terminate();
    for (const resolve of [...this.#waiting.values()]) resolve({ error });
  }
}

const given = workerData as { role?: string; patience: Patience } | null;
if (!isMainThread && given?.role === ROLE) {
  const ask = askAt(DNS_PORT, given.patience);
  parentPort?.on('message', async ({ id, address, question }: Order) => {
    parentPort?.postMessage({ id, answer: await ask(address, question) } satisfies Reply);
  });
}
