/** What five kinds of resolvers do with short TTLs and with what has expired: the facts of docs/ttl.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { buildQuery, type Reply, UdpClient } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { signalAll } from '../fixtures/planes.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { comesTo, soon } from '../fixtures/soon.ts';
import { type Habit, type Kind, kinds, type Resolver, startResolvers } from './farm/resolvers.ts';

const BLUE = '192.0.2.10';
const GREEN = '192.0.2.20';

/** The shortest time that each keeps an answer, whatever its TTL, seconds. */
const leastSeconds: Readonly<Record<Kind, number>> = {
  unbound: 0,
  BIND: 0,
  dnsmasq: 0,
  'PowerDNS Recursor': 1,
  'Knot Resolver': 5,
};

/** Which answer the first client after the TTL from a stale cache, though the server could be asked. */
const staleAtOnce: readonly Kind[] = ['unbound', 'dnsmasq'];

interface Asked {
  readonly kind: Kind;
  ask(name: string): Promise<string | undefined>;
}

async function start(t: Test, habits: readonly Habit[]) {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  await must(teal, '/v1/zones/example.com', {
    nameservers: ['ns1.example.com'],
    hostmaster: 'hostmaster.example.com',
  });
  await must(teal, '/v1/zones/example.com/rrsets/ns1.example.com/A', { ttlSeconds: 60, rdata: ['127.0.0.1'] });
  const wanted = habits.flatMap((habit) => kinds.map((kind) => ({ kind, habit })));
  return { teal, resolvers: await open(t, await startResolvers(wanted, teal.dnsPort)) };
}

async function open(t: Test, resolvers: readonly Resolver[]): Promise<Asked[]> {
  t.teardown(() => Promise.all(resolvers.map((resolver) => resolver.stop())));
  return Promise.all(
    resolvers.map(async ({ kind, port }) => {
      const client = await UdpClient.open('127.0.0.1', port);
      t.teardown(() => client.close());
      const ask = async (name: string): Promise<string | undefined> => {
        const query = buildQuery({ name, rd: true });
        const reply: Reply | undefined = await client.ask(query, ANSWER_LIMIT_MS).catch(() => undefined);
        return reply?.answers[0]?.data;
      };
      return { kind, ask };
    }),
  );
}

/** A resolver whose server answers is done by then; one that takes it for gone, or has something stale to say, waits for longer. */
const QUICK_MS = 1000;
const TURNS_MAX = 10;

/** BIND tries a server that does not answer for 10 seconds before it gives up, or something stale. */
const ANSWER_LIMIT_MS = 20_000;

async function must(teal: TealProcess, path: string, body: unknown): Promise<void> {
  const reply = await teal.call('PUT', path, body);
  if (reply.status >= 300) throw new Error(`${path}: ${JSON.stringify(reply.body)}`);
}

/** A service that is all blue. */
function makeService(teal: TealProcess, name: string, ttlSeconds: number): Promise<void> {
  const pools = { blue: { weight: 1, targets: [BLUE] }, green: { weight: 0, targets: [GREEN] } };
  return must(teal, `/v1/services/${name}`, { ttlSeconds, pools });
}

const shift = (teal: TealProcess, name: string): Promise<void> =>
  must(teal, `/v1/services/${name}/weights`, { blue: 0, green: 1 });

/**
 * Asks until green comes; when blue was last asked for, if it was at all, and when green was there, milliseconds of the
 * steady clock. It ended between the two, which are far apart on a busy machine.
 */
async function endOfBlue(resolver: Asked, name: string): Promise<{ readonly last?: number; readonly green: number }> {
  for (let last: number | undefined; ; await sleep(50)) {
    const askedAt = performance.now();
    const data = await resolver.ask(name);
    if (data === GREEN) return { ...(last === undefined ? {} : { last }), green: performance.now() };
    if (data === BLUE) last = askedAt;
  }
}

t.test('short TTLs: how long after its answer a resolver gives it', async (t) => {
  const { teal, resolvers } = await start(t, ['shipped']);
  const held = [0, 1, 5].map(async (ttlSeconds) => {
    const name = `ttl${ttlSeconds}.example.com`;
    await makeService(teal, name, ttlSeconds);
    const filled = await Promise.all(
      resolvers.map(async (resolver) => {
        const askedAt = performance.now();
        return { askedAt, data: await resolver.ask(name), at: performance.now() };
      }),
    );
    await shift(teal, name);
    const ends = await Promise.all(
      resolvers.map(async (resolver, at) => {
        const { last, green } = await endOfBlue(resolver, name);
        // It was filled between question and answer, which are far apart on a busy machine.
        const { askedAt = 0, at: filledAt = 0 } = filled[at] ?? {};
        return { seen: last === undefined ? 0 : (last - filledAt) / 1000, over: (green - askedAt) / 1000 };
      }),
    );
    for (const [at, { kind }] of resolvers.entries()) {
      const { seen = 99, over = 0 } = ends[at] ?? {};
      const title = `${kind}, TTL ${ttlSeconds}: blue for ${seen.toFixed(1)} s, green after ${over.toFixed(1)} s`;
      t.equal(filled[at]?.data, BLUE, title);
      const least = leastSeconds[kind];
      const most = Math.max(ttlSeconds, least);
      // Whole seconds are counted, so the last one may be longer than a second.
      t.ok(seen < most + 1, title);
      if (most === 0) t.equal(seen, 0, `${title}: is not kept`);
      if (least > ttlSeconds + 1) t.ok(over > least - 1, `${title}: is kept longer than it should`);
    }
  });
  await Promise.all(held);
});

t.test('serve-stale: who gives what has expired, and when', async (t) => {
  const { teal, resolvers } = await start(t, ['shipped', 'stale']);
  const shipped = resolvers.slice(0, kinds.length);
  const stale = resolvers.slice(kinds.length);
  const ttlSeconds = 5;
  const ask = (asked: readonly Asked[], name: string) => Promise.all(asked.map((resolver) => resolver.ask(name)));

  for (let turn = 1; ; turn++) {
    const name = `alive${turn}.example.com`;
    await makeService(teal, name, ttlSeconds);
    await ask(resolvers, name);
    await shift(teal, name);
    await sleep(1000 * (ttlSeconds + 2));
    const [now, askedAt] = [await ask(shipped, name), performance.now()];
    const first = await ask(stale, name);
    // One that stood still, or whose server did, says that it failed, or takes the server for gone.
    const isBusy = now.includes(undefined) || performance.now() - askedAt > QUICK_MS;
    if (isBusy && turn < TURNS_MAX) continue;
    t.same(now, Array(5).fill(GREEN), 'as shipped, nobody gives what has expired');
    for (const [at, { kind }] of stale.entries()) {
      const expected = staleAtOnce.includes(kind) ? BLUE : GREEN;
      t.equal(first[at], expected, `${kind} with serve-stale, while the server answers: ${first[at]}`);
      // It has refreshed meanwhile, or does so now.
      await endOfBlue(stale[at], name);
    }
    break;
  }

  const dead = 'dead.example.com';
  await makeService(teal, dead, ttlSeconds);
  const filled = () => ask(resolvers, dead);
  await soon(t).same(filled, Array(10).fill(BLUE), 'filled anew');
  // Silent, as a machine that has gone; one whose port is closed is given up at once.
  signalAll(teal.pid, 'SIGSTOP');
  await sleep(1000 * (ttlSeconds + 2));
  const askedAt = performance.now();
  const timed = (asked: readonly Asked[], isSo: (data: string | undefined) => boolean) =>
    Promise.all(
      asked.map(async ({ kind, ask }) => {
        const data = await comesTo(() => ask(dead), isSo);
        return { kind, data, seconds: (performance.now() - askedAt) / 1000 };
      }),
    );
  const [withoutStale, withStale] = await Promise.all([
    timed(shipped, () => true),
    timed(stale, (data) => data !== undefined),
  ]);
  t.same(
    withoutStale.map(({ data }) => data),
    Array(5).fill(undefined),
    'as shipped, nobody has an answer once the server is gone',
  );
  for (const { kind, data, seconds } of withStale) {
    t.equal(data, BLUE, `${kind} with serve-stale, once the server is gone: after ${seconds.toFixed(1)} s`);
  }
});

t.test('a resolver behind a resolver: its least TTL begins when the other one ends', async (t) => {
  const { teal } = await start(t, []);
  const [unbound] = await startResolvers([{ kind: 'unbound', habit: 'shipped' }], teal.dnsPort);
  const [near] = await open(t, [unbound as Resolver]);
  const behind = await startResolvers([{ kind: 'Knot Resolver', habit: 'shipped' }], (unbound as Resolver).port);
  const [far] = await open(t, behind);
  for (let turn = 1; ; turn++) {
    const name = `chain${turn}.example.com`;
    await makeService(teal, name, 5);
    const askedAt = performance.now();
    t.equal(await near?.ask(name), BLUE, 'the near one is filled');
    await shift(teal, name);
    await sleep(4000);
    const data = await far?.ask(name);
    // A busy machine may come to it when the near one has nothing left.
    if (data !== BLUE && performance.now() - askedAt > 5000 && turn < TURNS_MAX) continue;
    t.equal(data, BLUE, 'the far one is filled from it, with what is left of the TTL');
    const seconds = ((await endOfBlue(far as Asked, name)).green - askedAt) / 1000;
    t.ok(seconds > 7, `green after ${seconds.toFixed(1)} s at a TTL of 5 s`);
    return;
  }
});
