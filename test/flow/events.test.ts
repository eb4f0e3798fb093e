/** Events through a real server: under a load of shifts, cut connections and kill -9, each revision is told once. */
import t from 'tap';
import { EventReader } from '../fixtures/event-source.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

/** Events that a connection brings before the client drops it. */
const EVENTS_A_CONNECTION = 25;
const KILLS = 2;
const ACKNOWLEDGED_BETWEEN_KILLS = 120;

t.test('nothing is lost or told twice, whatever is cut off', async (t) => {
  const folder = t.testdir();
  let teal = await startTeal(folder);
  t.teardown(() => teal.child.kill('SIGKILL'));
  const heard: string[] = [];
  let lastEventId = '0';
  let acknowledged = 0;
  /** The last revision that there will be. */
  let goal = Number.POSITIVE_INFINITY;

  /** Reads, drops the connection now and then, and goes on after the last event. */
  const listen = async (): Promise<void> => {
    while (Number(lastEventId) < goal) {
      const server = teal;
      const reader = await EventReader.open(`${server.admin}/v1/events`, server.token, lastEventId).catch(
        () => undefined,
      );
      if (reader === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
      else {
        const enough = reader.until(({ id }) => reader.events.length >= EVENTS_A_CONNECTION || Number(id) >= goal);
        await Promise.race([enough, reader.ended]);
        reader.close();
        heard.push(...reader.events.map(({ id }) => id));
        lastEventId = reader.lastEventId || lastEventId;
      }
    }
  };

  let weight = 0;
  const shift = async (server: TealProcess): Promise<void> => {
    weight = (weight % 1000) + 1;
    const reply = await server.call('PUT', '/v1/services/app.example.test/weights', { blue: weight, green: 1 });
    acknowledged = Math.max(acknowledged, reply.body.revision);
  };

  const listening = listen();
  for (let kill = 0; kill <= KILLS; kill++) {
    const until = acknowledged + ACKNOWLEDGED_BETWEEN_KILLS;
    while (acknowledged < until) await shift(teal);
    if (kill === KILLS) break;
    // In the middle of a shift: whether it is done, the log will say.
    const pending = shift(teal).catch(() => {});
    await teal.end('SIGKILL');
    await pending;
    teal = await startTeal(folder);
  }
  goal = acknowledged + 1;
  await shift(teal);
  await listening;
  t.same(
    heard.map(Number),
    Array.from({ length: acknowledged }, (_, i) => i + 1),
  );
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null }, JSON.stringify(teal.log.at(-1)));
});

t.test('a server that stops does not wait for those who listen', async (t) => {
  const teal = await startTeal(t.testdir());
  t.teardown(() => teal.child.kill('SIGKILL'));
  const reader = await EventReader.open(`${teal.admin}/v1/events`, teal.token);
  await reader.opened();
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
  t.equal(await reader.ended, 'ended');
});
