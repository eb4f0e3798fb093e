/** Addresses where the system does not tell which the machine has, as under a filter without AF_NETLINK. */
import os from 'node:os';
import t from 'tap';
import { ListenAddresses } from '../../src/sockets/listen-addresses.ts';
import { ListenError } from '../../src/sockets/open.ts';

const user = { name: 'portable', learnsAddress: false };
const options = { receiveBufferBytes: 4096, workers: 1 };

t.test('named ones are listened on, and of a wildcard one line says why not', async (t) => {
  t.intercept(os, 'networkInterfaces', {
    value: () => {
      throw new Error('uv_interface_addresses returned EPERM');
    },
  });
  const listen = (address: string) =>
    ListenAddresses.open(undefined, user, { ...options, listen: [{ address, port: 0 }] });
  t.match((await listen('127.0.0.1')).endpoints, [{ address: '127.0.0.1', port: Number }]);
  const why =
    'cannot listen on 0.0.0.0:0: the system does not tell what addresses this machine has (uv_interface_addresses returned EPERM); name them';
  await t.rejects(listen('0.0.0.0'), new ListenError(why));
});
