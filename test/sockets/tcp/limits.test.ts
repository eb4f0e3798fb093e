/** Which connection gives its place to another one. */
import t from 'tap';
import { type LimitedConnection, TcpConnections, type TcpLimits } from '../../../src/sockets/tcp/limits.ts';
import { parseIpv4, parseIpv6 } from '../../../src/wire/address.ts';
import { Malformed } from '../../../src/wire/malformed.ts';
import { parseNetwork } from '../../../src/wire/network.ts';

const limits: TcpLimits = {
  maxConnections: 4,
  maxConnectionsPerPrefix: 2,
  idleSeconds: 10,
  ipv4PrefixLength: 24,
  ipv6PrefixLength: 56,
  exempt: [],
};

/** Connections that only remember what was done to them. */
function open(more: Partial<TcpLimits> = {}) {
  const connections = new TcpConnections({ ...limits, ...more });
  const closed: string[] = [];
  const add = (name: string, text: string, deadlineMs = Infinity): LimitedConnection => {
    const address = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
    if (address instanceof Malformed) throw new Error(address.reason);
    const connection: LimitedConnection = {
      address,
      deadlineMs,
      end: () => {},
      close: () => {
        closed.push(name);
        connections.remove(connection);
      },
    };
    connections.add(connection);
    return connection;
  };
  t.teardown(() => connections.close());
  return { connections, closed, add };
}

t.test('one too many of all closes the one whose last query is longest ago', async (t) => {
  const { connections, closed, add } = open();
  const first = add('first', '192.0.2.1');
  for (const [i, name] of ['second', 'third', 'fourth'].entries()) add(name, `198.51.${i}.1`);
  t.same(closed, []);
  connections.touch(first);
  add('fifth', '203.0.113.1');
  t.same(closed, ['second']);
  add('sixth', '203.0.113.2');
  t.same(closed, ['second', 'third']);
  t.equal(connections.size, 4);
});

t.test('one too many of a prefix closes one of its own, though there is room', async (t) => {
  const { connections, closed, add } = open();
  add('other', '198.51.100.1');
  add('a', '192.0.2.1');
  add('b', '192.0.2.77');
  add('c', '192.0.2.200');
  t.same(closed, ['a']);
  t.equal(connections.size, 3);
  add('x', '2001:db8:0:aa00::1');
  t.same(closed, ['a']);
});

t.test('IPv6 prefixes', async (t) => {
  const { closed, add } = open();
  add('a', '2001:db8:0:aa00::1');
  add('b', '2001:db8:0:aaff::1');
  add('other', '2001:db8:0:ab00::1');
  t.same(closed, []);
  add('c', '2001:db8:0:aa01::1');
  t.same(closed, ['a']);
});

t.test('an exempt network has no limit of its own, but counts among all', async (t) => {
  const loopback = parseNetwork('127.0.0.0/8');
  if (loopback instanceof Malformed) throw new Error(loopback.reason);
  const { closed, add } = open({ exempt: [loopback] });
  for (const name of ['a', 'b', 'c', 'd']) add(name, '127.0.0.1');
  t.same(closed, []);
  add('e', '127.0.0.1');
  t.same(closed, ['a']);
});

t.test('with a limit of one a neighbour replaces the other, again and again', async (t) => {
  const { connections, closed, add } = open({ maxConnectionsPerPrefix: 1 });
  for (const name of ['a', 'b', 'c']) add(name, '192.0.2.1');
  t.same(closed, ['a', 'b']);
  t.equal(connections.size, 1);
});

t.test('a deadline that has passed closes, others stay', async (t) => {
  const { connections, closed, add } = open();
  add('late', '192.0.2.1', performance.now() - 1);
  add('early', '192.0.2.2');
  while (closed.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  t.same(closed, ['late']);
  t.equal(connections.size, 1);
});
