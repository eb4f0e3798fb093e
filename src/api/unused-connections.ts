/** Connections on which nothing has been sent yet. Clients open some ahead of need, and Node counts them as in use. */
import type { Server, Socket } from 'node:net';

/** The result closes those of the server that have sent nothing: a stop would wait for their first request. */
export function trackUnused(server: Server, isTls: boolean): () => void {
  const open = new Set<Socket>();
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
  };
}
