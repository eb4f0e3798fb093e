/** Signs of life: who stands still is found, and nobody else is. */
import t from 'tap';
import { Beat, BeatWatch } from '../../src/sockets/beat.ts';
import { watchdogPeriodMs } from '../../src/sockets/watchdog.ts';
import { BEATS, CONTROL_BYTES, MAX_READERS } from '../../src/table/layout.ts';

function make(workers: number, looks: number) {
  const control = new SharedArrayBuffer(CONTROL_BYTES);
  const beats = Array.from({ length: workers }, (_, worker) => new Beat(control, worker));
  return { beats: beats as [Beat, Beat], watch: new BeatWatch(beats, looks), control };
}

t.test('one that shows no life for so many looks stands still, until it does or is forgotten', async (t) => {
  const { beats, watch } = make(2, 3);
  const [first, second] = beats;
  for (let look = 1; look <= 5; look++) {
    first.raise();
    t.same(watch.look(), look < 3 ? [] : [1]);
  }
  second.raise();
  t.same(watch.look(), [], 'the first has missed one look only');
  t.same(watch.look(), []);
  t.same(watch.look(), [0]);
  watch.forget(0);
  t.same(watch.look(), [1], 'another thread has its place and its time');
});

t.test('the count goes round', async (t) => {
  const { beats, watch, control } = make(1, 1);
  new Int32Array(control)[BEATS] = 2 ** 31 - 1;
  t.same(watch.look(), []);
  beats[0].raise();
  t.equal(beats[0].read(), -(2 ** 31));
  t.same(watch.look(), []);
});

t.test('the last worker has its word', async (t) => {
  const beat = new Beat(new SharedArrayBuffer(CONTROL_BYTES), MAX_READERS - 1);
  beat.raise();
  t.equal(beat.read(), 1);
});

t.test('how often a watchdog is told', async (t) => {
  t.equal(watchdogPeriodMs({ WATCHDOG_USEC: '15000000' }, 7), 5000);
  t.equal(watchdogPeriodMs({ WATCHDOG_USEC: '15000000', WATCHDOG_PID: '7' }, 7), 5000);
  t.equal(watchdogPeriodMs({ WATCHDOG_USEC: '15000000', WATCHDOG_PID: '8' }, 7), undefined, 'another process is meant');
  for (const wrong of [undefined, '', '0', '-5', 'soon'])
    t.equal(watchdogPeriodMs(wrong === undefined ? {} : { WATCHDOG_USEC: wrong }, 7), undefined);
});
