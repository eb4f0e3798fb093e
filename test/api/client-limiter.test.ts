/** The limit on failures: by client network, by minute, in bounded memory. */
import t from 'tap';
import { ClientLimiter } from '../../src/api/client-limiter.ts';

t.test('a client has its failures a minute', async (t) => {
  const limiter = new ClientLimiter(2);
  t.equal(limiter.count('192.0.2.1', 0), 0);
  t.equal(limiter.count('192.0.2.1', 1000), 0);
  t.equal(limiter.count('192.0.2.1', 2000), 58, 'seconds until the minute is over');
  t.equal(limiter.count('192.0.2.1', 59_999), 1);
  t.equal(limiter.count('192.0.2.1', 60_000), 0, 'then it begins anew');
  for (let i = 0; i < 5; i++) limiter.count('192.0.2.1', 60_000);
  t.equal(limiter.count('192.0.2.1', 0), 0, 'a clock that went back does not lock anyone out');
});

t.test('IPv6 clients count by /64, IPv4 clients by address', async (t) => {
  const same = (one: string, other: string) => {
    const limiter = new ClientLimiter(1);
    limiter.count(one, 0);
    return limiter.count(other, 0) > 0;
  };
  t.ok(same('2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'));
  t.ok(same('2001:db8::1', '2001:db8:0:0:5::'));
  t.ok(same('::1', '::2'));
  t.notOk(same('2001:db8:1:2::1', '2001:db8:1:3::1'));
  t.notOk(same('2001:db8::1', '2001:db8:0:1::1'));
  t.notOk(same('::ffff:192.0.2.1', '::ffff:192.0.2.2'));
  t.notOk(same('192.0.2.1', '192.0.2.2'));
});

t.test('many clients take bounded memory, and the oldest are forgotten first', async (t) => {
  const limiter = new ClientLimiter(1);
  for (let i = 0; i < 100_000; i++) limiter.count(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, i / 10);
  t.equal(limiter.clients, 4096);
  t.ok(limiter.count('10.1.134.159', 10_000) > 0, 'the last one is remembered');
  t.equal(limiter.count('10.0.0.0', 10_000), 0, 'the first one is not');
});
