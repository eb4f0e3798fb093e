/** Sockets that a supervisor opened and hands over, as systemd does: sd_listen_fds(3) says how. */
import { decodeSockaddr, type Endpoint, formatEndpoint, isWildcard, SOCKADDR_BYTES } from './address.ts';
import { errorName, LINUX, type Libc } from './libc.ts';
import { getInt, ListenError } from './open.ts';

/** Descriptors are numbered from here on: SD_LISTEN_FDS_START. */
const FIRST_FD = 3;
/** More would be a mistake rather than a machine with many addresses. */
const FDS_MAX = 1024;

/** What was handed over cannot be served; the message is one line for the operator. */
export class InheritedError extends ListenError {}

/** One address of which sockets were handed over. */
export interface InheritedEndpoint {
  readonly endpoint: Endpoint;
  readonly udp: readonly number[];
  readonly tcp: readonly number[];
}

export interface Inherited {
  /** Empty where none was handed over for DNS. */
  readonly dns: readonly InheritedEndpoint[];
  /** The admin API's, where it is named so. */
  readonly admin: { readonly fd: number; readonly endpoint: Endpoint } | undefined;
}

/** A descriptor with the name that the unit gives it. */
interface NamedFd {
  readonly fd: number;
  readonly name: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The sockets meant for this process, looked at one by one. Throws InheritedError. */
export function inheritedSockets(libc: Libc | undefined, env: Environment, pid: number): Inherited {
  const fds = listenFds(env, pid);
  if (fds.length === 0) return { dns: [], admin: undefined };
  if (libc === undefined) {
    throw new InheritedError('LISTEN_FDS hands over sockets, which takes Linux and the koffi package to look at');
  }
  const sockets = fds.map((fd) => ({ ...fd, ...look(libc, fd) }));
  const admins = sockets.filter(({ name }) => name === 'admin');
  const [admin] = admins;
  if (admin !== undefined && (admins.length > 1 || !admin.isStream)) {
    throw new InheritedError(`one listening TCP socket named admin was expected, found ${described(admins)}`);
  }
  const dns = sockets.filter(({ name }) => name !== 'admin');
  const byAddress = Map.groupBy(dns, ({ endpoint }) => formatEndpoint(endpoint));
  return {
    admin: admin && { fd: admin.fd, endpoint: admin.endpoint },
    dns: [...byAddress.values()].map((same) => ({
      endpoint: same[0].endpoint,
      udp: same.filter(({ isStream }) => !isStream).map(({ fd }) => fd),
      tcp: same.filter(({ isStream }) => isStream).map(({ fd }) => fd),
    })),
  };
}

/** The names are those of LISTEN_FDNAMES, empty where there are none. */
export function listenFds(env: Environment, pid: number): NamedFd[] {
  // Left behind by a process that was meant, and that started us.
  if (env.LISTEN_PID !== String(pid) || env.LISTEN_FDS === undefined) return [];
  const count = Number(env.LISTEN_FDS);
  if (!Number.isInteger(count) || count < 0 || count > FDS_MAX) {
    throw new InheritedError(`LISTEN_FDS: a number from 0 to ${FDS_MAX} was expected, found "${env.LISTEN_FDS}"`);
  }
  const names = env.LISTEN_FDNAMES?.split(':') ?? [];
  return Array.from({ length: count }, (_, i) => ({ fd: FIRST_FD + i, name: names[i] ?? '' }));
}

interface InspectedSocket extends NamedFd {
  readonly endpoint: Endpoint;
  readonly isStream: boolean;
}

/** What a descriptor is. */
function look(libc: Libc, { fd, name }: NamedFd): Omit<InspectedSocket, 'fd' | 'name'> {
  const refuse = (found: string): never => {
    const label = name === '' ? `descriptor ${fd}` : `descriptor ${fd} (${name})`;
    throw new InheritedError(`${label}: a bound UDP socket or a listening TCP socket was expected, found ${found}`);
  };
  const sockaddr = new Uint8Array(SOCKADDR_BYTES);
  if (libc.getsockname(fd, sockaddr, Int32Array.of(SOCKADDR_BYTES)) !== 0) {
    const errno = libc.errno();
    return refuse(errno === LINUX.ENOTSOCK ? 'no socket' : `one that gives ${errorName(errno)}`);
  }
  const endpoint = decodeSockaddr(sockaddr);
  if (endpoint === undefined) return refuse('a socket that is neither IPv4 nor IPv6');
  const type = getInt(libc, fd, LINUX.SOL_SOCKET, LINUX.SO_TYPE);
  const isStream = type === LINUX.SOCK_STREAM;
  if (!isStream && type !== LINUX.SOCK_DGRAM) return refuse(`a socket of type ${type}`);
  if (endpoint.port === 0) return refuse('one that is not bound');
  if (isStream && getInt(libc, fd, LINUX.SOL_SOCKET, LINUX.SO_ACCEPTCONN) === 0) {
    return refuse('a TCP socket that does not listen');
  }
  const isV6 = endpoint.address.includes(':');
  if (isV6 && isWildcard(endpoint.address) && getInt(libc, fd, LINUX.IPPROTO_IPV6, LINUX.IPV6_V6ONLY) === 0) {
    return refuse('one of [::] that takes IPv4 too: say BindIPv6Only=ipv6-only, and listen on 0.0.0.0 as well');
  }
  return { endpoint, isStream };
}

function described(sockets: readonly InspectedSocket[]): string {
  return sockets
    .map(({ endpoint, isStream }) => `${formatEndpoint(endpoint)} (${isStream ? 'TCP' : 'UDP'})`)
    .join(', ');
}

/**
 * The sockets that one of several workers reads. Each socket has a reader and each worker a socket: where there are
 * fewer sockets than workers some are read by several, which is as exact, since whoever receives a query loads the
 * generation after it.
 */
export function shareOf<Socket>(sockets: readonly Socket[], worker: number, workers: number): Socket[] {
  if (sockets.length === 0) return [];
  if (sockets.length < workers) return [sockets[worker % sockets.length]];
  return sockets.filter((_, i) => i % workers === worker);
}
