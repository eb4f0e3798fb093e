/** What changes on an interface while AF_XDP serves it: no query is lost by it for longer than the look takes. */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { type Libc, loadLibc } from '../../src/sockets/libc.ts';
import type { SocketLog } from '../../src/sockets/transport.ts';
import { AttachedInterface } from '../../src/sockets/xdp/attached.ts';
import { XdpInterfaces } from '../../src/sockets/xdp/open.ts';
import { ownAddresses } from '../../src/sockets/xdp/own-addresses.ts';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import type { TealProcess } from '../fixtures/process.ts';
import { comesTo } from '../fixtures/soon.ts';
import { CLIENT, SERVER, type Wire } from '../fixtures/two-namespaces.ts';
import { datagramsToSockets, hasProgram, startXdp } from '../fixtures/xdp-server.ts';
import { byXdp, isByXdp, isLeftAlone, look, onWire } from '../fixtures/xdp-tests.ts';

/** A reply that goes on an MTU of 1500 and not on one of 600. */
const long = { name: 'long.example.test', type: 'TXT', edns: { udpBytes: 1232 } } as const;
const short = { name: 'app.example.test' } as const;

/** Served at one address of IPv4, with a name whose reply is long. */
function served(what: string, run: Parameters<typeof byXdp>[2]): void {
  byXdp(what, { env: { TEAL_DNS_LISTEN: `${SERVER.v4}:53` } }, async (t, wire, teal) => {
    const rdata = [Array.from({ length: 4 }, () => `"${'x'.repeat(200)}"`).join(' ')];
    const body = { ttlSeconds: 60, rdata };
    const made = await teal.call('PUT', '/v1/zones/example.test/rrsets/long.example.test/TXT', body);
    t.ok(made.status < 300, JSON.stringify(made.body));
    await run(t, wire, teal);
  });
}

/** A query is lost where the interface has just changed: it is asked again soon. */
const MAYBE_LOST_MS = 2000;

/** Which way a query is answered; undefined: not at all in that time. */
async function way(
  wire: Wire,
  query: Parameters<typeof buildQuery>[0],
  timeoutMs?: number,
): Promise<'xdp' | 'socket' | undefined> {
  const before = datagramsToSockets(wire);
  const asking = askUdp(SERVER.v4, 53, buildQuery(query), timeoutMs === undefined ? {} : { timeoutMs });
  if ((await asking.catch(() => undefined))?.answers.length !== 1) return undefined;
  return datagramsToSockets(wire) === before ? 'xdp' : 'socket';
}

/** Whether queries come to be answered that way. */
const comesBy = async (wire: Wire, query: Parameters<typeof buildQuery>[0], wanted: 'xdp' | 'socket') =>
  wanted ===
  (await comesTo(
    () => way(wire, query, MAYBE_LOST_MS),
    (found) => found === wanted,
  ));

const said = ({ log }: TealProcess, words: RegExp): number => log.filter(({ msg }) => words.test(String(msg))).length;

/** The same once there is one: a line comes through other processes, and after what it tells of. */
const saidSoon = (teal: TealProcess, words: RegExp): Promise<number> =>
  comesTo(
    () => said(teal, words),
    (lines) => lines > 0,
  );

served('another hardware address, another name, and another namespace for a while', async (t, wire, teal) => {
  wire.ip('link', 'set', wire.server, 'address', '02:54:45:41:4c:77');
  execFileSync('ip', ['-n', wire.namespaces.client, 'neigh', 'flush', 'all']);
  t.ok(await comesBy(wire, short, 'xdp'));
  wire.ip('link', 'set', wire.server, 'name', 'another0');
  const headers = { authorization: `Bearer ${teal.token}` };
  const metrics = async (): Promise<string> => (await fetch(`${teal.admin}/metrics`, { headers })).text();
  t.ok(await comesTo(async () => (await metrics()).includes('address="another0 queue 0"'), Boolean));
  t.equal(await way(wire, short), 'xdp');
  t.equal(said(teal, /came after the start/), 0, 'a name that nothing has is nothing to tell of');
  wire.ip('link', 'add', wire.server, 'type', 'veth', 'peer', 'name', 'other1');
  wire.ip('addr', 'add', `${SERVER.v4}/32`, 'dev', wire.server);
  for (const name of [wire.server, 'other1']) wire.ip('link', 'set', name, 'up');
  t.equal(await saidSoon(teal, /came after the start/), 1, 'another one that is called as the first was');
  // Both at once for the look that comes next: it may find the interface where it was.
  wire.ip('link', 'set', 'another0', 'netns', wire.namespaces.client);
  execFileSync('ip', ['-n', wire.namespaces.client, 'link', 'set', 'another0', 'netns', wire.namespaces.server]);
  wire.ip('addr', 'add', `${SERVER.v4}/24`, 'dev', 'another0');
  wire.ip('link', 'set', 'another0', 'up');
  t.ok(await comesBy(wire, short, 'socket'), 'the sockets serve');
  t.notOk(hasProgram(wire));
  t.equal(await saidSoon(teal, /an interface that AF_XDP served is gone/), 1);
});

served(
  'an MTU that is too small for replies leaves them to the sockets, until it is larger again',
  async (t, wire, teal) => {
    const setMtu = (mtu: string): void => {
      wire.ip('link', 'set', wire.server, 'mtu', mtu);
      execFileSync('ip', ['-n', wire.namespaces.client, 'link', 'set', wire.client, 'mtu', mtu]);
    };
    t.equal(await way(wire, long), 'xdp');
    const seen = (): unknown => look(wire).interfaces.find(({ name }) => name === wire.server)?.support;
    t.equal(seen(), 'served');
    // Room enough for dns.udpMaxBytes, which is 1232.
    setMtu('1400');
    await new Promise((go) => setTimeout(go, 2500));
    t.equal(await way(wire, long), 'xdp');
    t.equal(said(teal, /too small/), 0);
    setMtu('600');
    t.ok(await comesBy(wire, long, 'socket'));
    t.equal(await way(wire, short), 'socket');
    t.equal(await saidSoon(teal, /MTU of this interface is now too small/), 1, 'one line');
    t.equal(seen(), 'resting', 'and the doctor does not say that it answers');
    setMtu('1500');
    t.ok(await comesBy(wire, long, 'xdp'));
    t.equal(await saidSoon(teal, /AF_XDP serves this interface again/), 1);
  },
);

served('down and up; taken away, and made anew', async (t, wire, teal) => {
  wire.ip('link', 'set', wire.server, 'down');
  wire.ip('link', 'set', wire.server, 'up');
  t.ok(await comesBy(wire, short, 'xdp'));
  t.ok(hasProgram(wire));
  wire.ip('link', 'del', wire.server);
  t.equal(await saidSoon(teal, /an interface that AF_XDP served is gone/), 1);
  const peer = ['peer', 'name', wire.client, 'netns', wire.namespaces.client];
  wire.ip('link', 'add', wire.server, 'type', 'veth', ...peer);
  wire.ip('addr', 'add', `${SERVER.v4}/24`, 'dev', wire.server);
  wire.ip('link', 'set', wire.server, 'up');
  for (const words of [
    ['addr', 'add', '10.77.0.2/24', 'dev', wire.client],
    ['link', 'set', wire.client, 'up'],
  ])
    execFileSync('ip', ['-n', wire.namespaces.client, ...words]);
  t.ok(await comesBy(wire, short, 'socket'), 'the sockets serve');
  t.equal(said(teal, /is gone/), 1, 'and that is told once');
  t.same(
    teal.log.filter(({ level }) => level === 'error'),
    [],
  );
});

onWire('a port of a bridge that has another hardware address', {}, async (t, wire) => {
  const { server } = wire;
  wire.ip('link', 'add', 'br0', 'address', '02:54:45:41:4c:99', 'type', 'bridge');
  wire.ip('addr', 'flush', 'dev', server);
  wire.ip('link', 'set', server, 'master', 'br0');
  wire.ip('link', 'set', 'br0', 'up');
  wire.ip('addr', 'add', `${SERVER.v4}/24`, 'dev', 'br0');
  const forgets = (): unknown => execFileSync('ip', ['-n', wire.namespaces.client, 'neigh', 'flush', 'all']);
  forgets();
  const teal = await startXdp(wire, t.testdir(), {
    TEAL_DNS_LISTEN: `${SERVER.v4}:53`,
    TEAL_DNS_XDP_INTERFACES: server,
  });
  t.teardown(() => teal.child.kill('SIGKILL'));
  if (!(await isByXdp(t, teal))) return;
  t.ok(await comesBy(wire, short, 'xdp'), 'queries come to the address of the bridge');
  wire.ip('link', 'set', 'br0', 'address', '02:54:45:41:4c:98');
  forgets();
  t.ok(await comesBy(wire, short, 'xdp'), 'and to one that it gets later');
  wire.ip('link', 'set', server, 'nomaster');
  wire.ip('addr', 'del', `${SERVER.v4}/24`, 'dev', 'br0');
  wire.ip('addr', 'add', `${SERVER.v4}/24`, 'dev', server);
  forgets();
  t.ok(await comesBy(wire, short, 'xdp'), 'and to its own once it is no port any more');
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
  t.ok(await isLeftAlone(wire));
});

/** The C library, of which a call fails while `fails` says so. */
function failing(call: 'socket' | 'syscall', fails: (...values: readonly unknown[]) => boolean): Libc {
  const libc = loadLibc() as Libc;
  const real = libc[call] as (...values: readonly unknown[]) => unknown;
  return { ...libc, [call]: (...values: readonly unknown[]) => (fails(...values) ? -1 : real(...values)) } as Libc;
}

/** Lines of the log that begin like this. */
function lines(words: string): SocketLog & { readonly told: () => number } {
  const all: string[] = [];
  const line = (_: object, message: string): void => void all.push(message);
  return { info: line, warn: line, error: line, told: () => all.filter((each) => each.startsWith(words)).length };
}

/** By this process, at the client's end. */
const given = { interfaces: [], workers: 1, receiveBufferBytes: 2 ** 20, udpMaxBytes: 1232 };

onWire('a look that fails ends nothing', {}, async (t) => {
  let isFull = false;
  const libc = failing('socket', () => isFull);
  const log = lines('AF_XDP cannot look at the interfaces');
  const interfaces = XdpInterfaces.open(libc, { ...given, listen: [{ address: CLIENT.v4, port: 53 }], log });
  isFull = true;
  t.ok(await comesTo(log.told, (told) => told > 0));
  await new Promise((go) => setTimeout(go, 2500));
  interfaces.close();
  t.equal(log.told(), 1, 'one line');
});

onWire('an address whose label is some word is told by the interface that has it', {}, async (t, wire) => {
  const label = `${wire.client}x`;
  const words = ['addr', 'add', '10.77.0.9/24', 'dev', wire.client, 'label', label];
  execFileSync('ip', ['-n', wire.namespaces.client, ...words]);
  t.ok(label in os.networkInterfaces());
  const own = ownAddresses(loadLibc() as Libc);
  t.notOk(label in own);
  t.ok(own[wire.client]?.some(({ address }) => address === '10.77.0.9'));
});

onWire('what could not be followed is tried again', {}, async (t, wire) => {
  const LINK_UPDATE = 29;
  let asked = 0;
  const libc = failing('syscall', (_, command) => command === LINK_UPDATE && ++asked < 3);
  const log = lines('AF_XDP does not follow what changed');
  const endpoints = [{ address: CLIENT.v4, port: 53, on: [wire.client] }];
  const attached = AttachedInterface.attach(libc, { ...given, name: wire.client, endpoints, before: 0, log });
  t.same(
    [1, 2, 3, 4].map(() => attached.follow([], given.udpMaxBytes)),
    [false, false, true, true],
  );
  t.equal(asked, 3);
  t.equal(log.told(), 1, 'one line');
  attached.halt();
  attached.close();
});

onWire('a queue is free for the next one, whether it was closed or could not be opened', {}, async (t, wire) => {
  const LINK_CREATE = 28;
  let fails = true;
  const libc = failing('syscall', (_, command) => command === LINK_CREATE && fails);
  const endpoints = [{ address: CLIENT.v4, port: 53, on: [wire.client] }];
  const wanted = { ...given, name: wire.client, endpoints, before: 0, log: lines('') };
  const attach = (): string => {
    try {
      const attached = AttachedInterface.attach(libc, wanted);
      attached.halt();
      attached.close();
      return 'attached';
    } catch (error) {
      return (error as Error).message;
    }
  };
  // The kernel lets go of it in a thread of its own, some milliseconds later.
  const comesOf = (): Promise<string> => comesTo(attach, (said) => !/EBUSY/.test(said));
  for (let i = 0; i < 3; i++) {
    fails = true;
    t.match(await comesOf(), /^a program on the interface/);
    fails = false;
    t.equal(await comesOf(), 'attached');
  }
});

served('an interface that comes later is served by sockets, and that is told once', async (t, wire, teal) => {
  wire.ip('addr', 'del', `${SERVER.v4}/24`, 'dev', wire.server);
  wire.ip('link', 'add', 'later0', 'type', 'veth', 'peer', 'name', 'later1');
  wire.ip('addr', 'add', `${SERVER.v4}/24`, 'dev', 'later0');
  wire.ip('link', 'set', 'later0', 'up');
  wire.ip('link', 'set', 'later1', 'up');
  const lines = (): unknown[] => teal.log.filter(({ msg }) => /this interface came after the start/.test(String(msg)));
  t.match(
    await comesTo(
      async () => lines(),
      ({ length }) => length > 0,
    ),
    [{ interface: 'later0' }],
  );
  await new Promise((go) => setTimeout(go, 2500));
  t.equal(lines().length, 1);
});
