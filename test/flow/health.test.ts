/** Health through a whole server and real sockets: targets that go and come, states that people force, and `kill -9`. */
import http from 'node:http';
import type net from 'node:net';
import t, { type Test } from 'tap';
import { awaited } from '../fixtures/awaited.ts';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { soon } from '../fixtures/soon.ts';

const NAME = 'app.example.test';
const app = `/v1/services/${NAME}`;
const BLUE = '192.0.2.10';
const GREEN = '192.0.2.20';
const env = { TEAL_PROBES_ALLOW: '127.0.0.0/8' };

interface Target {
  status: number;
  readonly place: string;
}

/** A server that stands for a target, and answers with its status. */
async function startTarget(t: Test): Promise<Target> {
  const target = { status: 200, place: '' };
  const server = http.createServer((_request, response) => response.writeHead(target.status).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  target.place = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  return target;
}

async function must(teal: TealProcess, method: string, path: string, body?: unknown) {
  const reply = await teal.call(method, path, body);
  if (reply.status >= 300) throw new Error(`${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

function service(blue: Target, green: Target, weights = { blue: 90, green: 10 }, intervalSeconds = 2) {
  return {
    ttlSeconds: 1,
    pools: {
      blue: { weight: weights.blue, targets: [BLUE] },
      green: { weight: weights.green, targets: [GREEN] },
    },
    health: {
      http: { path: '/up' },
      // A busy machine keeps one probe waiting for so long now and then, and not three in a row.
      ...{ intervalSeconds, timeoutSeconds: intervalSeconds, rise: 1, fall: 3 },
      probe: { [BLUE]: blue.place, [GREEN]: green.place },
    },
  };
}

/** The addresses that 200 queries over one socket each get; both workers are met. */
async function answers(teal: TealProcess): Promise<string> {
  const found = new Set<string>();
  for (let socket = 0; socket < 8; socket++) {
    const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
    for (let i = 0; i < 25; i++) {
      const { answers } = await client.ask(buildQuery({ name: NAME }));
      for (const { data } of answers) found.add(data);
    }
    await client.close();
  }
  return [...found].sort().join(' ');
}

interface Health {
  readonly pools: Record<string, { healthy: boolean; targets: Record<string, { state: string }> }>;
  readonly failOpen: boolean;
}

/** Reads the health until it is so. */
const until = (teal: TealProcess, isThere: (health: Health) => boolean) =>
  awaited('a state of health', (): Promise<Health> => must(teal, 'GET', `${app}/health`), isThere);

t.test('targets go down and come back, shifts go on meanwhile, and where all are down all are answered', async (t) => {
  const [blue, green] = [await startTarget(t), await startTarget(t)];
  const teal = await startTeal(temporaryFolder(t), { env });
  await must(teal, 'PUT', app, service(blue, green));
  await until(
    teal,
    ({ pools }) => pools.blue?.targets[BLUE]?.state === 'up' && pools.green?.targets[GREEN]?.state === 'up',
  );
  t.equal(await answers(teal), `${BLUE} ${GREEN}`);
  const { revision } = await must(teal, 'GET', `${app}/weights`);

  blue.status = 503;
  await until(teal, ({ pools }) => pools.blue?.healthy === false);
  t.equal(await answers(teal), GREEN, 'once it is said, it is answered');
  t.equal((await must(teal, 'GET', `${app}/weights`)).revision, revision, 'no revision');
  // Weights that leave no pool out of 200 draws by chance: 0.6^200 is nothing.
  await must(teal, 'PUT', `${app}/weights`, { blue: 60, green: 40 });
  t.equal(await answers(teal), GREEN, 'a shift to what is down does not bring it back');

  green.status = 503;
  await until(teal, ({ failOpen }) => failOpen);
  t.equal(await answers(teal), `${BLUE} ${GREEN}`);
  await must(teal, 'PUT', `${app}/weights`, { blue: 100, green: 0 });
  t.equal(await answers(teal), BLUE, 'open means as if all were well');

  green.status = 200;
  await until(teal, ({ pools }) => pools.green?.healthy === true);
  t.equal(await answers(teal), BLUE, 'a pool without weight is not promoted');
  blue.status = 200;
  await must(teal, 'PUT', `${app}/weights`, { blue: 90, green: 10 });
  await until(teal, ({ pools }) => pools.blue?.healthy === true);
  t.equal(await answers(teal), `${BLUE} ${GREEN}`);
  const lines = teal.log.filter(({ part }) => part === 'health').map(({ msg, target }) => `${msg} ${target}`);
  t.same(
    lines.filter((line) => line.startsWith('a target is down')),
    [`a target is down ${BLUE}`, `a target is down ${GREEN}`],
  );
  await teal.end('SIGTERM');
});

t.test('a forced state survives kill -9, is answered from the first query on, and ends on time', async (t) => {
  const [blue, green] = [await startTarget(t), await startTarget(t)];
  const folder = temporaryFolder(t);
  let teal = await startTeal(folder, { env });
  // What probes see is of no interest here.
  await must(teal, 'PUT', app, service(blue, green, undefined, 60));
  await must(teal, 'PUT', `${app}/health/blue`, { state: 'down', durationSeconds: 600 });
  t.equal(await answers(teal), GREEN);
  await teal.end('SIGKILL');
  teal = await startTeal(folder, { env });
  t.equal(await answers(teal), GREEN);
  t.match(await must(teal, 'GET', `${app}/health`), { pools: { blue: { healthy: false, forced: { state: 'down' } } } });
  await must(teal, 'DELETE', `${app}/health/blue`);
  t.equal(await answers(teal), `${BLUE} ${GREEN}`);

  const { forced } = await must(teal, 'PUT', `${app}/health/green`, { state: 'down', durationSeconds: 2 });
  await until(teal, ({ pools }) => pools.green?.healthy === true);
  t.ok(Date.now() >= Date.parse(forced.until) - 100, 'not before its time');
  // Its time may be over for who reads it a moment before it is written down that it is.
  await soon(t).equal(() => answers(teal), `${BLUE} ${GREEN}`);
  const { items } = await must(teal, 'GET', `${app}/history?order=newest&limit=1`);
  t.match(items[0], { kind: 'health.expire', actor: 'teal' });
  await teal.end('SIGTERM');
});

t.test('a release waits for a pool to be healthy, and is taken back where it is not', async (t) => {
  const [blue, green] = [await startTarget(t), await startTarget(t)];
  const teal = await startTeal(temporaryFolder(t), { env });
  await must(teal, 'PUT', app, service(blue, green, { blue: 100, green: 0 }));
  const metrics = [{ name: 'up', health: { pool: 'green' } }];
  const body = {
    to: 'green',
    steps: [{ setWeight: 50 }, { analysis: { count: 60, intervalSeconds: 1, metrics } }, { setWeight: 100 }],
  };
  const { id } = await must(teal, 'POST', `${app}/releases`, body);
  const read = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return must(teal, 'GET', `${app}/releases/${id}`);
  };
  let release = await read();
  while ((release.analysis?.metrics[0]?.measurements ?? 0) < 2) release = await read();
  t.match(release.analysis.metrics[0], { failures: 0, last: { outcome: 'passed', message: /green of .* is healthy/ } });
  green.status = 500;
  while (release.state !== 'aborted') release = await read();
  t.match(release, {
    reason: 'analysis_failed',
    message: /^up failed: green of .* is unhealthy: .*answered 500/,
    weights: { green: 0 },
  });
  await teal.end('SIGTERM');
});

t.test('while health changes the plan again and again, no answer is from before an acknowledged shift', async (t) => {
  const [blue, green, spare] = [await startTarget(t), await startTarget(t), await startTarget(t)];
  const teal = await startTeal(temporaryFolder(t), { env });
  const base = service(blue, green, { blue: 1, green: 0 });
  await must(teal, 'PUT', app, {
    ...base,
    pools: { ...base.pools, spare: { weight: 0, targets: ['192.0.2.30'] } },
    health: { ...base.health, probe: { ...base.health.probe, '192.0.2.30': spare.place } },
  });
  const clients = await Promise.all(Array.from({ length: 4 }, () => UdpClient.open('127.0.0.1', teal.dnsPort)));
  const changes = (): number =>
    teal.log.filter(({ part, target }) => part === 'health' && target === '192.0.2.30').length;
  let shifts = 0;
  let stale = 0;
  while (changes() < 5 || shifts < 200) {
    const toGreen = ++shifts % 2 === 0;
    // Its weight is 0, so that its coming and going changes the plan and no answer.
    spare.status = changes() % 2 === 0 ? 200 : 503;
    await must(teal, 'PUT', `${app}/weights`, { blue: toGreen ? 0 : 1, green: toGreen ? 1 : 0, spare: 0 });
    const replies = await Promise.all(clients.map((client) => client.ask(buildQuery({ name: NAME }))));
    stale += replies.filter(({ answers }) => answers[0]?.data !== (toGreen ? GREEN : BLUE)).length;
  }
  t.equal(stale, 0, `of ${4 * shifts} answers after ${shifts} shifts, during ${changes()} changes of health`);
  for (const client of clients) await client.close();
  await teal.end('SIGTERM');
});
