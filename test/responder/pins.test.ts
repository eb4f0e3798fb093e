/** Pins, and the scope of client subnet options: who gets a named pool, and for whom an answer may be kept. */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import t from 'tap';
import { parseIpv4, parseIpv6 } from '../../src/wire/address.ts';
import type { Reply } from '../fixtures/dns-client.ts';
import { subnet } from '../fixtures/networks.ts';
import { runs } from '../fixtures/runs.ts';
import { rrset, service } from '../fixtures/table.ts';
import { world } from '../fixtures/world.ts';

const [SUBNET, NXDOMAIN] = [8, 3];
const PADDING = '0000:0000:0000:0000:0000:0000:0000:0000';

type Pools = Record<string, [number, ...string[]]>;
const pools: Pools = {
  blue: [100, '192.0.2.1', '2001:db8::1'],
  green: [0, '192.0.2.2', '2001:db8::2'],
  red: [0, '192.0.2.3', '2001:db8::3'],
};
const half: Pools = { blue: [50, '192.0.2.1', '2001:db8::1'], green: [50, '192.0.2.2', '2001:db8::2'] };

function bytesOf(address: string): Uint8Array {
  return (address.includes(':') ? parseIpv6(address) : parseIpv4(address)) as Uint8Array;
}

/** The last byte of the first address in the answer, and the scope; `network`: what the option tells. */
function answered(reply: Reply): { pool: number; scope: number } {
  const option = reply.edns?.options.find(({ code }) => code === SUBNET)?.data;
  const address = reply.answers.findLast(({ type }) => type === 1 || type === 28)?.data ?? '';
  return { pool: Number(address.split(/[.:]/).at(-1)), scope: option?.[3] ?? -1 };
}

function makeWorld(...services: Parameters<typeof service>[]) {
  const { ask } = world(
    { 'a.test': 'www A 192.0.2.9\nmail A 192.0.2.8' },
    services.map((each) => service(...each)),
  );
  return (network: string, name = 'app.a.test', type = 'A') => {
    const [address, bits] = network.split('/');
    return ask(name, type, { edns: { options: [subnet(bytesOf(address), Number(bits))] } });
  };
}

t.test('a pin gets its pool whatever the weights; the longest prefix wins', (t) => {
  for (const pick of ['random', 'sticky'] as const) {
    const ask = makeWorld([
      'a.test',
      'app.a.test',
      pools,
      {
        pick,
        pins: [
          { network: '198.51.0.0/16', pool: 'red' },
          { network: '198.51.100.0/24', pool: 'green' },
          { network: '198.51.100.7/32', pool: 'blue' },
          { network: '2001:db8:1::/48', pool: 'green' },
          { network: '2001:db8:1:2::/64', pool: 'red' },
        ],
      },
    ]);
    const said: [string, number, number][] = [
      ['198.51.7.0/24', 3, 18],
      ['198.51.100.0/24', 2, 32],
      ['198.51.100.7/32', 1, 32],
      ['198.51.100.128/25', 2, 25],
      ['198.51.100.6/32', 2, 32],
      ['198.50.0.0/16', 1, 16],
      ['10.0.0.0/24', 1, 1],
      ['2001:db8:1::/56', 2, 64],
      ['2001:db8:1:2::/64', 3, 64],
      ['2001:db8:1:3::/64', 2, 64],
      ['2001:db8:2::/48', 1, 47],
    ];
    for (const [network, pool, scope] of said) {
      t.same(answered(ask(network)), { pool, scope }, `${network} ${pick}`);
      t.same(answered(ask(network, 'app.a.test', 'AAAA')), { pool, scope }, `${network} ${pick} AAAA`);
    }
  }
  t.end();
});

t.test('a network that is told too coarsely for a pin does not get it, and is told how much to say next time', (t) => {
  const ask = makeWorld(['a.test', 'app.a.test', pools, { pins: [{ network: '198.51.96.0/24', pool: 'green' }] }]);
  t.same(answered(ask('198.51.96.0/20')), { pool: 1, scope: 24 });
  t.same(answered(ask('198.51.96.0/24')), { pool: 2, scope: 24 });
  t.same(answered(ask('198.51.112.0/20')), { pool: 1, scope: 20 });
  t.end();
});

t.test('without the option, or with one that tells nothing, the sender is who is meant', (t) => {
  const { ask, responder } = world({ 'a.test': '' }, [
    service('a.test', 'app.a.test', pools, { pins: [{ network: '127.0.0.0/8', pool: 'green' }] }),
  ]);
  t.match(answered(ask('app.a.test')), { pool: 2, scope: -1 }, 'no option in the answer to none');
  for (const data of ['00010000', '00020000', '00000000']) {
    const options = [{ code: SUBNET, data: Buffer.from(data, 'hex') }];
    t.same(answered(ask('app.a.test', 'A', { edns: { options } })), { pool: 2, scope: 0 }, data);
  }
  const other = [subnet(bytesOf('198.51.100.0'), 24)];
  t.same(answered(ask('app.a.test', 'A', { edns: { options: other } })), { pool: 1, scope: 1 });
  t.match(answered(ask('app.a.test')), { pool: 2 }, 'the option of an earlier query means nothing');
  t.ok(responder);
  t.end();
});

t.test('the scope is 24 or 56 where the network decides, and 0 where it does not', (t) => {
  const zones = { 'a.test': 'www A 192.0.2.9\nalias CNAME sticky.a.test.\nmx MX 10 sticky.a.test.' };
  const { ask } = world(zones, [
    service('a.test', 'sticky.a.test', half, { pick: 'sticky' }),
    service('a.test', 'random.a.test', half),
    service('a.test', 'decided.a.test', pools, { pick: 'sticky' }),
    service('a.test', 'some.a.test', { blue: [50, '192.0.2.1'], green: [50, '192.0.2.2'] }, { pick: 'sticky' }),
    service(
      'a.test',
      'host.a.test',
      { blue: [1, 'random.a.test'], green: [1, 'www.a.test'] },
      { pick: 'sticky', kind: 'host' },
    ),
    service(
      'a.test',
      'lost.a.test',
      { blue: [1, 'no.a.test'], green: [1, 'nor.a.test'] },
      { pick: 'sticky', kind: 'host' },
    ),
    service(
      'a.test',
      'chain.a.test',
      { blue: [1, 'pinned.a.test'], green: [1, 'pinned.a.test'] },
      { pick: 'sticky', kind: 'host' },
    ),
    service('a.test', 'pinned.a.test', pools, { pins: [{ network: '198.51.100.0/28', pool: 'green' }] }),
  ]);
  const scope = (name: string, network: string, type = 'A'): number => {
    const [address, bits] = network.split('/');
    return answered(ask(name, type, { edns: { options: [subnet(bytesOf(address), Number(bits))] } })).scope;
  };
  for (const network of ['198.51.100.0/24', '198.51.0.0/16', '128.0.0.0/1', '198.51.100.7/32']) {
    for (const name of ['sticky.a.test', 'alias.a.test', 'host.a.test'])
      t.equal(scope(name, network), 24, `${name} ${network}`);
    for (const name of ['random.a.test', 'www.a.test', 'no.a.test', 'decided.a.test']) {
      t.equal(scope(name, network), 0, `${name} ${network}`);
    }
  }
  t.equal(scope('sticky.a.test', '2001:db8::/32'), 56);
  t.equal(scope('sticky.a.test', '2001:db8::/56', 'AAAA'), 56);
  t.equal(scope('sticky.a.test', '198.51.100.0/24', 'TXT'), 0);
  t.equal(scope('some.a.test', '198.51.100.0/24', 'AAAA'), 0, 'a negative answer is kept for all (RFC 7871 §7.4)');
  t.equal(scope('lost.a.test', '198.51.100.0/24'), 24, 'a CNAME, and that its target does not exist');
  t.equal(scope('mx.a.test', '198.51.100.0/24', 'MX'), 0, 'what is additional has no scope (RFC 7871 §7.3.1)');
  t.equal(scope('chain.a.test', '198.51.100.0/24'), 28, 'the longest of a chain');
  t.equal(scope('chain.a.test', '10.0.0.0/24'), 24);
  t.equal(ask('lost.a.test').rcode, NXDOMAIN);
  t.end();
});

t.test('additional addresses do not depend on the option: a cache has one copy of them for all', (t) => {
  const { ask } = world({ 'a.test': 'mx MX 10 app.a.test.' }, [
    service('a.test', 'app.a.test', half, { pick: 'sticky', pins: [{ network: '198.51.100.0/24', pool: 'green' }] }),
  ]);
  const said = new Set(
    Array.from({ length: 100 }, (_, n) => {
      const options = [subnet(Uint8Array.of(198, 51, n, 0), 24)];
      return ask('mx.a.test', 'MX', { edns: { options } })
        .additional.map(({ data }) => data)
        .join();
    }),
  );
  t.equal(said.size, 1);
  t.end();
});

/** Few bits differ, so that networks often meet. */
const address4 = fc
  .tuple(
    fc.constantFrom(198, 199),
    fc.constantFrom(0, 51),
    fc.constantFrom(0, 100, 101),
    fc.constantFrom(0, 7, 128, 255),
  )
  .map((bytes) => Uint8Array.from(bytes));
const address6 = fc
  .tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 1, 0x80), fc.constantFrom(0, 0xff), fc.constantFrom(0, 1))
  .map(([a, b, c, d]) => Uint8Array.of(0x20, 1, 0x0d, 0xb8, a, b, c, 0, d, 0, 0, 0, 0, 0, 0, b));

function masked(address: Uint8Array, bits: number): Uint8Array {
  return address.map((byte, i) => byte & (0xff00 >> Math.max(0, Math.min(8, bits - 8 * i))) & 0xff);
}

function textOf(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  return PADDING.split(':')
    .map((_, i) => ((address[2 * i] << 8) | address[2 * i + 1]).toString(16))
    .join(':');
}

for (const [what, address, bits] of [
  ['IPv4', address4, 32],
  ['IPv6', address6, 128],
] as const) {
  t.test(`${what}: whoever is in the scope of an answer would have got the same one`, (t) => {
    const pin = fc.record({
      address,
      bits: fc.integer({ min: 0, max: bits }),
      pool: fc.constantFrom('blue', 'green', 'red'),
    });
    const unique = fc.uniqueArray(pin, {
      maxLength: 8,
      selector: (each) => `${textOf(masked(each.address, each.bits))}/${each.bits}`,
    });
    fc.assert(
      fc.property(
        unique,
        address,
        fc.integer({ min: 1, max: bits }),
        address,
        fc.boolean(),
        (pins, client, told, other, isSticky) => {
          const ask = makeWorld([
            'a.test',
            'app.a.test',
            isSticky ? { ...half, red: pools.red } : pools,
            {
              pick: isSticky ? 'sticky' : 'random',
              pins: pins.map((each) => ({
                network: `${textOf(masked(each.address, each.bits))}/${each.bits}`,
                pool: each.pool,
              })),
            },
          ]);
          const network = masked(client, told);
          const { pool, scope } = answered(ask(`${textOf(network)}/${told}`));
          // The longest pin that holds the whole network decides; the tests' own way to find it.
          const holding = pins
            .filter(
              (each) =>
                each.bits <= told && textOf(masked(network, each.bits)) === textOf(masked(each.address, each.bits)),
            )
            .sort((a, b) => b.bits - a.bits)[0];
          const number = { blue: 1, green: 2, red: 3 }[holding?.pool ?? 'blue'];
          if ((holding !== undefined || !isSticky) && pool !== number) throw new Error(`pool ${pool}, not ${number}`);
          if (scope > told) return;
          const twin = client.map((byte, i) => {
            const kept = (0xff00 >> Math.max(0, Math.min(8, scope - 8 * i))) & 0xff;
            return (byte & kept) | (other[i] & ~kept & 0xff);
          });
          const same = answered(ask(`${textOf(twin)}/${bits}`)).pool;
          if (same !== pool)
            throw new Error(`${textOf(network)}/${told} got ${pool}, scope ${scope}; ${textOf(twin)} got ${same}`);
        },
      ),
      { numRuns: runs(1000) },
    );
    t.end();
  });
}

t.test('records beside a pinned service are nobody’s in particular', (t) => {
  const { ask } = world({ 'a.test': '' }, [
    service('a.test', 'app.a.test', pools, { pins: [{ network: '198.51.100.0/24', pool: 'green' }] }),
    rrset('a.test', 'app.a.test', 'TXT', 60, '"beside it"'),
  ]);
  const options = [subnet(bytesOf('198.51.100.0'), 24)];
  t.match(answered(ask('app.a.test', 'TXT', { edns: { options } })), { scope: 0 });
  t.end();
});
