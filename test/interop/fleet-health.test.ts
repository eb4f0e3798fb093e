/**
 * Health in a fleet whose checks ask for a quorum: a node whose own way to the targets is broken (a route in its network
 * namespace) answers as the others do; what most see down is down for all; and docs/fleet.md shows what is shown then.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import t, { type Test } from 'tap';
import { type } from '../cli/typed.ts';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { soon } from '../fixtures/soon.ts';
import { openWire, SERVER } from '../fixtures/two-namespaces.ts';
import { FleetFixture, type Node, until } from './fleet.ts';
import { layWire } from './parted.ts';

const NAME = 'app.example.test';
const SERVICE = `/v1/services/${NAME}`;
/** Targets at this end of the wire, and etcd. */
const [BLUE, GREEN, ETCD] = ['10.79.0.10', '10.79.0.20', '10.79.0.9'];

/** A target that passes until it is told to fail. */
async function serveTargets(t: Test): Promise<{ port: number; failing: Set<string> }> {
  const failing = new Set<string>();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(failing.has(request.socket.localAddress ?? '') ? 503 : 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  t.teardown(() => server.close());
  return { port: (server.address() as AddressInfo).port, failing };
}

t.test('three nodes, one of which cannot reach a target', async (t) => {
  const wire = openWire();
  if (typeof wire === 'string') {
    t.comment(`LEFT OUT: ${wire}`);
    return;
  }
  t.teardown(() => wire.close());
  layWire(wire, { near: '10.79.0.1', far: '10.79.0.2', hosts: [ETCD, BLUE, GREEN] });
  const { port, failing } = await serveTargets(t);
  const cut = (): string => wire.ip('route', 'add', 'unreachable', `${BLUE}/32`, 'metric', '0');
  const apart = {
    wrapper: wire.atServer,
    env: { TEAL_DNS_LISTEN: `${SERVER.v4}:0`, TEAL_ADMIN_LISTEN: `${SERVER.v4}:0`, TEAL_ADMIN_INSECURE: 'true' },
  };
  const place = (name: string) => (name === 'ns1' ? apart : {});
  const fleet = await FleetFixture.start(3, { TEAL_PROBES_ALLOW: '10.79.0.0/24' }, { members: 1, host: ETCD, place });
  t.teardown(() => fleet.stop());
  const [first, second] = fleet.nodes as [Node, Node];

  const health = { http: { port, path: '/' }, intervalSeconds: 1, timeoutSeconds: 1, rise: 1, fall: 2 };
  const pools = { blue: { weight: 100, targets: [BLUE] }, green: { weight: 1, targets: [GREEN] } };
  const put = async (quorum: object): Promise<void> => {
    const { status, body } = await first.process.call('PUT', SERVICE, { pools, health: { ...health, ...quorum } });
    t.ok(status < 300, JSON.stringify(body));
  };
  /** What a node answers, of many queries. */
  const answers = async ({ process: { admin, dnsPort } }: Node): Promise<string[]> => {
    const found = new Set<string>();
    for (let n = 0; n < 60; n++) {
      const reply = await askUdp(new URL(admin).hostname, dnsPort, buildQuery({ name: NAME, type: 'A' }));
      for (const { data } of reply.answers) found.add(data);
    }
    return [...found];
  };
  const hasBlue = async (node: Node): Promise<boolean> => (await answers(node)).includes(BLUE);
  const viewsAt = async (node: Node): Promise<Record<string, string>> => {
    const { body } = await node.process.call('GET', `${SERVICE}/health`);
    const { views } = body.pools.blue.targets[BLUE];
    return Object.fromEntries(
      views.map(({ node, state, heard }: Record<string, unknown>) => [node, heard ? state : 'not heard']),
    );
  };
  const seen = (blue: Record<string, string>): Promise<void> =>
    until(`all know of ${JSON.stringify(blue)}`, async () => {
      const all = await Promise.all(fleet.nodes.filter(({ isDown }) => !isDown).map(viewsAt));
      return all.every((views) => isDeepStrictEqual(views, blue)) || JSON.stringify(all);
    });

  await put({ quorum: 'majority' });
  await seen({ ns1: 'up', ns2: 'up', ns3: 'up' });
  cut();
  await seen({ ns1: 'down', ns2: 'up', ns3: 'up' });
  // By all probes at once it may be down for a moment: the machine may let its server stand still.
  for (const node of fleet.nodes) await until(`${node.name} goes on with blue`, () => hasBlue(node));
  const { admin, token } = second.process;
  await until('it is in the metrics', async () => {
    const metrics = await fetch(`${admin}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('teal_target_down_nodes{'));
    return lines.includes(`teal_target_down_nodes{service="${NAME}",pool="blue",target="${BLUE}"} 1`) || lines.join();
  });

  await t.test('docs/fleet.md shows it', async (t) => {
    const env = { TEAL_ADMIN_URL: second.process.admin, TEAL_TOKEN: second.process.token };
    const plain = (text: string): string =>
      text
        .replaceAll(BLUE, '192.0.2.10')
        .replaceAll(GREEN, '192.0.2.20')
        .replace(/\d+\.\d+ %/g, 'N%')
        .replace(/ +/g, ' ')
        // Views of this node stand first.
        .replace(/(up|down): [^;\n]*/g, (words) =>
          words.replace(/ns\d(, ns\d)*/, (names) => names.split(', ').sort().join(', ')),
        )
        .replace(
          /^(.*?)(up|down): (.*); (up|down): (.*)$/gm,
          (_, ...[before, a, as, b, bs]) => before + [`${a}: ${as}`, `${b}: ${bs}`].sort().join('; '),
        );
    const [, block = ''] = /```text\n(app\.example\.test\n.*?)```/s.exec(readFileSync('docs/fleet.md', 'utf8')) ?? [];
    const typed = async (): Promise<string> => plain((await type(['health', 'show', NAME], { env })).stdout);
    await soon(t).equal(typed, plain(block));
  });

  failing.add(BLUE);
  await seen({ ns1: 'down', ns2: 'down', ns3: 'down' });
  for (const node of fleet.nodes) {
    await until(`${node.name} has left blue out`, async () => !(await hasBlue(node)));
  }
  failing.clear();
  await seen({ ns1: 'down', ns2: 'up', ns3: 'up' });
  for (const node of fleet.nodes) await until(`${node.name} has blue again`, () => hasBlue(node));

  await t.test('by its own sight, which is the default, the node empties its pool', async () => {
    await put({});
    await until('ns1 has left blue out', async () => !(await hasBlue(first)));
    await until('ns2 goes on with blue', () => hasBlue(second));
    await put({ quorum: 'majority' });
    await until('ns1 has blue again', () => hasBlue(first));
  });

  await t.test('a node that dies is not heard any more, and counts until it is removed', async (t) => {
    await fleet.kill('ns3');
    await seen({ ns1: 'down', ns2: 'up', ns3: 'not heard' });
    failing.add(BLUE);
    for (const node of [first, second]) await until(`${node.name}: two of three`, async () => !(await hasBlue(node)));
    failing.clear();
    for (const node of [first, second]) await until(`${node.name} has blue again`, () => hasBlue(node));
    const gone = await second.process.call('DELETE', '/v1/fleet/nodes/ns3');
    t.ok(gone.status < 300, JSON.stringify(gone.body));
    await until('the quorum is of two', async () => {
      const { quorum } = (await second.process.call('GET', `${SERVICE}/health`)).body;
      return (quorum.nodes === 2 && quorum.needed === 2) || JSON.stringify(quorum);
    });
    await until('ns1 goes on with blue', () => hasBlue(first));
  });
});
