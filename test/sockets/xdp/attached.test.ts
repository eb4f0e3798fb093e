/** An interface that changes while it is served, at a kernel that refuses things for a while: nothing is lost, and nothing left open. */
import os from 'node:os';
import t from 'tap';
import type { Libc } from '../../../src/sockets/libc.ts';
import { AttachedInterface } from '../../../src/sockets/xdp/attached.ts';
import { loadProgram } from '../../../src/sockets/xdp/bpf.ts';
import { seeInterface } from '../../../src/sockets/xdp/interface.ts';
import { XdpInterfaces } from '../../../src/sockets/xdp/open.ts';
import { comesTo } from '../../fixtures/soon.ts';

const { EACCES, EAGAIN, EMFILE, ENODEV, EPERM } = os.constants.errno;
const AF_NETLINK = 16;
/** netdevice(7) */
const REQUEST = {
  NAME: 0x8910,
  HARDWARE_ADDRESS: 0x8927,
  MTU: 0x8921,
  INDEX: 0x8933,
  ETHTOOL: 0x8946,
  VLAN: 0x8982,
} as const;
const NAME_BYTES = 16;
const ETHERNET = 1;
/** linux/ethtool.h */
const ETHTOOL_FLAGS = 0x25;
const FLAG_RX_VLAN = 1 << 8;
/** linux/if_vlan.h */
const VLAN_NAME_AT = 4;
const VLAN_ANSWER_AT = 28;
/** bpf(2) */
const COMMAND = { MAP_CREATE: 0, PROGRAM_LOAD: 5, LINK_CREATE: 28, LINK_UPDATE: 29 } as const;
const RING = { producer: 0, consumer: 64, descriptors: 256, flags: 128 } as const;
const INDEX = 7;

/** As much of one as has a single interface, without a driver that tells anything. */
class Kernel {
  readonly open = new Set<number>();
  name = 'wire0';
  mac = [2, 0, 0, 0, 0, 1];
  mtu = 1500;
  hidesVlanTags = false;
  /** So many programs are not loaded, for this reason, and with these words of the verifier. */
  refusals = 0;
  refusal: number = EMFILE;
  words = '';
  loads = 0;
  programs = 0;
  /** What is mapped, by its address: the descriptor, or -1 for memory of nobody. */
  readonly mapped = new Map<number, number>();
  /** Called behind each answer to a question for the name. */
  onName = (): void => {};
  readonly #places = new Map<ArrayBufferLike, number>();
  readonly #bytes = new Map<number, Uint8Array>();
  #last = 1000;
  #errno = 0;
  readonly libc = {
    socket: (domain: number) => (domain === AF_NETLINK ? this.#fail(EMFILE) : this.#openOne()),
    close: (fd: number) => (this.open.delete(fd) ? 0 : this.#fail(ENODEV)),
    bind: () => 0,
    setsockopt: () => 0,
    getsockopt: (_fd: number, _level: number, _option: number, value: Uint8Array) => {
      const words = new BigUint64Array(value.buffer, 0, value.length >> 3);
      const each = [RING.producer, RING.consumer, RING.descriptors, RING.flags];
      for (let i = 0; i < words.length; i++) words[i] = BigInt(each[i % each.length] ?? 0);
      return 0;
    },
    mmap: (address: number, _length: number, _protection: number, _flags: number, fd: number) => {
      this.mapped.set(address, fd);
      return address;
    },
    addressOf: (bytes: Uint8Array) => {
      const at = this.#places.get(bytes.buffer) ?? 2 ** 32 * (1 + this.#places.size);
      this.#places.set(bytes.buffer, at);
      this.#bytes.set(at, bytes);
      return at;
    },
    errno: () => this.#errno,
    ioctl: (_fd: number, request: number, bytes: Uint8Array) => this.#tell(request, bytes),
    syscall: (_call: number, command: number, attribute: Uint8Array) => this.#bpf(command, attribute),
  } as unknown as Libc;

  #openOne(): number {
    this.open.add(++this.#last);
    return this.#last;
  }

  #fail(errno: number): number {
    this.#errno = errno;
    return -1;
  }

  #tell(request: number, bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer);
    if (request === REQUEST.NAME) {
      if (view.getInt32(NAME_BYTES, true) !== INDEX) return this.#fail(ENODEV);
      bytes.set(new TextEncoder().encode(`${this.name}\0`));
      this.onName();
      return 0;
    }
    if (request === REQUEST.VLAN) return this.#tellVlan(bytes);
    if (textAt(bytes, 0) !== this.name) return this.#fail(ENODEV);
    if (request === REQUEST.INDEX) view.setInt32(NAME_BYTES, INDEX, true);
    else if (request === REQUEST.MTU) view.setInt32(NAME_BYTES, this.mtu, true);
    else if (request === REQUEST.HARDWARE_ADDRESS) {
      view.setUint16(NAME_BYTES, ETHERNET, true);
      bytes.set(this.mac, NAME_BYTES + 2);
    } else if (request === REQUEST.ETHTOOL) {
      return this.#tellDriver(this.#bytes.get(Number(view.getBigUint64(NAME_BYTES, true))) as Uint8Array);
    } else return this.#fail(ENODEV);
    return 0;
  }

  /** Of its flags alone. */
  #tellDriver(told: Uint8Array): number {
    const view = new DataView(told.buffer);
    if (view.getUint32(0, true) !== ETHTOOL_FLAGS) return this.#fail(ENODEV);
    view.setUint32(4, this.hidesVlanTags ? FLAG_RX_VLAN : 0, true);
    return 0;
  }

  /** `wire0.5` is one of it. */
  #tellVlan(bytes: Uint8Array): number {
    const [below, id] = textAt(bytes, VLAN_NAME_AT).split('.');
    if (below !== this.name || id === undefined) return this.#fail(ENODEV);
    bytes.set(new TextEncoder().encode(`${below}\0`), VLAN_ANSWER_AT);
    return 0;
  }

  #bpf(command: number, attribute: Uint8Array): number {
    if (command === COMMAND.MAP_CREATE || command === COMMAND.LINK_CREATE) return this.#openOne();
    if (command === COMMAND.LINK_UPDATE) this.programs++;
    if (command !== COMMAND.PROGRAM_LOAD) return 0;
    this.loads++;
    if (this.refusals-- <= 0) return this.#openOne();
    const log = this.#bytes.get(Number(new DataView(attribute.buffer).getBigUint64(32, true)));
    log?.set(new TextEncoder().encode(`${this.words}\0`));
    return this.#fail(this.refusal);
  }
}

function textAt(bytes: Uint8Array, at: number): string {
  return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
}

function makeLog() {
  const lines: string[] = [];
  const line = (_fields: object, message: string): void => void lines.push(message);
  return { lines, log: { info: line, warn: line, error: line } };
}

const endpoints = [{ address: '192.0.2.1', port: 53, on: 'wire0' }];
const REPLY_BYTES = 1232;
const sizes = { workers: 1, receiveBufferBytes: 2 ** 19 };

t.test('a program that is refused is tried again at each look, and that is told once', async (t) => {
  const kernel = new Kernel();
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
  const kernel = new Kernel();
  const { log } = makeLog();
  const wanted = { name: 'wire0', endpoints, before: 0, ...sizes, log };
  kernel.refusals = Infinity;
  t.throws(() => AttachedInterface.attach(kernel.libc, wanted), { message: /an eBPF program: EMFILE/ });
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

t.test('a program is tried again where it may work, and the verifier is asked why where it will not', async (t) => {
  const refused = (errno: number, refusals: number, words = ''): [number, string] => {
    const kernel = new Kernel();
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
  t.same(refused(EAGAIN, Infinity), [6, 'an eBPF program: EAGAIN: ']);
  t.same(refused(EMFILE, 1), [2, ''], 'for the moment only');
  const words = 'one\ntwo\nthree\nfour\n';
  t.same(refused(EACCES, Infinity, words), [2, 'an eBPF program: EACCES, the verifier refuses it: two; three; four']);
  const [tries, why] = refused(EPERM, Infinity, words);
  t.equal(tries, 1);
  t.match(why, /^an eBPF program: EPERM, CAP_NET_RAW/);
});

t.test('VLANs are left to the sockets for as long as the card takes their tags away, and that is told', async (t) => {
  const kernel = new Kernel();
  const { log, lines } = makeLog();
  const both = [...endpoints, { address: '192.0.2.5', port: 53, on: 'wire0.5' }];
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

t.test('an interface that gets another name while it is looked at is not taken for gone', async (t) => {
  const kernel = new Kernel();
  kernel.onName = () => {
    kernel.onName = () => {};
    kernel.name = 'other0';
  };
  t.match(seeInterface(kernel.libc, INDEX), { name: 'other0', mtu: 1500, mac: Uint8Array.from(kernel.mac) });
  t.equal(seeInterface(kernel.libc, INDEX + 1), undefined);
  t.equal(kernel.open.size, 0);
});

t.test('where nothing can be seen for a while what was served is served on, and that is told once', async (t) => {
  const kernel = new Kernel();
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
