/** Telling a supervisor how it stands with the process: sd_notify(3). Node has no datagram sockets of the unix domain. */
import { errorName, LINUX, type Libc } from './libc.ts';

/** Of sun_path in sockaddr_un (unix(7)). */
const PATH_BYTES_MAX = 107;

/** Sends a state such as `READY=1` to the socket that NOTIFY_SOCKET names; why it could not, else undefined. */
export function notifySupervisor(libc: Libc, socket: string, state: string): string | undefined {
  const address = unixAddress(socket);
  if (address === undefined) return `NOTIFY_SOCKET: a path or @name was expected, found "${socket}"`;
  const fd = libc.socket(LINUX.AF_UNIX, LINUX.SOCK_DGRAM | LINUX.SOCK_CLOEXEC, 0);
  if (fd < 0) return `socket failed: ${errorName(libc.errno())}`;
  const message = Buffer.from(state);
  const sent = libc.sendto(fd, message, message.length, LINUX.MSG_NOSIGNAL, address, address.length);
  const errno = libc.errno();
  libc.close(fd);
  return sent === message.length ? undefined : `sending to ${socket} failed: ${errorName(errno)}`;
}

/** A sockaddr_un; a name that begins with @ is in the abstract namespace, where a zero byte stands for it. */
function unixAddress(socket: string): Uint8Array | undefined {
  const path = Buffer.from(socket);
  if (!/^[/@]./.test(socket) || path.length > PATH_BYTES_MAX) return undefined;
  if (socket.startsWith('@')) path[0] = 0;
  return Buffer.concat([Uint8Array.of(LINUX.AF_UNIX, 0), path]);
}
