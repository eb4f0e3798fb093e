/** Signals that the server has no use for: none of them ends or stops it. docs/operations.md lists all. */
import os from 'node:os';
import { listen } from '../guard.ts';
import type { Logger } from '../log.ts';
import { isStartedWith } from '../sockets/exit.ts';
import { loadLibc } from '../sockets/libc.ts';

/**
 * They end a process by default. SIGUSR1 would open Node's debugger, without a password. Left alone are those that say
 * that the process is broken (SIGABRT, SIGSEGV, …), and the job control of a person's terminal (SIGTSTP).
 */
const USELESS = [
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGSTKFLT',
  'SIGPWR',
  'SIGXCPU',
  'SIGXFSZ',
] as const;

/** From the first that libraries leave free to the last; some of them are used for nothing, and end the process too. */
const REALTIME_MIN = 34;
const REALTIME_MAX = 64;
const SIG_IGN = 1;

/**
 * Each is told once: whoever sends one a thousand times has nothing more to say. `means`: whether it means something here
 * after all, and has been taken.
 */
export function passOverSignals(log: Logger, means: (signal: string) => boolean = () => false): void {
  for (const signal of USELESS) {
    // A profiler that was asked for at the start has its own use for it.
    if (signal === 'SIGPROF' && isStartedWith(/^--(?:cpu-prof|prof)\b/)) continue;
    let isLogged = false;
    listen(process, signal, 'the listener to signals', () => {
      if (means(signal)) return;
      if (!isLogged) log.warn({ signal }, 'a signal that means nothing here was passed over; it is told once');
      isLogged = true;
    });
  }
  ignoreRest();
}

/**
 * Those that Node cannot listen to. SIGTTOU would stop a process in the background that writes to its terminal
 * (`stty tostop`): ignored, its lines go through.
 */
function ignoreRest(): void {
  const libc = loadLibc();
  if (libc === undefined) return;
  for (let signal = REALTIME_MIN; signal <= REALTIME_MAX; signal++) libc.signal(signal, SIG_IGN);
  libc.signal(os.constants.signals.SIGTTOU, SIG_IGN);
}
