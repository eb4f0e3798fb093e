/** The wish to stop: the first signal asks, a second one insists. */
import { EXIT_BY_SIGNAL } from './exit.ts';

/** Ctrl-C under `npm start` comes twice, from the terminal and from npm: within so long it is one wish. */
const SAME_WISH_MS = 500;

/** SIGQUIT is Ctrl-\ at a terminal. */
type StopSignal = keyof typeof EXIT_BY_SIGNAL;

interface Signals {
  on(signal: StopSignal, listener: () => void): unknown;
}

/** Resolves with the first of them, kept from now on; a later one calls `insist` with the exit code. */
export function stopSignal(
  signals: Signals,
  insist: (exitCode: number) => void,
  nowMs: () => number = () => performance.now(),
): Promise<StopSignal> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    for (const signal of Object.keys(EXIT_BY_SIGNAL) as StopSignal[]) {
      signals.on(signal, () => {
        firstAtMs ??= nowMs();
        if (nowMs() - firstAtMs > SAME_WISH_MS) insist(EXIT_BY_SIGNAL[signal]);
        resolve(signal);
      });
    }
  });
}
