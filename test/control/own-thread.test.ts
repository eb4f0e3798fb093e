/** A thread that works on one request at a time: it ends when nobody needs it, and imports hold up nobody who reads. */
import { once } from 'node:events';
import t, { type Test } from 'tap';
import type { Timers } from '../../src/control/clock.ts';
import { OwnThread } from '../../src/control/zone-files/own-thread.ts';
import { ZoneFiles } from '../../src/control/zone-files/zone-files.ts';
import { Problem } from '../../src/model/errors.ts';
import { systemClock } from '../../src/server/system-clock.ts';
import { makeEngine, NOON_MS } from '../fixtures/engine.ts';

const moduleOf = (text: string): URL =>
  new URL(`data:text/javascript,import { parentPort as port } from 'node:worker_threads'; ${encodeURIComponent(text)}`);

/** Says of itself which of its requests this one is. */
const counting = moduleOf(
  "let n = 0; port.on('message', ({ kind }) => { if (kind === 'stop') port.close(); else port.postMessage(++n); });",
);
/** Never done with what it is asked for. */
const stuck = moduleOf("port.on('message', ({ kind }) => { if (kind === 'stop') port.close(); });");

/** Threads keep no process alive; a server has sockets that do. */
function stayAlive(t: Test): void {
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
}

t.test('a thread that nobody needs for long ends, and is started again', async (t) => {
  stayAlive(t);
  const set = new Set<() => void>();
  const timers: Timers = {
    after(_ms, work) {
      set.add(work);
      return () => set.delete(work);
    },
  };
  const own = new OwnThread({ what: 'a thread', entry: counting, options: {}, idleMs: 5 }, timers);
  const ask = () => own.inTurn(() => own.ask<number | Problem>({ kind: 'count' }, [], -1));
  t.same(await Promise.all([ask(), ask()]), [1, 2], 'one and the same thread');
  t.equal(set.size, 1, 'one timer, since its last request');
  const exited = once(own.start(), 'exit');
  for (const work of set) work();
  t.equal(await ask(), 1, 'asked while it ends, another one answers');
  await exited;
  await own.stop();
  t.same([...set].length, 0, 'no timer is left');
  t.match(await ask(), { code: 'stopping' });
});

t.test('a thread that is to be renewed keeps nobody waiting but who comes next', async (t) => {
  stayAlive(t);
  const own = new OwnThread({ what: 'a thread', entry: counting, options: {} }, systemClock);
  const ask = () => own.ask<number | Problem>({ kind: 'count' }, [], -1);
  const first = own.start();
  let hasEnded = false;
  first.once('exit', () => {
    hasEnded = true;
  });
  const wearing = own.inTurn(async () => {
    const reply = await ask();
    own.renewAfter();
    return reply;
  });
  const next = own.inTurn(ask);
  t.equal(await wearing, 1);
  t.notOk(hasEnded, 'it has its reply before');
  t.equal(await next, 1, 'the next one is answered by another thread');
  t.ok(hasEnded);
  await own.stop();
});

t.test('a zone is read while a file is imported, however long that takes', async (t) => {
  stayAlive(t);
  const fixture = makeEngine(t);
  const body = { nameservers: ['ns1.example.net'], hostmaster: 'h.example.net' };
  fixture.must({ kind: 'zone.put', zone: 'example.com', body });
  const files = new ZoneFiles(fixture.store, fixture.table, fixture.engine, systemClock, { builder: stuck });
  const importing = files.import('big.test', Buffer.from('x'), { actor: 'test', atMs: NOON_MS });
  const file = await files.export('example.com');
  if (file instanceof Problem) throw new Error(file.detail);
  t.match(Buffer.concat(file.pieces).toString(), /ORIGIN example\.com\./);
  const list = await files.list('example.com', undefined);
  if (list instanceof Problem) throw new Error(list.detail);
  t.match(Buffer.concat(list.pieces).toString(), /^\{"comments":\[\],"name":"example\.com\."/);
  await files.stop();
  t.match(await importing, { code: 'stopping' });
});
