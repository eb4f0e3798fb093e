/** The drain report through a whole server and real sockets, held against every answer that clients have received. */
import t, { type Test } from 'tap';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

const app = '/v1/services/app.example.test';
const BLUE = '192.0.2.10';
/** What the report adds to the last expiry (model/drain.ts), and what whole seconds add. */
const MARGIN_MS = 2000;
const ROUNDING_MS = 1000;
/** A busy machine may hold up the client, never the server's clock. */
const NOISE_MS = 1000;
const CLIENTS = 8;

interface Pool {
  readonly answers: number;
  readonly lastAnswerAt: string | null;
  readonly drainedAt: string | null;
  readonly drained: boolean;
  readonly assumed: boolean;
}

async function must(teal: TealProcess, method: string, path: string, body?: unknown) {
  const reply = await teal.call(method, path, body);
  if (reply.status >= 300) throw new Error(`${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

async function blueOf(teal: TealProcess): Promise<Pool> {
  return (await must(teal, 'GET', `${app}/drain`)).pools.blue;
}

/** Clients that ask without a pause, and what they saw of blue. */
class Load {
  answers = 0;
  /** When the last answer of blue that was received must be forgotten; Unix time, milliseconds. */
  heldUntilMs = 0;
  /** The same, where one that a busy machine kept for long counts as well. */
  keptUntilMs = 0;
  #isStopped = false;
  #done: Promise<unknown> = Promise.resolve();

  async start(port: number): Promise<void> {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => UdpClient.open('127.0.0.1', port)));
    this.#done = Promise.all(clients.map((client) => this.#ask(client)));
  }

  async #ask(client: UdpClient): Promise<void> {
    while (!this.#isStopped) {
      const askedMs = Date.now();
      const { answers } = await client.ask(buildQuery({ name: 'app.example.test' }));
      const [first] = answers;
      if (first?.data !== BLUE) continue;
      this.answers++;
      // The margin is for the way of an answer: of one that a busy machine kept for longer nothing is promised.
      const nowMs = Date.now();
      const receivedMs = Math.min(nowMs, askedMs + MARGIN_MS);
      this.heldUntilMs = Math.max(this.heldUntilMs, receivedMs + first.ttl * 1000);
      this.keptUntilMs = Math.max(this.keptUntilMs, nowMs + first.ttl * 1000);
    }
    await client.close();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }
}

async function start(t: Parameters<typeof temporaryFolder>[0], ttlSeconds: number) {
  const folder = temporaryFolder(t);
  const teal = await startTeal(folder);
  const pools = { blue: { weight: 50, targets: [BLUE] }, green: { weight: 50, targets: ['192.0.2.20'] } };
  await must(teal, 'PUT', app, { ttlSeconds, pools });
  return { folder, teal };
}

/** A busy machine may come late to see it, and never early. */
function notBefore(t: Test, { drained, drainedAt }: Pool): void {
  t.ok(!drained || Date.now() >= Date.parse(drainedAt ?? ''), 'drained at its time, and not before');
}

t.test('a shift under load: drained when the last answer that anybody received has expired', async (t) => {
  const { teal } = await start(t, 2);
  const load = new Load();
  await load.start(teal.dnsPort);
  while (load.answers < 2000) await new Promise((resolve) => setTimeout(resolve, 20));
  t.match(await blueOf(teal), { drainedAt: null, drained: false }, 'not while it has a weight');
  await must(teal, 'PUT', `${app}/weights`, { blue: 0, green: 1 });
  const shiftedAtMs = Date.now();
  notBefore(t, await blueOf(teal));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await load.stop();
  const blue = await blueOf(teal);
  const drainedAtMs = Date.parse(blue.drainedAt ?? '');
  t.equal(blue.answers, load.answers, 'every answer is counted once');
  t.ok(Date.parse(blue.lastAnswerAt ?? '') <= shiftedAtMs, 'none is given after the shift');
  t.ok(drainedAtMs >= load.heldUntilMs, `${drainedAtMs - load.heldUntilMs} ms after the last answer has expired`);
  t.ok(drainedAtMs <= load.keptUntilMs + MARGIN_MS + ROUNDING_MS + NOISE_MS, 'and not much later');
  t.match(blue, { assumed: false });
  notBefore(t, blue);
  while (!(await blueOf(teal)).drained) await new Promise((resolve) => setTimeout(resolve, 50));
  t.ok(Date.now() >= drainedAtMs, 'drained only then');
  await teal.end('SIGTERM');
});

t.test('after kill -9 it is never too early', async (t) => {
  // So long that two starts end before the answers do, however busy the machine is.
  let { folder, teal } = await start(t, 300);
  const load = new Load();
  await load.start(teal.dnsPort);
  while (load.answers < 500) await new Promise((resolve) => setTimeout(resolve, 20));
  await load.stop();
  const answeredMs = load.heldUntilMs;
  await teal.end('SIGKILL');
  teal = await startTeal(folder);
  await must(teal, 'PUT', `${app}/weights`, { blue: 0, green: 1 });
  const first = await blueOf(teal);
  t.match(first, { answers: 0, lastAnswerAt: null, drained: false, assumed: true });
  t.ok(Date.parse(first.drainedAt ?? '') >= answeredMs);
  await teal.end('SIGKILL');
  teal = await startTeal(folder);
  const second = await blueOf(teal);
  t.match(second, { drained: false, assumed: true }, 'also where the shift was before the kill');
  t.ok(Date.parse(second.drainedAt ?? '') >= answeredMs);
  const { message } = await must(teal, 'GET', `${app}/drain`);
  t.match(
    message,
    /^blue is drained for caches that honour TTL at .*assumed.*; existing connections are not ended by DNS$/,
  );
  await teal.end('SIGTERM');
});
