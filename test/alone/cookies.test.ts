/** Every transport tells the responder the sender's address: a server cookie is good from there and nowhere else. */
import t from 'tap';
import { askTcp, buildQuery, type Reply, UdpClient } from '../fixtures/dns-client.ts';
import { apply, rrset, zone } from '../fixtures/table.ts';
import { startFleet } from '../flow/cutover.ts';

const BADCOOKIE = 23;
const COOKIE = 10;
const clientCookie = Buffer.from('2464c4abcf10c957', 'hex');

function query(cookie: Uint8Array): Buffer {
  return buildQuery({ name: 'www.example.test', edns: { options: [{ code: COOKIE, data: cookie }] } });
}

function cookieOf(reply: Reply): Buffer {
  return reply.edns?.options.find(({ code }) => code === COOKIE)?.data as Buffer;
}

const cases = [
  { transport: 'batch', address: '127.0.0.1', own: '127.0.0.1', other: '127.0.0.2' },
  { transport: 'portable', address: '127.0.0.1', own: '127.0.0.1', other: '127.0.0.2' },
  { transport: 'batch', address: '::1', own: '::1', other: undefined },
  { transport: 'portable', address: '::1', own: '::1', other: undefined },
] as const;

for (const { transport, address, own, other } of cases) {
  t.test(`a cookie over the ${transport} transport, ${address}`, async (t) => {
    const responder = { cookieSecrets: [new Uint8Array(16).fill(7)], cookiesRequired: true };
    const fixture = await startFleet({ transport, addresses: [address], responder });
    const { port } = fixture;
    apply(fixture.table, zone('example.test'), rrset('example.test', 'www.example.test', 'A', 60, '192.0.2.1'));
    const client = await UdpClient.open(address, port, { localAddress: own });
    const first = await client.ask(query(clientCookie));
    t.equal(first.rcode, BADCOOKIE, 'no cookie yet');
    const cookie = cookieOf(first);
    t.match(await client.ask(query(cookie)), { rcode: 0, answers: [{ data: '192.0.2.1' }] }, 'its own cookie');
    const again = await UdpClient.open(address, port, { localAddress: own });
    t.equal((await again.ask(query(cookie))).rcode, 0, 'from another port of the same address');
    const [overTcp] = await askTcp(address, port, [query(clientCookie)]);
    t.equal((await client.ask(query(cookieOf(overTcp)))).rcode, 0, 'learned over TCP, good over UDP');
    if (other !== undefined) {
      const stranger = await UdpClient.open(address, port, { localAddress: other });
      t.equal((await stranger.ask(query(cookie))).rcode, BADCOOKIE, 'somebody else’s');
      await stranger.close();
    }
    await Promise.all([client.close(), again.close()]);
    await fixture.fleet.stop();
  });
}
