/** Releases through a whole server and real sockets: a gate that fails, and `kill -9` wherever a release may be. */
import http from 'node:http';
import type net from 'node:net';
import t, { type Test } from 'tap';
import { awaited } from '../fixtures/awaited.ts';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { mulberry32 } from '../fixtures/mutate.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

const app = '/v1/services/app.example.test';
const GREEN = '192.0.2.20';
const env = { TEAL_PROBES_ALLOW: '127.0.0.0/8' };

/** A server for gates: answers with the status that the path names. */
async function startGate(t: Test): Promise<{ url: string; asked: number }> {
  const gate = { url: '', asked: 0 };
  const server = http.createServer((request, response) => {
    gate.asked++;
    response.writeHead(Number(request.url?.slice(1))).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  gate.url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/`;
  return gate;
}

async function must(teal: TealProcess, method: string, path: string, body?: unknown) {
  const reply = await teal.call(method, path, body);
  if (reply.status >= 300) throw new Error(`${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

/** All blue, with a TTL of a second, so that releases take seconds. */
async function allBlue(teal: TealProcess, more: object = {}): Promise<void> {
  const pools = { blue: { weight: 100, targets: ['192.0.2.10'] }, green: { weight: 0, targets: [GREEN] } };
  await must(teal, 'PUT', app, { ttlSeconds: 1, pools, ...more });
}

/** Reads the release until it is as it should be. */
const until = (
  teal: TealProcess,
  id: string,
  isThere: (release: { state: string; stepIndex: number; weights?: object }) => boolean,
) => awaited('a state of the release', () => must(teal, 'GET', `${app}/releases/${id}`), isThere);

/** Asks twice. */
const analysis = (url: string, intervalSeconds: number) => ({
  analysis: { count: 2, intervalSeconds, metrics: [{ name: 'smoke', web: { url } }] },
});

interface LoggedRevision {
  readonly at: string;
  readonly kind: string;
  readonly summary: string;
  readonly subjects: readonly { readonly after: { readonly green: number } }[];
}

/** The wall clock, which the log has, is a little off the clock that measures waits. */
const CLOCKS_DIFFER_MS = 50;
/** Of the gate that fails: the weights must be back before it would be asked again. */
const INTERVAL_SECONDS = 60;

t.test('a canary whose gate fails at 50: no answer is green from then on, and history tells why', async (t) => {
  const gate = await startGate(t);
  const teal = await startTeal(temporaryFolder(t), { env });
  await allBlue(teal);
  const good = analysis(`${gate.url}200`, 1);
  const bad = analysis(`${gate.url}503`, INTERVAL_SECONDS);
  const steps = [{ setWeight: 10 }, good, { setWeight: 50 }, { pause: {} }, bad, { setWeight: 100 }];
  const { id } = await must(teal, 'POST', `${app}/releases`, { to: 'green', steps });
  const fifty = await until(teal, id, ({ stepIndex }) => stepIndex >= 3);
  t.same(fifty.weights, { blue: 50, green: 50 });
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  // When the last query was sent that was answered so, and when the answer was here.
  let [askedMs, greenAtMs] = [0, 0];
  for (let i = 0; i < 100; i++) {
    const startedMs = Date.now();
    const { answers } = await client.ask(buildQuery({ name: 'app.example.test' }));
    if (answers[0]?.data === GREEN) [askedMs, greenAtMs] = [startedMs, Date.now()];
  }
  await must(teal, 'POST', `${app}/releases/${id}/promote`);
  const aborted = await until(teal, id, ({ state }) => state === 'aborted');
  t.match(aborted, {
    reason: 'analysis_failed',
    message: /^smoke failed: answered 503/,
    weights: { blue: 100, green: 0 },
  });
  for (let i = 0; i < 500; i++) {
    const { answers } = await client.ask(buildQuery({ name: 'app.example.test' }));
    if (answers[0]?.data === GREEN) t.fail(`answer ${i} is green`);
  }
  await client.close();
  const { items } = await must(teal, 'GET', `${app}/history?order=newest&limit=2`);
  const [last, before] = items;
  t.match(last, {
    actor: 'teal',
    kind: 'release.step',
    summary: /aborted by its analysis.*smoke failed: answered 503/,
  });
  t.match(before, { kind: 'release.promote' });
  const tookMs = Date.parse(last.at) - Date.parse(before.at);
  t.ok(tookMs < INTERVAL_SECONDS * 1000, `the weights were back ${tookMs} ms after the pause, when the gate was asked`);
  t.equal(gate.asked, 3, 'twice at 10, once at 50');
  const { green } = (await must(teal, 'GET', `${app}/drain`)).pools;
  const lastMs = Date.parse(green.lastAnswerAt);
  t.ok(lastMs <= greenAtMs && askedMs - lastMs < 1000, 'the last answer of green is the last that was received');
  // Its TTL of a second and the margin of two, up to the next whole second.
  t.equal(green.drainedAt, new Date(Math.ceil(lastMs / 1000 + 1 + 2) * 1000).toISOString());
  await teal.end('SIGTERM');
});

t.test('kill -9 in every state: the release goes on where it was', async (t) => {
  const gate = await startGate(t);
  const folder = temporaryFolder(t);
  const begunAt = performance.now();
  let teal = await startTeal(folder, { env });
  // What goes on while a server starts is still there when it can be asked, however long that takes.
  const seconds = Math.ceil((3 * (performance.now() - begunAt)) / 1000);
  await allBlue(teal, { ttlSeconds: 2, release: { ttlSeconds: 1 } });
  const steps = [
    { setWeight: 10 },
    { pause: { duration: seconds } },
    analysis(`${gate.url}200`, seconds),
    { setWeight: 50 },
    { pause: {} },
    { setWeight: 100 },
  ];
  const { id } = await must(teal, 'POST', `${app}/releases`, { to: 'green', steps });
  const seen: string[] = [];
  for (let lives = 0; lives < 60; lives++) {
    const release = await must(teal, 'GET', `${app}/releases/${id}`);
    const kind = release.wait?.kind ?? release.state;
    if (!seen.includes(kind)) {
      seen.push(kind);
      await teal.end('SIGKILL');
      teal = await startTeal(folder, { env });
      const { weights } = await must(teal, 'GET', `${app}/weights`);
      const now = await must(teal, 'GET', `${app}/releases/${id}`);
      t.ok(now.stepIndex >= release.stepIndex, `after a kill while it was ${kind}`);
      if (now.revision === release.revision) t.same(weights, release.weights);
    }
    if (kind === 'completed') break;
    if (kind === 'promotion') await must(teal, 'POST', `${app}/releases/${id}/promote`);
    await until(
      teal,
      id,
      ({ state, ...rest }) => (rest as { wait?: { kind: string } }).wait?.kind !== kind || state === 'completed',
    );
  }
  t.same(seen, ['lowering', 'pause', 'analysis', 'promotion', 'settling', 'completed']);
  const { items } = await must(teal, 'GET', `${app}/history?limit=100`);
  const shares = (items as LoggedRevision[])
    .filter(({ kind }) => kind.startsWith('release.'))
    .map(({ subjects }) => subjects[0]?.after.green);
  t.same(shares, [0, 10, 10, 50, 100, 100], 'each step once, in order');
  t.match(await must(teal, 'GET', app), {
    ttlSeconds: 2,
    loweredTtlSeconds: undefined,
    pools: { green: { weight: 100 } },
  });
  await teal.end('SIGTERM');
});

t.test('kill -9 at any moment: every step is taken once, in order, and none before its time', async (t) => {
  const folder = temporaryFolder(t);
  const random = mulberry32(20261124);
  const begunAt = performance.now();
  let teal = await startTeal(folder, { env });
  // It is not over after a start or two, however slow they are here.
  const seconds = Math.ceil((performance.now() - begunAt) / 2000);
  await allBlue(teal);
  const percents = [10, 20, 30, 40, 50, 60, 70, 80];
  const steps = percents.flatMap((setWeight) => [{ setWeight }, { pause: { duration: seconds } }]);
  const { id } = await must(teal, 'POST', `${app}/releases`, { to: 'green', steps });
  let kills = 0;
  for (; ; kills++) {
    await new Promise((resolve) => setTimeout(resolve, 300 + random() * 1500));
    const { state } = await must(teal, 'GET', `${app}/releases/${id}`);
    if (state === 'completed') break;
    await teal.end('SIGKILL');
    teal = await startTeal(folder, { env });
  }
  const { items } = await must(teal, 'GET', `${app}/history?limit=100`);
  const taken = (items as LoggedRevision[]).filter(({ kind }) => kind.startsWith('release.'));
  // The last revision of the release ends its last pause.
  t.same(
    taken.map(({ subjects }) => subjects[0]?.after.green),
    [...percents, 80],
  );
  for (const [i, { at, summary }] of taken.entries()) {
    const waitedMs = i === 0 ? 1000 * seconds : Date.parse(at) - Date.parse(taken[i - 1]?.at ?? '');
    t.ok(waitedMs >= 1000 * seconds - CLOCKS_DIFFER_MS, `${waitedMs} ms, then ${summary}`);
  }
  t.ok(kills > 1, `${kills} kills`);
  await teal.end('SIGTERM');
});

t.test('a server that stops takes no step any more, and the next one does', async (t) => {
  const folder = temporaryFolder(t);
  let teal = await startTeal(folder, { env });
  await allBlue(teal);
  const { id } = await must(teal, 'POST', `${app}/releases`, { to: 'green', preset: 'Canary10Percent5Minutes' });
  t.match(await teal.end('SIGTERM'), { code: 0 }, 'a wait of five minutes does not hold it up');
  teal = await startTeal(folder, { env });
  t.match(await must(teal, 'GET', `${app}/releases/${id}`), { state: 'paused', weights: { green: 10 } });
  await teal.end('SIGTERM');
});

t.test('a gate on this machine may not be asked unless the settings say so', async (t) => {
  const gate = await startGate(t);
  const teal = await startTeal(temporaryFolder(t));
  await allBlue(teal);
  const steps = [{ setWeight: 10 }, analysis(`${gate.url}200`, 2), { setWeight: 100 }];
  const { id } = await must(teal, 'POST', `${app}/releases`, { to: 'green', steps });
  const release = await until(teal, id, ({ state }) => state === 'aborted');
  t.match(release, { message: /127\.0\.0\.1, which may not be asked; the setting probes\.allow/ });
  t.equal(gate.asked, 0);
  await teal.end('SIGTERM');
});
