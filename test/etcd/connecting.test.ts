/** Connections that were left while they were made are there for whoever comes back, and those that came to nothing are not. */
import t, { type Test } from 'tap';
import { Connecting } from '../../src/etcd/connecting.ts';
import { EtcdFailure } from '../../src/etcd/failure.ts';
import { Line } from '../../src/etcd/line.ts';
import { methodOf } from '../../src/etcd/protocol.ts';
import { layPoorWire } from '../fixtures/poor-wire.ts';
import { comesTo } from '../fixtures/soon.ts';
import { standIn } from './stand-in.ts';

const RANGE = methodOf('KV', 'Range');
/** Longer than a round through all members that a fleet may have. */
const ROUND_MS = 60_000;

/** A line by a wire that delays or swallows what it carries, left with the first request, which was too late. */
async function leave(t: Test, connecting: Connecting, quality: Parameters<typeof layPoorWire>[2]): Promise<Line> {
  const member = await standIn(t, { range: () => ({ header: { revision: '1' }, kvs: [], more: false }) });
  const wire = await layPoorWire(t, Number(new URL(member).port), quality);
  const line = new Line(`http://127.0.0.1:${wire.port}`, undefined);
  t.teardown(() => line.close());
  const deadline = new Date(Date.now() + 500);
  t.type(await line.ask(RANGE, { key: Buffer.from('a') }, { deadline, token: undefined }), EtcdFailure);
  connecting.leave(line);
  return line;
}

/** From now on so much more time has gone by. */
function later(t: Test, ms: number): void {
  const { now } = performance;
  t.intercept(performance, 'now', { value: () => now.call(performance) + ms });
}

t.test('one that came to be is taken, however long all the others were asked', async (t) => {
  const connecting = new Connecting();
  const line = await leave(t, connecting, { delayMs: 1000 });
  await comesTo(
    () => line.isReady,
    (isReady) => isReady,
  );
  later(t, ROUND_MS);
  t.equal(connecting.take(line.endpoint), line);
  t.equal(connecting.take(line.endpoint), undefined, 'once');
  connecting.leave(line);
  t.equal(connecting.take(line.endpoint), undefined, 'and is closed where it was of no use');
});

t.test('one that did not is closed', async (t) => {
  const connecting = new Connecting();
  const line = await leave(t, connecting, { isSilent: true });
  t.ok(line.isOpen);
  later(t, ROUND_MS);
  t.equal(connecting.take(line.endpoint), undefined);
  t.notOk(line.isOpen);
});
