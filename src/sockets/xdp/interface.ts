/** What must be known of a network interface, asked of the kernel by ioctl: /sys may be that of another namespace. */
import { LINUX, type Libc } from '../libc.ts';
import { faultOf, XdpFault } from './fault.ts';

/** netdevice(7), and linux/sockios.h. */
const REQUEST = {
  NAME: 0x8910,
  HARDWARE_ADDRESS: 0x8927,
  MTU: 0x8921,
  INDEX: 0x8933,
  ETHTOOL: 0x8946,
  VLAN: 0x8982,
} as const;
/** struct ifreq: a name, and a union of up to 24 bytes. */
const NAME_BYTES = 16;
const IFREQ_BYTES = 40;
/** The first number of what ethtool's request points to (linux/ethtool.h). */
const ETHTOOL = { DRIVER: 0x03, FLAGS: 0x25, CHANNELS: 0x3c } as const;
/** The card takes VLAN tags out of frames. */
const FLAG_RX_VLAN = 1 << 8;
/** struct vlan_ioctl_args (linux/if_vlan.h): a command, two names of 24 bytes; the answer stands in the second. */
const VLAN_DEVICE_COMMAND = 8;
const VLAN_BYTES = 56;
const VLAN_NAME_AT = 4;
const VLAN_ANSWER_AT = 28;
const VLAN_NAME_BYTES = 24;
/** IEEE 802 hardware addresses (ARPHRD_ETHER); others have no Ethernet frames. */
const ETHERNET = 1;

export interface NetworkInterface {
  readonly name: string;
  readonly index: number;
  /** undefined: it carries no Ethernet frames. */
  readonly mac: Uint8Array | undefined;
  readonly mtu: number;
  /** `ixgbe`, `veth`; '' where it is not told. */
  readonly driver: string;
  /** By which frames come in. */
  readonly queues: number;
}

/** What of an interface may change while it is served. */
export type InterfaceSight = Pick<NetworkInterface, 'name' | 'index' | 'mac' | 'mtu'>;

/** Throws XdpFault where there is no such interface. */
export function readInterface(libc: Libc, name: string): NetworkInterface {
  if (isTooLong(name))
    throw new XdpFault(`interface ${name}: there is none of this name, or none that can be used: at most 15 bytes`);
  return withSocket(libc, (fd) => {
    const index = asked(libc, fd, REQUEST.INDEX, name);
    if (index === undefined) throw faultOf(`interface ${name}`, libc.errno(), { ENODEV: 'there is none of this name' });
    const channels = ethtool(libc, fd, name, ETHTOOL.CHANNELS, 36);
    return {
      ...see(libc, fd, { name, index: index.getInt32(NAME_BYTES, true) }),
      driver: driverOf(libc, fd, name),
      // Those that only receive, and those that send too.
      queues: Math.max(1, channels === undefined ? 1 : channels.getUint32(20, true) + channels.getUint32(32, true)),
    };
  });
}

/** Looks at the interface of this number again, without a word to its driver; undefined: it is gone. */
export function seeInterface(libc: Libc, index: number): InterfaceSight | undefined {
  return withSocket(libc, (fd) => {
    for (;;) {
      const name = nameOf(libc, fd, index);
      if (name === undefined) return undefined;
      const sight = see(libc, fd, { name, index });
      // All else is asked by the name, which may have become that of another one meanwhile, or of none.
      if (nameOf(libc, fd, index) === name) return sight;
    }
  });
}

/** The name of the interface of this number; undefined: there is none. */
export function interfaceName(libc: Libc, index: number): string | undefined {
  return withSocket(libc, (fd) => nameOf(libc, fd, index));
}

/** `bridge`, `bonding`, `ixgbe`; '' where it is not told. */
export function readDriver(libc: Libc, name: string): string {
  return withSocket(libc, (fd) => driverOf(libc, fd, name));
}

function driverOf(libc: Libc, fd: number, name: string): string {
  const driver = ethtool(libc, fd, name, ETHTOOL.DRIVER, 196);
  return driver === undefined ? '' : text(new Uint8Array(driver.buffer, 4, 32));
}

/** The name of the interface that has this one, or has it beside its own (`ip link property add … altname`); undefined: there is none. */
export function realName(libc: Libc, name: string): string | undefined {
  if (isTooLong(name)) return undefined;
  return withSocket(libc, (fd) => {
    const index = asked(libc, fd, REQUEST.INDEX, name);
    return index === undefined ? undefined : nameOf(libc, fd, index.getInt32(NAME_BYTES, true));
  });
}

/** Whether the kernel's structures have no room for it: cut short it might be that of another one. */
function isTooLong(name: string): boolean {
  return new TextEncoder().encode(name).length >= NAME_BYTES;
}

/** Whether the card takes VLAN tags out of frames, so that no program sees them. */
export function hidesVlanTags(libc: Libc, name: string): boolean {
  const flags = withSocket(libc, (fd) => ethtool(libc, fd, name, ETHTOOL.FLAGS, 8));
  return flags !== undefined && (flags.getUint32(4, true) & FLAG_RX_VLAN) !== 0;
}

function nameOf(libc: Libc, fd: number, index: number): string | undefined {
  const request = named('');
  new DataView(request.buffer).setInt32(NAME_BYTES, index, true);
  return libc.ioctl(fd, REQUEST.NAME, request) < 0 ? undefined : text(request.subarray(0, NAME_BYTES));
}

function see(libc: Libc, fd: number, { name, index }: Pick<NetworkInterface, 'name' | 'index'>): InterfaceSight {
  const hardware = asked(libc, fd, REQUEST.HARDWARE_ADDRESS, name);
  const isEthernet = hardware?.getUint16(NAME_BYTES, true) === ETHERNET;
  return {
    name,
    index,
    mac: isEthernet ? new Uint8Array(hardware.buffer, NAME_BYTES + 2, 6) : undefined,
    mtu: asked(libc, fd, REQUEST.MTU, name)?.getInt32(NAME_BYTES, true) ?? 0,
  };
}

/** The interface below one that is a VLAN of it; undefined: it is none. */
export function vlanParent(libc: Libc, name: string): string | undefined {
  return withSocket(libc, (fd) => {
    const bytes = new Uint8Array(VLAN_BYTES);
    new DataView(bytes.buffer).setInt32(0, VLAN_DEVICE_COMMAND, true);
    bytes.set(new TextEncoder().encode(name).subarray(0, VLAN_NAME_BYTES - 1), VLAN_NAME_AT);
    if (libc.ioctl(fd, REQUEST.VLAN, bytes) < 0) return undefined;
    return text(bytes.subarray(VLAN_ANSWER_AT, VLAN_ANSWER_AT + VLAN_NAME_BYTES));
  });
}

function withSocket<T>(libc: Libc, work: (fd: number) => T): T {
  const fd = libc.socket(LINUX.AF_INET, LINUX.SOCK_DGRAM | LINUX.SOCK_CLOEXEC, 0);
  if (fd < 0) throw faultOf('a socket', libc.errno());
  try {
    return work(fd);
  } finally {
    libc.close(fd);
  }
}

function asked(libc: Libc, fd: number, request: number, name: string): DataView<ArrayBuffer> | undefined {
  const bytes = named(name);
  return libc.ioctl(fd, request, bytes) < 0 ? undefined : new DataView(bytes.buffer);
}

/** What the driver tells, of so many bytes; undefined where it does not. */
function ethtool(
  libc: Libc,
  fd: number,
  name: string,
  command: number,
  bytes: number,
): DataView<ArrayBuffer> | undefined {
  const told = new Uint8Array(bytes);
  const view = new DataView(told.buffer);
  view.setUint32(0, command, true);
  const request = named(name);
  new DataView(request.buffer).setBigUint64(NAME_BYTES, BigInt(libc.addressOf(told)), true);
  return libc.ioctl(fd, REQUEST.ETHTOOL, request) < 0 ? undefined : view;
}

function named(name: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(IFREQ_BYTES);
  bytes.set(new TextEncoder().encode(name).subarray(0, NAME_BYTES - 1));
  return bytes;
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
