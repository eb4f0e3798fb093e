/** DNS over TCP (RFC 7766): framing, and the same answers as over UDP. */
import net from 'node:net';
import { type Responder, TCP_REPLY_BYTES_MAX } from '../responder/answer.ts';
import { HEADER_BYTES } from '../wire/constants.ts';
import { addressBytes, type Endpoint } from './address.ts';

export interface TcpLimits {
  /** Open connections; one more closes the one that has been idle longest. */
  readonly maxConnections: number;
  /** A connection without a whole query for so long is closed (RFC 7766 §6.2.3). */
  readonly idleSeconds: number;
}

/** Each message is preceded by its length (RFC 1035 §4.2.2). */
const LENGTH_BYTES = 2;
/** Replies that wait for a client that does not read; above it we stop reading its queries. */
const UNSENT_MAX_BYTES = 256 * 1024;
/** How long connections may take to read their last replies when we stop. */
const STOP_GRACE_MS = 1000;

/** A descriptor that listens already, or an address. */
export type TcpSource = { readonly fd: number } | { readonly endpoint: Endpoint };

/** Listens and answers; resolves, once listening, to a function that stops. */
export async function serveTcp(
  sources: readonly TcpSource[],
  responder: Responder,
  limits: TcpLimits,
): Promise<() => Promise<void>> {
  const connections = new Set<Connection>();
  const accept = (socket: net.Socket): void => {
    if (connections.size >= limits.maxConnections) {
      // The set keeps its members in the order of their last query.
      const [longestIdle] = connections;
      longestIdle?.close();
    }
    const connection = new Connection(socket, responder, limits, () => {
      connections.delete(connection);
      connections.add(connection);
    });
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  };
  const servers = await Promise.all(sources.map((source) => listen(source, accept)));
  return async () => {
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const connection of connections) connection.end();
    const timer = setTimeout(() => {
      for (const connection of connections) connection.close();
    }, STOP_GRACE_MS);
    await Promise.all(closed);
    clearTimeout(timer);
  };
}

function listen(source: TcpSource, accept: (socket: net.Socket) => void): Promise<net.Server> {
  const server = net.createServer({ noDelay: true }, accept);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const listening = (): void => {
      server.off('error', reject);
      resolve(server);
    };
    if ('fd' in source) server.listen({ fd: source.fd }, listening);
    else server.listen({ host: source.endpoint.address, port: source.endpoint.port, ipv6Only: true }, listening);
  });
}

/** All connections of a thread answer into this one; what is sent is copied out of it. */
const scratch = new Uint8Array(LENGTH_BYTES + TCP_REPLY_BYTES_MAX);

/** One client: bytes in, whole queries out of them, replies back in the same order. */
class Connection {
  readonly #socket: net.Socket;
  readonly #responder: Responder;
  readonly #answered: () => void;
  /** The peer's address. */
  readonly #client: Uint8Array;
  /** Bytes of a query that has not arrived whole. */
  #pending: Uint8Array = new Uint8Array(0);

  constructor(socket: net.Socket, responder: Responder, limits: TcpLimits, answered: () => void) {
    this.#socket = socket;
    this.#responder = responder;
    this.#answered = answered;
    // A peer that has gone already has no address any more, nor will it read an answer.
    this.#client = socket.remoteAddress === undefined ? new Uint8Array(0) : addressBytes(socket.remoteAddress);
    // Counts from the last byte either way; a client that sends slowly is closed by the table of connections.
    socket.setTimeout(limits.idleSeconds * 1000, () => this.close());
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('drain', () => socket.resume());
    // Resets are the client's business; 'close' follows.
    socket.on('error', () => {});
  }

  /** Sends what is waiting, then closes. */
  end(): void {
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    // These bytes have just been read: only now may the generation be loaded that their queries are answered from.
    this.#responder.enter(Date.now());
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const replies: Uint8Array[] = [];
    let at = 0;
    while (at + LENGTH_BYTES <= bytes.length) {
      const length = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      // Less than a header has no ID to answer to, and what follows it cannot be trusted.
      if (length < HEADER_BYTES) return this.close();
      const end = at + LENGTH_BYTES + length;
      if (end > bytes.length) break;
      this.#answer(bytes, at + LENGTH_BYTES, end, replies);
      at = end;
    }
    this.#responder.leave();
    // A copy, so that a few bytes do not keep a whole chunk.
    this.#pending = bytes.slice(at);
    if (at > 0) this.#answered();
    if (replies.length === 0) return;
    this.#socket.write(Buffer.concat(replies));
    if (this.#socket.writableLength > UNSENT_MAX_BYTES) this.#socket.pause();
  }

  #answer(bytes: Uint8Array, start: number, end: number, replies: Uint8Array[]): void {
    this.#responder.client.set(this.#client, 0, this.#client.length);
    const length = this.#responder.answer(bytes, start, end, scratch, LENGTH_BYTES, false);
    if (length === 0) return;
    scratch[0] = length >> 8;
    scratch[1] = length & 0xff;
    replies.push(scratch.slice(0, LENGTH_BYTES + length));
  }
}
