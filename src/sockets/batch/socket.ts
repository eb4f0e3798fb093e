/** One UDP socket with the memory of its batches. */
import type { Responder } from '../../responder/answer.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../../wire/address.ts';
import { errorName, isRefusal, LINUX, type Libc, type Refused } from '../libc.ts';
import { BATCH, BatchMemory, HEADER, RECEIVED_CONTROL_BYTES, STRIDE } from './memory.ts';
import { BatchSender } from './sender.ts';

/** What answers a batch: see there. */
export interface Answerer extends Pick<Responder, 'read' | 'lookAhead' | 'reply'> {
  readonly client: Pick<Responder['client'], 'set'>;
}

export class BatchSocket {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #memory: BatchMemory;
  readonly #sender: BatchSender;
  /** The headers of a receive; in a list, as sender.ts says why. */
  readonly #address: readonly [number, undefined];
  /** Control data tells which address was asked. */
  readonly #wildcard: boolean;
  readonly #refused: Refused;
  /** False: recvmmsg is refused here, so messages are received one by one. */
  #receivesMany = true;
  /** The messages that the responder has read, by their places in the batch. */
  readonly #messages = new Uint8Array(BATCH);
  /** The header of each message, for that. */
  readonly #headers: readonly (number | undefined)[];

  /** `refused` is called once for each call of several messages that the system turns out to refuse. */
  constructor(libc: Libc, fd: number, wildcard: boolean, refused: Refused = () => {}) {
    this.fd = fd;
    this.#libc = libc;
    this.#wildcard = wildcard;
    this.#memory = new BatchMemory(libc);
    this.#refused = refused;
    this.#sender = new BatchSender(libc, fd, this.#memory, wildcard, refused);
    const first = this.#memory.address + this.#memory.parts.receive;
    this.#address = [first, undefined];
    this.#headers = [...Array.from({ length: BATCH }, (_, i) => first + i * STRIDE.HEADER), undefined];
  }

  /** Receives a batch; the number of messages, 0 where there was none. */
  receive(flags: number): number {
    if (this.#wildcard) {
      const { words, parts } = this.#memory;
      const first = (parts.receive >> 2) + HEADER.CONTROL_LENGTH;
      for (let i = 0; i < BATCH; i++) words[first + i * (STRIDE.HEADER >> 2)] = RECEIVED_CONTROL_BYTES;
    }
    if (!this.#receivesMany) return this.#receiveSingly(flags);
    const count = this.#libc.recvmmsg(this.fd, this.#address[0], BATCH, flags, 0);
    if (count > 0) return count;
    // A kernel that does what it was asked never says 0.
    const errno = count === 0 ? LINUX.ENOSYS : this.#libc.errno();
    if (errno === LINUX.EAGAIN || errno === LINUX.EINTR) return 0;
    if (!isRefusal(errno)) throw new Error(`recvmmsg failed: ${errorName(errno)}`);
    // Nothing was taken out of the socket, so nothing is lost.
    this.#receivesMany = false;
    this.#refused('recvmmsg', errno);
    return this.#receiveSingly(flags);
  }

  /** The same with a call for each message, where the system does not take one for all. */
  #receiveSingly(flags: number): number {
    const { words, parts } = this.#memory;
    let count = 0;
    while (count < BATCH) {
      const wait = count === 0 ? flags & ~LINUX.MSG_WAITFORONE : LINUX.MSG_DONTWAIT;
      const bytes = this.#libc.recvmsg(this.fd, this.#headers[count] as number, wait);
      if (bytes < 0) break;
      words[((parts.receive + count * STRIDE.HEADER) >> 2) + HEADER.LENGTH] = bytes;
      count++;
    }
    if (count > 0) return count;
    const errno = this.#libc.errno();
    if (errno === LINUX.EAGAIN || errno === LINUX.EINTR) return 0;
    throw new Error(`recvmsg failed: ${errorName(errno)}`);
  }

  /** Answers the first `count` messages received, and sends what there is to send. */
  answer(responder: Answerer, count: number): void {
    const { bytes, parts } = this.#memory;
    const sender = this.#sender;
    const read = this.#readAll(responder, count);
    responder.lookAhead(read);
    for (let i = 0; i < read; i++) {
      const length = responder.reply(i, bytes, parts.replies + sender.count * STRIDE.REPLY, true);
      if (length > 0) sender.add(this.#messages[i], length);
    }
    sender.send();
  }

  /** Has the responder read the messages; how many it has. */
  #readAll(responder: Answerer, count: number): number {
    const { bytes, words, parts } = this.#memory;
    let read = 0;
    for (let i = 0; i < count; i++) {
      const header = (parts.receive + i * STRIDE.HEADER) >> 2;
      // A message that was cut is no longer what the client sent.
      if ((words[header + HEADER.FLAGS] & LINUX.MSG_TRUNC) !== 0) continue;
      const request = parts.requests + i * STRIDE.REQUEST;
      this.#name(responder, parts.names + i * STRIDE.NAME);
      responder.read(read, bytes, request, request + words[header + HEADER.LENGTH]);
      this.#messages[read++] = i;
    }
    return read;
  }

  /** Tells the responder whose message comes next: the address in its sockaddr_in or sockaddr_in6. */
  #name(responder: Answerer, sockaddr: number): void {
    const { bytes } = this.#memory;
    const isV4 = bytes[sockaddr] === LINUX.AF_INET;
    responder.client.set(bytes, sockaddr + (isV4 ? 4 : 8), isV4 ? IPV4_BYTES : IPV6_BYTES);
  }
}
