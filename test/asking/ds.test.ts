/** What nameservers of a parent say of a zone's DS, and what is no word of the parent. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { Packet } from 'dns2';
import t, { type Test } from 'tap';
import { AskingThread } from '../../src/asking/aside.ts';
import { askAt } from '../../src/asking/ask.ts';
import { askForDs } from '../../src/asking/ds.ts';

const ZONE = 'shop.example.com';
const DS = Buffer.from(`30390d02${'ab'.repeat(32)}`, 'hex');

interface Says {
  readonly rcode?: number;
  readonly isAuthoritative?: boolean;
  readonly ds?: readonly Buffer[];
  /** Owner of the SOA. */
  readonly soa?: string;
}

/** A server that says one thing. */
async function serve(t: Test, { rcode = 0, isAuthoritative = true, ds = [], soa }: Says): Promise<string> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (message, { address, port }) => {
    const reply = Packet.createResponseFromRequest(Packet.parse(message));
    reply.header.rcode = rcode;
    reply.header.aa = isAuthoritative ? 1 : 0;
    const soaData = {
      primary: 'ns1.example.com',
      admin: 'h.example.com',
      serial: 1,
      refresh: 1,
      retry: 1,
      expiration: 1,
    };
    const owner = { type: 6, class: 1, ttl: 900 };
    reply.authorities = soa === undefined ? [] : ([{ name: soa, ...owner, ...soaData, minimum: 300 }] as never);
    const head = reply.toBuffer();
    const records = ds.map((data) => Buffer.concat([pointer, fixed(data.length), data]));
    head.writeUInt16BE(records.length, 6);
    // Answers stand before the authorities: nothing but one of the two is ever sent here.
    socket.send(Buffer.concat([head, ...records]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

/** The name in the question. */
const pointer = Buffer.from('c00c', 'hex');

function fixed(length: number): Buffer {
  const bytes = Buffer.from('002b000100000e100000', 'hex');
  bytes.writeUInt16BE(length, 8);
  return bytes;
}

const host = (...addresses: string[]) => ({ host: addresses[0] ?? 'none', addresses, hasGlue: true });
/** All of these answer: none is late, however busy the machine is. */
const patience = { limitMs: 60_000, tries: 2 };
const ask = askAt(53, patience);

t.test('a DS, none, or no word at all', async (t) => {
  const said = async (says: Says) => (await askForDs(ZONE, [host(await serve(t, says))], ask))[0];
  const record = { tag: 12345, algorithm: 13, digestType: 2, digest: 'ab'.repeat(32) };
  t.match(await said({ ds: [DS] }), { ds: [record], ttlSeconds: 3600 });
  t.match(await said({ soa: 'example.com' }), { ds: [], ttlSeconds: 300 });
  t.match(await said({ soa: 'example.com', rcode: 3 }), { ds: [], ttlSeconds: 300 });
  const silent = { ds: undefined, error: String };
  t.match(await said({ soa: ZONE }), silent, 'the zone itself');
  t.match(await said({ soa: 'example.net' }), silent, 'something else');
  t.match(await said({}), silent, 'nothing');
  t.match(await said({ ds: [DS], isAuthoritative: false }), silent, 'hearsay');
  t.match(await said({ rcode: 5 }), { error: /RCODE 5/ });
  t.match(await said({ ds: [DS.subarray(0, 4)] }), { error: /cannot be read/ });
});

t.test('what a thread read is the same', async (t) => {
  const thread = new AskingThread(patience);
  const server = await serve(t, { ds: [DS] });
  t.match(await askForDs(ZONE, [host(server)], (address, question) => thread.ask(address, question)), [
    { ds: [{ tag: 12345, digest: 'ab'.repeat(32) }] },
  ]);
});

t.test('every address is asked; one that cannot be reached counts where its host was not heard', async (t) => {
  const good = await serve(t, { ds: [DS] });
  const stub: typeof ask = async (address, question) =>
    address === good ? ask(address, question) : { error: 'no way to that address from here' };
  const one = await askForDs(ZONE, [host(good, '[2001:db8::1]:53')], stub);
  t.same(
    one.map(({ server }) => server),
    [good],
  );
  const two = await askForDs(ZONE, [host(good), host('[2001:db8::1]:53'), host()], stub);
  t.match(two, [{ ds: [{}] }, { error: /no way/ }, { server: 'none', error: /no address/ }]);
});
