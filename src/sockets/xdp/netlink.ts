/** What the kernel tells of an interface and XDP by netlink(7): what its driver can do, and which program is on it. */
import fs from 'node:fs';
import { LINUX, type Libc } from '../libc.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const FAMILY = { ROUTE: 0, GENERIC: 16 } as const;
/** Every message begins with its length, kind, flags, number and sender (linux/netlink.h). */
const HEADER_BYTES = 16;
const REQUEST = 1;
/** All that there is of a kind, in several messages. */
const DUMP = 0x300;
const REFUSED = 2;
const DONE = 3;
const ANSWER_BYTES = 2 ** 16;
/** An attribute: its length, its kind, its value, up to the next word. */
const ATTRIBUTE_BYTES = 4;
/** linux/rtnetlink.h, linux/if_link.h. */
const GET_LINK = 18;
const GET_ADDRESS = 22;
const ADDRESS_HEADER_BYTES = 8;
/** Where that has the number of the interface. */
const ADDRESS_INTERFACE_AT = 4;
const ADDRESS_LABEL = 3;
const LINK_HEADER_BYTES = 16;
const LINK_MASTER = 10;
const LINK_STATISTICS = 23;
/** Where struct rtnl_link_stats64 has the frames that were not sent. */
const NOT_SENT_AT = 56;
const LINK_XDP = 43;
const XDP = { ATTACHED: 2, PROGRAM: 4 } as const;
const ATTACHED = { NONE: 0, GENERIC: 2 } as const;
/** linux/genetlink.h: the family that knows the others by their names. */
const CONTROL = { FAMILY: 16, GET: 3, ID: 1, NAME: 2 } as const;
const GENERIC_HEADER_BYTES = 4;
/** linux/netdev.h, since Linux 6.3. */
const NETDEV = { GET: 1, INDEX: 1, FEATURES: 3 } as const;
const FEATURE = { BASIC: 1, REDIRECT: 2, TAKES_FRAMES: 4, WITHOUT_COPIES: 8 } as const;

type Attributes = ReadonlyMap<number, Buffer>;

interface DriverFeatures {
  /** It runs programs. */
  readonly runs: boolean;
  /** They may lead frames elsewhere. */
  readonly leads: boolean;
  /** The interface takes frames that are led to it; on a veth its other end must be ready for them. */
  readonly takes: boolean;
  /** To sockets without a copy. */
  readonly withoutCopies: boolean;
}

/** What the driver of the interface of this number can do; undefined where the kernel does not tell. */
export function readFeatures(libc: Libc, index: number): DriverFeatures | undefined {
  return withNetlink(libc, FAMILY.GENERIC, (ask) => {
    const name = attribute(CONTROL.NAME, Buffer.from('netdev\0'));
    const family = ask(CONTROL.FAMILY, generic(CONTROL.GET, name), GENERIC_HEADER_BYTES)?.get(CONTROL.ID);
    if (family === undefined) return undefined;
    const request = generic(NETDEV.GET, attribute(NETDEV.INDEX, word(index)));
    const features = ask(family.readUInt16LE(), request, GENERIC_HEADER_BYTES)?.get(NETDEV.FEATURES)?.readUInt32LE();
    if (features === undefined) return undefined;
    const has = (feature: number): boolean => (features & feature) !== 0;
    return {
      runs: has(FEATURE.BASIC),
      leads: has(FEATURE.REDIRECT),
      takes: has(FEATURE.TAKES_FRAMES),
      withoutCopies: has(FEATURE.WITHOUT_COPIES),
    };
  });
}

interface ProgramOnInterface {
  /** As the kernel counts programs; undefined where it has several. */
  readonly id: number | undefined;
  readonly isGeneric: boolean;
}

/** The XDP program that the interface of this number runs, whoever attached it; undefined: none. */
export function readProgram(libc: Libc, index: number): ProgramOnInterface | undefined {
  return withNetlink(libc, FAMILY.ROUTE, (ask) => {
    const nested = link(ask, index)?.get(LINK_XDP);
    if (nested === undefined) return undefined;
    const xdp = attributes(nested);
    const attached = xdp.get(XDP.ATTACHED)?.readUInt8() ?? ATTACHED.NONE;
    if (attached === ATTACHED.NONE) return undefined;
    return { id: xdp.get(XDP.PROGRAM)?.readUInt32LE(), isGeneric: attached === ATTACHED.GENERIC };
  });
}

/** The number of the interface, say a bond, that the one of this number belongs to; undefined: to none. */
export function readMaster(libc: Libc, index: number): number | undefined {
  return withNetlink(libc, FAMILY.ROUTE, (ask) => link(ask, index)?.get(LINK_MASTER)?.readUInt32LE());
}

/** How many frames the interface of this number has dropped instead of sending them, whoever's; undefined: it is not told. */
export function readNotSent(libc: Libc, index: number): number | undefined {
  return withNetlink(libc, FAMILY.ROUTE, (ask) => {
    const statistics = link(ask, index)?.get(LINK_STATISTICS);
    return statistics && Number(statistics.readBigUInt64LE(NOT_SENT_AT));
  });
}

/** The number of the interface of each label that an address of IPv4 has; none where the kernel does not tell. */
export function readLabels(libc: Libc): ReadonlyMap<string, number> {
  const body = Buffer.alloc(ADDRESS_HEADER_BYTES);
  body.writeUInt8(LINUX.AF_INET, 0);
  const found = withSocket(libc, FAMILY.ROUTE, (fd) => {
    const labels = new Map<string, number>();
    fs.writeSync(fd, message(GET_ADDRESS, REQUEST | DUMP, body));
    const answer = Buffer.alloc(ANSWER_BYTES);
    for (;;) {
      const bytes = fs.readSync(fd, answer);
      for (let at = 0; at + HEADER_BYTES <= bytes; ) {
        const length = answer.readUInt32LE(at);
        const kind = answer.readUInt16LE(at + 4);
        if (kind === DONE || kind === REFUSED || length < HEADER_BYTES) return labels;
        const told = answer.subarray(at + HEADER_BYTES, at + length);
        const label = attributes(told.subarray(ADDRESS_HEADER_BYTES)).get(ADDRESS_LABEL)?.toString();
        if (label !== undefined) labels.set(label.replace(/\0.*/, ''), told.readInt32LE(ADDRESS_INTERFACE_AT));
        at += (length + 3) & ~3;
      }
    }
  });
  return found ?? new Map();
}

function link(ask: Ask, index: number): Attributes | undefined {
  const request = Buffer.alloc(LINK_HEADER_BYTES);
  request.writeInt32LE(index, 4);
  return ask(GET_LINK, request, LINK_HEADER_BYTES);
}

/** Asks one thing, whose answer has so many bytes before its attributes; undefined: the kernel refuses. */
type Ask = (kind: number, body: Buffer, headerBytes: number) => Attributes | undefined;

function withNetlink<T>(libc: Libc, family: number, work: (ask: Ask) => T | undefined): T | undefined {
  return withSocket(libc, family, (fd) =>
    work((kind, body, headerBytes) => {
      fs.writeSync(fd, message(kind, REQUEST, body));
      const answer = Buffer.alloc(ANSWER_BYTES);
      const bytes = fs.readSync(fd, answer);
      if (answer.readUInt16LE(4) === REFUSED) return undefined;
      return attributes(answer.subarray(HEADER_BYTES + headerBytes, Math.min(bytes, answer.readUInt32LE(0))));
    }),
  );
}

/** undefined where anything fails: what is not told is not known. */
function withSocket<T>(libc: Libc, family: number, work: (fd: number) => T): T | undefined {
  // The kernel has answered when it has taken the question: nothing is waited for.
  const fd = libc.socket(AF_NETLINK, SOCK_RAW | LINUX.SOCK_CLOEXEC | LINUX.O_NONBLOCK, family);
  if (fd < 0) return undefined;
  try {
    return work(fd);
  } catch {
    return undefined;
  } finally {
    libc.close(fd);
  }
}

function message(kind: number, flags: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(HEADER_BYTES + body.length, 0);
  header.writeUInt16LE(kind, 4);
  header.writeUInt16LE(flags, 6);
  return Buffer.concat([header, body]);
}

function generic(command: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([command, 1, 0, 0]), body]);
}

function attribute(kind: number, value: Buffer): Buffer {
  const head = Buffer.alloc(ATTRIBUTE_BYTES);
  head.writeUInt16LE(ATTRIBUTE_BYTES + value.length, 0);
  head.writeUInt16LE(kind, 2);
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
}

function word(value: number): Buffer {
  return Buffer.from(Uint32Array.of(value).buffer);
}

function attributes(bytes: Buffer): Attributes {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + ATTRIBUTE_BYTES <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < ATTRIBUTE_BYTES) break;
    // The upper two bits say how the value is written.
    found.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + ATTRIBUTE_BYTES, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}
