/** `kill -9` at any moment: what was acknowledged is there after the restart, and nothing is half-applied. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { mulberry32 } from '../fixtures/mutate.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { runs } from '../fixtures/runs.ts';

t.setTimeout(900_000);

/** Where a life ends: in the middle of its last shift, at a point that the server is watched for, or at any time. */
const POINTS = ['written', 'committed', 'answered', 'any time'] as const;
/** Which states may be there after it: that of the last shift or that before it. */
const survives = { written: [false], committed: [true], answered: [true], 'any time': [false, true] };
const ENDS = { written: 2, committed: 2, answered: 2, 'any time': runs(5) };
const KILLS = Object.values(ENDS).reduce((sum, count) => sum + count);
/** As many shifts as a machine with nothing else to do makes in a few seconds. */
const SHIFTS = 200;
/** A slow one makes fewer: when they have taken so long, each life has one shift. */
const ENOUGH_MS = 30_000;
/** And where starting alone is slow, fewer lives: each point has had its kill at least once, and that is the minimum. */
const LONG_MS = 120_000;
/** A kill at any time falls into this many times what the shift before took, however slow the machine is: before its end or a little after. */
const KILL_WITHIN_SHIFTS = 1.25;
const app = 'app.example.test';
const api = 'api.example.test';

/** State n of both services: their weights say the number, and each other. */
function weightsOf(state: number): { blue: number; green: number } {
  return { blue: 1 + state, green: 65_000 - state };
}

async function makeServices(teal: TealProcess): Promise<void> {
  for (const name of [app, api]) {
    const pools = {
      blue: { weight: weightsOf(0).blue, targets: ['192.0.2.10'] },
      green: { weight: weightsOf(0).green, targets: ['192.0.2.20'] },
    };
    const reply = await teal.call('PUT', `/v1/services/${name}`, { pools });
    if (reply.status >= 300) throw new Error(JSON.stringify(reply.body));
  }
}

/** All ends in an order that mixes them. */
function endsOfLives(): (typeof POINTS)[number][] {
  const left: Record<string, number> = { ...ENDS };
  const ends: (typeof POINTS)[number][] = [];
  while (ends.length < KILLS) ends.push(...POINTS.filter((point) => left[point]-- > 0));
  return ends;
}

t.test('kills during shifts of two services', async (t) => {
  const folder = temporaryFolder(t);
  const order = join(temporaryFolder(t), 'kill-at');
  const env = {
    NODE_OPTIONS: `--import=${new URL('./kill-at-commit.ts', import.meta.url)}`,
    KILL_AT_FILE: order,
    // What is killed is the whole server; planes.long.test.ts kills one of two processes.
    TEAL_DNS_PLANES: 'one',
  };
  const random = mulberry32(20261124);
  const startedAt = performance.now();
  let teal = await startTeal(folder, { env });
  await makeServices(teal);
  let state = 0;
  let lostReplies = 0;
  let tookMs = 0;
  const shift = async (to: number): Promise<void> => {
    const askedAt = performance.now();
    const services = { [app]: weightsOf(to), [api]: weightsOf(to) };
    const reply = await teal.call('POST', '/v1/shifts', { services });
    t.equal(reply.status, 200);
    tookMs = performance.now() - askedAt;
  };
  let kills = 0;
  for (const end of endsOfLives()) {
    if (kills >= POINTS.length && performance.now() - startedAt > LONG_MS) break;
    kills++;
    const many = Math.floor(SHIFTS / KILLS);
    for (let i = 1; i < many && performance.now() - startedAt < ENOUGH_MS; i++) await shift(++state);
    // The last one of this life.
    if (end === 'written' || end === 'committed') writeFileSync(order, end);
    const dying = teal;
    const waitMs = random() * KILL_WITHIN_SHIFTS * tookMs;
    const killing = end === 'any time' ? sleep(waitMs).then(() => dying.end('SIGKILL')) : undefined;
    const isAnswered = await shift(state + 1).then(
      () => true,
      () => false,
    );
    if (!isAnswered) lostReplies++;
    if (end !== 'any time' && isAnswered) await dying.end('SIGKILL');
    await killing;
    t.same(await dying.ended, { code: null, signal: 'SIGKILL' }, end);
    if (end !== 'any time') t.equal(isAnswered, end === 'answered', `${end}: the reply of the last shift`);
    rmSync(order, { force: true });
    teal = await startTeal(folder, { env });
    const weights = (await teal.call('GET', `/v1/services/${app}/weights`)).body.weights;
    const others = (await teal.call('GET', `/v1/services/${api}/weights`)).body.weights;
    t.same(others, weights, 'both services stand at the same state');
    const now = weights.blue - 1;
    t.same(weights, weightsOf(now), 'both weights are of one state');
    const possible = (isAnswered ? [true] : survives[end]).map((isThere) => state + Number(isThere));
    t.ok(possible.includes(now), `${end}: at ${now}, one of ${possible}`);
    state = now;
    const reply = await askUdp('127.0.0.1', teal.dnsPort, buildQuery({ name: app }));
    t.match(reply.answers[0]?.data, /^192\.0\.2\.(10|20)$/);
  }
  const revisions: { revision: number; kind: string }[] = [];
  for (let after = 0; ; ) {
    const { body } = await teal.call('GET', `/v1/revisions?after=${after}&limit=100`);
    revisions.push(...body.items);
    if (body.next === undefined) break;
    after = Number(body.next);
  }
  t.same(
    revisions.map(({ revision }) => revision),
    revisions.map((_, i) => i + 1),
    'the history has no gap',
  );
  t.equal(revisions.filter(({ kind }) => kind === 'shift').length, state, 'and every state is in it once');
  t.ok(kills >= POINTS.length, 'killed at each point');
  t.comment(`${kills} kills, ${lostReplies} of them before the reply of a shift; ${state} shifts`);
  await teal.end('SIGKILL');
});
