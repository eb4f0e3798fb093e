/** Opening DNS sockets. The main thread owns them all; workers are given descriptor numbers. */
import net from 'node:net';
import { type Endpoint, encodeSockaddr, formatEndpoint, isWildcard, portOf, SOCKADDR_BYTES } from './address.ts';
import { bindRefusal } from './bind-refusal.ts';
import { errorName, LINUX, type Libc } from './libc.ts';

/** How often a worker that waits looks at the stop word. */
const RECEIVE_TIMEOUT_MS = 200;
/** Connections that wait to be accepted; the kernel lowers it to net.core.somaxconn. */
const TCP_BACKLOG = 1024;
/** Tries to find a port that is free for UDP and TCP, when the kernel may choose it. */
const PORT_TRIES = 20;

/** An address that cannot be listened on; its message is one line for the operator. */
export class ListenError extends Error {}

/** Somebody else has the address. */
export class AddressInUse extends ListenError {}

/** One listen address, open. */
export interface OpenedEndpoint {
  /** With the port that the kernel chose, if it did. */
  readonly endpoint: Endpoint;
  /** One UDP descriptor a worker, all of one SO_REUSEPORT group; as many as there are where they were handed over. */
  readonly udp: readonly number[];
  readonly tcp: readonly number[];
  /** Bytes of receive buffer that the kernel granted each UDP socket. */
  readonly receiveBufferBytes: number;
}

/** Opens one address for UDP (`workers` sockets) and TCP. Throws ListenError with nothing left open. */
export function openEndpoint(libc: Libc, endpoint: Endpoint, workers: number, bufferBytes: number): OpenedEndpoint {
  for (let attempt = 1; ; attempt++) {
    const opened: number[] = [];
    try {
      return openBoth(libc, endpoint, workers, bufferBytes, opened);
    } catch (error) {
      for (const fd of opened) libc.close(fd);
      if (endpoint.port !== 0 || attempt === PORT_TRIES || !(error instanceof ListenError)) throw error;
    }
  }
}

function openBoth(
  libc: Libc,
  wanted: Endpoint,
  workers: number,
  bufferBytes: number,
  opened: number[],
): OpenedEndpoint {
  // A second SO_REUSEPORT bind succeeds silently and would share the queries with a stranger: ask without it first.
  const first = open(libc, wanted, LINUX.SOCK_DGRAM, opened);
  bind(libc, first, wanted, 'UDP');
  const endpoint = { address: wanted.address, port: boundPort(libc, first) };
  const tcp = openTcp(libc, endpoint, opened);
  libc.close(first);
  opened.splice(opened.indexOf(first), 1);
  const udp: number[] = [];
  for (let i = 0; i < workers; i++) udp.push(openUdp(libc, endpoint, bufferBytes, opened));
  const receiveBufferBytes = getInt(libc, udp[0], LINUX.SOL_SOCKET, LINUX.SO_RCVBUF);
  return { endpoint, udp, tcp: [tcp], receiveBufferBytes };
}

/** Makes sockets that were handed over what ours are. Throws ListenError. */
export function adoptEndpoint(
  libc: Libc,
  { endpoint, udp, tcp }: Pick<OpenedEndpoint, 'endpoint' | 'udp' | 'tcp'>,
  bufferBytes: number,
): OpenedEndpoint {
  for (const fd of udp) {
    // A batch is waited for, whatever who read the socket before us wanted.
    const flags = libc.fcntl(fd, LINUX.F_GETFL, 0);
    check(libc, libc.fcntl(fd, LINUX.F_SETFL, flags & ~LINUX.O_NONBLOCK), 'fcntl');
    // The kernel keeps twice what was asked for. The process that made the socket may have had the right to more.
    if (getInt(libc, fd, LINUX.SOL_SOCKET, LINUX.SO_RCVBUF) < 2 * bufferBytes) askForBuffer(libc, fd, bufferBytes);
    setUpUdp(libc, fd, endpoint);
  }
  const sizes = udp.map((fd) => getInt(libc, fd, LINUX.SOL_SOCKET, LINUX.SO_RCVBUF));
  return { endpoint, udp, tcp, receiveBufferBytes: sizes.length === 0 ? 0 : Math.min(...sizes) };
}

function openUdp(libc: Libc, endpoint: Endpoint, bufferBytes: number, opened: number[]): number {
  const fd = open(libc, endpoint, LINUX.SOCK_DGRAM, opened);
  set(libc, fd, LINUX.SOL_SOCKET, LINUX.SO_REUSEPORT, 1);
  askForBuffer(libc, fd, bufferBytes);
  setUpUdp(libc, fd, endpoint);
  bind(libc, fd, endpoint, 'UDP');
  return fd;
}

function askForBuffer(libc: Libc, fd: number, bufferBytes: number): void {
  // Forcing the size past net.core.rmem_max takes CAP_NET_ADMIN; without it we take what is granted, and log it.
  if (!trySet(libc, fd, LINUX.SOL_SOCKET, LINUX.SO_RCVBUFFORCE, bufferBytes)) {
    set(libc, fd, LINUX.SOL_SOCKET, LINUX.SO_RCVBUF, bufferBytes);
  }
}

/** What a UDP socket needs, before or after it is bound. */
function setUpUdp(libc: Libc, fd: number, endpoint: Endpoint): void {
  const isV6 = net.isIPv6(endpoint.address);
  const timeout = new Uint8Array(16);
  new DataView(timeout.buffer).setBigInt64(8, BigInt(RECEIVE_TIMEOUT_MS * 1000), true);
  // Only batches need it, and whether it works is asked before (batch/trial.ts).
  libc.setsockopt(fd, LINUX.SOL_SOCKET, LINUX.SO_RCVTIMEO, timeout, 16);
  const [level, option] = isV6
    ? [LINUX.IPPROTO_IPV6, LINUX.IPV6_MTU_DISCOVER]
    : [LINUX.IPPROTO_IP, LINUX.IP_MTU_DISCOVER];
  // gVisor knows neither, and has no path MTUs to be lied to about: that is no reason not to answer.
  if (!trySet(libc, fd, level, option, LINUX.PMTUDISC_OMIT)) trySet(libc, fd, level, option, LINUX.PMTUDISC_DONT);
  if (isWildcard(endpoint.address)) {
    // Tells us which address was asked, so that the answer leaves from it.
    if (isV6) set(libc, fd, LINUX.IPPROTO_IPV6, LINUX.IPV6_RECVPKTINFO, 1);
    else set(libc, fd, LINUX.IPPROTO_IP, LINUX.IP_PKTINFO, 1);
  }
}

function openTcp(libc: Libc, endpoint: Endpoint, opened: number[]): number {
  const fd = open(libc, endpoint, LINUX.SOCK_STREAM, opened);
  // Connections of the process before us may still be in TIME_WAIT.
  set(libc, fd, LINUX.SOL_SOCKET, LINUX.SO_REUSEADDR, 1);
  bind(libc, fd, endpoint, 'TCP');
  check(libc, libc.listen(fd, TCP_BACKLOG), 'listen');
  return fd;
}

/** Listens with TCP, for somebody else to accept; `[::]` takes IPv4 too, as a web server's does. Throws ListenError. */
export function openListener(
  libc: Libc,
  wanted: Endpoint,
  name: string,
  backlog: number,
): { readonly fd: number; readonly endpoint: Endpoint } {
  const opened: number[] = [];
  try {
    const fd = open(libc, wanted, LINUX.SOCK_STREAM, opened);
    if (net.isIPv6(wanted.address)) set(libc, fd, LINUX.IPPROTO_IPV6, LINUX.IPV6_V6ONLY, 0);
    set(libc, fd, LINUX.SOL_SOCKET, LINUX.SO_REUSEADDR, 1);
    bind(libc, fd, wanted, name);
    check(libc, libc.listen(fd, backlog), 'listen');
    return { fd, endpoint: { address: wanted.address, port: boundPort(libc, fd) } };
  } catch (error) {
    for (const fd of opened) libc.close(fd);
    throw error;
  }
}

function open(libc: Libc, { address }: Endpoint, type: number, opened: number[]): number {
  const isV6 = net.isIPv6(address);
  const fd = libc.socket(isV6 ? LINUX.AF_INET6 : LINUX.AF_INET, type | LINUX.SOCK_CLOEXEC, 0);
  check(libc, fd, `socket for ${address}`);
  opened.push(fd);
  if (isV6) set(libc, fd, LINUX.IPPROTO_IPV6, LINUX.IPV6_V6ONLY, 1);
  return fd;
}

function bind(libc: Libc, fd: number, endpoint: Endpoint, protocol: string): void {
  const sockaddr = encodeSockaddr(endpoint);
  if (libc.bind(fd, sockaddr, sockaddr.length) === 0) return;
  const errno = libc.errno();
  const what = `cannot listen on ${formatEndpoint(endpoint)} (${protocol})`;
  const code = errorName(errno);
  const why = bindRefusal(code) ?? `the kernel says ${code}`;
  throw errno === LINUX.EADDRINUSE ? new AddressInUse(`${what}: ${why}`) : new ListenError(`${what}: ${why}`);
}

/** What waits in a socket, what may, in bytes of the kernel's memory, and how many messages were dropped. */
export interface SocketMemory {
  readonly queuedBytes: number;
  readonly bufferBytes: number;
  readonly dropped: number;
}

/** undefined where the kernel does not tell. */
export function socketMemory(libc: Libc, fd: number): SocketMemory | undefined {
  const words = new Uint32Array(LINUX.SK_MEMINFO_WORDS);
  const bytes = new Uint8Array(words.buffer);
  const length = Int32Array.of(bytes.length);
  if (libc.getsockopt(fd, LINUX.SOL_SOCKET, LINUX.SO_MEMINFO, bytes, length) !== 0) return undefined;
  return {
    queuedBytes: words[LINUX.SK_MEMINFO_RMEM_ALLOC],
    bufferBytes: words[LINUX.SK_MEMINFO_RCVBUF],
    dropped: words[LINUX.SK_MEMINFO_DROPS],
  };
}

function boundPort(libc: Libc, fd: number): number {
  const sockaddr = new Uint8Array(SOCKADDR_BYTES);
  check(libc, libc.getsockname(fd, sockaddr, Int32Array.of(SOCKADDR_BYTES)), 'getsockname');
  return portOf(sockaddr);
}

function set(libc: Libc, fd: number, level: number, option: number, value: number): void {
  if (!trySet(libc, fd, level, option, value)) check(libc, -1, `socket option ${level}/${option}`);
}

function trySet(libc: Libc, fd: number, level: number, option: number, value: number): boolean {
  return libc.setsockopt(fd, level, option, new Uint8Array(Int32Array.of(value).buffer), 4) === 0;
}

/** A socket option that is an integer. Throws ListenError. */
export function getInt(libc: Libc, fd: number, level: number, option: number): number {
  const value = new Int32Array(1);
  check(libc, libc.getsockopt(fd, level, option, new Uint8Array(value.buffer), Int32Array.of(4)), 'getsockopt');
  return value[0];
}

function check(libc: Libc, result: number, what: string): void {
  if (result < 0) throw new ListenError(`${what} failed: ${errorName(libc.errno())}`);
}
