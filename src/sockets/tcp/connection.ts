/** One TCP client: bytes in, whole queries out of them, replies back in the same order (RFC 7766 §6.2.1.1). */
import type net from 'node:net';
import { type Responder, TCP_REPLY_BYTES_MAX } from '../../responder/answer.ts';
import { HEADER_BYTES } from '../../wire/constants.ts';
import type { LimitedConnection, TcpConnections } from './limits.ts';
import { LENGTH_BYTES, MessageReader } from './message.ts';

/** Time for the first byte of all: a client connects because it has a query. At most the idle time. */
const FIRST_BYTE_MS = 5000;
/** Time from a message's first byte to its last: a query is a few packets at most. At most the idle time. */
const MESSAGE_MS = 5000;
/** Replies that wait for a client that does not read; at this many bytes its next queries wait too. */
const UNSENT_MAX_BYTES = 64 * 1024;

/** All connections of a thread answer into this one; what is sent is copied out of it. */
const scratch = new Uint8Array(LENGTH_BYTES + TCP_REPLY_BYTES_MAX);

export class TcpConnection implements LimitedConnection {
  readonly address: Uint8Array;
  deadlineMs: number;
  readonly #socket: net.Socket;
  readonly #responder: Responder;
  readonly #connections: TcpConnections;
  readonly #reader = new MessageReader();
  /** Bytes whose turn has not come, because replies wait to be read. */
  #unread: Uint8Array | undefined;
  /** Something that was sent has not left yet. */
  #isSending = false;

  constructor(socket: net.Socket, address: Uint8Array, responder: Responder, connections: TcpConnections) {
    this.#socket = socket;
    this.address = address;
    this.#responder = responder;
    this.#connections = connections;
    this.deadlineMs = performance.now() + Math.min(FIRST_BYTE_MS, this.#idleMs);
    socket.on('data', (chunk) => this.#read(chunk));
    // Resets are the client's business; 'close' follows.
    socket.on('error', () => {});
    socket.once('close', () => connections.remove(this));
  }

  end(): void {
    this.#socket.end();
  }

  close(): void {
    this.#connections.remove(this);
    this.#socket.destroy();
  }

  get #idleMs(): number {
    return this.#connections.limits.idleSeconds * 1000;
  }

  /** Answers the whole queries in the bytes and keeps the rest; as many as may wait to be sent, the others later. */
  #read(bytes: Uint8Array): void {
    const reader = this.#reader;
    const wasPartial = reader.isPartial;
    const replies: Uint8Array[] = [];
    let unsent = this.#socket.writableLength;
    let messages = 0;
    let at = 0;
    // These bytes have been read: only now may the generation be loaded that their queries are answered from.
    this.#responder.enter(Date.now());
    while (at < bytes.length && unsent < UNSENT_MAX_BYTES) {
      at = reader.read(bytes, at);
      if (!reader.whole || reader.end - reader.start < HEADER_BYTES) break;
      messages++;
      unsent += this.#answer(replies);
    }
    this.#responder.leave();
    if (messages > 0) this.#connections.touch(this);
    if (replies.length > 0) this.#send(replies);
    // Less than a header has no ID to answer to, and what follows it cannot be trusted.
    if (reader.whole && reader.end - reader.start < HEADER_BYTES) return this.#refuse();
    if (at < bytes.length) this.#leaveUnread(bytes.subarray(at));
    if (!this.#isSending && (messages > 0 || !wasPartial)) this.#await();
  }

  /** Answers the message in the reader; bytes of the reply, its length included. */
  #answer(replies: Uint8Array[]): number {
    const { bytes, start, end } = this.#reader;
    this.#responder.client.set(this.address, 0, this.address.length);
    const length = this.#responder.answer(bytes, start, end, scratch, LENGTH_BYTES, false);
    if (length === 0) return 0;
    scratch[0] = length >> 8;
    scratch[1] = length & 0xff;
    replies.push(scratch.slice(0, LENGTH_BYTES + length));
    return LENGTH_BYTES + length;
  }

  #leaveUnread(bytes: Uint8Array): void {
    this.#unread = bytes;
    this.#socket.pause();
  }

  /** Sends what is waiting and reads no more. */
  #refuse(): void {
    this.#socket.pause();
    this.#socket.destroySoon();
  }

  #send(replies: readonly Uint8Array[]): void {
    if (!this.#socket.writable) return;
    if (!this.#isSending) this.deadlineMs = performance.now() + this.#idleMs;
    this.#isSending = true;
    this.#socket.write(Buffer.concat(replies), () => this.#sent());
  }

  /** Once everything has left, what was left unread has its turn. */
  #sent(): void {
    if (this.#socket.destroyed || this.#socket.writableLength > 0) return;
    this.#isSending = false;
    this.#await();
    const unread = this.#unread;
    if (unread === undefined) return;
    this.#unread = undefined;
    this.#socket.resume();
    this.#read(unread);
  }

  /** Sets the time for what must come next; a message that goes on in small pieces gets no more of it. */
  #await(): void {
    const limitMs = this.#reader.isPartial ? Math.min(MESSAGE_MS, this.#idleMs) : this.#idleMs;
    this.deadlineMs = performance.now() + limitMs;
  }
}
