/** UDP through node:dgram, where the batch transport cannot run: the same answers, several times the cost. */
import dgram from 'node:dgram';
import net from 'node:net';
import type { Responder } from '../../responder/answer.ts';
import { addressBytes } from '../address.ts';
import type { SocketSource } from '../listen-addresses.ts';
import type { Stop } from '../transport.ts';

/** A UDP reply is at most this; see `dns.udpMaxBytes`. */
const REPLY_BYTES = 4096;

/** Binds and answers; resolves to a function that stops, once all sockets are bound. */
export async function servePortable(
  sources: readonly SocketSource[],
  receiveBufferBytes: number,
  responder: Responder,
): Promise<Stop> {
  const sockets = await Promise.all(sources.map((source) => bindOne(source, receiveBufferBytes, responder)));
  return async () => {
    // One turn of the event loop reads what had arrived.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
  };
}

/** The socket closes a descriptor at its end. */
function bindOne(
  { endpoint, fd }: SocketSource,
  receiveBufferBytes: number,
  responder: Responder,
): Promise<dgram.Socket> {
  const isV6 = net.isIPv6(endpoint.address);
  const socket = dgram.createSocket({
    type: isV6 ? 'udp6' : 'udp4',
    ipv6Only: isV6,
    reusePort: fd === undefined,
    ...(fd === undefined ? { recvBufferSize: receiveBufferBytes } : {}),
  });
  socket.on('message', (message, remote) => answer(socket, responder, message, remote));
  return new Promise((resolve, reject) => {
    // Later errors are thrown: the worker dies and is replaced.
    socket.once('error', reject);
    const bound = (): void => {
      socket.off('error', reject);
      resolve(socket);
    };
    if (fd !== undefined) socket.bind({ fd }, bound);
    else socket.bind({ address: endpoint.address, port: endpoint.port }, bound);
  });
}

function answer(socket: dgram.Socket, responder: Responder, message: Buffer, remote: dgram.RemoteInfo): void {
  // The message has just been read: only now may the generation be loaded.
  responder.enter(Date.now());
  const reply = new Uint8Array(REPLY_BYTES);
  const client = addressBytes(remote.address);
  responder.client.set(client, 0, client.length);
  const length = responder.answer(message, 0, message.length, reply, 0, true);
  responder.leave();
  // A datagram that the kernel refuses (source port 0, say) is nobody's answer.
  if (length > 0 && remote.port > 0) socket.send(reply, 0, length, remote.port, remote.address, () => {});
}
