/** Hostile packets through real sockets: no crash, no wrong reply, nobody else's answer lost, memory flat. */

import dgram from 'node:dgram';
import t from 'tap';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { packets } from '../fixtures/mutate.ts';
import { openRawUdp } from '../fixtures/raw-udp.ts';
import { apply, rrset, service, zone } from '../fixtures/table.ts';
import { type FleetFixture, mutant, startFleet } from './cutover.ts';

function fill({ table }: FleetFixture): void {
  apply(
    table,
    zone('example.test'),
    rrset('example.test', 'www.example.test', 'A', 300, '192.0.2.80'),
    service('example.test', 'app.example.test', { blue: [90, '192.0.2.10'], green: [10, '192.0.2.20'] }),
  );
}

/** Asks one query after the other until told to stop; gives how many were answered, and what went wrong. */
function goodClient(port: number): { stop: () => Promise<{ answered: number; errors: string[] }> } {
  let done = false;
  const run = (async () => {
    const client = await UdpClient.open('127.0.0.1', port);
    const result = { answered: 0, errors: [] as string[] };
    while (!done) {
      try {
        const reply = await client.ask(buildQuery({ name: 'www.example.test', type: 'A' }), 5000);
        if (reply.answers[0]?.data !== '192.0.2.80') result.errors.push(JSON.stringify(reply.answers));
        result.answered++;
      } catch (error) {
        result.errors.push((error as Error).message);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await client.close();
    return result;
  })();
  return {
    stop: () => {
      done = true;
      return run;
    },
  };
}

t.test('100,000 random and mutated packets, raw ones from source port 0 among them', async (t) => {
  const fixture = await startFleet({ workers: 2 });
  fill(fixture);
  const good = goodClient(fixture.port);
  const raw = openRawUdp();
  if (raw === undefined) t.comment('no raw sockets here: packets from source port 0 left out');
  const socket = dgram.createSocket('udp4');
  const replies: number[] = [];
  const faults: string[] = [];
  socket.on('message', (reply) => {
    replies.push(reply.length);
    if (reply.length > 1232) faults.push(`a reply of ${reply.length} bytes`);
    if (((reply[2] as number) & 0x80) === 0) faults.push('a reply without QR');
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const response = buildQuery({ name: 'www.example.test', flags: 0x8000 });
  let sent = 0;
  let residentAtHalf = 0;
  for (const packet of packets(20261124, 100_000)) {
    sent++;
    if (raw !== undefined && sent % 10 === 0) raw.send(0, fixture.port, packet);
    else socket.send(packet, fixture.port, '127.0.0.1');
    if (sent % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    if (sent === 50_000) residentAtHalf = process.memoryUsage.rss();
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  const grownBytes = process.memoryUsage.rss() - residentAtHalf;
  raw?.close();
  t.same(faults, []);
  t.ok(replies.length > 1000, `${replies.length} replies`);
  const before = replies.length;
  for (let i = 0; i < 100; i++) socket.send(response, fixture.port, '127.0.0.1');
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.equal(replies.length, before, 'a response gets no reply');
  const { answered, errors } = await good.stop();
  t.same(errors, [], 'no answer of the other client was lost');
  t.ok(answered > 50, `${answered} answers to the other client`);
  t.ok(grownBytes < 32 * 2 ** 20, `${Math.round(grownBytes / 2 ** 20)} MiB more in the second half`);
  t.same(fixture.errors, [], 'no worker failed');
  t.same(fixture.replaced, []);
  socket.close();
  await fixture.fleet.stop();
});

t.test('a worker that throws under load is replaced on the same sockets, and its share answered again', async (t) => {
  const fixture = await startFleet({ workers: 2, entry: mutant('throws') });
  fill(fixture);
  const clients = await Promise.all(Array.from({ length: 16 }, () => UdpClient.open('127.0.0.1', fixture.port)));
  const query = buildQuery({ name: 'www.example.test', type: 'A' });
  const askAll = (timeoutMs: number) =>
    Promise.all(
      clients.map((client) =>
        client.ask(query, timeoutMs).then(
          () => true,
          () => false,
        ),
      ),
    );
  t.notOk((await askAll(5000)).includes(false), 'all clients are answered');
  for (const client of clients) await client.sendOnly(buildQuery({ id: 9, name: 'boom.example.test', type: 'A' }));
  const failedAt = performance.now();
  // Each client on its own, until it is answered: whichever worker its address and port lead to.
  await Promise.all(
    clients.map(async (client) => {
      while (
        !(await client.ask(query, 250).then(
          () => true,
          () => false,
        ))
      );
    }),
  );
  const tookMs = performance.now() - failedAt;
  t.comment(`answered again after ${Math.round(tookMs)} ms`);
  t.ok(tookMs < 10_000);
  t.ok(fixture.replaced.length >= 1, `workers replaced: ${fixture.replaced}`);
  t.match(fixture.errors[0], /boom/);
  t.notOk((await askAll(5000)).includes(false), 'all clients are answered as before');
  await Promise.all(clients.map((client) => client.close()));
  await fixture.fleet.stop();
});
