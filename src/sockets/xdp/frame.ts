/** Queries in frames: takes them out, has them answered, and makes the reply of the same frame, in place. */
import type { Responder } from '../../responder/answer.ts';
import type { Random } from '../../table/picking/pick.ts';
import { QUERIES_AT_ONCE } from '../../table/touch.ts';
import { firstBytes } from '../../wire/byte-order.ts';
import { dataViewOf } from '../../wire/word-copy.ts';
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

/** Hops that a reply may take, as Linux has it. */
const HOPS = 64;
/** The half of an IPv4 header that says so. */
const HOPS_AND_UDP = HOPS | (PROTOCOL.UDP << 8);
/** And that of an IPv6 header, whose fields stand the other way round. */
const UDP_AND_HOPS = PROTOCOL.UDP | (HOPS << 8);
/** The first half of a header: version, and no traffic class. */
const FIRST_HALF_IPV4 = IPV4.PLAIN;
const FIRST_HALF_IPV6 = IPV6.PLAIN << 4;
/** Nothing that is answered is shorter. */
const FRAME_BYTES_MIN = ETHERNET_BYTES + IPV4_BYTES + UDP.BYTES;
/** More fragments follow, and the offset of this one (RFC 791 §3.1). */
const FRAGMENT_BITS = 0x3fff;

/** What answers: the responder, or a test's stand-in. */
export type Answerer = Pick<Responder, 'client' | 'read' | 'lookAhead' | 'reply'>;

/** Frames that are answered together: as many as the responder takes. */
export const FRAMES_AT_ONCE = QUERIES_AT_ONCE;

/** A memory with frames in it. */
interface FrameMemory {
  readonly bytes: Uint8Array;
  /** Where queries are brought before their replies are written over them: places of so many bytes from here on, even. */
  readonly scratch: number;
  readonly scratchBytes: number;
}

/**
 * Answers frames in a memory, some together, so that the misses of their answers overlap. Everything is checked here
 * anew, whatever the program in the kernel has looked at: no frame makes it throw, or write outside of its own place.
 * Sums are of halves with the first byte as the lower one: the same checksum, its bytes exchanged (RFC 1071 §2 B).
 *
 * A processor that reads a word across two that it has just written waits until both have left it. So the replies of all
 * frames are written first and summed after that, and no header is read again that was written here.
 */
export class FrameAnswerer {
  /** Of each frame that was read: the length of the frame that it has become; 0: nothing is to be sent. */
  readonly lengths = new Int32Array(FRAMES_AT_ONCE);
  readonly #bytes: Uint8Array;
  /** For halves and words, wherever they begin. */
  readonly #view: DataView;
  readonly #scratch: number;
  readonly #scratchBytes: number;
  readonly #replyBytesMax: number;
  readonly #random: Random;
  /** Frames with a query, of those that were read, and of each which one it was and where its parts begin. */
  #queries = 0;
  readonly #which = new Int32Array(FRAMES_AT_ONCE);
  readonly #frames = new Int32Array(FRAMES_AT_ONCE);
  readonly #packets = new Int32Array(FRAMES_AT_ONCE);
  /** And the sum of its addresses, which are the same in the reply. */
  readonly #sums = new Int32Array(FRAMES_AT_ONCE);
  /** And how long its reply is; 0: there is none. */
  readonly #replies = new Int32Array(FRAMES_AT_ONCE);
  /** Of the frame at hand: where its addresses stand, source first, how long each is, their sum, and where UDP begins. */
  #addresses = 0;
  #addressBytes = 0;
  #addressSum = 0;
  #udp = 0;

  /** `replyBytesMax`: the longest DNS message that is ever answered with. */
  constructor({ bytes, scratch, scratchBytes }: FrameMemory, replyBytesMax: number, random: Random) {
    this.#bytes = bytes;
    this.#view = dataViewOf(bytes);
    this.#scratch = scratch;
    this.#scratchBytes = scratchBytes;
    this.#replyBytesMax = replyBytesMax;
    this.#random = random;
  }

  /**
   * Reads the frame of so many bytes at `at`, whose place ends before `placeEnd`, as number `i` below FRAMES_AT_ONCE,
   * from 0 on. Nothing in it is changed yet.
   */
  read(responder: Answerer, i: number, at: number, length: number, placeEnd: number): void {
    if (i === 0) this.#queries = 0;
    this.lengths[i] = 0;
    if (length < FRAME_BYTES_MIN || at + length > placeEnd || (at & 1) !== 0) return;
    // A group asks nothing (IEEE 802.3 §3.2.3), and would be answered as one.
    if ((this.#bytes[at + ETHERNET.FROM] & 1) !== 0) return;
    const end = at + length;
    let ip = at + ETHERNET_BYTES;
    let type = this.#view.getUint16(at + ETHERNET.TYPE);
    if (type === PROTOCOL.VLAN) {
      type = this.#view.getUint16(at + ETHERNET.TYPE + VLAN_BYTES);
      ip += VLAN_BYTES;
    }
    let udpEnd = 0;
    if (type === PROTOCOL.IPV4) udpEnd = this.#findIpv4(ip, end);
    else if (type === PROTOCOL.IPV6) udpEnd = this.#findIpv6(ip, end);
    if (udpEnd === 0) return;
    const query = this.#queries;
    const scratch = this.#scratch + query * this.#scratchBytes;
    const bytes = this.#takeMessage(scratch, udpEnd, placeEnd);
    if (bytes < 0) return;
    this.#which[query] = i;
    this.#frames[query] = at;
    this.#packets[query] = ip;
    this.#sums[query] = this.#addressSum;
    this.#queries = query + 1;
    responder.client.set(this.#bytes, this.#addresses, this.#addressBytes);
    responder.read(query, this.#bytes, scratch, scratch + bytes);
  }

  /** Answers what was read, each in its place: see `lengths`. */
  answer(responder: Answerer): void {
    const count = this.#queries;
    responder.lookAhead(count);
    for (let query = 0; query < count; query++) {
      const ip = this.#packets[query];
      const message = ip + (this.#isV4(ip) ? IPV4_BYTES : IPV6_BYTES) + UDP.BYTES;
      this.#replies[query] = responder.reply(query, this.#bytes, message, true);
    }
    for (let query = 0; query < count; query++) {
      const reply = this.#replies[query];
      if (reply <= 0) continue;
      const ip = this.#packets[query];
      const isV4 = this.#isV4(ip);
      this.#point(ip, isV4);
      this.#addressSum = this.#sums[query];
      const length = UDP.BYTES + reply;
      this.#writeUdp(this.#udp, length);
      if (isV4) this.#writeIpv4(ip, length);
      else this.#writeIpv6(ip, length);
      const at = this.#frames[query];
      this.#turnEthernet(at);
      this.lengths[this.#which[query]] = this.#udp + length - at;
    }
  }

  #isV4(ip: number): boolean {
    return this.#bytes[ip] >> 4 !== IPV6.PLAIN;
  }

  /** Takes the packet at `ip`, which has a plain header, to hand. */
  #point(ip: number, isV4: boolean): void {
    this.#addresses = ip + (isV4 ? IPV4.FROM : IPV6.FROM);
    this.#addressBytes = isV4 ? IPV4.ADDRESS_BYTES : IPV6.ADDRESS_BYTES;
    this.#udp = ip + (isV4 ? IPV4_BYTES : IPV6_BYTES);
  }

  /** Where the packet at `ip` ends, if it is one whole UDP datagram of a sender that can be answered; else 0. */
  #findIpv4(ip: number, end: number): number {
    const bytes = this.#bytes;
    if (ip + IPV4_BYTES + UDP.BYTES > end || bytes[ip] !== IPV4.PLAIN || bytes[ip + IPV4.PROTOCOL] !== PROTOCOL.UDP)
      return 0;
    if ((this.#view.getUint16(ip + IPV4.FRAGMENT) & FRAGMENT_BITS) !== 0) return 0;
    const packet = this.#view.getUint16(ip + IPV4.LENGTH);
    if (packet < IPV4_BYTES + UDP.BYTES || ip + packet > end) return 0;
    const sum = this.#sumWord(ip + IPV4.FROM) + this.#sumWord(ip + IPV4.TO);
    const before = this.#sumWord(ip) + this.#sumWord(ip + IPV4.ID) + this.#sumWord(ip + IPV4.TTL);
    if (fold(sum + before) !== 0xffff) return 0;
    // "This" network, loopback, groups and beyond (RFC 6890 §2.2.2) send nothing over a wire.
    const first = bytes[ip + IPV4.FROM];
    if (first === 0 || first === 127 || first >= 224) return 0;
    this.#point(ip, true);
    if (this.#isToItself()) return 0;
    this.#addressSum = sum;
    return ip + packet;
  }

  #findIpv6(ip: number, end: number): number {
    const bytes = this.#bytes;
    if (ip + IPV6_BYTES + UDP.BYTES > end || bytes[ip] >> 4 !== IPV6.PLAIN) return 0;
    if (bytes[ip + IPV6.NEXT_HEADER] !== PROTOCOL.UDP) return 0;
    const packet = IPV6_BYTES + this.#view.getUint16(ip + IPV6.LENGTH);
    if (packet < IPV6_BYTES + UDP.BYTES || ip + packet > end) return 0;
    // Groups, and what begins as the unspecified and the loopback address do (RFC 4291 §2.4): neither is a sender.
    if (bytes[ip + IPV6.FROM] === 0xff || this.#isNobody(ip + IPV6.FROM)) return 0;
    this.#point(ip, false);
    if (this.#isToItself()) return 0;
    this.#addressSum = this.#sum(ip + IPV6.FROM, 2 * IPV6.ADDRESS_BYTES);
    return ip + packet;
  }

  /** Whether the packet at hand says that it comes from where it goes: we send ourselves nothing over a wire (RFC 1122 §3.2.1.3). */
  #isToItself(): boolean {
    const view = this.#view;
    const from = this.#addresses;
    const to = from + this.#addressBytes;
    // The last words differ the most.
    for (let i = this.#addressBytes - 4; i >= 0; i -= 4)
      if (view.getInt32(from + i, true) !== view.getInt32(to + i, true)) return false;
    return true;
  }

  #isNobody(address: number): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < IPV6.ADDRESS_BYTES - 1; i++) if (bytes[address + i] !== 0) return false;
    return true;
  }

  /**
   * Copies the message of the datagram at hand, which may reach up to `udpEnd`, to where it is answered from, with zeros
   * up to the end of its last word. Its bytes; -1: it cannot be answered, or its checksum is wrong.
   */
  #takeMessage(scratch: number, udpEnd: number, placeEnd: number): number {
    const view = this.#view;
    const udp = this.#udp;
    const length = view.getUint16(udp + UDP.LENGTH);
    if (length < UDP.BYTES || udp + length > udpEnd) return -1;
    // Nobody can be sent to port 0; and the longest reply must find its room.
    if (view.getUint16(udp) === 0 || udp + UDP.BYTES + this.#replyBytesMax > placeEnd) return -1;
    const pseudo = this.#sumPseudo(length);
    const checksum = view.getUint16(udp + UDP.CHECKSUM, true);
    let sum = pseudo + this.#sumWord(udp) + this.#sumWord(udp + UDP.LENGTH);
    const start = udp + UDP.BYTES;
    const whole = (length - UDP.BYTES) & ~3;
    const rest = (length - UDP.BYTES) & 3;
    for (let i = 0; i < whole; i = (i + 4) | 0) {
      const word = view.getInt32(start + i, true);
      view.setInt32(scratch + i, word, true);
      sum = (sum + (word & 0xffff) + (word >>> 16)) | 0;
    }
    if (rest !== 0) {
      const word = view.getInt32(start + whole, true) & firstBytes(rest, true);
      view.setInt32(scratch + whole, word, true);
      sum += (word & 0xffff) + (word >>> 16);
    }
    // Without one (RFC 768), which IPv6 forbids (RFC 8200 §8.1). Or it was to be computed by a card that this packet of
    // a sender on the same machine never met: then the sum of the pseudo header alone stands there.
    const isRight =
      fold(sum) === 0xffff || (checksum === 0 ? this.#addressBytes === IPV4.ADDRESS_BYTES : checksum === fold(pseudo));
    return isRight ? length - UDP.BYTES : -1;
  }

  /** Turns the header of the datagram at hand around: ports, the new length, the checksum over all of it. */
  #writeUdp(udp: number, length: number): void {
    const view = this.#view;
    const ports = view.getInt32(udp, true);
    const header = (ports & 0xffff) + (ports >>> 16) + swapped(length);
    const checksum = ~fold(this.#sumPseudo(length) + header + this.#sum(udp + UDP.BYTES, length - UDP.BYTES)) & 0xffff;
    view.setInt32(udp, (ports << 16) | (ports >>> 16), true);
    // Zero would say that there is none (RFC 768).
    view.setInt32(udp + UDP.LENGTH, swapped(length) | ((checksum === 0 ? 0xffff : checksum) << 16), true);
  }

  /** Of addresses, protocol and length, in any order: it is the same for the way back. */
  #sumPseudo(length: number): number {
    return this.#addressSum + swapped(PROTOCOL.UDP) + swapped(length);
  }

  /** Sum of the two halves of a word. */
  #sumWord(at: number): number {
    const word = this.#view.getInt32(at, true);
    return (word & 0xffff) + (word >>> 16);
  }

  /**
   * Sum of the halves from `at` on that hold so many bytes; a last byte alone is followed by a zero (RFC 1071 §4.1). Three
   * more bytes of the memory may be read.
   */
  #sum(at: number, length: number): number {
    const view = this.#view;
    let sum = 0;
    let from = at | 0;
    for (const last = (from + (length & ~7)) | 0; from < last; from = (from + 8) | 0) {
      const word = view.getInt32(from, true);
      const next = view.getInt32((from + 4) | 0, true);
      sum = (sum + (((word & 0xffff) + (word >>> 16)) | 0) + (((next & 0xffff) + (next >>> 16)) | 0)) | 0;
    }
    if ((length & 4) !== 0) {
      sum += this.#sumWord(from);
      from += 4;
    }
    if ((length & 3) === 0) return sum;
    const word = view.getInt32(from, true) & firstBytes(length & 3, true);
    return sum + (word & 0xffff) + (word >>> 16);
  }

  /** The header of a reply of so many bytes of UDP, as a socket would write it: it may be fragmented, so it has a number. */
  #writeIpv4(ip: number, udpBytes: number): void {
    const view = this.#view;
    const length = swapped(IPV4_BYTES + udpBytes);
    const id = this.#random.next() & 0xffff;
    const checksum = ~fold(FIRST_HALF_IPV4 + length + id + HOPS_AND_UDP + this.#addressSum) & 0xffff;
    view.setInt32(ip, FIRST_HALF_IPV4 | (length << 16), true);
    // No fragment.
    view.setInt32(ip + IPV4.ID, id, true);
    view.setInt32(ip + IPV4.TTL, HOPS_AND_UDP | (checksum << 16), true);
    this.#turn(this.#addresses, IPV4.ADDRESS_BYTES);
  }

  #writeIpv6(ip: number, udpBytes: number): void {
    const view = this.#view;
    view.setInt32(ip, FIRST_HALF_IPV6, true);
    view.setInt32(ip + IPV6.LENGTH, swapped(udpBytes) | (UDP_AND_HOPS << 16), true);
    this.#turn(this.#addresses, IPV6.ADDRESS_BYTES);
  }

  /** Exchanges what stands at `at`, in whole words, with what follows it. */
  #turn(at: number, length: number): void {
    const view = this.#view;
    for (let i = at, end = at + length; i < end; i += 4) {
      const word = view.getInt32(i, true);
      view.setInt32(i, view.getInt32(i + length, true), true);
      view.setInt32(i + length, word, true);
    }
  }

  /** To the station that sent it, with the VLAN tag that it had. */
  #turnEthernet(at: number): void {
    const view = this.#view;
    const to = view.getInt32(at, true);
    const toEnd = view.getUint16(at + 4, true);
    const from = view.getInt32(at + ETHERNET.FROM, true);
    const fromEnd = view.getUint16(at + ETHERNET.FROM + 4, true);
    view.setInt32(at, from, true);
    view.setInt32(at + 4, fromEnd | (to << 16), true);
    view.setInt32(at + 8, (to >>> 16) | (toEnd << 16), true);
  }
}

/** A sum of halves as one, carries added (RFC 1071 §4.1); it holds as many as a frame has. */
function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}
