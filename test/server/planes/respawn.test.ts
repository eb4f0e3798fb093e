/** A process that dies is started again at once; one that fails again and again, more and more slowly. */
import t from 'tap';
import { Respawn } from '../../../src/server/planes/respawn.ts';

t.test('whoever lived for a while, or was killed, is started at once', async (t) => {
  const respawn = new Respawn();
  t.equal(respawn.pauseMs(60_000, null), 0);
  for (let i = 0; i < 50; i++) t.equal(respawn.pauseMs(10, 'SIGKILL'), 0, 'kill -9 is no failure of its own');
  t.equal(respawn.pauseMs(60_000, 'SIGABRT'), 0);
  t.equal(respawn.count, 52);
});

t.test('whoever fails at once waits longer each time, but not for ever', async (t) => {
  const respawn = new Respawn();
  const pauses = Array.from({ length: 9 }, () => respawn.pauseMs(undefined, null));
  t.same(pauses, [0, 250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  t.equal(respawn.pauseMs(100, null), 10_000, 'a fault right after the start is the same');
  t.equal(respawn.pauseMs(5000, null), 0, 'it has lived, so that all is well again');
  t.equal(respawn.pauseMs(undefined, 'SIGKILL'), 0);
  t.equal(respawn.pauseMs(undefined, 'SIGKILL'), 250, 'one that was killed before it was ready may be too large');
});
