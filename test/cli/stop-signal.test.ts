/** One signal stops gracefully, two at once are one, a later one ends the process. */
import { EventEmitter } from 'node:events';
import t from 'tap';
import { stopSignal } from '../../src/cli/stop-signal.ts';

for (const [first, second, code] of [
  ['SIGTERM', 'SIGINT', 130],
  ['SIGINT', 'SIGTERM', 143],
  ['SIGQUIT', 'SIGQUIT', 131],
] as const) {
  t.test(`${first}, then ${second}`, async (t) => {
    const signals = new EventEmitter();
    const codes: number[] = [];
    let nowMs = 1000;
    const signalled = stopSignal(
      signals,
      (exitCode) => codes.push(exitCode),
      () => nowMs,
    );
    signals.emit(first);
    t.equal(await signalled, first);
    nowMs += 500;
    signals.emit(second);
    t.same(codes, [], 'the terminal and npm both deliver Ctrl-C');
    nowMs += 1;
    signals.emit(second);
    t.same(codes, [code]);
  });
}
