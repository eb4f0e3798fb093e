/** Listening: both families, wildcard addresses, several addresses, occupied addresses, stopping. */
import dgram from 'node:dgram';
import net from 'node:net';
import os from 'node:os';
import t from 'tap';
import { ListenError } from '../../src/sockets/open.ts';
import { askTcp, askUdp, buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { freePort } from '../fixtures/free-port.ts';
import { inTime } from '../fixtures/in-time.ts';
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

/** Addresses of this machine, as far as they mean something without an interface. */
function ownAddresses(family: 'IPv4' | 'IPv6'): string[] {
  const all = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter((own) => own.family === family && !own.address.startsWith('fe80')).map(({ address }) => address);
}

for (const transport of ['batch', 'portable'] as const) {
  for (const address of ['127.0.0.1', '::1']) {
    t.test(`${transport} transport on ${address}`, async (t) => {
      const fixture = await startFleet({ transport, addresses: [address] });
      fill(fixture);
      const overUdp = await askUdp(address, fixture.port, www);
      t.equal(overUdp.answers[0]?.data, '192.0.2.80');
      const [overTcp] = await askTcp(address, fixture.port, [www]);
      t.equal(overTcp?.answers[0]?.data, '192.0.2.80');
      const big = buildQuery({ id: 8, name: 'big.example.test', type: 'TXT', edns: {} });
      t.match(await askUdp(address, fixture.port, big), { tc: true, answers: [] }, 'too long for UDP');
      const [whole] = await askTcp(address, fixture.port, [big]);
      t.equal(whole?.answers.length, 100, 'whole over TCP');
      await fixture.fleet.stop();
    });
  }

  t.test(`${transport} transport on the wildcard address answers from the address that was asked`, async (t) => {
    for (const family of ['IPv4', 'IPv6'] as const) {
      const fixture = await startFleet({ transport, addresses: [family === 'IPv4' ? '0.0.0.0' : '::'] });
      fill(fixture);
      // The batch transport has one socket for all of them, the portable one a socket for each, which it lists.
      const { endpoints } = fixture.fleet;
      const addresses = [...ownAddresses(family), ...(family === 'IPv4' ? ['127.0.0.2', '127.1.2.3'] : [])];
      const asked =
        transport === 'portable' ? endpoints : addresses.map((address) => ({ address, port: fixture.port }));
      t.ok(asked.length > 0);
      for (const { address, port } of asked) {
        // The client's socket is connected, so an answer from another address would never reach it.
        t.equal((await askUdp(address, port, www)).answers[0]?.data, '192.0.2.80', address);
        t.equal((await askTcp(address, port, [www]))[0]?.answers[0]?.data, '192.0.2.80', `${address} over TCP`);
      }
      await fixture.fleet.stop();
    }
  });
}

for (const transport of ['batch', 'portable'] as const) {
  t.test(`${transport} transport on several addresses of both families`, async (t) => {
    const addresses = ['127.0.0.1', '127.0.0.2', '::1'];
    const fixture = await startFleet({ transport, addresses });
    fill(fixture);
    for (const { address, port } of fixture.fleet.endpoints) {
      const clients = await Promise.all(Array.from({ length: 8 }, () => UdpClient.open(address, port)));
      const replies = await Promise.all(clients.map((client) => client.ask(www)));
      t.ok(replies.every(({ answers }) => answers[0]?.data === '192.0.2.80'));
      await Promise.all(clients.map((client) => client.close()));
      t.equal((await askTcp(address, port, [www]))[0]?.answers[0]?.data, '192.0.2.80');
    }
    t.equal(fixture.fleet.endpoints.length, addresses.length);
    await fixture.fleet.stop();
  });
}

t.test('an address in use is refused with one line', async (t) => {
  const taken = dgram.createSocket({ type: 'udp4', reusePort: true });
  await new Promise<void>((resolve) => taken.bind(0, '127.0.0.1', resolve));
  const { port } = taken.address();
  await t.rejects(
    startFleet({ port }),
    new ListenError(`cannot listen on 127.0.0.1:${port} (UDP): the address is in use by another process`),
  );
  taken.close();
  const server = net.createServer();
  // Over UDP nobody has it: a port that the kernel gives for TCP may be somebody's for UDP.
  const tcpPort = await freePort();
  await new Promise<void>((resolve) => server.listen(tcpPort, '127.0.0.1', resolve));
  await t.rejects(startFleet({ port: tcpPort }), { message: /\(TCP\): the address is in use/ });
  server.close();
});

t.test('stopping answers what was received', async (t) => {
  const fixture = await startFleet({ workers: 2 });
  fill(fixture);
  const clients = await Promise.all(Array.from({ length: 8 }, () => UdpClient.open('127.0.0.1', fixture.port)));
  const asked = clients.flatMap((client) => Array.from({ length: 20 }, () => client.ask(www)));
  // Sent, at the latest, when the next turn of the event loop begins; stopping starts after that.
  await new Promise((resolve) => setImmediate(resolve));
  await inTime(fixture.fleet.stop(), 60);
  t.equal((await Promise.all(asked)).length, 160);
  await Promise.all(clients.map((client) => client.close()));
});
