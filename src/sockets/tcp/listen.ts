/** DNS over TCP (RFC 7766): listening, accepting, and stopping. */
import net from 'node:net';
import type { Responder } from '../../responder/answer.ts';
import { addressBytes } from '../address.ts';
import type { SocketSource } from '../listen-addresses.ts';
import type { Stop } from '../transport.ts';
import { TcpConnection } from './connection.ts';
import { TcpConnections, type TcpLimits } from './limits.ts';

/** What had arrived when we stop is read in this time. */
const LAST_READ_MS = 50;
/** How long connections may take to read their last replies when we stop. */
const STOP_GRACE_MS = 1000;

/** Listens and answers; resolves, once listening, to a function that stops. */
export async function serveTcp(
  sources: readonly SocketSource[],
  responder: Responder,
  limits: TcpLimits,
): Promise<Stop> {
  const connections = new TcpConnections(limits);
  const accept = (socket: net.Socket): void => {
    // A peer that has gone already has no address any more, nor will it read an answer.
    if (socket.remoteAddress === undefined) socket.destroy();
    else connections.add(new TcpConnection(socket, addressBytes(socket.remoteAddress), responder, connections));
  };
  const servers = await Promise.all(sources.map((source) => listen(source, accept, () => connections.closeOldest())));
  return async () => {
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    await new Promise((resolve) => setTimeout(resolve, LAST_READ_MS));
    connections.end();
    const timer = setTimeout(() => connections.close(), STOP_GRACE_MS);
    await Promise.all(closed);
    clearTimeout(timer);
  };
}

/** The server closes a descriptor, which listens already, at its end. */
function listen(
  { endpoint, fd }: SocketSource,
  accept: (socket: net.Socket) => void,
  exhausted: () => void,
): Promise<net.Server> {
  const server = net.createServer({ noDelay: true }, accept);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const listening = (): void => {
      server.off('error', reject);
      // From now on an error means that a connection could not be accepted, for want of descriptors or memory: that
      // is no reason to drop the others, but one of them gives its place.
      server.on('error', exhausted);
      resolve(server);
    };
    if (fd !== undefined) server.listen({ fd }, listening);
    else server.listen({ host: endpoint.address, port: endpoint.port, ipv6Only: true }, listening);
  });
}
