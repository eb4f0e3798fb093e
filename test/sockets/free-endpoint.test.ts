/** Whether an address is free is found out before it is shared. */
import dgram from 'node:dgram';
import net from 'node:net';
import t from 'tap';
import { freeEndpoint } from '../../src/sockets/free-endpoint.ts';
import { ListenError } from '../../src/sockets/open.ts';
import { freePort } from '../fixtures/free-port.ts';

t.test('a free address is free again after the question, and its port is known', async (t) => {
  t.ok((await freeEndpoint({ address: '127.0.0.1', port: 0 })).port > 0);
  // One that the kernel gives to nobody by itself in between.
  const port = await freePort();
  await freeEndpoint({ address: '127.0.0.1', port });
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
  // Over UDP nobody has it: a port that the kernel gives for TCP may be somebody's for UDP.
  const port = await freePort();
  await new Promise<void>((resolve) => tcp.listen(port, '127.0.0.1', resolve));
  await t.rejects(freeEndpoint({ address: '127.0.0.1', port }), { message: /\(TCP\): the address is in use/ });
  tcp.close();
});
