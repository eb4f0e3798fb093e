/**
 * Whether the calls of the batch transport work here, found out by doing them: a filter (seccomp) or another kernel
 * (gVisor, WSL) refuses some, and says so only then.
 */
import { type Endpoint, encodeSockaddr } from '../address.ts';
import { LINUX, type Libc, type Refused } from '../libc.ts';
import { openEndpoint } from '../open.ts';
import { type Answerer, BatchSocket } from './socket.ts';
import { WallClock } from './wall-clock.ts';

/** As long as a datagram may take from one socket of the loopback interface to another. */
const ARRIVAL_MS = 1000;
/** Which loopback addresses there are depends on the machine. */
const LOOPBACK: readonly Endpoint[] = [
  { address: '127.0.0.1', port: 0 },
  { address: '::1', port: 0 },
];
const TIMEVAL_BYTES = 16;
const QUERIES = 4;
const QUERY = Uint8Array.of(1, 2, 3);

/** What answers whatever it is asked with the same bytes. */
class Echo implements Answerer {
  readonly client = { set: () => {} };
  readonly #asked: Uint8Array[] = [];

  read(i: number, request: Uint8Array, start: number, end: number): void {
    this.#asked[i] = request.subarray(start, end);
  }

  lookAhead(): void {}

  reply(i: number, bytes: Uint8Array, at: number): number {
    bytes.set(this.#asked[i], at);
    return this.#asked[i].length;
  }
}

/** Why batches cannot be had, in a phrase; undefined: they can, if need be with a call for each message. */
export function tryBatch(libc: Libc, refused: Refused): string | undefined {
  try {
    if (new WallClock(libc).now() <= 0) return 'clock_gettime does not tell the time';
    for (const endpoint of LOOPBACK) {
      const opened = tryOpen(libc, endpoint);
      if (opened === undefined) continue;
      try {
        return exchange(libc, opened, refused);
      } finally {
        for (const fd of [...opened.udp, ...opened.tcp]) libc.close(fd);
      }
    }
    // No loopback to try it on: it will be seen in the worker, which falls back too.
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

type Opened = ReturnType<typeof openEndpoint>;

function tryOpen(libc: Libc, endpoint: Endpoint): Opened | undefined {
  try {
    return openEndpoint(libc, endpoint, 1, 2 ** 16);
  } catch {
    return undefined;
  }
}

/** Some queries and their replies, as a worker does it: a refusal is believed when it is repeated. */
function exchange(libc: Libc, { endpoint, udp }: Opened, refused: Refused): string | undefined {
  const fd = udp[0];
  if (!hasTimeout(libc, fd)) return 'SO_RCVTIMEO is refused';
  const client = openEndpoint(libc, { ...endpoint, port: 0 }, 1, 2 ** 16);
  const asker = client.udp[0];
  const descriptors = Int32Array.of(fd, LINUX.POLLIN);
  try {
    const server = new BatchSocket(libc, fd, false, refused);
    const echo = new Echo();
    const to = encodeSockaddr(endpoint);
    for (let query = 0; query < QUERIES; query++) {
      libc.sendto(asker, QUERY, QUERY.length, 0, to, to.length);
      const ready = libc.poll(libc.addressOf(new Uint8Array(descriptors.buffer)), 1, ARRIVAL_MS);
      if (ready < 0) refused('poll', libc.errno());
      // It does not arrive, through no fault of these calls: a packet filter, say.
      if (ready === 0) return undefined;
      server.answer(echo, server.receive(LINUX.MSG_WAITFORONE));
    }
    return undefined;
  } finally {
    for (const own of [...client.udp, ...client.tcp]) libc.close(own);
  }
}

/** Without it a worker that waits would never look at the stop word. */
function hasTimeout(libc: Libc, fd: number): boolean {
  const time = new Uint8Array(TIMEVAL_BYTES);
  return (
    libc.getsockopt(fd, LINUX.SOL_SOCKET, LINUX.SO_RCVTIMEO, time, Int32Array.of(TIMEVAL_BYTES)) === 0 &&
    time.some((byte) => byte !== 0)
  );
}
