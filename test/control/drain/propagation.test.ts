/** The propagation check against resolvers that answer, refuse, hold another pool, or keep silent. */
import dgram from 'node:dgram';
import type net from 'node:net';
import { Packet } from 'dns2';
import t, { type Test } from 'tap';
import { Propagation } from '../../../src/control/drain/propagation.ts';
import type { Service } from '../../../src/model/service.ts';
import { NOON_MS } from '../../fixtures/engine.ts';

const service = {
  name: 'app.example.com',
  kind: 'addresses',
  pools: [
    { name: 'blue', weight: 0, targets: ['192.0.2.10', '192.0.2.11'] },
    { name: 'green', weight: 1, targets: ['192.0.2.20'] },
  ],
} as unknown as Service;

interface Said {
  readonly addresses?: readonly string[];
  readonly ttl?: number;
  readonly rcode?: number;
}

/** A busy machine may take long to start a thread. */
const SLACK_MS = 60_000;

/** A resolver that says what the test wants; undefined: nothing. */
async function resolver(t: Test, say: () => Said | undefined) {
  const socket = dgram.createSocket('udp4');
  let asked = 0;
  socket.on('message', (message, remote) => {
    asked++;
    const said = say();
    if (said === undefined) return;
    const query = Packet.parse(message);
    const reply = Packet.createResponseFromRequest(query);
    for (const address of said.addresses ?? []) {
      const { name } = query.questions[0] as { name: string };
      reply.answers.push({ name, type: Packet.TYPE.A, class: Packet.CLASS.IN, ttl: said.ttl ?? 5, address } as never);
    }
    reply.header.rcode = said.rcode ?? 0;
    socket.send(reply.toBuffer(), remote.port, remote.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  const { port } = socket.address() as net.AddressInfo;
  return { place: { address: '127.0.0.1', port }, asked: () => asked };
}

t.test('each resolver says which pool it holds and for how long, or why not', async (t) => {
  const says: (Said | undefined)[] = [
    { addresses: ['192.0.2.11', '192.0.2.10'], ttl: 3 },
    { addresses: ['192.0.2.20'], ttl: 5 },
    { addresses: ['192.0.2.10', '192.0.2.20'] },
    { rcode: 2 },
    {},
    undefined,
  ];
  const resolvers = await Promise.all(says.map((said) => resolver(t, () => said)));
  const propagation = new Propagation(
    resolvers.map(({ place }) => place),
    SLACK_MS,
  );
  await propagation.check(service, NOON_MS);
  const held = propagation.known(service, NOON_MS);
  t.match(held, [
    {
      resolver: `127.0.0.1:${resolvers[0]?.place.port}`,
      pool: 'blue',
      answers: ['192.0.2.11', '192.0.2.10'],
      ttlSeconds: 3,
    },
    { pool: 'green', answers: ['192.0.2.20'], ttlSeconds: 5, error: undefined },
    { pool: null, answers: ['192.0.2.10', '192.0.2.20'] },
    { pool: null, answers: [], ttlSeconds: null, error: 'answered with RCODE 2' },
    { pool: null, answers: [], ttlSeconds: null, error: undefined },
    { pool: null, error: 'gave no answer within 2 s' },
  ]);
});

t.test('a report asks in the background, and not again what was asked just now', async (t) => {
  let address = '192.0.2.10';
  const { place, asked } = await resolver(t, () => ({ addresses: [address] }));
  const propagation = new Propagation([place], SLACK_MS);
  t.same(propagation.known(service, NOON_MS), [], 'nothing is known yet');
  await propagation.check(service, NOON_MS);
  t.equal(asked(), 1, 'who asks meanwhile waits for the same answer');
  address = '192.0.2.20';
  t.match(propagation.known(service, NOON_MS + 4000), [{ pool: 'blue' }]);
  t.equal(asked(), 1);
  t.match(propagation.known(service, NOON_MS + 6000), [{ pool: 'blue' }], 'old, and asked for anew');
  await propagation.check(service, NOON_MS + 6000);
  t.match(propagation.known(service, NOON_MS + 6000), [{ pool: 'green' }]);
  t.equal(asked(), 2);
});

t.test('no resolvers, nothing to do', async (t) => {
  const propagation = new Propagation([]);
  await propagation.check(service, NOON_MS);
  t.same(propagation.known(service, NOON_MS), []);
});

/** What this thread has used of a processor, which is not what others have taken from it. */
function busyMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

t.test('hostile bytes of a resolver hold up nobody', async (t) => {
  const hostile: ((query: Buffer) => Buffer)[] = [
    // All counts 65,535, for another query, and for this one.
    () => Buffer.alloc(12, 0xff),
    (query) => Buffer.concat([query.subarray(0, 2), Buffer.alloc(10, 0xff)]),
    (query) =>
      Buffer.concat([
        query.subarray(0, 2),
        Buffer.from([0x81, 0x80, 0, 1, 255, 255, 255, 255, 255, 255]),
        query.subarray(12),
      ]),
    // Garbage as long as a datagram may be.
    () => Buffer.alloc(65_000, 0xc0),
    (query) => Buffer.concat([query, Buffer.alloc(64_000, 0xc0)]),
  ];
  for (const [i, make] of hostile.entries()) {
    const socket = dgram.createSocket('udp4');
    socket.on('message', (message, remote) => {
      const bytes = make(message);
      for (let copies = 0; copies < 20; copies++) socket.send(bytes, remote.port, remote.address);
    });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address() as net.AddressInfo;
    const propagation = new Propagation([{ address: '127.0.0.1', port }], SLACK_MS);
    const usedBefore = process.cpuUsage().user + process.cpuUsage().system;
    const before = busyMs();
    await propagation.check(service, NOON_MS);
    const active = busyMs() - before;
    t.match(propagation.known(service, NOON_MS), [{ pool: null, error: /gave no answer|cannot be read/ }], `${i}`);
    // dns2 alone was busy for six seconds on the first of these.
    t.ok(active < 1500, `this thread was busy for ${Math.round(active)} ms`);
    t.ok(process.cpuUsage().user + process.cpuUsage().system - usedBefore < 4e6, 'and so was no other');
    socket.close();
  }
});
