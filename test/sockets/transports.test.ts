/** Which transport serves UDP: the first of the list that works, and no other than the one that was asked for. */
import t from 'tap';
import { loadLibc } from '../../src/sockets/libc.ts';
import { ListenError } from '../../src/sockets/open.ts';
import type { Availability, Transport, Unavailable } from '../../src/sockets/transport.ts';
import { findUdpTransport, TCP, transportNamed, UDP_TRANSPORTS } from '../../src/sockets/transports.ts';
import { openUdp } from '../../src/sockets/udp.ts';

/** One that says of itself what it is told to. */
const claiming = (name: string, availability: Availability): Transport => ({
  name,
  about: 'a test',
  learnsAddress: true,
  available: () => availability,
  open: () => ({ share: () => ({}), states: () => [], close: () => {} }),
  serve: () => Promise.resolve(undefined),
});

const works = { works: true, refused: new Map([['poll', 1]]) } as const;
const fails = { works: false, summary: 'AF_XDP does not work here', why: 'EPERM' } as const;
const list = [
  claiming('foreign', { works: false, lacks: 'another machine' }),
  claiming('xdp', fails),
  claiming('batch', works),
  claiming('portable', { works: true, refused: new Map() }),
];

t.test('auto takes the first that works, and tells only of what should have worked', async (t) => {
  const { transport, refused, failed } = findUdpTransport(undefined, 'auto', list);
  t.equal(transport.name, 'batch');
  t.same([...refused], [['poll', 1]]);
  t.match(failed, [{ summary: fails.summary, why: fails.why }]);
  t.equal(failed.length, 1);
});

t.test('what was asked for by its name serves, or the start says in one line why it cannot', async (t) => {
  t.equal(findUdpTransport(undefined, 'portable', list).transport.name, 'portable');
  t.throws(
    () => findUdpTransport(undefined, 'foreign', list),
    new ListenError('dns.transport: foreign needs another machine; use auto'),
  );
  t.throws(
    () => findUdpTransport(undefined, 'xdp', list),
    new ListenError('dns.transport: xdp does not work here: EPERM; use auto'),
  );
});

t.test('without the C library batches are not to be had, and nothing needs to be told', async (t) => {
  const { transport, failed } = findUdpTransport(undefined, 'auto');
  t.equal(transport.name, 'portable');
  t.same(failed, []);
  t.throws(
    () => findUdpTransport(undefined, 'batch'),
    new ListenError('dns.transport: batch needs Linux and the koffi package, which did not load; use auto'),
  );
});

t.test('batches serve where they can', { skip: loadLibc() === undefined && 'no C library here' }, async (t) => {
  t.equal(findUdpTransport(loadLibc(), 'auto').transport.name, 'batch');
});

t.test('a worker finds each transport of the setting, and that of TCP, by its name', async (t) => {
  const names = [...UDP_TRANSPORTS.filter((name) => name !== 'auto'), TCP.name];
  for (const name of names) t.equal(transportNamed(name)?.name, name);
  t.equal(new Set(names).size, names.length);
  t.equal(transportNamed('auto'), undefined);
});

/** One that nobody gets without its name. */
const onlyByName = (availability: Availability, opened?: Unavailable): Transport => {
  const plain = claiming('xdp', availability);
  return { ...plain, onlyByName: true, open: () => opened ?? { share: () => ({}), states: () => [], close: () => {} } };
};

t.test('one that goes by its name only is never taken by itself, and where it fails the next one serves', async (t) => {
  const others = list.slice(2);
  t.equal(findUdpTransport(undefined, 'auto', [onlyByName(works), ...others]).transport.name, 'batch');
  t.equal(findUdpTransport(undefined, 'xdp', [onlyByName(works), ...others]).transport.name, 'xdp');
  const refused = findUdpTransport(undefined, 'xdp', [onlyByName(fails), ...others]);
  t.equal(refused.transport.name, 'batch');
  t.match(refused.failed, [{ summary: fails.summary, why: fails.why }]);
  const foreign = findUdpTransport(undefined, 'xdp', [onlyByName({ works: false, lacks: 'Linux' }), ...others]);
  t.equal(foreign.transport.name, 'batch');
  t.match(foreign.failed, [{ summary: 'xdp cannot be had', why: 'Linux' }], 'who asked for it is told');
});

t.test('one that turns out not to work when it opens leaves the addresses to the next one', async (t) => {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const limits = {
    maxConnections: 1,
    maxConnectionsPerPrefix: 1,
    idleSeconds: 1,
    ipv4PrefixLength: 24,
    ipv6PrefixLength: 56,
  };
  const options = {
    listen: [{ address: '127.0.0.1', port: 0 }],
    workers: 1,
    receiveBufferBytes: 65_536,
    udpMaxBytes: 1232,
    gatherMicroseconds: 0,
    tcp: { ...limits, exempt: [] },
    log,
  };
  const asked: unknown[] = [];
  const xdp: Transport = {
    ...onlyByName(works, fails),
    available: (_libc, options) => {
      asked.push(options);
      return works;
    },
  };
  const { udp, failed, addresses } = await openUdp(loadLibc(), 'xdp', options, [xdp, ...list.slice(2)]);
  t.equal(udp.transport.name, 'batch');
  t.same(failed, [{ summary: fails.summary, why: fails.why }]);
  t.match(asked, [{ listen: options.listen }], 'it is told what it is to serve before it says whether it can');
  t.not(addresses.endpoints[0]?.port, 0);
  addresses.closeUdp();
  addresses.closeTcp();
});
