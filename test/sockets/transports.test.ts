/** Which transport serves UDP: the first of the list that works, and no other than the one that was asked for. */
import t from 'tap';
import { loadLibc } from '../../src/sockets/libc.ts';
import { ListenError } from '../../src/sockets/open.ts';
import type { Availability, Transport } from '../../src/sockets/transport.ts';
import { findUdpTransport, TCP, transportNamed, UDP_TRANSPORTS } from '../../src/sockets/transports.ts';

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
