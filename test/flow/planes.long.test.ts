/** Two processes, for long: the one that decides is killed again and again, hangs, runs out of memory; no query is lost or stale. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { logged } from '../fixtures/awaited.ts';
import { preload } from '../fixtures/blind.ts';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { mulberry32 } from '../fixtures/mutate.ts';
import { controlPid, dataPid } from '../fixtures/planes.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { runs } from '../fixtures/runs.ts';
import { allAnswered, SteadyClient } from './restart.ts';

t.setTimeout(900_000);

const QPS = Number(process.env.QPS ?? 1000);
/** The same number at each of the points. */
const KILLS = 4 * runs(3);
/** How long a process stands still once it was told that it does, and nobody ends it. */
const HANG_MS = runs(10_000);
/** A reply that is late on a busy machine is no loss. */
const LOST_AFTER_MS = 60_000;
const app = 'app.example.test';
const WEIGHTS = `/v1/services/${app}/weights`;
const BLUE = '192.0.2.10';
const GREEN = '192.0.2.20';
const skip = process.platform !== 'linux' && 'memory is shared on Linux';
/** Where a life ends: before the last shift is committed, after that, once it was answered, or at any time. */
const POINTS = ['written', 'committed', 'answered', 'any time'] as const;

async function start(t: Test, env: Record<string, string> = {}, folder = temporaryFolder(t)): Promise<TealProcess> {
  const limits = { TEAL_DNS_RATE_LIMIT_RESPONSES_PER_SECOND: '0' };
  const teal = await startTeal(folder, { env: { TEAL_DNS_PLANES: 'two', ...limits, ...env } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  return teal;
}

/** Asks from sockets of its own until it is told to stop; each answer is held against what was acknowledged before the question. */
class Witness {
  /** What every answer must be from now on; undefined: a change is under way, and either may be. */
  expected: string | undefined;
  asked = 0;
  lost = 0;
  stale = 0;
  #isOver = false;
  readonly #done: Promise<unknown>;

  constructor(port: number, expected: string) {
    this.expected = expected;
    this.#done = Promise.all(Array.from({ length: 4 }, () => this.#ask(port)));
  }

  async #ask(port: number): Promise<void> {
    const client = await UdpClient.open('127.0.0.1', port);
    const query = buildQuery({ name: app });
    while (!this.#isOver) {
      const before = this.expected;
      this.asked++;
      const reply = await client.ask(query, LOST_AFTER_MS).catch(() => undefined);
      if (reply === undefined) this.lost++;
      // What was acknowledged before the question and is still in force is the only right answer.
      else if (before !== undefined && before === this.expected && reply.answers[0]?.data !== before) this.stale++;
      await sleep(5);
    }
    await client.close();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }
}

const said = ({ log }: TealProcess, text: string): number => log.filter(({ msg }) => String(msg).includes(text)).length;

const addressOf = (green: boolean): string => (green ? GREEN : BLUE);
const weightsOf = (green: boolean) => (green ? { blue: 0, green: 1 } : { blue: 1, green: 0 });

async function finish(t: Test, teal: TealProcess, client: SteadyClient): Promise<void> {
  await allAnswered(t, client);
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
}

t.test(`the control process is killed ${KILLS} times under load and shifts`, { skip }, async (t) => {
  const order = join(temporaryFolder(t), 'kill-at');
  const teal = await start(t, {
    NODE_OPTIONS: `--import=${new URL('./kill-at-commit.ts', import.meta.url)}`,
    KILL_AT_FILE: order,
  });
  const random = mulberry32(20261128);
  let isGreen = false;
  const put = (green: boolean) => teal.call('PUT', WEIGHTS, weightsOf(green));
  t.equal((await put(isGreen)).status, 200);
  const client = new SteadyClient(teal.dnsPort, QPS);
  const witness = new Witness(teal.dnsPort, addressOf(isGreen));
  const shift = async (): Promise<boolean> => {
    witness.expected = undefined;
    const isAnswered = await put(!isGreen).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (isAnswered) isGreen = !isGreen;
    if (isAnswered) witness.expected = addressOf(isGreen);
    return isAnswered;
  };
  const awayMs: number[] = [];
  let lostChanges = 0;
  for (let kill = 1; kill <= KILLS; kill++) {
    const point = POINTS[kill % POINTS.length] as (typeof POINTS)[number];
    await shift();
    await sleep(100 * random());
    const control = controlPid(teal.pid);
    if (point === 'written' || point === 'committed') writeFileSync(order, point);
    if (point === 'any time') sleep(5 * random()).then(() => process.kill(control, 'SIGKILL'));
    const before = isGreen;
    const isAnswered = await shift();
    if (point === 'answered') process.kill(control, 'SIGKILL');
    const killedAt = performance.now();
    await logged(teal, () => said(teal, 'the control process is back') >= kill);
    awayMs.push(performance.now() - killedAt);
    rmSync(order, { force: true });
    const green = (await teal.call('GET', WEIGHTS)).body.weights.green === 1;
    if (isAnswered && green !== isGreen) lostChanges++;
    if (point === 'written') t.equal(green, before, 'it was not committed');
    if (point === 'committed') t.equal(green, !before, 'it was committed, and is answered');
    isGreen = green;
    witness.expected = addressOf(isGreen);
  }
  await witness.end();
  t.equal(lostChanges, 0, 'acknowledged changes that are gone');
  t.same({ lost: witness.lost, stale: witness.stale }, { lost: 0, stale: 0 }, `of ${witness.asked} questions`);
  awayMs.sort((a, b) => a - b);
  const [median = 0, longest = 0] = [awayMs[Math.floor(awayMs.length / 2)], awayMs.at(-1)];
  t.comment(
    `${KILLS} kills at ${QPS} queries/s: back after ${Math.round(median)} ms (median), ${Math.round(longest)} ms at most`,
  );
  await finish(t, teal, client);
});

t.test('the control process runs out of memory', { skip }, async (t) => {
  const greed = `if (process.argv[2] === 'control') process.on('SIGWINCH', () => {
    const kept = []; for (;;) kept.push(Array.from({ length: 2 ** 16 }, () => ({}))); });`;
  const { NODE_OPTIONS = '' } = preload(greed);
  const teal = await start(t, { NODE_OPTIONS: `${NODE_OPTIONS} --max-old-space-size=256` });
  const client = new SteadyClient(teal.dnsPort, QPS);
  await client.replies(100);
  process.kill(controlPid(teal.pid), 'SIGWINCH');
  await logged(teal, () => said(teal, 'the control process is back') >= 1);
  t.equal((await teal.call('PUT', WEIGHTS, weightsOf(true))).status, 200);
  await finish(t, teal, client);
});

t.test('what befalls a server, one thing after the other', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const teal = await start(t, {}, folder);
  await t.test('the control process is stopped for longer than it may be silent', async (t) => {
    const client = new SteadyClient(teal.dnsPort, QPS);
    process.kill(controlPid(teal.pid), 'SIGSTOP');
    await logged(teal, () => said(teal, 'the control process shows no life') >= 1);
    await sleep(HANG_MS);
    const silences = said(teal, 'the control process shows no life');
    process.kill(controlPid(teal.pid), 'SIGCONT');
    await logged(teal, () => said(teal, 'the control process shows life again') >= silences);
    t.equal((await teal.call('PUT', WEIGHTS, weightsOf(true))).status, 200);
    t.equal(said(teal, 'is back'), 0, 'it was not ended');
    await allAnswered(t, client);
  });

  await t.test('the data process is killed again and again: another one reads the same sockets', async (t) => {
    const gapsMs: number[] = [];
    const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
    const query = buildQuery({ name: app });
    for (let kill = 0; kill < runs(4); kill++) {
      t.equal((await teal.call('PUT', WEIGHTS, weightsOf(kill % 2 === 1))).status, 200);
      process.kill(dataPid(teal.pid), 'SIGKILL');
      const killedAt = performance.now();
      // One query after the other: what was in the hands of the dead is lost, what waits in the socket is not.
      let reply: Awaited<ReturnType<UdpClient['ask']>> | undefined;
      while (reply === undefined) reply = await client.ask(query, 100).catch(() => undefined);
      gapsMs.push(performance.now() - killedAt);
      t.equal(reply.answers[0]?.data, addressOf(kill % 2 === 1), 'what was acknowledged');
      while ((await teal.call('GET', '/readyz')).status !== 200) await sleep(20);
    }
    await client.close();
    t.comment(`answered again after ${Math.round(Math.max(...gapsMs))} ms at most`);
  });

  await t.test('upgrades under load, one after the other', async (t) => {
    const client = new SteadyClient(teal.dnsPort, QPS);
    for (let upgrade = 1; upgrade <= runs(3); upgrade++) {
      process.kill(teal.pid, 'SIGUSR2');
      await logged(teal, () => said(teal, 'upgraded') >= upgrade);
      t.equal((await teal.call('PUT', WEIGHTS, weightsOf(upgrade % 2 === 1))).status, 200);
    }
    t.equal(said(teal, 'half upgraded') + said(teal, 'not upgraded'), 0);
    await allAnswered(t, client);
  });

  await t.test('two servers on one directory: the second is refused, and the first goes on', async (t) => {
    const client = new SteadyClient(teal.dnsPort, QPS);
    await t.rejects(start(t, {}, folder), /exited with 69/);
    t.equal((await teal.call('PUT', WEIGHTS, weightsOf(true))).status, 200);
    await allAnswered(t, client);
  });
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
});
