/** TCP through real sockets: framing, order, clients that are slow, silent or deaf, and too many of them (RFC 7766). */
import { spawn } from 'node:child_process';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { askTcp, buildQuery, decode, frame, unframe } from '../fixtures/dns-client.ts';
import { soon } from '../fixtures/soon.ts';
import { apply, rrset, service, zone } from '../fixtures/table.ts';
import { type FleetFixture, startFleet } from './cutover.ts';

const www = buildQuery({ id: 7, name: 'www.example.test', type: 'A' });

function fill({ table }: FleetFixture): void {
  const many = Array.from({ length: 100 }, (_, i) => `"${'x'.repeat(100)}${i}"`);
  apply(
    table,
    zone('example.test'),
    rrset('example.test', 'www.example.test', 'A', 300, '192.0.2.80'),
    rrset('example.test', 'big.example.test', 'TXT', 300, ...many),
    service('example.test', 'app.example.test', { blue: [1, '192.0.2.10'], green: [1, '192.0.2.20'] }),
  );
}

/** A connection whose replies and end are remembered. */
function connect(port: number, localAddress = '127.0.0.1') {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
  const replies: Buffer[] = [];
  let stream: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const { messages, rest } = unframe(Buffer.concat([stream, chunk]));
    stream = rest;
    replies.push(...messages);
  });
  socket.on('error', () => {});
  const state = { closed: false };
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      state.closed = true;
      resolve();
    }),
  );
  return { socket, replies, closed, state };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(10);
}

t.test('pipelined queries are answered in their order; a query in single bytes is one', async (t) => {
  const fixture = await startFleet();
  fill(fixture);
  const queries = Array.from({ length: 500 }, (_, id) => buildQuery({ id, name: 'app.example.test', type: 'A' }));
  const fast = connect(fixture.port);
  fast.socket.write(Buffer.concat(queries.map(frame)));
  await until(() => fast.replies.length === 500);
  t.same(
    fast.replies.map((reply) => reply.readUInt16BE(0)),
    queries.map((_, id) => id),
  );
  fast.socket.destroy();

  const slow = connect(fixture.port);
  for (const byte of frame(www)) {
    slow.socket.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => slow.replies.length === 1);
  slow.socket.write(Buffer.concat([frame(www), Uint8Array.of(0, 3, 1, 2, 3), frame(www)]));
  await slow.closed;
  t.equal(slow.replies.length, 2, 'what came before a message shorter than a header is answered, what follows it not');
  await fixture.fleet.stop();
});

t.test('a client that ends its side after its queries still gets all replies', async (t) => {
  const fixture = await startFleet();
  fill(fixture);
  const big = frame(buildQuery({ name: 'big.example.test', type: 'TXT' }));
  const { socket, replies, closed } = connect(fixture.port);
  socket.end(Buffer.concat(Array.from({ length: 300 }, () => big)));
  await closed;
  t.equal(replies.length, 300);
  await fixture.fleet.stop();
});

t.test('a client that reads late holds up itself only, and loses nothing', async (t) => {
  const fixture = await startFleet();
  fill(fixture);
  const late = connect(fixture.port);
  late.socket.pause();
  const query = (id: number): Buffer => frame(buildQuery({ id, name: 'big.example.test', type: 'TXT' }));
  // Some 33 MB of replies: more than the kernel's buffers take.
  const asked = 3000;
  late.socket.write(Buffer.concat(Array.from({ length: asked }, (_, id) => query(id))));
  await pause(200);
  const [reply] = await askTcp('127.0.0.1', fixture.port, [www]);
  t.equal(reply?.answers[0]?.data, '192.0.2.80', 'others are answered meanwhile');
  late.socket.resume();
  await until(() => late.replies.length === asked || late.state.closed);
  t.equal(late.replies.length, asked);
  t.ok(
    late.replies.every((bytes, i) => bytes.readUInt16BE(0) === i),
    'in the order of the queries',
  );
  late.socket.destroy();
  await fixture.fleet.stop();
});

const IDLE_SECONDS = 5;
/** The server hears of a query some time after it was sent. */
const SILENT_MAX_MS = 2000;

t.test('clients that keep the server waiting are dropped', async (t) => {
  const fixture = await startFleet({ tcp: { idleSeconds: IDLE_SECONDS } });
  fill(fixture);

  const silent = connect(fixture.port);
  const idle = connect(fixture.port);
  idle.socket.write(frame(www));
  const trickle = connect(fixture.port);
  const drip = setInterval(() => trickle.socket.write(Uint8Array.of(1)), 50);
  const deaf = connect(fixture.port);
  deaf.socket.pause();
  const big = frame(buildQuery({ name: 'big.example.test', type: 'TXT' }));
  deaf.socket.write(Buffer.concat(Array.from({ length: 3000 }, () => big)));
  // Not reading, it learns only by writing that the server has closed.
  const poke = setInterval(() => deaf.socket.write(frame(www)), 100);
  const busy = connect(fixture.port);
  // On a machine that stands still it is as silent as the others.
  let [askedAt, silentMs] = [performance.now(), 0];
  const queries = setInterval(() => {
    silentMs = Math.max(silentMs, performance.now() - askedAt);
    askedAt = performance.now();
    busy.socket.write(frame(www));
  }, 100);

  await Promise.all([silent.closed, idle.closed, trickle.closed, deaf.closed]);
  t.equal(idle.replies.length, 1, 'idle after an answer');
  t.pass('silent from the start; a byte now and then; deaf to its replies');
  t.ok(!busy.state.closed || silentMs > SILENT_MAX_MS, `one that asks all the time stays: ${Math.round(silentMs)} ms`);
  t.ok(busy.replies.length > 1);
  clearInterval(drip);
  clearInterval(poke);
  clearInterval(queries);
  busy.socket.destroy();
  await fixture.fleet.stop();
});

t.test('too many connections: the longest idle gives its place, and a new one is always answered', async (t) => {
  // None is closed for its idleness, however long the machine stands still.
  const fixture = await startFleet({ tcp: { maxConnections: 10, maxConnectionsPerPrefix: 5, idleSeconds: 3600 } });
  fill(fixture);
  const neighbours: ReturnType<typeof connect>[] = [];
  for (let i = 0; i < 5; i++) {
    const one = connect(fixture.port, '127.0.1.1');
    one.socket.write(frame(www));
    await until(() => one.replies.length === 1);
    neighbours.push(one);
  }
  const [first, second] = neighbours as [(typeof neighbours)[0], (typeof neighbours)[0]];
  first.socket.write(frame(www));
  await until(() => first.replies.length === 2);
  const sixth = connect(fixture.port, '127.0.1.200');
  sixth.socket.write(frame(www));
  await second.closed;
  await until(() => sixth.replies.length === 1);
  t.notOk(first.state.closed, 'the prefix is full: its longest idle connection went');
  t.match(decode(sixth.replies[0]), { rcode: 0 });

  const others = Array.from({ length: 6 }, (_, i) => connect(fixture.port, `127.0.${i + 2}.1`));
  for (const other of others) other.socket.write(frame(www));
  await Promise.all(others.map((other) => until(() => other.replies.length === 1)));
  t.pass('all is full: those of other prefixes are answered all the same');
  await soon(t).equal(() => [...neighbours, sixth, ...others].filter(({ state }) => !state.closed).length, 10);
  for (const { socket } of [...neighbours, sixth, ...others]) socket.destroy();
  await fixture.fleet.stop();
});

t.test('where the process may open few files, more connections than that keep nobody out', async (t) => {
  const file = fileURLToPath(new URL('./few-files-server.ts', import.meta.url));
  const server = spawn('sh', ['-c', 'ulimit -n 100 && exec "$0" "$1"', process.execPath, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const port = Number(await new Promise((resolve) => server.stdout.once('data', (text) => resolve(String(text)))));
  const idle = Array.from({ length: 200 }, () => connect(port));
  await Promise.all(idle.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
  for (let i = 0; i < 5; i++) {
    const [reply] = await askTcp('127.0.0.1', port, [www]);
    t.equal(reply?.answers[0]?.data, '192.0.2.80');
  }
  for (const { socket } of idle) socket.destroy();
  server.stdin.write('stop');
  t.equal(await new Promise((resolve) => server.once('exit', resolve)), 0, 'no worker failed');
});
