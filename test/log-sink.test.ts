/** The queue of the log: what it drops, when it says so, and that lines come out whole and in order. */
import t from 'tap';
import type { Written } from '../src/log/outlet.ts';
import { LogSink } from '../src/log/sink.ts';

/** An outlet that takes what it is told to. */
function makeOutlet() {
  let text = '';
  let pending: { bytes: Uint8Array; done: Written } | undefined;
  return {
    write(bytes: Uint8Array, done: Written): void {
      pending = { bytes, done };
    },
    /** Lets the write that waits come to this end; `bytes`: all of them unless said. */
    settle(code?: string, count?: number): boolean {
      if (pending === undefined) return false;
      const { bytes, done } = pending;
      pending = undefined;
      const taken = code === undefined ? (count ?? bytes.length) : 0;
      text += Buffer.from(bytes).toString('utf8', 0, taken);
      done(taken, code);
      return true;
    },
    get text() {
      return text;
    },
  };
}

t.test('a line that was written in part goes on where it stopped', async (t) => {
  const outlet = makeOutlet();
  const sink = new LogSink(outlet);
  sink.write('first line\n');
  sink.write('second line\n');
  outlet.settle(undefined, 4);
  outlet.settle();
  outlet.settle();
  t.equal(outlet.text, 'first line\nsecond line\n');
  t.notOk(sink.isStuck);
});

t.test('what does not fit is dropped and counted, and the loss is told in its place', async (t) => {
  const outlet = makeOutlet();
  const sink = new LogSink(outlet);
  sink.onResumed = ({ dropped, reason }) => sink.write(`${dropped} lost: ${reason}\n`);
  const line = `${'x'.repeat(1023)}\n`;
  for (let i = 0; i < 2000; i++) sink.write(line);
  const { dropped } = sink;
  t.ok(dropped > 900 && dropped < 1000, `${dropped} of 2000 KiB`);
  outlet.settle('ENOSPC');
  t.equal(sink.failure, 'ENOSPC');
  const flushed = sink.flush(60_000);
  while (outlet.settle());
  await flushed;
  t.equal(sink.failure, undefined);
  sink.write('after\n');
  outlet.settle();
  const lines = outlet.text.split('\n');
  t.equal(lines.filter((each) => each === line.trim()).length, 2000 - dropped);
  t.same(lines.slice(-3), [`${dropped} lost: ENOSPC`, 'after', ''], 'one line, where they are missing');
  t.equal(sink.dropped, dropped, 'and the count stays');
});

t.test('a flush ends when nobody takes the lines', async (t) => {
  const outlet = makeOutlet();
  const sink = new LogSink(outlet);
  sink.write('line\n');
  await sink.flush(1);
  t.ok(sink.isStuck, 'the write has not come back');
  outlet.settle('EPIPE');
  await sink.flush(1);
  t.equal(outlet.text, '');
});
