/** From where a token may be used: how networks are read, and which addresses are in them. */
import t from 'tap';
import { isMaster, makeToken, type Token, tokenBody } from '../../src/model/token.ts';
import { isInNetworks, makeTokenNetworks, TOKEN_NETWORKS_MAX } from '../../src/model/token-networks.ts';

t.test('networks in one spelling, each once', async (t) => {
  const texts = ['192.0.2.0/24', '2001:DB8:0:0::/32', '198.51.100.7', '192.0.2.0/24', '::1', '::ffff:203.0.113.0/120'];
  t.same(makeTokenNetworks(texts), ['192.0.2.0/24', '2001:db8::/32', '198.51.100.7/32', '::1/128', '203.0.113.0/24']);
  t.same(makeTokenNetworks(['0.0.0.0/0', '::/0', '::ffff:0:0/96', '::fffe:0:0/95']), [
    '0.0.0.0/0',
    '::/0',
    '::fffe:0:0/95',
  ]);
});

t.test('what is no list of networks', async (t) => {
  const bad = ['', 'home', '192.0.2.0/33', '192.0.2.7/24', '192.0.2.0/24/1', '2001:db8::1/32', '192.0.2', '1.2.3.4/08'];
  for (const text of bad) {
    const made = makeTokenNetworks(['192.0.2.1', text]);
    t.match(made, { code: 'networks_invalid', pointer: '/networks/1' }, JSON.stringify(text));
  }
  t.match(makeTokenNetworks([]), { code: 'networks_invalid', pointer: '/networks' });
  const many = (count: number) => Array.from({ length: count }, (_, i) => `10.0.${i}.0/24`);
  t.equal((makeTokenNetworks(many(TOKEN_NETWORKS_MAX)) as string[]).length, TOKEN_NETWORKS_MAX);
  t.match(makeTokenNetworks(many(TOKEN_NETWORKS_MAX + 1)), { code: 'networks_invalid' });
});

t.test('an address is in a network, however the socket writes it', async (t) => {
  const networks = makeTokenNetworks(['192.0.2.0/24', '2001:db8::/32', 'fe80::/64']) as string[];
  const inside = [
    '192.0.2.0',
    '192.0.2.255',
    '::ffff:192.0.2.9',
    '::FFFF:c000:209',
    '2001:db8:ffff::1',
    'fe80::1%eth0',
  ];
  for (const address of inside) t.ok(isInNetworks(networks, address), address);
  const outside = ['192.0.1.255', '192.0.3.0', '::ffff:192.0.3.0', '2001:db9::', '::192.0.2.1', 'fe80:0:0:1::1%eth0'];
  for (const address of [...outside, undefined, '', 'x', '192.0.2', '192.0.2.1.', '%', '192.0.2.1, 10.0.0.1']) {
    t.notOk(isInNetworks(networks, address), String(address));
  }
  t.ok(isInNetworks(['0.0.0.0/0'], '::ffff:203.0.113.1'), 'mapped, it is IPv4');
  t.notOk(isInNetworks(['::/0'], '::ffff:203.0.113.1'));
  t.notOk(isInNetworks(['0.0.0.0/0'], '::1'));
  t.ok(isInNetworks(['::/0'], '::1'));
});

t.test('a token says its networks, and is no master key with any', async (t) => {
  const token = makeToken({ name: 'ci', scope: 'admin', networks: ['::/0', '0.0.0.0/0'] }, 0) as Token;
  t.same(tokenBody(token), { name: 'ci', scope: 'admin', networks: ['::/0', '0.0.0.0/0'] });
  t.notOk(isMaster(token));
  t.match(makeToken({ name: 'ci', scope: 'records', networks: ['x'] }, 0), { code: 'networks_invalid' });
});
