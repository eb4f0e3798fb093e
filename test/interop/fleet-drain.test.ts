/** The drain report of one node is the fleet's: what the others answered is in it, and a silent one is named and waited for. */
import t from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { signalAll } from '../fixtures/planes.ts';
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
  await until('what ns2 answered is counted, and nothing is assumed', async () => {
    await shift({ blue: 100, green: 0 });
    await ask();
    await shift({ blue: 0, green: 100 });
    await until('all have told since the shift', async () => (await drain()).fleet.waitingFor.length === 0);
    const { blue } = (await drain()).pools;
    return blue.answers >= ANSWERS && !blue.assumed;
  });
  const { pools, fleet: said, message } = await drain();
  t.type(pools.blue.drainedAt, 'string');
  t.same(
    said.nodes.map(({ node }: { node: string }) => node),
    ['ns2', 'ns3'],
  );
  t.ok(said.nodes[0].answers.blue >= ANSWERS);
  t.notMatch(message, 'nothing is drained');

  // It takes no changes, and has never had to ask who there is.
  await until('ns3 knows of all', async () => {
    const { body } = await third.process.call('GET', `${SERVICE}/drain`);
    const told = body.fleet.nodes.map(({ node }: { node: string }) => node);
    return told.join() === 'ns1,ns2' && body.fleet.waitingFor.length === 0;
  });

  // The same resolver asks two nodes, and is one.
  for (const node of [one, other]) await ask(node);
  const explain = async () => (await one.process.call('GET', `${SERVICE}/explain?client=203.0.113.7`)).body.observed;
  await until('what each node answered since the shift is told', async () => {
    const { nodes, answers, waitingFor } = await explain();
    const of = nodes.map(({ node, answers }: { node: string; answers: { green: number } }) => [node, answers.green]);
    const wanted = [ANSWERS, ANSWERS, 0].map((count, n) => [`ns${n + 1}`, count]);
    return JSON.stringify(of) === JSON.stringify(wanted) && answers.green === 2 * ANSWERS && waitingFor.length === 0;
  });
  t.match(await explain(), { split: { blue: 0, green: 1 }, nodes: [{}, { shares: { blue: 0, green: 1 } }, {}] });
  t.equal((await drain()).pools.green.resolvers.distinct, 1);

  const { body: status } = await one.process.call('GET', '/v1/fleet');
  const ages = status.nodes.map(({ node, late, countsAgeSeconds: age }: Record<string, unknown>) => {
    return { node, late, hasTold: typeof age === 'number' };
  });
  t.same(
    ages,
    [false, true, true].map((hasTold, n) => ({ node: `ns${n + 1}`, late: false, hasTold })),
  );

  signalAll(third.process.pid, 'SIGSTOP');
  third.isDown = true;
  await until('the silent one is named', async () => (await drain()).fleet.waitingFor.join() === 'ns3');
  const silent = await drain();
  t.equal(silent.pools.blue.drained, false);
  t.match(silent.message, /nothing is drained .*ns3/);
  await until('it is told what ends that', async () => {
    const { holding } = (await drain()).fleet;
    return holding.length === 1 && holding[0].why === 'silent' && holding[0].command === 'teal fleet remove ns3';
  });
  signalAll(third.process.pid, 'SIGCONT');
  third.isDown = false;
  await until('blue is drained', async () => (await drain()).pools.blue.drained);
});
