/** The kernel's eBPF (bpf(2)): a map from queues to sockets, a program, and the link by which an interface runs it. */
import { LINUX, type Libc } from '../libc.ts';
import { faultOf, XdpFault } from './fault.ts';
import type { NetworkInterface } from './interface.ts';

/** Of the call itself, which the C library has no name for (asm/unistd.h). */
const CALLS: Readonly<Record<string, number>> = { x64: 321, arm64: 280, riscv64: 280, loong64: 280 };
const COMMAND = {
  MAP_CREATE: 0,
  MAP_UPDATE: 2,
  PROGRAM_LOAD: 5,
  PROGRAM_RUN: 10,
  PROGRAM_BY_ID: 13,
  INFO: 15,
  LINK_CREATE: 28,
  LINK_UPDATE: 29,
} as const;
const MAP = { ARRAY: 2, OF_DEVICES: 14, OF_SOCKETS: 17 } as const;
/** A map that is memory of a process as well. */
const MAPPABLE = 1 << 10;
const PROGRAM_OF_XDP = 6;
const ATTACH_XDP = 37;
/** What a program is for that frames pass which are led to an interface (Linux 5.8). */
export const DEVICE_MAP_PROGRAM = 33;
/** Frames of a run are sent, in place of being shown to who has it run (Linux 5.18). */
const LIVE_FRAMES = 1 << 1;
/** In the driver: what comes after it, for drivers that cannot, costs more than it saves. */
const IN_DRIVER = 1 << 2;
/** Room for the longest of the structures of all commands. */
const ATTRIBUTE_BYTES = 144;
const NAME_BYTES = 16;
/** Of the structure by which a program is run, in words. */
const RUN_WORD = { PROGRAM: 0, REPEAT: 8, FLAGS: 16, AT_ONCE: 18 } as const;
/** What the kernel tells of a program, up to its name and a little further. */
const PROGRAM_INFO = { MAPS: 52, NAME: 64, BYTES: 80 } as const;
/** What the verifier says of a program that it refuses; only its end is told. */
const VERIFIER_BYTES = 2 ** 16;
/** How often a program is handed over: the verifier gives up with EAGAIN where a signal comes meanwhile. */
const TRIES_MAX = 5;
/** Helpers that redirect are for any license (kernel: bpf_redirect_map_proto, gpl_only = false). */
const LICENSE = 'Apache-2.0';

/** Of an interface; said where a program cannot be attached, and by who looks before one is. */
export const RUNS_NONE = 'its driver runs no XDP programs by itself, and the generic way costs more than batches';
/** What the kernel tells of a link, up to the number of its interface, which is 0 once it leads to none. */
const LINK_INFO = { INTERFACE: 16, BYTES: 24 } as const;
/** Of every program and map that is made here. */
const NAME = 'teal';

/** Whether this kind of processor is known here. */
export function knowsBpf(): boolean {
  return CALLS[process.arch] !== undefined;
}

/** The structure of a command: numbers by their offsets, of 64 bits where they are places in memory. */
class Attribute {
  readonly bytes = new Uint8Array(ATTRIBUTE_BYTES);
  readonly #view = new DataView(this.bytes.buffer);
  readonly #libc: Libc;
  /** What the structure points to must live as long. */
  readonly pointed: Uint8Array[] = [];

  constructor(libc: Libc, numbers: readonly number[]) {
    this.#libc = libc;
    for (const [i, number] of numbers.entries()) this.#view.setUint32(4 * i, number, true);
  }

  point(at: number, to: Uint8Array): this {
    this.#view.setBigUint64(at, BigInt(this.#libc.addressOf(to)), true);
    this.pointed.push(to);
    return this;
  }

  name(at: number): this {
    this.bytes.set(new TextEncoder().encode(NAME).subarray(0, NAME_BYTES - 1), at);
    return this;
  }
}

function call(libc: Libc, command: number, attribute: Attribute): number {
  return libc.syscall(CALLS[process.arch], command, attribute.bytes, ATTRIBUTE_BYTES);
}

/** Makes a map from so many queues to AF_XDP sockets; its descriptor. Throws XdpFault. */
export function createSocketMap(libc: Libc, queues: number): number {
  const fd = call(libc, COMMAND.MAP_CREATE, new Attribute(libc, [MAP.OF_SOCKETS, 4, 4, queues]).name(28));
  if (fd >= 0) return fd;
  throw faultOf('a map of AF_XDP sockets', libc.errno(), { EINVAL: 'this kernel knows none (CONFIG_XDP_SOCKETS)' });
}

/** Makes an array of so many bytes that can be mapped; its descriptor. Throws XdpFault. */
export function createSharedArray(libc: Libc, bytes: number): number {
  const fd = call(libc, COMMAND.MAP_CREATE, new Attribute(libc, [MAP.ARRAY, 4, bytes, 1, MAPPABLE]).name(28));
  if (fd >= 0) return fd;
  throw faultOf('an array of replies', libc.errno());
}

/** Lays it, from `from` on, over this memory: whole pages, both. Throws XdpFault. */
export function mapSharedArray(libc: Libc, array: number, from: number, memory: Uint8Array): void {
  const start = libc.addressOf(memory);
  const mapped = libc.mmap(
    start,
    memory.length,
    LINUX.PROT_READ | LINUX.PROT_WRITE,
    LINUX.MAP_SHARED | LINUX.MAP_FIXED,
    array,
    from,
  );
  if (mapped !== start) throw faultOf('an array of replies', libc.errno());
}

/** Makes a map from so many queues to interfaces; its descriptor. Throws XdpFault. */
export function createDeviceMap(libc: Libc, queues: number): number {
  const fd = call(libc, COMMAND.MAP_CREATE, new Attribute(libc, [MAP.OF_DEVICES, 4, 8, queues]).name(28));
  if (fd >= 0) return fd;
  throw faultOf('a map of interfaces', libc.errno());
}

/** Leads a queue to the interface of this number, past a program. Throws XdpFault. */
export function mapDevice(libc: Libc, map: number, queue: number, index: number, program: number): void {
  const numbers = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.of(...values).buffer);
  const attribute = new Attribute(libc, [map]).point(8, numbers(queue)).point(16, numbers(index, program));
  if (call(libc, COMMAND.MAP_UPDATE, attribute) < 0) throw faultOf('the map of interfaces', libc.errno());
}

/** Runs of a program on frames that it makes of a blank one, and that go where it leads them. */
export class FrameRun {
  readonly #libc: Libc;
  /** What it points to lives as long as it. */
  readonly #attribute: Attribute;
  readonly #words: Uint32Array;
  readonly #address: number;
  readonly #call = CALLS[process.arch];

  constructor(libc: Libc, blank: Uint8Array) {
    this.#libc = libc;
    this.#attribute = new Attribute(libc, [0, 0, blank.length]).point(16, blank);
    this.#words = new Uint32Array(this.#attribute.bytes.buffer);
    this.#words[RUN_WORD.FLAGS] = LIVE_FRAMES;
    this.#address = libc.addressOf(this.#attribute.bytes);
  }

  /** So many frames at once, 256 at most. False: the kernel refuses. */
  of(program: number, count: number): boolean {
    const words = this.#words;
    words[RUN_WORD.PROGRAM] = program;
    words[RUN_WORD.REPEAT] = count;
    words[RUN_WORD.AT_ONCE] = count;
    return this.#libc.syscallAt(this.#call, COMMAND.PROGRAM_RUN, this.#address, ATTRIBUTE_BYTES) >= 0;
  }
}

/** Leads a queue to a socket. Throws XdpFault. */
export function mapSocket(libc: Libc, map: number, queue: number, socket: number): void {
  const numbers = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
  const attribute = new Attribute(libc, [map]).point(8, numbers(queue)).point(16, numbers(socket));
  if (call(libc, COMMAND.MAP_UPDATE, attribute) < 0) throw faultOf('the map of AF_XDP sockets', libc.errno());
}

/** Has the kernel verify and translate a program, for a purpose of its own if it has one; its descriptor. Throws XdpFault. */
export function loadProgram(libc: Libc, program: Uint8Array, purpose = 0): number {
  // What the verifier says is asked for in a try of its own: of a large program it is more than has room, which is a refusal.
  let refused: { readonly errno: number; readonly said: Uint8Array } | undefined;
  for (let tries = 1; ; tries++) {
    const fd = tryLoad(libc, program, purpose, refused?.said);
    if (fd >= 0) return fd;
    const errno = libc.errno();
    if (errno === LINUX.EAGAIN && tries < TRIES_MAX) continue;
    if (errno === LINUX.EPERM) throw faultOf('an eBPF program', errno);
    if (refused !== undefined) throw refusal(refused.errno, refused.said);
    refused = { errno, said: new Uint8Array(VERIFIER_BYTES) };
  }
}

function refusal(errno: number, said: Uint8Array): XdpFault {
  const lines = new TextDecoder()
    .decode(said.subarray(0, said.indexOf(0)))
    .trim()
    .split('\n');
  const words = lines.slice(-3).join('; ');
  // Refused before the verifier saw it.
  if (words === '') return faultOf('an eBPF program', errno);
  const fault = faultOf('an eBPF program', errno, { EACCES: 'the verifier refuses it' });
  return new XdpFault(`${fault.message}: ${words}`);
}

function tryLoad(libc: Libc, program: Uint8Array, purpose: number, log?: Uint8Array): number {
  const license = new TextEncoder().encode(`${LICENSE}\0`);
  const attribute = new Attribute(libc, [PROGRAM_OF_XDP, program.length / 8, 0, 0, 0, 0]);
  attribute.point(8, program).point(16, license).name(48);
  const view = new DataView(attribute.bytes.buffer);
  view.setUint32(68, purpose, true);
  if (log !== undefined) {
    view.setUint32(24, 1, true);
    view.setUint32(28, log.length, true);
    attribute.point(32, log);
  }
  return call(libc, COMMAND.PROGRAM_LOAD, attribute);
}

/**
 * Has an interface run the program, in its driver, for as long as the link that is returned is open: it ends with the
 * process, however that ends. Throws XdpFault.
 */
export function attachProgram(
  libc: Libc,
  program: number,
  { index, name }: Pick<NetworkInterface, 'index' | 'name'>,
): number {
  const attribute = new Attribute(libc, [program, index, ATTACH_XDP, IN_DRIVER]);
  const fd = call(libc, COMMAND.LINK_CREATE, attribute);
  if (fd >= 0) return fd;
  throw faultOf('a program on the interface', libc.errno(), {
    EBUSY: othersProgram(name, 'xdp'),
    // In the generic way, which excludes ours.
    EEXIST: othersProgram(name, 'xdpgeneric'),
    // One number has both names.
    ENOTSUP: RUNS_NONE,
    EOPNOTSUPP: RUNS_NONE,
    EINVAL: 'the kernel or the driver does not take it as the interface is set up (Linux 5.9 at least; MTU, queues)',
    ERANGE: 'the MTU is too large for the driver to run XDP programs',
    ENODEV: 'it is gone',
    ENOSPC: 'its other end (veth) sends by more queues than it receives by: ethtool -L makes them as many',
  });
}

/** Some servers leave theirs behind: what is attached without a link outlives its process. */
export function othersProgram(name: string, way: 'xdp' | 'xdpgeneric'): string {
  return `somebody else has an XDP program there, or has left one behind: see ip -d link show ${name}; ip link set dev ${name} ${way} off takes it away`;
}

/**
 * Whose the program of this number is, and of Teal's whether it leads queries anywhere; undefined: who asks may not know,
 * for want of CAP_SYS_ADMIN.
 */
export function whoseProgram(libc: Libc, id: number): 'others' | 'ours' | 'ours, at rest' | undefined {
  const fd = call(libc, COMMAND.PROGRAM_BY_ID, new Attribute(libc, [id]));
  if (fd < 0) return undefined;
  try {
    const info = new Uint8Array(PROGRAM_INFO.BYTES);
    if (call(libc, COMMAND.INFO, new Attribute(libc, [fd, info.length]).point(8, info)) < 0) return undefined;
    const name = info.subarray(PROGRAM_INFO.NAME, PROGRAM_INFO.NAME + NAME_BYTES);
    if (new TextDecoder().decode(name.subarray(0, name.indexOf(0))) !== NAME) return 'others';
    // Two are those by which it sends (bulk.ts), at rest too; another one leads queries to sockets.
    return new DataView(info.buffer).getUint32(PROGRAM_INFO.MAPS, true) % 2 === 1 ? 'ours' : 'ours, at rest';
  } finally {
    libc.close(fd);
  }
}

/** Lets the link run another program, at one instant. Throws XdpFault. */
export function replaceProgram(libc: Libc, link: number, program: number): void {
  const attribute = new Attribute(libc, [link, program]);
  if (call(libc, COMMAND.LINK_UPDATE, attribute) < 0) throw faultOf('another program', libc.errno());
}

/** Whether the interface still runs the link's program: who has the rights can take it off. Where it is not told, it does. */
export function isAttached(libc: Libc, link: number): boolean {
  const info = new Uint8Array(LINK_INFO.BYTES);
  if (call(libc, COMMAND.INFO, new Attribute(libc, [link, info.length]).point(8, info)) < 0) return true;
  return new DataView(info.buffer).getUint32(LINK_INFO.INTERFACE, true) !== 0;
}
