/** What the door is told of the machine. */
import t from 'tap';
import { connectionsLeft, makePrefixOf, openFilesMax } from '../../src/server/client-limits.ts';

t.test('DNS over TCP keeps its share of few descriptors', async (t) => {
  t.equal(connectionsLeft(1000, 1000, undefined), 1000);
  t.equal(connectionsLeft(1000, 1000, 1_048_576), 1000);
  for (const files of [256, 512, 1024, 2048, 3000]) {
    const door = connectionsLeft(1000, 1000, files);
    t.ok(door >= 8 && files - 128 - 2 * door >= (files - 128) / 2 - 1, `${door} of ${files}`);
  }
  t.equal(connectionsLeft(1000, 1000, 64), 8, 'somebody can always come in');
  if (process.platform === 'linux') t.ok(openFilesMax());
});

t.test('neighbours share a prefix; IPv4 is IPv4 on a socket for both', async (t) => {
  const prefixOf = makePrefixOf({ ipv4PrefixLength: 24, ipv6PrefixLength: 56, exempt: ['127.0.0.0/8', '::1/128'] });
  t.equal(prefixOf('127.0.0.1'), undefined);
  t.equal(prefixOf('::1'), undefined);
  t.equal(prefixOf('::ffff:127.0.0.1'), undefined);
  t.equal(prefixOf('192.0.2.1'), prefixOf('::ffff:192.0.2.200'));
  t.not(prefixOf('192.0.2.1'), prefixOf('192.0.3.1'));
  t.equal(prefixOf('2001:db8::1'), prefixOf('2001:db8:0:ff::1'));
  t.not(prefixOf('2001:db8::1'), prefixOf('2001:db8:1::1'));
  t.ok(prefixOf('fe80::1%eth0'));
});
