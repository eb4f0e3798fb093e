/** Socket addresses as the kernel tells them. */
import t from 'tap';
import { decodeSockaddr, encodeSockaddr, formatEndpoint, isLinkLocal } from '../../src/sockets/address.ts';

t.test('a link-local address keeps the interface that it is of', async (t) => {
  const sockaddr = encodeSockaddr({ address: 'fe80::1', port: 53 });
  t.same(decodeSockaddr(sockaddr), { address: 'fe80::1', port: 53 });
  new DataView(sockaddr.buffer).setUint32(24, 3, true);
  const told = decodeSockaddr(sockaddr);
  t.same(told, { address: 'fe80::1%3', port: 53 });
  t.equal(told && formatEndpoint(told), '[fe80::1%3]:53');
});

t.test('which addresses are those of a link', async (t) => {
  for (const address of ['fe80::1', 'fe80::1%3', 'fe81:2::', 'febf:ffff::1'])
    t.equal(isLinkLocal(address), true, address);
  for (const address of ['::', 'fe8::1', 'fec0::1', 'fd80::1', '2001:db8::fe80', '192.0.2.1'])
    t.equal(isLinkLocal(address), false, address);
});
