/** Where the C library cannot be had: whether an address is free, found out before workers share it. */
import dgram from 'node:dgram';
import net from 'node:net';
import { type Endpoint, formatEndpoint } from './address.ts';
import { bindRefusal } from './bind-refusal.ts';
import { ListenError } from './open.ts';

/** A port that is free over UDP may be in use over TCP. */
const TRIES = 20;

/**
 * The endpoint with the port to use; with port 0, one that is free over both. A second bind with SO_REUSEPORT, as the workers' sockets need it, succeeds silently
 * and would share the queries with a stranger; so the address is bound without it first. Throws ListenError.
 */
export async function freeEndpoint(endpoint: Endpoint): Promise<Endpoint> {
  for (let left = endpoint.port === 0 ? TRIES : 1; ; left--) {
    try {
      return await bindBoth(endpoint);
    } catch (error) {
      if (left <= 1) throw error;
    }
  }
}

async function bindBoth({ address, port }: Endpoint): Promise<Endpoint> {
  const isV6 = net.isIPv6(address);
  const udp = dgram.createSocket({ type: isV6 ? 'udp6' : 'udp4', ipv6Only: isV6 });
  const tcp = net.createServer();
  try {
    await bound('UDP', { address, port }, (done, failed) => {
      udp.once('error', failed);
      udp.bind({ address, port, exclusive: true }, done);
    });
    const endpoint = { address, port: udp.address().port };
    await bound('TCP', endpoint, (done, failed) => {
      tcp.once('error', failed);
      tcp.listen({ host: address, port: endpoint.port, ipv6Only: true }, done);
    });
    return endpoint;
  } finally {
    await Promise.all([closed(udp), closed(tcp)]);
  }
}

type Bind = (done: () => void, failed: (error: NodeJS.ErrnoException) => void) => void;

async function bound(protocol: string, endpoint: Endpoint, bind: Bind): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => bind(resolve, reject));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = bindRefusal(code) ?? message;
    throw new ListenError(`cannot listen on ${formatEndpoint(endpoint)} (${protocol}): ${why}`);
  }
}

/** One that was never bound has nothing to close. */
function closed(socket: dgram.Socket | net.Server): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      resolve();
    }
  });
}
