/** Guards: what is thrown by what runs by itself is told, and goes no further. */
import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import {
  afterMs,
  everyMs,
  guarded,
  inBackground,
  listen,
  listenOnce,
  onAbort,
  reportFaults,
  tellFault,
} from '../src/guard.ts';

const fail = (): never => {
  throw new Error('thrown by the test');
};

t.test('timers, listeners, signals, promises', async (t) => {
  const told: string[] = [];
  const all = new EventEmitter();
  reportFaults((fault, what) => {
    told.push(`${what}: ${(fault as Error).message}`);
    all.emit('told');
  });
  const emitter = new EventEmitter();
  listen(emitter, 'x', 'on', fail);
  listenOnce(emitter, 'x', 'once', fail);
  emitter.emit('x');
  emitter.emit('x');
  const abort = new AbortController();
  onAbort(abort.signal, 'abort', fail);
  abort.abort();
  guarded('call', fail)();
  t.same(
    told.splice(0),
    ['on', 'once', 'on', 'abort', 'call'].map((what) => `${what}: thrown by the test`),
  );
  for (const start of [
    () => afterMs('later', 0, fail),
    () => {
      const timer = everyMs('again', 1, fail);
      t.teardown(() => clearInterval(timer));
    },
    () => inBackground('promise', Promise.reject(new Error('thrown by the test'))),
    () => guarded('async', async () => fail())(),
  ]) {
    const heard = once(all, 'told');
    start();
    await heard;
  }
  t.same(new Set(told), new Set(['later', 'again', 'promise', 'async'].map((what) => `${what}: thrown by the test`)));
});

t.test('what was taken back hears nothing more, and a report that throws is nobody’s end', async (t) => {
  reportFaults(fail);
  tellFault(new Error('x'), 'x');
  const emitter = new EventEmitter();
  let heard = 0;
  listen(emitter, 'x', 'x', () => heard++)();
  listenOnce(emitter, 'x', 'x', () => heard++)();
  const abort = new AbortController();
  onAbort(abort.signal, 'x', () => heard++)();
  emitter.emit('x');
  abort.abort();
  await wait(0);
  t.equal(heard, 0);
});
