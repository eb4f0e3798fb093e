/** Connections on which nothing has been sent yet. Clients open some ahead of need, and Node counts them as in use. */
import type { Server, Socket } from 'node:net';
import { listen, listenOnce } from '../guard.ts';

/** For the log. */
const WHAT = 'the connections of the API';

/** The result closes those of the server that have sent nothing: a stop would wait for their first request. */
export function trackUnused(server: Server, isTls: boolean): () => void {
  const open = new Set<Socket>();
  listen(server, isTls ? 'secureConnection' : 'connection', WHAT, (socket: Socket) => {
    open.add(socket);
    listenOnce(socket, 'close', WHAT, () => open.delete(socket));
  });
  return () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
  };
}
