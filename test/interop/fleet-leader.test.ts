/** One node of a fleet does what one does for all: when it is killed another goes on, no step is taken twice, no message has two ids. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { serve } from '../fixtures/http-server.ts';
import { soon } from '../fixtures/soon.ts';
import { moveLeader } from './etcd.ts';
import { FleetFixture, leaderOf, type Node, until } from './fleet.ts';

const SERVICE = '/v1/services/app.example.test';
/** The lease, a round, and much for a busy machine. */
const TAKEOVER_MS = 30_000;

interface Message {
  readonly id: string;
  readonly revision: number;
}

/** What a webhook is told of nodes. */
interface News {
  readonly type: string;
  readonly lost: readonly string[];
  readonly back: readonly string[];
}

t.test('the leader is killed in the middle of a release', async (t) => {
  const messages: Message[] = [];
  const news: News[] = [];
  const url = await serve(t, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { type, data } = JSON.parse(Buffer.concat(chunks).toString());
    if (type === 'on-revision') messages.push({ id: String(request.headers['webhook-id']), revision: data.revision });
    else news.push({ type, ...data });
    response.writeHead(204).end();
  });
  const fleet = await FleetFixture.start(3, { TEAL_PROBES_ALLOW: '127.0.0.0/8' });
  t.teardown(() => fleet.stop());

  const first = await leaderOf(fleet);
  const others = fleet.nodes.filter((node) => node !== first);
  const [one, other] = others as [Node, Node];
  const put = await one.process.call('PUT', '/v1/webhooks/hook', { url, triggers: ['on-revision'] });
  t.equal(put.status, 201, JSON.stringify(put.body));
  const ofNodes = { url, triggers: ['on-node-lost', 'on-node-back'] };
  t.equal((await one.process.call('PUT', '/v1/webhooks/nodes', ofNodes)).status, 201);
  const pause = { pause: { duration: 3 } };
  const steps = [10, 20, 30, 40, 50, 100].flatMap((setWeight) => [{ setWeight }, pause]);
  const made = await one.process.call('POST', `${SERVICE}/releases`, { to: 'green', steps });
  t.equal(made.status, 201, JSON.stringify(made.body));
  const at = async (node: Node): Promise<{ state: string; stepIndex: number }> => {
    const { body } = await node.process.call('GET', `${SERVICE}/releases/${made.body.id}`);
    return body;
  };

  await until('the leader has taken steps', async () => (await at(one)).stepIndex >= 4);
  const killedAt = performance.now();
  await fleet.kill(first.name);
  const second = await leaderOf(fleet, (node) => node !== first);
  t.ok(
    performance.now() - killedAt < TAKEOVER_MS,
    `another leads after ${Math.round(performance.now() - killedAt)} ms`,
  );
  const isTold = (type: string, which: 'lost' | 'back') =>
    until(
      `${type} of ${first.name}`,
      async () => news.some((each) => each.type === type && each[which].includes(first.name)) || JSON.stringify(news),
    );
  await isTold('on-node-lost', 'lost');
  t.notOk(
    news.some(({ back }) => back.includes(first.name)),
    'by who leads after it',
  );
  await until('the release is done', async () => {
    const release = await at(other);
    return release.state === 'completed' || JSON.stringify(release);
  });

  const { body } = await other.process.call('GET', `${SERVICE}/history?limit=100`);
  const taken = body.items
    .filter(({ kind }: { kind: string }) => kind === 'release.step')
    .map(({ revision }: { revision: number }) => revision);
  t.equal(new Set(taken).size, taken.length);
  const { body: weights } = await one.process.call('GET', `${SERVICE}/weights`);
  t.equal(weights.shares.green, 1);

  const drain = async (): Promise<{ message: string; pools: { blue: { drained: boolean } } }> =>
    (await other.process.call('GET', `${SERVICE}/drain`)).body;
  t.equal((await drain()).pools.blue.drained, false);
  // One more that stood still for a moment is named too.
  await soon(t).match(
    async () => (await drain()).message,
    new RegExp(`while ${first.name} may answer by what was before`),
  );

  const { body: all } = await second.process.call('GET', `/v1/revisions?after=${put.body.revision}&limit=500`);
  const wanted = all.items.map(({ revision }: { revision: number }) => revision);
  await until('every revision was told of', async () => {
    const untold = wanted.filter((revision: number) => !messages.some((each) => each.revision === revision));
    return untold.length === 0 || `not of ${untold}`;
  });
  await sleep(1000);
  const ids = Map.groupBy(messages, ({ revision }) => revision);
  for (const [revision, told] of ids)
    t.equal(new Set(told.map(({ id }) => id)).size, 1, `revision ${revision} has one id`);
  t.equal(new Set(messages.map(({ id }) => id)).size, ids.size);

  await t.test(
    'one that stops in order is followed at once, and one that comes back does not lead by itself',
    async (t) => {
      await fleet.startAgain(first.name);
      await fleet.live(first.name);
      await isTold('on-node-back', 'back');
      await until('blue is drained', async () => {
        const { message, pools } = await drain();
        return pools.blue.drained || message;
      });
      // Where the machine has let the one that led stand still for its whole lease, another leads by now, or soon.
      const led = await leaderOf(fleet);
      t.not(led.name, first.name);
      led.isDown = true;
      await led.process.end('SIGTERM');
      const third = await leaderOf(fleet, (node) => node !== led);
      t.not(third.name, led.name);
      await fleet.startAgain(led.name);
      await fleet.live(led.name);
    },
  );

  await t.test('one whose lease does not end, since etcd elects again and again, is followed too', async (t) => {
    const dead = await leaderOf(fleet);
    let isOver = false;
    const electing = (async () => {
      // Each election gives all leases their five seconds again.
      for (; !isOver; await sleep(1500)) await moveLeader(fleet.etcd.endpoints).catch(() => undefined);
    })();
    t.teardown(async () => {
      isOver = true;
      await electing;
    });
    await fleet.kill(dead.name);
    const next = await leaderOf(fleet, (node) => node !== dead);
    t.not(next.name, dead.name);
  });
});
