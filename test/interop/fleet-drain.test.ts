/** The drain report of one node is the fleet's: what the others answered is in it, and a silent one is named and waited for. */
import t from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { signalAll } from '../fixtures/planes.ts';
import { soon } from '../fixtures/soon.ts';
import { FleetFixture, until } from './fleet.ts';

const NAME = 'app.example.test';
const SERVICE = `/v1/services/${NAME}`;
const ANSWERS = 20;

t.test('the counts of all nodes are one report', async (t) => {
  const fleet = await FleetFixture.start(3);
  t.teardown(() => fleet.stop());
  const [one, other, third] = fleet.nodes;
  const drain = async () => (await one.process.call('GET', `${SERVICE}/drain`)).body;
  const shift = async (weights: object): Promise<void> => {
    const { status, body } = await one.process.call('PUT', `${SERVICE}/weights`, weights);
    t.equal(status, 200, JSON.stringify(body));
  };
  const ask = async (node = other): Promise<void> => {
    for (let n = 0; n < ANSWERS; n++)
      await askUdp('127.0.0.1', node.process.dnsPort, buildQuery({ name: NAME, type: 'A' }));
  };

  // Just after the start of a node it is assumed what was answered before: then once more.
  let told: Awaited<ReturnType<typeof drain>>;
  await until('what ns2 answered is counted, and nothing is assumed', async () => {
    await shift({ blue: 100, green: 0 });
    await ask();
    await shift({ blue: 0, green: 100 });
    await until('all have told since the shift', async () => (await drain()).fleet.waitingFor.length === 0);
    told = await drain();
    const { blue } = told.pools;
    // A node that stood still for a moment holds all up.
    const isHeld = told.fleet.waitingFor.length > 0 || told.message.includes('nothing is drained');
    return (blue.answers >= ANSWERS && !blue.assumed && !isHeld) || JSON.stringify(told);
  });
  const { pools, fleet: said } = told;
  t.type(pools.blue.drainedAt, 'string');
  t.same(
    said.nodes.map(({ node }: { node: string }) => node),
    ['ns2', 'ns3'],
  );
  t.ok(said.nodes[0].answers.blue >= ANSWERS);

  // It takes no changes, and has never had to ask who there is.
  await until('ns3 knows of all', async () => {
    const { body } = await third.process.call('GET', `${SERVICE}/drain`);
    const told = body.fleet.nodes.map(({ node }: { node: string }) => node);
    return (told.join() === 'ns1,ns2' && body.fleet.waitingFor.length === 0) || JSON.stringify(body.fleet);
  });

  // The same resolver asks two nodes, and is one.
  for (const node of [one, other]) await ask(node);
  let explained: Awaited<ReturnType<typeof drain>>;
  await until('what each node answered since the shift is told', async () => {
    explained = (await one.process.call('GET', `${SERVICE}/explain?client=203.0.113.7`)).body.observed;
    const { nodes, answers, waitingFor } = explained;
    const of = nodes.map(({ node, answers }: { node: string; answers: { green: number } }) => [node, answers.green]);
    const wanted = [ANSWERS, ANSWERS, 0].map((count, n) => [`ns${n + 1}`, count]);
    const isAll = JSON.stringify(of) === JSON.stringify(wanted) && answers.green === 2 * ANSWERS;
    return (isAll && waitingFor.length === 0) || JSON.stringify(explained);
  });
  t.match(explained, { split: { blue: 0, green: 1 }, nodes: [{}, { shares: { blue: 0, green: 1 } }, {}] });
  t.equal((await drain()).pools.green.resolvers.distinct, 1);

  const ages = async () =>
    (await one.process.call('GET', '/v1/fleet')).body.nodes.map(
      ({ node, late, countsAgeSeconds: age }: Record<string, unknown>) => {
        return { node, late, hasTold: typeof age === 'number' };
      },
    );
  await soon(t).same(
    ages,
    [false, true, true].map((hasTold, n) => ({ node: `ns${n + 1}`, late: false, hasTold })),
  );

  signalAll(third.process.pid, 'SIGSTOP');
  third.isDown = true;
  await until('the silent one is named', async () => {
    told = await drain();
    return told.fleet.waitingFor.join() === 'ns3' || JSON.stringify(told);
  });
  const silent = told;
  t.equal(silent.pools.blue.drained, false);
  t.match(silent.message, /nothing is drained .*ns3/);
  await until('it is told what ends that', async () => {
    const { holding } = (await drain()).fleet;
    const isIt = holding.length === 1 && holding[0].why === 'silent';
    return (isIt && holding[0].command === 'teal fleet remove ns3') || JSON.stringify(holding);
  });
  signalAll(third.process.pid, 'SIGCONT');
  third.isDown = false;
  await until('blue is drained', async () => (await drain()).pools.blue.drained || (await drain()).message);
});
