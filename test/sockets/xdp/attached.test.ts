/** An interface that changes while it is served, at a kernel that refuses things for a while: nothing is lost, and nothing left open. */
import os from 'node:os';
import t from 'tap';
import { loadLibc } from '../../../src/sockets/libc.ts';
import { AttachedInterface } from '../../../src/sockets/xdp/attached.ts';
import { loadProgram } from '../../../src/sockets/xdp/bpf.ts';
import { xdp } from '../../../src/sockets/xdp/index.ts';
import { readInterface, realName, seeInterface } from '../../../src/sockets/xdp/interface.ts';
import { XdpInterfaces } from '../../../src/sockets/xdp/open.ts';
import { ownAddresses } from '../../../src/sockets/xdp/own-addresses.ts';
import { comesTo } from '../../fixtures/soon.ts';
import { BOUND, INDEX, RING_AT, XdpKernel } from '../../fixtures/xdp-kernel.ts';

const { EACCES, EAGAIN, EMFILE, EPERM } = os.constants.errno;

function makeLog() {
  const lines: string[] = [];
  const line = (_fields: object, message: string): void => void lines.push(message);
  return { lines, log: { info: line, warn: line, error: line } };
}

const endpoints = [{ address: '192.0.2.1', port: 53, on: ['wire0'] }];
const REPLY_BYTES = 1232;
const sizes = { workers: 1, receiveBufferBytes: 2 ** 19 };

t.test('a program that is refused is tried again at each look, and that is told once', async (t) => {
  const kernel = new XdpKernel();
  const { log, lines } = makeLog();
  const served = AttachedInterface.attach(kernel.libc, { name: 'wire0', endpoints, before: 0, ...sizes, log });
  const { size } = kernel.open;
  t.equal(served.follow(endpoints, REPLY_BYTES), true);
  t.equal(kernel.programs, 0, 'nothing has changed');
  kernel.mtu = 600;
  kernel.refusals = Infinity;
  for (let i = 0; i < 3; i++) t.equal(served.follow(endpoints, REPLY_BYTES), false);
  t.same(lines, ['AF_XDP does not follow what changed on this interface, and tries again each second']);
  kernel.refusals = 0;
  t.equal(served.follow(endpoints, REPLY_BYTES), true);
  t.equal(kernel.programs, 1);
  t.equal(lines.length, 3, 'that it follows again, and what has changed');
  t.match(lines[2], /MTU of this interface is now too small/);
  t.equal(served.follow(endpoints, REPLY_BYTES), true);
  t.equal(kernel.programs, 1);
  kernel.mac = [2, 0, 0, 0, 0, 2];
  kernel.mtu = 1500;
  kernel.refusals = 1;
  t.equal(served.follow(endpoints, REPLY_BYTES), true, 'refused for a moment only');
  t.equal(kernel.programs, 2);
  t.equal(kernel.open.size, size, 'nothing was left open');
  served.halt();
  served.close();
  t.equal(kernel.open.size, 0);
});

t.test('what could not be opened, or is closed, takes no queue with it', async (t) => {
  const kernel = new XdpKernel();
  const { log } = makeLog();
  const wanted = { name: 'wire0', endpoints, before: 0, ...sizes, log };
  kernel.refusals = Infinity;
  t.throws(() => AttachedInterface.attach(kernel.libc, wanted), {
    message: /an eBPF program: EMFILE, more files than may be open \(LimitNOFILE=/,
  });
  t.equal(kernel.open.size, 0);
  // A mapping holds its socket as a descriptor does.
  const held = (): number[] => [...kernel.mapped.values()].filter((fd) => fd >= 0);
  t.same(held(), []);
  kernel.refusals = 0;
  const served = AttachedInterface.attach(kernel.libc, wanted);
  t.equal(held().length, 4);
  served.halt();
  served.close();
  t.same(held(), []);
  t.equal(kernel.open.size, 0);
});

t.test('queries are led to queues once their workers answer, and where that is refused one line says so', async (t) => {
  t.intercept(os, 'networkInterfaces', { value: () => ({ wire0: [{ address: '192.0.2.1', internal: false }] }) });
  const options = { listen: [{ address: '192.0.2.1', port: 53 }], interfaces: [], udpMaxBytes: REPLY_BYTES, ...sizes };
  for (const [refusal, led, said] of [
    [0, 1, []],
    [EPERM, 0, ['AF_XDP does not work on this interface: sockets serve it']],
  ] as const) {
    const kernel = new XdpKernel();
    kernel.refusesToLead = refusal;
    const { log, lines } = makeLog();
    const interfaces = XdpInterfaces.open(kernel.libc, { ...options, log });
    t.equal(kernel.led, 0);
    lines.length = 0;
    interfaces.begin();
    t.equal(kernel.led, led);
    t.same(lines, said);
    interfaces.close();
    t.equal(kernel.open.size, 0);
  }
});

t.test('where frames are copied a socket of its own sends replies; where not, one does both', async (t) => {
  const kernel = new XdpKernel();
  const { log } = makeLog();
  const wanted = { name: 'wire0', endpoints, before: 0, ...sizes, log };
  const served = AttachedInterface.attach(kernel.libc, wanted);
  const [{ fd, sender }] = served.queues as [(typeof served.queues)[number]];
  t.not(sender, fd);
  t.same(kernel.bound.get(fd), { flags: BOUND.USE_NEED_WAKEUP, owner: 0 });
  t.same(kernel.bound.get(sender), { flags: BOUND.SHARED_UMEM, owner: fd });
  const { rings } = kernel;
  t.same(
    [RING_AT.RX, RING_AT.TX, RING_AT.FILL, RING_AT.COMPLETION].map((at) => rings.get(at)),
    [fd, sender, fd, fd],
  );
  // rx_dropped, rx_invalid_descs, tx_invalid_descs, rx_ring_full, rx_fill_ring_empty_descs, tx_ring_empty_descs
  kernel.statistics.set(fd, [1, 2, 4, 8, 16, 32]).set(sender, [100, 200, 400, 800, 1600, 3200]);
  t.match(served.states(), [{ dropped: 9, unsent: 400, starved: 16 }]);
  served.halt();
  served.close();
  t.equal(kernel.open.size, 0);
  kernel.copies = false;
  const direct = AttachedInterface.attach(kernel.libc, wanted);
  t.equal(direct.queues[0]?.sender, direct.queues[0]?.fd);
  direct.halt();
  direct.close();
  t.equal(kernel.open.size, 0);
  Object.assign(kernel, { copies: true, refusesSecond: true });
  t.throws(() => AttachedInterface.attach(kernel.libc, wanted), { message: /a second socket for queue 0: EINVAL/ });
  t.equal(kernel.open.size, 0);
});

t.test('a link-local address is looked for where it is, at the start and later', async (t) => {
  const kernel = new XdpKernel();
  const { log } = makeLog();
  const ofLink = (on: string) => [...endpoints, { address: 'fe80::1', port: 53, on: [on] }];
  const wanted = { name: 'wire0', before: 0, ...sizes, log };
  const served = AttachedInterface.attach(kernel.libc, { ...wanted, endpoints: ofLink('other0') });
  for (const [on, programs] of [
    ['other0', 0],
    ['wire0', 1],
    ['wire0.5', 1],
    ['other0', 2],
  ] as const) {
    t.equal(served.follow(ofLink(on), REPLY_BYTES), true);
    t.equal(kernel.programs, programs, on);
  }
  t.equal(served.follow(endpoints, REPLY_BYTES), true);
  t.equal(kernel.programs, 2, 'as if it were not there');
  served.halt();
  served.close();
  t.equal(kernel.open.size, 0);
});

t.test('an MTU that became too small while there was no address is told once there is one', async (t) => {
  const kernel = new XdpKernel();
  const { log, lines } = makeLog();
  const served = AttachedInterface.attach(kernel.libc, { name: 'wire0', endpoints, before: 0, ...sizes, log });
  // Down, changed and up again, as many drivers want it.
  t.equal(served.follow([], REPLY_BYTES), true);
  kernel.mtu = 600;
  t.equal(served.follow([], REPLY_BYTES), true);
  for (let i = 0; i < 3; i++) t.equal(served.follow(endpoints, REPLY_BYTES), true);
  t.equal(lines.length, 1);
  t.match(lines[0], /MTU of this interface is now too small/);
  served.halt();
  served.close();
  t.equal(kernel.open.size, 0);
});

t.test('a program is tried again where it may work, and the verifier is asked why where it will not', async (t) => {
  const refused = (errno: number, refusals: number, words = ''): [number, string] => {
    const kernel = new XdpKernel();
    Object.assign(kernel, { refusal: errno, refusals, words });
    try {
      loadProgram(kernel.libc, new Uint8Array(8));
      return [kernel.loads, ''];
    } catch (error) {
      return [kernel.loads, (error as Error).message];
    }
  };
  t.same(refused(EAGAIN, 0), [1, '']);
  t.same(refused(EAGAIN, 4), [5, ''], 'a signal, four times');
  t.same(refused(EAGAIN, Infinity), [6, 'an eBPF program: EAGAIN']);
  t.same(refused(EMFILE, 1), [2, ''], 'for the moment only');
  const words = 'one\ntwo\nthree\nfour\n';
  t.same(refused(EACCES, Infinity, words), [2, 'an eBPF program: EACCES, the verifier refuses it: two; three; four']);
  t.match(refused(EACCES, Infinity)[1], /^an eBPF program: EACCES, a security module /, 'no verifier has seen it');
  const [tries, why] = refused(EPERM, Infinity, words);
  t.equal(tries, 1);
  t.match(why, /^an eBPF program: EPERM, CAP_NET_RAW/);
});

t.test('VLANs are left to the sockets for as long as the card takes their tags away, and that is told', async (t) => {
  const kernel = new XdpKernel();
  const { log, lines } = makeLog();
  const both = [...endpoints, { address: '192.0.2.5', port: 53, on: ['wire0.5'] }];
  const wanted = { name: 'wire0', before: 0, ...sizes, log };
  const served = AttachedInterface.attach(kernel.libc, { ...wanted, endpoints: both });
  const look = (): number => {
    t.equal(served.follow(both, REPLY_BYTES), true);
    return kernel.programs;
  };
  t.equal(look(), 0);
  kernel.hidesVlanTags = true;
  t.same([look(), look()], [1, 1]);
  t.equal(lines.length, 1);
  t.match(lines[0], /sockets serve the VLANs of this interface, until ethtool -K wire0 rxvlan off$/);
  t.equal(served.follow(endpoints, REPLY_BYTES), true, 'without that VLAN all is served');
  t.equal(kernel.programs, 1);
  t.throws(() => AttachedInterface.attach(kernel.libc, { ...wanted, endpoints: both }), { message: /rxvlan off$/ });
  kernel.hidesVlanTags = false;
  t.equal(look(), 2);
  t.match(lines[1], /AF_XDP serves the VLANs of this interface again/);
  served.halt();
  served.close();
  t.equal(kernel.open.size, 0);
});

t.test(
  'an interface that went, and one whose program was taken off, are let go for good, which is told once',
  async (t) => {
    for (const [change, words] of [
      [{ isCutOff: true }, /is gone: sockets serve, should it come back, until a restart/],
      [{ isDetached: true }, /taken the program of AF_XDP off this interface: sockets serve it until a restart/],
    ] as const) {
      const kernel = new XdpKernel();
      const { log, lines } = makeLog();
      const served = AttachedInterface.attach(kernel.libc, { name: 'wire0', endpoints, before: 0, ...sizes, log });
      t.equal(served.follow(endpoints, REPLY_BYTES), true);
      const { size } = kernel.open;
      Object.assign(kernel, change);
      t.equal(served.follow(endpoints, REPLY_BYTES), false);
      t.equal(kernel.open.size, size - 1, 'the link is closed, and with it goes the program');
      // The kernel tells it of the sockets once only.
      Object.assign(kernel, { isCutOff: false, isDetached: false, mtu: 600 });
      t.equal(served.follow(endpoints, REPLY_BYTES), false);
      t.equal(kernel.programs, 0);
      t.equal(lines.length, 1);
      t.match(lines[0], words);
      served.halt();
      served.close();
      t.equal(kernel.open.size, 0);
    }
  },
);

t.test('an interface that gets another name while it is looked at is not taken for gone', async (t) => {
  const kernel = new XdpKernel();
  kernel.onName = () => {
    kernel.onName = () => {};
    kernel.name = 'other0';
  };
  t.match(seeInterface(kernel.libc, INDEX), { name: 'other0', mtu: 1500, mac: Uint8Array.from(kernel.mac) });
  t.equal(seeInterface(kernel.libc, INDEX + 1), undefined);
  t.equal(kernel.open.size, 0);
});

t.test('a name that is too long is not cut to that of another interface', async (t) => {
  const kernel = new XdpKernel();
  kernel.name = 'a-name-of-15-by';
  t.equal(realName(kernel.libc, kernel.name), kernel.name);
  t.equal(realName(kernel.libc, `${kernel.name}tes`), undefined);
  t.throws(() => readInterface(kernel.libc, `${kernel.name}tes`), {
    message: /there is none of this name, .*at most 15 bytes/,
  });
  t.equal(kernel.open.size, 0);
});

t.test('addresses are told by interfaces, whatever their labels are', async (t) => {
  const kernel = new XdpKernel();
  const [first, second, third] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => ({ address }));
  const told = { wire0: [first], 'wire0:1': [second], other: [third] };
  t.intercept(os, 'networkInterfaces', { value: () => told });
  // The kernel at hand does not tell of labels.
  t.same(ownAddresses(kernel.libc), { wire0: [first, second], other: [third] });
  t.equal(kernel.open.size, 0);
});

t.test('addresses that the system does not tell are a reason, not a fault of ours', async (t) => {
  const kernel = new XdpKernel();
  const { EAFNOSUPPORT } = os.constants.errno;
  let errno = EAFNOSUPPORT;
  t.intercept(os, 'networkInterfaces', {
    value: () => {
      throw Object.assign(new Error('A system error occurred'), { info: { errno } });
    },
  });
  const why = /^the addresses of this machine: EAFNOSUPPORT, .*RestrictAddressFamilies=, which takes AF_NETLINK/;
  t.throws(() => ownAddresses(kernel.libc), { message: why });
  errno = -EAFNOSUPPORT;
  t.throws(() => ownAddresses(kernel.libc), { message: why });
  const { listen, libc } = { listen: [{ address: '192.0.2.1', port: 53 }], libc: loadLibc() };
  if (libc === undefined) return t.comment('LEFT OUT: Linux only');
  t.match(xdp.available(libc, { listen }), { works: false, summary: 'AF_XDP does not work here', why });
});

t.test('where nothing can be seen for a while what was served is served on, and that is told once', async (t) => {
  const kernel = new XdpKernel();
  const { log, lines } = makeLog();
  const seen = [{ address: '192.0.2.1', internal: false }];
  let looks = 0;
  let fails = false;
  t.intercept(os, 'networkInterfaces', {
    value: () => {
      looks++;
      if (fails) throw new Error('A system error occurred: uv_interface_addresses returned EMFILE');
      return { wire0: seen };
    },
  });
  const options = { listen: [{ address: '0.0.0.0', port: 53 }], interfaces: [], udpMaxBytes: REPLY_BYTES };
  const interfaces = XdpInterfaces.open(kernel.libc, { ...options, ...sizes, log });
  t.teardown(() => interfaces.close());
  lines.length = 0;
  fails = true;
  const before = looks;
  await comesTo(
    () => looks,
    (count) => count >= before + 2,
  );
  t.same(lines, ['AF_XDP cannot look at the interfaces, and follows no changes of them until it can']);
  fails = false;
  seen.push({ address: '192.0.2.2', internal: false });
  t.equal(
    await comesTo(
      () => kernel.programs,
      (count) => count > 0,
    ),
    1,
  );
});
