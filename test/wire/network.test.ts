/** Networks: what is read, what is refused, what they contain. */
import fc from 'fast-check';
import t from 'tap';
import { parseIpv4, parseIpv6 } from '../../src/wire/address.ts';
import { Malformed } from '../../src/wire/malformed.ts';
import { contains, formatNetwork, maskedAddress, type Network, parseNetwork } from '../../src/wire/network.ts';
import { runs } from '../fixtures/runs.ts';

function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (parsed instanceof Malformed) throw new Error(parsed.reason);
  return parsed;
}

function holds(text: string, address: string): boolean {
  const bytes = address.includes(':') ? parseIpv6(address) : parseIpv4(address);
  if (bytes instanceof Malformed) throw new Error(bytes.reason);
  // Not at 0: the address stands somewhere in a larger memory.
  const memory = Uint8Array.of(255, ...bytes, 255);
  return contains(network(text), memory, 1, bytes.length);
}

t.test('texts come back in their usual form', async (t) => {
  for (const text of [
    '192.0.2.0/24',
    '0.0.0.0/0',
    '10.0.0.0/9',
    '198.51.100.7/32',
    '2001:db8::/32',
    '::/0',
    '::1/128',
  ]) {
    t.equal(formatNetwork(network(text)), text);
  }
  t.equal(formatNetwork(network('127.0.0.1')), '127.0.0.1/32', 'an address alone');
  t.equal(formatNetwork(network('2001:DB8:0::1')), '2001:db8::1/128');
});

t.test('what is no network is refused, and the reason says what would be', async (t) => {
  const bad = [
    '',
    '/',
    '192.0.2.0/33',
    '192.0.2.0/',
    '192.0.2.0/08',
    '192.0.2.0/-1',
    '192.0.2/24',
    '::/129',
    '::1/64/3',
    'a/8',
  ];
  for (const text of bad) t.match(parseNetwork(text), { reason: /a network such as 192\.0\.2\.0\/24/ }, text);
  t.match(parseNetwork('192.0.2.1/24'), {
    reason: /has bits beyond its prefix: 192\.0\.2\.0\/24 or the address alone/,
  });
});

t.test('membership', async (t) => {
  t.ok(holds('192.0.2.0/24', '192.0.2.255'));
  t.notOk(holds('192.0.2.0/24', '192.0.3.0'));
  t.ok(holds('10.128.0.0/9', '10.255.0.1'));
  t.notOk(holds('10.128.0.0/9', '10.127.0.1'));
  t.ok(holds('0.0.0.0/0', '203.0.113.9'));
  t.notOk(holds('0.0.0.0/0', '::1'), 'families are apart');
  t.ok(holds('2001:db8:0:ff00::/56', '2001:db8:0:ff42::1'));
  t.notOk(holds('2001:db8:0:ff00::/56', '2001:db8:0:fe42::1'));
});

t.test('an address lies in the network of its own masked bits, and in no other of that length', async () => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  fc.assert(
    fc.property(address, fc.nat(128), fc.nat(127), (bytes, anyLength, anyBit) => {
      const prefixLength = anyLength % (bytes.length * 8 + 1);
      const own = { bytes: maskedAddress(bytes, 0, bytes.length, prefixLength), prefixLength };
      const bit = anyBit % (bytes.length * 8);
      const other = Uint8Array.from(bytes);
      other[bit >> 3] ^= 0x80 >> (bit & 7);
      return contains(own, bytes, 0, bytes.length) && contains(own, other, 0, other.length) === bit >= prefixLength;
    }),
    { numRuns: runs(100) },
  );
});
