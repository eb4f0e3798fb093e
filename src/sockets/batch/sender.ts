/**
 * Sends the replies of a batch. Neighbours of one length to one client leave as one train, which the kernel takes
 * through its layers once and cuts into datagrams at the end (UDP_SEGMENT, udp(7)): clients with few sockets, such as
 * proxies and forwarders, cost a third less that way. Everybody else's replies are messages of their own.
 */

import { isRefusal, LINUX, type Libc, type Refused } from '../libc.ts';
import { BATCH, type BatchMemory, HEADER, IOVEC_LENGTH, STRIDE } from './memory.ts';

/** Longest replies that travel in trains: the kernel refuses those above the path's MTU, which is at least 1280 (RFC 8200 §5). */
const TRAIN_REPLY_BYTES_MAX = 1232;
/** The cmsghdr that says where to cut: its length with two bytes of data, and rounded. */
const CUT_BYTES = 18;
const CUT_SPACE_BYTES = 24;
/**
 * So many times in a row sendmmsg must be refused where sendmsg is not, before it is given up: a packet filter too says
 * EPERM, of a single packet.
 */
const REFUSALS = 3;
/** Words of a header that depend on its first reply: three pointers. */
const POINTERS = [HEADER.NAME, HEADER.IOV, HEADER.CONTROL] as const;

export class BatchSender {
  /** Replies so far; the next one belongs at this place of the memory's `replies`. */
  count = 0;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #memory: BatchMemory;
  /** Replies carry the control data that their queries came with. */
  readonly #wildcard: boolean;
  /** Headers of messages, trains among them. */
  #headers = 0;
  /** The first reply of each header. */
  readonly #firsts = new Uint8Array(BATCH);
  /** The reply that each header points to. */
  readonly #pointed = Uint8Array.from({ length: BATCH }, (_, i) => i);
  /** Low and high words of each reply's POINTERS: computed anew, such numbers would be objects. */
  readonly #pointers = new Int32Array(BATCH * POINTERS.length * 2);
  /**
   * Where the headers begin from each first one. Numbers beyond 32 bits are objects to V8, made anew whenever one is
   * computed or read from a list of numbers; a list that also holds something else keeps those that it was given.
   */
  readonly #addresses: readonly (number | undefined)[];
  /** Control data of the last message's first reply, without where to cut. */
  #controlBytes = 0;
  #joins: boolean;
  readonly #refused: Refused;
  /** False: sendmmsg is refused here, so messages are sent one by one. */
  #sendsMany = true;
  /** Calls in a row of which sendmmsg refused what sendmsg then did. */
  #refusals = 0;

  constructor(libc: Libc, fd: number, memory: BatchMemory, wildcard: boolean, refused: Refused) {
    this.#libc = libc;
    this.#refused = refused;
    this.#fd = fd;
    this.#memory = memory;
    this.#wildcard = wildcard;
    const { send } = memory.parts;
    this.#addresses = [
      ...Array.from({ length: BATCH }, (_, i) => memory.address + send + i * STRIDE.HEADER),
      undefined,
    ];
    for (let i = 0; i < BATCH; i++) {
      const header = (send + i * STRIDE.HEADER) >> 2;
      POINTERS.forEach((word, n) => {
        const at = (i * POINTERS.length + n) * 2;
        this.#pointers.set(memory.words.subarray(header + word, header + word + 2), at);
      });
    }
    // Linux has it since 4.18.
    this.#joins = libc.getsockopt(fd, LINUX.SOL_UDP, LINUX.UDP_SEGMENT, new Uint8Array(4), Int32Array.of(4)) === 0;
  }

  /** The reply at `count`, of `length` bytes, goes to the client of message `i`. */
  add(i: number, length: number): void {
    const reply = this.count++;
    const { words, parts } = this.#memory;
    const received = (parts.receive + i * STRIDE.HEADER) >> 2;
    const controlBytes = this.#wildcard ? words[received + HEADER.CONTROL_LENGTH] : 0;
    if (reply !== i) this.#take(reply, i);
    if (controlBytes > 0) this.#leaveFrom(reply);
    words[(parts.sendIovecs + reply * STRIDE.IOVEC + IOVEC_LENGTH) >> 2] = length;
    if (this.#joins && this.#joinsLast(reply, length, controlBytes)) {
      this.#join(length);
      return;
    }
    const header = (parts.send + this.#headers * STRIDE.HEADER) >> 2;
    if (this.#pointed[this.#headers] !== reply) {
      this.#pointed[this.#headers] = reply;
      this.#pointTo(header, reply);
    }
    this.#firsts[this.#headers++] = reply;
    words[header + HEADER.NAME_LENGTH] = words[received + HEADER.NAME_LENGTH];
    words[header + HEADER.IOV_COUNT] = 1;
    words[header + HEADER.CONTROL_LENGTH] = controlBytes;
    this.#controlBytes = controlBytes;
  }

  /** Sends all; sendmmsg stops at the first message that the kernel refuses (port 0, say): the rest is sent after it. */
  send(): void {
    let done = 0;
    while (done < this.#headers) {
      const sent = this.#sendFrom(done, this.#headers - done);
      if (sent > 0) {
        done += sent;
        continue;
      }
      // A kernel that does what it was asked never says 0.
      const errno = sent < 0 ? this.#libc.errno() : LINUX.ENOSYS;
      if (errno === LINUX.EINTR) continue;
      this.#sendRefused(done, errno);
      done++;
    }
    this.count = 0;
    this.#headers = 0;
  }

  /** Messages sent of so many, or -1. */
  #sendFrom(index: number, count: number): number {
    const address = this.#addresses[index] as number;
    if (!this.#sendsMany) return this.#libc.sendmsg(this.#fd, address, 0) < 0 ? -1 : 1;
    const sent = this.#libc.sendmmsg(this.#fd, address, count, 0);
    if (sent > 0) this.#refusals = 0;
    return sent;
  }

  /** A message that the kernel refuses is skipped; a train is tried reply by reply. */
  #sendRefused(index: number, errno: number): void {
    const { words, parts } = this.#memory;
    // The way out has no checksums in hardware, without which the kernel cuts no trains.
    if (errno === LINUX.EIO) this.#joins = false;
    const train = words[((parts.send + index * STRIDE.HEADER) >> 2) + HEADER.IOV_COUNT];
    if (train > 1) this.#sendApart(index, train);
    else if (this.#sendsMany && isRefusal(errno)) this.#sendDespite(index, errno);
  }

  /** Where it was the call that was refused, and not its message, that goes out by itself. */
  #sendDespite(index: number, errno: number): void {
    if (this.#libc.sendmsg(this.#fd, this.#addresses[index] as number, 0) < 0) return;
    this.#refusals++;
    if (errno !== LINUX.ENOSYS && this.#refusals < REFUSALS) return;
    this.#sendsMany = false;
    this.#refused('sendmmsg', errno);
  }

  /** Brings the client of message `i`, and the address that it asked, to the place of the reply. */
  #take(reply: number, i: number): void {
    const { bytes, parts } = this.#memory;
    const name = parts.names + i * STRIDE.NAME;
    bytes.copyWithin(parts.names + reply * STRIDE.NAME, name, name + STRIDE.NAME);
    if (!this.#wildcard) return;
    const control = parts.controls + i * STRIDE.CONTROL;
    bytes.copyWithin(parts.controls + reply * STRIDE.CONTROL, control, control + STRIDE.CONTROL);
  }

  /** The reply leaves from the address that was asked: the control data goes back as it came, the interface left open. */
  #leaveFrom(reply: number): void {
    const { bytes, words, parts } = this.#memory;
    const control = parts.controls + reply * STRIDE.CONTROL;
    const data = (control + 16) >> 2;
    const isV4 = words[(control >> 2) + 2] === LINUX.IPPROTO_IP;
    // in_pktinfo: interface, local address. in6_pktinfo: address, interface; link-local addresses need the interface.
    if (isV4) words[data] = 0;
    else if (bytes[control + 16] !== 0xfe) words[data + 4] = 0;
  }

  #pointTo(header: number, reply: number): void {
    const { words } = this.#memory;
    const pointers = this.#pointers;
    const at = reply * POINTERS.length * 2;
    words[header + HEADER.NAME] = pointers[at];
    words[header + HEADER.NAME + 1] = pointers[at + 1];
    words[header + HEADER.IOV] = pointers[at + 2];
    words[header + HEADER.IOV + 1] = pointers[at + 3];
    words[header + HEADER.CONTROL] = pointers[at + 4];
    words[header + HEADER.CONTROL + 1] = pointers[at + 5];
  }

  /** Whether the reply may follow the one before it: of one length, to one client, from one address. */
  #joinsLast(reply: number, length: number, controlBytes: number): boolean {
    if (reply === 0 || length > TRAIN_REPLY_BYTES_MAX || controlBytes !== this.#controlBytes) return false;
    const { words, parts } = this.#memory;
    const iovec = (parts.sendIovecs + reply * STRIDE.IOVEC + IOVEC_LENGTH) >> 2;
    if (words[iovec - (STRIDE.IOVEC >> 2)] !== length) return false;
    const name = (parts.names + reply * STRIDE.NAME) >> 2;
    if (!isLikeLast(words, name, STRIDE.NAME >> 2, STRIDE.NAME >> 2)) return false;
    const control = (parts.controls + reply * STRIDE.CONTROL) >> 2;
    return isLikeLast(words, control, STRIDE.CONTROL >> 2, controlBytes >> 2);
  }

  /** Lengthens the last message by one reply. */
  #join(length: number): void {
    const { words, parts } = this.#memory;
    const last = this.#headers - 1;
    const header = (parts.send + last * STRIDE.HEADER) >> 2;
    const replies = words[header + HEADER.IOV_COUNT] + 1;
    words[header + HEADER.IOV_COUNT] = replies;
    if (replies > 2) return;
    const cut = (parts.controls + this.#firsts[last] * STRIDE.CONTROL + this.#controlBytes) >> 2;
    words[cut] = CUT_BYTES;
    words[cut + 1] = 0;
    words[cut + 2] = LINUX.SOL_UDP;
    words[cut + 3] = LINUX.UDP_SEGMENT;
    words[cut + 4] = length;
    words[header + HEADER.CONTROL_LENGTH] = this.#controlBytes + CUT_SPACE_BYTES;
  }

  /** A train that the kernel refused, reply by reply. */
  #sendApart(index: number, replies: number): void {
    const { words, parts } = this.#memory;
    const header = (parts.send + index * STRIDE.HEADER) >> 2;
    words[header + HEADER.IOV_COUNT] = 1;
    words[header + HEADER.CONTROL_LENGTH] = words[header + HEADER.CONTROL_LENGTH] - CUT_SPACE_BYTES;
    // It is made anew for whatever comes next.
    this.#pointed[index] = BATCH;
    for (let i = 0; i < replies; i++) {
      this.#pointTo(header, this.#firsts[index] + i);
      while (this.#sendFrom(index, 1) < 0) {
        const errno = this.#libc.errno();
        if (errno === LINUX.EINTR) continue;
        if (this.#sendsMany && isRefusal(errno)) this.#sendDespite(index, errno);
        break;
      }
    }
  }
}

/** Whether `count` words from `at` on are those `stride` words before. */
function isLikeLast(words: Int32Array, at: number, stride: number, count: number): boolean {
  for (let i = at; i < at + count; i++) if (words[i] !== words[i - stride]) return false;
  return true;
}
