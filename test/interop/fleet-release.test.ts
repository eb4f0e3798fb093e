/**
 * A release over a fleet, behind real resolvers that ask all nodes: whoever leads is killed at each of its steps in turn,
 * and at last while a web gate begins to fail at 50 %. It is taken back, its history is whole, no step is taken twice, no
 * message has two ids, and after the drain report's time no resolver gives what was taken out.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { freePort } from '../fixtures/free-port.ts';
import { serve } from '../fixtures/http-server.ts';
import { kinds, type Resolver, startResolvers } from './farm/resolvers.ts';
import { FleetFixture, leaderOf, type Node, until } from './fleet.ts';

const ZONE = 'example.com';
const NAME = 'app.example.com';
const SERVICE = `/v1/services/${NAME}`;
const POOLS = { blue: '192.0.2.10', green: '192.0.2.20' } as const;
/** Knot Resolver keeps everything for 5 seconds at least. */
const TTL_SECONDS = 5;
/** Of the gate. */
const INTERVAL_SECONDS = 2;
/** The lease, a round, and much for a busy machine. */
const TAKEOVER_MS = 30_000;
/** Asked on after the time of the report, to see that nothing comes back. */
const AFTERWARDS_MS = 3000;
const ASK_EVERY_MS = 200;

interface Message {
  readonly id: string;
  readonly type: string;
  readonly revision: number;
}

interface Sample {
  readonly askedAtMs: number;
  readonly resolver: number;
  readonly address: string;
}

const PLACES: Readonly<Record<string, string>> = { ns1: '127.0.0.1', ns2: '127.0.0.2', ns3: '127.0.0.3' };

/** Three nodes at one port, so that any resolver can ask all of them, and the zone that is delegated to all. */
async function startFleet(t: Test): Promise<{ fleet: FleetFixture; port: number }> {
  const port = await freePort();
  const place = (name: string) => ({ env: { TEAL_DNS_LISTEN: `${PLACES[name]}:${port}` } });
  const fleet = await FleetFixture.start(3, { TEAL_PROBES_ALLOW: '127.0.0.0/8' }, { place });
  t.teardown(() => fleet.stop());
  const put = async (path: string, body: object): Promise<void> => {
    const reply = await fleet.node('ns2').process.call('PUT', path, body);
    t.ok(reply.status < 300, JSON.stringify(reply.body));
  };
  const nameservers = Object.keys(PLACES).map((name) => `${name}.${ZONE}`);
  await put(`/v1/zones/${ZONE}`, { nameservers, hostmaster: `hostmaster.${ZONE}` });
  for (const [name, address] of Object.entries(PLACES)) {
    await put(`/v1/zones/${ZONE}/rrsets/${name}.${ZONE}/A`, { ttlSeconds: 60, rdata: [address] });
  }
  await put(SERVICE, {
    ttlSeconds: TTL_SECONDS,
    pools: { blue: { weight: 100, targets: [POOLS.blue] }, green: { weight: 0, targets: [POOLS.green] } },
  });
  return { fleet, port };
}

/** Clients of all resolvers, until the test is over: what they got, and when they asked. */
async function startFarm(t: Test, port: number): Promise<{ resolvers: Resolver[]; samples: Sample[] }> {
  const wanted = kinds.map((kind) => ({ kind, habit: 'shipped' as const }));
  const resolvers = await startResolvers(wanted, port, Object.values(PLACES));
  const samples: Sample[] = [];
  const stopping = new AbortController();
  const clients = resolvers.map(async (resolver, at) => {
    while (!stopping.signal.aborted) {
      const askedAtMs = Date.now();
      const query = buildQuery({ name: NAME, rd: true });
      // A datagram may be lost, and one of the nodes is dead now and then; what is not answered says nothing.
      const reply = await askUdp('127.0.0.1', resolver.port, query, { timeoutMs: 3000 }).catch(() => undefined);
      const address = reply?.answers[0]?.data;
      if (address !== undefined) samples.push({ askedAtMs, resolver: at, address });
      await sleep(ASK_EVERY_MS);
    }
  });
  t.teardown(async () => {
    stopping.abort();
    await Promise.all(clients);
    await Promise.all(resolvers.map((resolver) => resolver.stop()));
  });
  await until(
    'all resolvers answer',
    async () => new Set(samples.map(({ resolver }) => resolver)).size === kinds.length,
  );
  return { resolvers, samples };
}

/** A receiver that counts, a gate that passes until it is told to fail. */
async function startOthers(t: Test) {
  const messages: Message[] = [];
  const hook = await serve(t, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { type, data } = JSON.parse(Buffer.concat(chunks).toString());
    messages.push({ id: String(request.headers['webhook-id']), type, revision: data.revision });
    response.writeHead(204).end();
  });
  const gate = { isFailing: false, asked: 0, url: '' };
  gate.url = await serve(t, (_request, response) => {
    gate.asked++;
    response.writeHead(gate.isFailing ? 503 : 200).end();
  });
  return { messages, hook, gate };
}

t.test('whoever leads is killed at each step', async (t) => {
  const { fleet, port } = await startFleet(t);
  const { samples } = await startFarm(t, port);
  const { messages, hook, gate } = await startOthers(t);
  const alive = (): Node => fleet.nodes.find(({ isDown }) => !isDown) as Node;
  const get = async (path: string) => (await alive().process.call('GET', path)).body;
  const put = await alive().process.call('PUT', '/v1/webhooks/hook', { url: hook, triggers: ['on-revision'] });
  t.equal(put.status, 201, JSON.stringify(put.body));

  /** Which revision had which id first: an id that a message has had is of that one for ever. */
  const begin = async (steps: object[]): Promise<string> => {
    const { status, body } = await alive().process.call('POST', `${SERVICE}/releases`, { to: 'green', steps });
    t.equal(status, 201, JSON.stringify(body));
    return body.id;
  };
  const release = (id: string) => get(`${SERVICE}/releases/${id}`);
  const green = async (node: Node): Promise<boolean> => {
    for (let n = 0; n < 20; n++) {
      const host = PLACES[node.name] as string;
      const { answers } = await askUdp(host, port, buildQuery({ name: NAME, type: 'A' }));
      if (answers.some(({ data }) => data === POOLS.green)) return true;
    }
    return false;
  };
  /** Kills whoever leads, and gives what came of it: who leads then, and how long that took. */
  const killLeader = async (): Promise<{ dead: string; tookMs: number }> => {
    const { name: dead } = await leaderOf(fleet);
    const killedAt = performance.now();
    await fleet.kill(dead);
    await leaderOf(fleet, ({ name }) => name !== dead);
    return { dead, tookMs: performance.now() - killedAt };
  };
  const comeBack = async (name: string): Promise<void> => {
    await fleet.startAgain(name);
    await fleet.live(name);
  };
  /** No resolver gives the pool after the time at which the report says that it is drained. */
  const nothingLeft = async (t: Test, pool: 'blue' | 'green'): Promise<void> => {
    let drainedAt = '';
    await until(`${pool} is drained`, async () => {
      const { pools } = await get(`${SERVICE}/drain`);
      drainedAt = pools[pool].drainedAt;
      return pools[pool].drained;
    });
    const drainedAtMs = Date.parse(drainedAt);
    const late = () => samples.filter(({ askedAtMs }) => askedAtMs >= drainedAtMs);
    await sleep(AFTERWARDS_MS);
    await until(
      'all were asked after it',
      async () => new Set(late().map(({ resolver }) => resolver)).size === kinds.length,
    );
    t.same(
      late().filter(({ address }) => address === POOLS[pool]),
      [],
      `none of ${late().length} answers after the time of the report is ${pool}`,
    );
  };

  const analysis = { intervalSeconds: INTERVAL_SECONDS, metrics: [{ name: 'smoke', web: { url: gate.url } }] };
  const pause = { pause: { duration: 4 } };
  /** It goes on until something fails. */
  const long = { analysis: { ...analysis, count: 1000 } };
  const steps = [{ setWeight: 10 }, pause, { analysis: { ...analysis, count: 10 } }, { setWeight: 50 }, pause, long];
  const id = await begin([...steps, { setWeight: 100 }]);

  const waits = [1, 2, 4, 5];
  for (const step of waits) {
    let at = 0;
    // A slow machine may be past it.
    await until(`step ${step} is waited for`, async () => {
      at = (await release(id)).stepIndex;
      return at >= step;
    });
    if (step !== waits.at(-1)) {
      const { dead, tookMs } = await killLeader();
      t.ok(tookMs < TAKEOVER_MS, `at step ${at}: another leads after ${Math.round(tookMs)} ms`);
      await comeBack(dead);
    }
  }

  const { name: dead } = await leaderOf(fleet);
  const asked = gate.asked;
  await until('the gate is asked at 50 %', async () => gate.asked > asked);
  gate.isFailing = true;
  const failedAt = performance.now();
  await fleet.kill(dead);
  for (const node of fleet.nodes.filter(({ isDown }) => !isDown)) {
    await until(`${node.name} answers blue only`, async () => !(await green(node)));
  }
  const backMs = performance.now() - failedAt;
  t.ok(backMs < TAKEOVER_MS + INTERVAL_SECONDS * 1000, `back ${Math.round(backMs)} ms after the gate began to fail`);
  await comeBack(dead);
  t.equal(await green(fleet.node(dead)), false);
  await until('the release is over', async () => (await release(id)).state === 'aborted');
  await nothingLeft(t, 'green');

  await t.test('its history is whole, and no step was taken twice', async (t) => {
    const { items } = await get(`${SERVICE}/history?limit=100`);
    const ofRelease = items.filter(({ kind }: { kind: string }) => kind.startsWith('release.'));
    const shares = ofRelease.map(({ subjects }: { subjects: { kind: string; after?: Record<string, number> }[] }) => {
      const after = subjects.find(({ kind }) => kind === 'service')?.after ?? {};
      return after.green === undefined ? undefined : after.green / ((after.blue ?? 0) + after.green);
    });
    const moves = shares.filter(
      (share: number | undefined, at: number) => share !== undefined && share !== shares[at - 1],
    );
    t.same(moves, [0.1, 0.5, 0], JSON.stringify(ofRelease.map(({ summary }: { summary: string }) => summary)));
    const revisions = items.map(({ revision }: { revision: number }) => revision);
    t.same(revisions, [...new Set(revisions)]);
  });

  await t.test('one that passes: the leader is killed at the last wait but one', async (t) => {
    gate.isFailing = false;
    const other = await begin([{ setWeight: 50 }, pause, { setWeight: 100 }]);
    await until('the pause', async () => (await release(other)).stepIndex === 1);
    const { dead } = await killLeader();
    await comeBack(dead);
    await until('it is done', async () => (await release(other)).state === 'completed');
    await nothingLeft(t, 'blue');
  });

  await t.test('every revision was told of, under one id each', async (t) => {
    const { items } = await get(`/v1/revisions?after=${put.body.revision}&limit=500`);
    const wanted: number[] = items.map(({ revision }: { revision: number }) => revision);
    t.same(
      wanted,
      wanted.map((_, at) => put.body.revision + 1 + at),
      'the log has no gap',
    );
    await until('all have come', async () =>
      wanted.every((each) => messages.some(({ revision }) => revision === each)),
    );
    const ids = Map.groupBy(messages, ({ type, revision }) => `${type} ${revision}`);
    for (const [what, told] of ids) t.equal(new Set(told.map(({ id }) => id)).size, 1, `${what} has one id`);
    t.equal(new Set(messages.map(({ id }) => id)).size, ids.size, 'and no other has it');
    t.comment(`${messages.length} messages of ${ids.size} events`);
  });
});
