/** UDP in batches: recvmmsg, answers, sendmmsg, on buffers that are laid out once (Linux). */
import type { Responder } from '../responder/answer.ts';
import { COUNTER, type CounterView } from '../table/counters.ts';
import { CONTROL } from '../table/layout.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../wire/address.ts';
import { Clock } from './clock.ts';
import { errorName, LINUX, type Libc } from './libc.ts';

/** Messages a system call. More would only add latency: at 32 the calls cost less than the kernel's work a packet. */
export const BATCH = 32;
/** A query is a name and some options; one that does not fit here is no query that we could answer. */
const REQUEST_BYTES = 2048;
/** `dns.udpMaxBytes` is at most this. */
const REPLY_BYTES = 4096;
/** Of the processor's caches. */
const LINE_BYTES = 64;
/**
 * From one buffer to the next. A line more than they hold: at a power of two the first lines of all buffers would
 * compete for the same few places of the first-level cache.
 */
const REQUEST_SLOT_BYTES = REQUEST_BYTES + LINE_BYTES;
const REPLY_SLOT_BYTES = REPLY_BYTES + LINE_BYTES;
const SOCKADDR_SLOT_BYTES = 32;
/** One cmsghdr (16) and an in6_pktinfo (20), rounded. */
const CONTROL_SLOT_BYTES = 48;
const IOVEC_BYTES = 16;
/** msghdr (56), msg_len (4), padding (4). */
const MMSGHDR_BYTES = 64;
/** Offsets in a mmsghdr, in 32-bit words. */
const HEADER = { NAME: 0, NAME_LENGTH: 2, IOV: 4, IOV_COUNT: 6, CONTROL: 8, CONTROL_LENGTH: 10, FLAGS: 12, LENGTH: 14 };
/** Batches from one socket before the others are looked at again. */
const BATCHES_IN_A_ROW = 8;
/** Batches that a worker still answers after it was told to stop. */
const LAST_BATCHES = 256;
/** How often a worker with several sockets looks at the stop word. */
const POLL_TIMEOUT_MS = 200;

/** One UDP socket with its buffers. */
class BatchSocket {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #memory: Uint8Array;
  readonly #words: Int32Array;
  /**
   * Addresses that system calls are given: where the headers of a send begin for each first message, then where those
   * of a receive do. Numbers beyond 32 bits are objects to V8, made anew whenever one is computed or read from a field
   * or a list of numbers; a list that also holds something else keeps those that it was given.
   */
  readonly #addresses: readonly (number | undefined)[];
  /** Byte offsets of the parts of the memory. */
  readonly #parts = layOut();
  /** Answers leave from the address that was asked. */
  readonly #wildcard: boolean;

  constructor(libc: Libc, fd: number, wildcard: boolean) {
    this.fd = fd;
    this.#libc = libc;
    this.#wildcard = wildcard;
    const buffer = new ArrayBuffer(this.#parts.size + LINE_BYTES);
    // Every part begins on a line.
    const first = LINE_BYTES - (libc.addressOf(new Uint8Array(buffer)) % LINE_BYTES);
    this.#memory = new Uint8Array(buffer, first);
    this.#words = new Int32Array(buffer, first);
    const base = libc.addressOf(this.#memory);
    const sends = Array.from({ length: BATCH }, (_, i) => base + this.#parts.send + i * MMSGHDR_BYTES);
    this.#addresses = [...sends, base + this.#parts.receive, undefined];
    for (let i = 0; i < BATCH; i++) this.#prepare(i, base);
  }

  #prepare(i: number, base: number): void {
    const { requests, replies, names, controls, receiveIovecs, sendIovecs, receive, send } = this.#parts;
    this.#pointer(receiveIovecs + i * IOVEC_BYTES, base + requests + i * REQUEST_SLOT_BYTES);
    this.#words[(receiveIovecs + i * IOVEC_BYTES + 8) >> 2] = REQUEST_BYTES;
    this.#pointer(sendIovecs + i * IOVEC_BYTES, base + replies + i * REPLY_SLOT_BYTES);
    for (const [headers, iovecs] of [
      [receive, receiveIovecs],
      [send, sendIovecs],
    ] as const) {
      const header = headers + i * MMSGHDR_BYTES;
      this.#pointer(header + HEADER.NAME * 4, base + names + i * SOCKADDR_SLOT_BYTES);
      this.#words[(header >> 2) + HEADER.NAME_LENGTH] = SOCKADDR_SLOT_BYTES;
      this.#pointer(header + HEADER.IOV * 4, base + iovecs + i * IOVEC_BYTES);
      this.#words[(header >> 2) + HEADER.IOV_COUNT] = 1;
      if (this.#wildcard) this.#pointer(header + HEADER.CONTROL * 4, base + controls + i * CONTROL_SLOT_BYTES);
    }
  }

  #pointer(at: number, address: number): void {
    this.#words[at >> 2] = (address % 2 ** 32) | 0;
    this.#words[(at >> 2) + 1] = Math.floor(address / 2 ** 32);
  }

  /** Receives a batch; the number of messages, 0 where there was none. */
  receive(flags: number): number {
    if (this.#wildcard) {
      const first = (this.#parts.receive >> 2) + HEADER.CONTROL_LENGTH;
      for (let i = 0; i < BATCH; i++) this.#words[first + i * (MMSGHDR_BYTES >> 2)] = CONTROL_SLOT_BYTES;
    }
    const count = this.#libc.recvmmsg(this.fd, this.#addresses[BATCH] as number, BATCH, flags, 0);
    if (count >= 0) return count;
    const errno = this.#libc.errno();
    if (errno === LINUX.EAGAIN || errno === LINUX.EINTR) return 0;
    throw new Error(`recvmmsg failed: ${errorName(errno)}`);
  }

  /** Answers the first `count` messages received, and sends what there is to send. */
  answer(responder: Responder, count: number): void {
    const { receive, send, requests, replies, names, sendIovecs } = this.#parts;
    const words = this.#words;
    const memory = this.#memory;
    let sending = 0;
    for (let i = 0; i < count; i++) {
      const from = (receive + i * MMSGHDR_BYTES) >> 2;
      // A message that was cut is no longer what the client sent.
      if (((words[from + HEADER.FLAGS] as number) & LINUX.MSG_TRUNC) !== 0) continue;
      const request = requests + i * REQUEST_SLOT_BYTES;
      const end = request + (words[from + HEADER.LENGTH] as number);
      this.#name(responder, names + i * SOCKADDR_SLOT_BYTES);
      const length = responder.answer(memory, request, end, memory, replies + sending * REPLY_SLOT_BYTES, true);
      if (length === 0) continue;
      if (sending !== i)
        memory.copyWithin(
          names + sending * SOCKADDR_SLOT_BYTES,
          names + i * SOCKADDR_SLOT_BYTES,
          names + (i + 1) * SOCKADDR_SLOT_BYTES,
        );
      const to = (send + sending * MMSGHDR_BYTES) >> 2;
      words[to + HEADER.NAME_LENGTH] = words[from + HEADER.NAME_LENGTH] as number;
      words[(sendIovecs + sending * IOVEC_BYTES + 8) >> 2] = length;
      if (this.#wildcard) this.#answerFrom(i, sending, words[from + HEADER.CONTROL_LENGTH] as number);
      sending++;
    }
    this.#send(sending);
  }

  /** Tells the responder whose message comes next: the address in its sockaddr_in or sockaddr_in6. */
  #name(responder: Responder, sockaddr: number): void {
    const isV4 = this.#memory[sockaddr] === LINUX.AF_INET;
    responder.client.set(this.#memory, sockaddr + (isV4 ? 4 : 8), isV4 ? IPV4_BYTES : IPV6_BYTES);
  }

  /** Sends from the address that message `i` came to: the control data goes back as it came, the interface left open. */
  #answerFrom(i: number, sending: number, length: number): void {
    const { controls, send } = this.#parts;
    const to = controls + sending * CONTROL_SLOT_BYTES;
    if (sending !== i)
      this.#memory.copyWithin(to, controls + i * CONTROL_SLOT_BYTES, controls + (i + 1) * CONTROL_SLOT_BYTES);
    const words = this.#words;
    const data = (to >> 2) + 4;
    const isV4 = words[(to >> 2) + 2] === LINUX.IPPROTO_IP;
    // in_pktinfo: interface, local address. in6_pktinfo: address, interface; link-local addresses need the interface.
    if (isV4) words[data] = 0;
    else if (this.#memory[to + 16] !== 0xfe) words[data + 4] = 0;
    words[((send + sending * MMSGHDR_BYTES) >> 2) + HEADER.CONTROL_LENGTH] = length;
  }

  /** sendmmsg stops at the first datagram that the kernel refuses (source port 0, say): skip it and send the rest. */
  #send(count: number): void {
    let done = 0;
    while (done < count) {
      const sent = this.#libc.sendmmsg(this.fd, this.#addresses[done] as number, count - done, 0);
      if (sent > 0) done += sent;
      else if (sent === 0 || this.#libc.errno() !== LINUX.EINTR) done++;
    }
  }
}

function layOut() {
  let size = 0;
  const part = (bytes: number): number => {
    const at = size;
    size += Math.ceil((bytes * BATCH) / LINE_BYTES) * LINE_BYTES;
    return at;
  };
  return {
    receive: part(MMSGHDR_BYTES),
    send: part(MMSGHDR_BYTES),
    receiveIovecs: part(IOVEC_BYTES),
    sendIovecs: part(IOVEC_BYTES),
    names: part(SOCKADDR_SLOT_BYTES),
    controls: part(CONTROL_SLOT_BYTES),
    requests: part(REQUEST_SLOT_BYTES),
    replies: part(REPLY_SLOT_BYTES),
    size,
  };
}

/** A bound UDP socket; on a wildcard address answers leave from the address that was asked. */
export interface BatchSource {
  readonly fd: number;
  readonly wildcard: boolean;
}

/** What one worker's loop needs. */
export interface BatchLoop {
  readonly libc: Libc;
  readonly sources: readonly BatchSource[];
  readonly responder: Responder;
  readonly counters: CounterView;
  readonly control: Int32Array;
  /** Called once everything is in place, before the first receive. */
  readonly ready: () => void;
}

/** Answers until the stop word is set; blocks its thread. Throws where a socket fails: the fleet replaces the worker. */
export function runBatchLoop({ libc, sources, responder, counters, control, ready }: BatchLoop): void {
  const batches = sources.map(({ fd, wildcard }) => new BatchSocket(libc, fd, wildcard));
  const clock = new Clock(libc);
  const stopping = (): boolean => Atomics.load(control, CONTROL.STOP) !== 0;
  const serve = (socket: BatchSocket, flags: number): number => {
    const count = socket.receive(flags);
    if (count === 0) return 0;
    // After the receive and before the answers: this order makes a cutover exact.
    responder.enter(clock.now());
    counters.values[COUNTER.BATCHES] = (counters.values[COUNTER.BATCHES] as number) + 1;
    socket.answer(responder, count);
    return count;
  };
  ready();
  if (batches.length === 1) serveOne(batches[0] as BatchSocket, responder, serve, stopping);
  else serveSeveral(libc, batches, responder, serve, stopping);
  // What had arrived is still answered.
  for (const socket of batches) {
    for (let i = 0; i < LAST_BATCHES && serve(socket, LINUX.MSG_DONTWAIT) > 0; i++);
  }
  responder.leave();
}

type Serve = (socket: BatchSocket, flags: number) => number;

/** One socket: the receive itself waits (SO_RCVTIMEO, since recvmmsg's own timeout does not fire on an idle socket). */
function serveOne(socket: BatchSocket, responder: Responder, serve: Serve, stopping: () => boolean): void {
  while (!stopping()) {
    responder.leave();
    serve(socket, LINUX.MSG_WAITFORONE);
  }
}

/** Several sockets: poll, then receive without blocking from those that have something. */
function serveSeveral(
  libc: Libc,
  sockets: readonly BatchSocket[],
  responder: Responder,
  serve: Serve,
  stopping: () => boolean,
): void {
  const descriptors = new Int32Array(2 * sockets.length);
  sockets.forEach((socket, i) => {
    descriptors[2 * i] = socket.fd;
    descriptors[2 * i + 1] = LINUX.POLLIN;
  });
  const address = libc.addressOf(new Uint8Array(descriptors.buffer));
  while (!stopping()) {
    responder.leave();
    if (libc.poll(address, sockets.length, POLL_TIMEOUT_MS) <= 0) continue;
    for (let i = 0; i < sockets.length; i++) {
      if ((descriptors[2 * i + 1] as number) >>> 16 === 0) continue;
      // A full batch says that there may be more.
      for (
        let row = 0;
        row < BATCHES_IN_A_ROW && serve(sockets[i] as BatchSocket, LINUX.MSG_DONTWAIT) === BATCH;
        row++
      );
    }
  }
}
