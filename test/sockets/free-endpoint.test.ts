/** Whether an address is free is found out before it is shared. */
import dgram from 'node:dgram';
import net from 'node:net';
import t from 'tap';
import { freeEndpoint } from '../../src/sockets/free-endpoint.ts';
import { ListenError } from '../../src/sockets/open.ts';

t.test('a free address is free again after the question, and its port is known', async (t) => {
  const { port } = await freeEndpoint({ address: '127.0.0.1', port: 0 });
  t.ok(port > 0);
  t.same(await freeEndpoint({ address: '127.0.0.1', port }), { address: '127.0.0.1', port });
});

t.test('an address in use over UDP or TCP is refused', async (t) => {
  const udp = dgram.createSocket({ type: 'udp4', reusePort: true });
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
  const busy = { address: '127.0.0.1', port: udp.address().port };
  await t.rejects(
    freeEndpoint(busy),
    new ListenError(`cannot listen on 127.0.0.1:${busy.port} (UDP): the address is in use by another process`),
  );
  udp.close();
  const tcp = net.createServer();
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const { port } = tcp.address() as net.AddressInfo;
  await t.rejects(freeEndpoint({ address: '127.0.0.1', port }), { message: /\(TCP\): the address is in use/ });
  tcp.close();
});
