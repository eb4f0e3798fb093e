/** Faults that nobody caught: the first one counts, none of them throws again, whatever was thrown. */
import { EventEmitter } from 'node:events';
import t from 'tap';
import { catchFaults } from '../../src/cli/faults.ts';

function make() {
  const events = new EventEmitter();
  const lines: string[] = [];
  const log = {
    fatal: (line: object, message: string) => lines.push(`fatal ${JSON.stringify(line)} ${message}`),
    error: (line: object, message: string) => lines.push(`error ${JSON.stringify(line)} ${message}`),
  };
  const called: string[] = [];
  const faults = catchFaults(events, log, () => called.push('end the start'));
  return { events, lines, called, faults };
}

t.test('before the start is done a fault ends it', async (t) => {
  const { events, lines, called, faults } = make();
  t.equal(faults.happened, false);
  events.emit('uncaughtException', new Error('x'));
  events.emit('uncaughtException', new Error('y'));
  t.same(called, ['end the start']);
  t.match(lines[0], /^fatal .*ended by/);
  t.equal(faults.happened, true);
});

t.test('then it ends what decides, once, and is told only so often', async (t) => {
  const { events, lines, called, faults } = make();
  faults.started(() => {
    called.push('abandon');
    throw new Error('broken too');
  });
  for (let i = 0; i < 1000; i++) events.emit(i % 2 ? 'unhandledRejection' : 'uncaughtException', new Error('x'));
  t.same(called, ['abandon']);
  t.equal(lines.filter((line) => line.startsWith('fatal')).length, 1);
  t.ok(lines.length < 20, `${lines.length} lines`);
});

t.test('nothing that can be thrown makes it throw', async (t) => {
  const unreadable = new Proxy(new Error('x'), {
    get: () => {
      throw new Error('hands off');
    },
  });
  for (const fault of [undefined, null, 0, Symbol('x'), Object.create(null), unreadable]) {
    const { events, lines, called, faults } = make();
    faults.started(() => called.push('abandon'));
    t.doesNotThrow(() => events.emit('uncaughtException', fault));
    t.same(called, ['abandon']);
    t.match(lines[0], /^fatal .*DNS is answered on/);
  }
});
