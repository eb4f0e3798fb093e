/** A restart under load on sockets that a supervisor keeps: no query is lost, for they wait in the sockets' buffers. */
import t from 'tap';
import { askTcp, buildQuery } from '../fixtures/dns-client.ts';
import { runs } from '../fixtures/runs.ts';
import { HandedOver, SteadyClient } from './restart.ts';

const RESTARTS = runs(2);
/** What waits in a gap of a few seconds is a hundred times what the buffers hold that nobody made larger. */
const QPS_MAX = 5000;
/** No restart may take longer for the buffers to hold what comes; where they are small, or the machine is slow, less comes. */
const GAP_MAX_SECONDS = 20;
const STARTS_A_GAP = 5;
const BUFFER_BYTES = 128 * 2 ** 20;

if (process.platform !== 'linux') {
  t.comment('sockets are handed over on Linux only');
} else {
  // One socket that both workers read, and several.
  for (const sockets of [1, 2, 16]) {
    t.test(`${sockets} UDP sockets, 2 workers`, async (t) => {
      const handed = new HandedOver(sockets, BUFFER_BYTES);
      t.teardown(() => handed.close());
      const folder = t.testdir();
      let server = await handed.start(folder);
      t.teardown(() => server.child.kill('SIGKILL'));
      const gapSeconds = Math.max(GAP_MAX_SECONDS, (STARTS_A_GAP * server.startedMs) / 1000);
      const qps = Math.min(QPS_MAX, Math.floor(handed.capacity / gapSeconds));
      const client = new SteadyClient(handed.port, qps);
      await client.replies(qps);
      for (let i = 0; i < RESTARTS; i++) {
        t.equal(await server.stop(), 0);
        server = await handed.start(folder);
        t.comment(`started in ${Math.round(server.startedMs)} ms`);
        await client.replies(qps);
      }
      const tally = await client.finish();
      const { sent, received, missed, wrong, longestGapMs, slowestMs } = tally;
      t.comment(`${qps} qps, longest gap ${Math.round(longestGapMs)} ms, slowest answer ${Math.round(slowestMs)} ms`);
      t.ok(sent > (RESTARTS + 1) * qps, `${sent} queries were sent`);
      t.same({ lost: tally.lost, wrong, dropped: handed.dropped }, { lost: 0, wrong: 0, dropped: 0 });
      t.equal(received + missed, sent);
      await server.stop();
    });
  }

  t.test('TCP connections that come while nobody accepts wait too', async (t) => {
    const handed = new HandedOver(1, BUFFER_BYTES);
    t.teardown(() => handed.close());
    const folder = t.testdir();
    const first = await handed.start(folder);
    await first.stop();
    const waiting = askTcp('127.0.0.1', handed.port, [buildQuery({ name: 'app.example.test' })], { timeoutMs: 60_000 });
    const second = await handed.start(folder);
    t.teardown(() => second.child.kill('SIGKILL'));
    t.equal((await waiting)[0]?.answers.length, 1);
    await second.stop();
  });
}
