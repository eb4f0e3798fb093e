/**
 * The program that a network interface runs for each frame, before the kernel has seen it: a plain query to an address
 * of ours goes to the AF_XDP socket of the queue that it came by, and everything else its usual way.
 */
import { addressBytes, type Endpoint } from '../address.ts';
import { Assembler } from './assembler.ts';
import {
  ETHERNET,
  ETHERNET_BYTES,
  IPV4,
  IPV4_BYTES,
  IPV6,
  IPV6_BYTES,
  PROTOCOL,
  swapped,
  UDP,
  VLAN_BYTES,
} from './headers.ts';
import { BULK } from './rings.ts';

/** struct xdp_md: where a frame begins and ends, and the queue that it came by. */
const CONTEXT = { DATA: 0, DATA_END: 4, INTERFACE: 12, RX_QUEUE: 16 } as const;
/** What the program says of a frame: the kernel takes it as if there were no program. */
const XDP_PASS = 2;
const XDP_DROP = 1;
const HELPER = { ADJUST_HEAD: 44, REDIRECT_MAP: 51, ADJUST_TAIL: 65, STORE_BYTES: 190 } as const;
/** Loopback, in every namespace: what a program is said to receive from that is run by hand. */
const LOOPBACK = 1;
/** The least that is a query: a DNS header (RFC 1035 §4.1.1). Anything shorter has time for the usual way. */
const DNS_HEADER_BYTES = 12;
/** The bit that says that more fragments follow, and the offset of this one (RFC 791 §3.1). */
const FRAGMENT_BITS = 0x3fff;

/**
 * Addresses that one program looks for. Each is a comparison or two for every frame; a machine with more serves the
 * others by its sockets.
 */
export const PROGRAM_ADDRESSES_MAX = 128;

interface ProgramOptions {
  /** Of the interface: frames to others, and to all, are none of ours. */
  readonly mac: Uint8Array;
  /** Addresses of this machine, with ports; no wildcards. */
  readonly endpoints: readonly Endpoint[];
  /** The map from a queue to its socket. */
  readonly map: number;
  /** A longer frame would not fit where it is to be copied, and goes its usual way. */
  readonly frameBytesMax: number;
  /** With which it sends as well: see bulk.ts. */
  readonly bulk?: BulkMaps | undefined;
}

/** Descriptors: of the array with replies of so many queues, and of the map that leads each to the interface. */
export interface BulkMaps {
  readonly replies: number;
  readonly device: number;
  readonly queues: number;
}

/** The bytes of the program. r6 is the context, r2 where headers are read from, r3 the end of the frame. */
export function assembleProgram({ mac, endpoints, map, frameBytesMax, bulk }: ProgramOptions): Uint8Array {
  const program = new Assembler().move(6, 1).load(32, 2, 1, CONTEXT.DATA).load(32, 3, 1, CONTEXT.DATA_END);
  if (bulk !== undefined) send(program, bulk);
  // What leads nowhere the verifier does not take.
  if (endpoints.length === 0) return program.set(0, XDP_PASS).exit().assemble();
  program
    // By comparison: to take one place from another is refused to who has no CAP_PERFMON, as the length could be told then.
    .move(4, 2)
    .add(4, frameBytesMax)
    .goIfAbove(3, 4, 'pass');
  within(program, ETHERNET_BYTES + IPV4_BYTES + UDP.BYTES + DNS_HEADER_BYTES)
    .load(32, 4, 2, ETHERNET.TO)
    .goUnlessEqual32(4, word(mac, 0), 'pass')
    .load(16, 4, 2, ETHERNET.TO + 4)
    .goUnlessEqual32(4, half(mac, 4), 'pass')
    .load(16, 5, 2, ETHERNET.TYPE)
    .goUnlessEqual32(5, swapped(PROTOCOL.VLAN), 'untagged')
    // One tag is stepped over; a second one is no IP, and passes.
    .load(16, 5, 2, ETHERNET.TYPE + VLAN_BYTES)
    .add(2, VLAN_BYTES);
  within(program, ETHERNET_BYTES + IPV4_BYTES + UDP.BYTES + DNS_HEADER_BYTES)
    .label('untagged')
    .add(2, ETHERNET_BYTES)
    .goIfEqual32(5, swapped(PROTOCOL.IPV4), 'IPv4')
    .goIfEqual32(5, swapped(PROTOCOL.IPV6), 'IPv6');
  program.label('pass').set(0, XDP_PASS).exit();
  const isV6 = ({ address }: Endpoint): boolean => address.includes(':');
  matchIpv4(
    program,
    endpoints.filter((endpoint) => !isV6(endpoint)),
  );
  matchIpv6(program, endpoints.filter(isV6));
  return (
    program
      .label('ours')
      .loadMap(1, map)
      .load(32, 2, 6, CONTEXT.RX_QUEUE)
      // Where the queue has no socket, this is what is said.
      .set(3, XDP_PASS)
      .call(HELPER.REDIRECT_MAP)
      .exit()
      .assemble()
  );
}

/**
 * A frame that nobody sent becomes the next reply of its queue. r7 is how far into the array it lies: a place in memory to
 * which that was added must not be moved to another register, or the verifier of Linux 6.18, where it looks at what a
 * processor might guess (for who has no CAP_PERFMON), warns in the kernel's log of a fault of its own.
 */
function send(program: Assembler, { replies, device, queues }: BulkMaps): void {
  program
    .load(32, 4, 1, CONTEXT.INTERFACE)
    .goUnlessEqual32(4, LOOPBACK, 'received')
    .move(4, 2)
    .add(4, BULK.BLANK_BYTES)
    .goIfAbove(4, 3, 'drop')
    .load(32, 8, 2, 0)
    .goIfAboveNumber(8, queues - 1, 'drop')
    .move(7, 8)
    .multiply(7, BULK.BYTES)
    .loadMapValue(1, replies, BULK.MADE_AT)
    .addRegister(1, 7)
    .load(32, 5, 1, 0)
    .goIfAboveNumber(5, BULK.SLOTS - 1, 'drop')
    .move(4, 5)
    .add(4, 1)
    .store32(1, 0, 4)
    .multiply(5, BULK.SLOT_BYTES)
    .addRegister(7, 5)
    .loadMapValue(1, replies, BULK.HEADER_BYTES)
    .addRegister(1, 7)
    .load(32, 9, 1, 0)
    .goIfAboveNumber(9, BULK.FRAME_BYTES_MAX, 'drop')
    .goIfBelowNumber(9, ETHERNET_BYTES, 'drop')
    .move(1, 6)
    .set(2, BULK.BLANK_FRAME_AT)
    .call(HELPER.ADJUST_HEAD)
    .goUnlessEqual32(0, 0, 'drop')
    .move(1, 6)
    .move(2, 9)
    .add(2, BULK.BLANK_FRAME_AT - BULK.BLANK_BYTES)
    .call(HELPER.ADJUST_TAIL)
    .goUnlessEqual32(0, 0, 'drop')
    .move(1, 6)
    .set(2, 0)
    .loadMapValue(3, replies, BULK.HEADER_BYTES + BULK.REPLY_AT)
    .addRegister(3, 7)
    .move(4, 9)
    .call(HELPER.STORE_BYTES)
    .goUnlessEqual32(0, 0, 'drop')
    .loadMap(1, device)
    .move(2, 8)
    .set(3, XDP_DROP)
    .call(HELPER.REDIRECT_MAP)
    .exit()
    .label('drop')
    .set(0, XDP_DROP)
    .exit()
    .label('received');
}

/** The bytes of the program that a frame of this queue passes when it is handed over to the interface: it counts. */
export function assembleCounter(replies: number, queue: number): Uint8Array {
  return new Assembler()
    .loadMapValue(1, replies, queue * BULK.BYTES + BULK.TAKEN_AT)
    .load(32, 2, 1, 0)
    .add(2, 1)
    .store32(1, 0, 2)
    .set(0, XDP_PASS)
    .exit()
    .assemble();
}

/** Goes on only where so many bytes from r2 on are in the frame: the verifier wants to see it asked. */
function within(program: Assembler, bytes: number): Assembler {
  return program.move(4, 2).add(4, bytes).goIfAbove(4, 3, 'pass');
}

/** No options, no fragments, UDP, to one of the endpoints. */
function matchIpv4(program: Assembler, endpoints: readonly Endpoint[]): void {
  program
    .label('IPv4')
    .load(8, 4, 2, IPV4.VERSION)
    .goUnlessEqual32(4, IPV4.PLAIN, 'pass 4')
    .load(8, 4, 2, IPV4.PROTOCOL)
    .goUnlessEqual32(4, PROTOCOL.UDP, 'pass 4')
    .load(16, 4, 2, IPV4.FRAGMENT)
    .and(4, swapped(FRAGMENT_BITS))
    .goUnlessEqual32(4, 0, 'pass 4')
    .load(16, 5, 2, IPV4_BYTES + UDP.TO)
    .load(32, 4, 2, IPV4.TO);
  endpoints.forEach(({ address, port }, i) => {
    program
      .goUnlessEqual32(4, word(addressBytes(address), 0), `not ${i} of IPv4`)
      .goIfEqual32(5, swapped(port), 'ours')
      .label(`not ${i} of IPv4`);
  });
  program.label('pass 4').set(0, XDP_PASS).exit();
}

/** No extension headers, fragments among them, UDP with the checksum that it must have (RFC 8200 §8.1), to one of the endpoints. */
function matchIpv6(program: Assembler, endpoints: readonly Endpoint[]): void {
  program
    .label('IPv6')
    .move(4, 2)
    .add(4, IPV6_BYTES + UDP.BYTES + DNS_HEADER_BYTES)
    .goIfAbove(4, 3, 'pass 6');
  program
    .load(8, 4, 2, IPV6.VERSION)
    .shiftRight(4, 4)
    .goUnlessEqual32(4, IPV6.PLAIN, 'pass 6')
    .load(8, 4, 2, IPV6.NEXT_HEADER)
    .goUnlessEqual32(4, PROTOCOL.UDP, 'pass 6')
    .load(16, 4, 2, IPV6_BYTES + UDP.CHECKSUM)
    .goIfEqual32(4, 0, 'pass 6')
    .load(16, 5, 2, IPV6_BYTES + UDP.TO)
    .load(64, 7, 2, IPV6.TO)
    .load(64, 8, 2, IPV6.TO + 8);
  endpoints.forEach(({ address, port }, i) => {
    const bytes = addressBytes(address);
    program
      // The second half first: addresses of one machine differ there.
      .load64(4, word(bytes, 8), word(bytes, 12))
      .goUnlessEqual(8, 4, `not ${i} of IPv6`)
      .load64(4, word(bytes, 0), word(bytes, 4))
      .goUnlessEqual(7, 4, `not ${i} of IPv6`)
      .goIfEqual32(5, swapped(port), 'ours')
      .label(`not ${i} of IPv6`);
  });
  program.label('pass 6').set(0, XDP_PASS).exit();
}

function half(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

function word(bytes: Uint8Array, at: number): number {
  return half(bytes, at) | (half(bytes, at + 2) << 16);
}
