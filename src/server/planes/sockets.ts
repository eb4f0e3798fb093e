/** The sockets of a server of two planes: opened here and kept, whatever becomes of those who read them. */
import type { Settings } from '../../config.ts';
import type { Logger } from '../../log.ts';
import type { Endpoint } from '../../sockets/address.ts';
import type { Inherited, InheritedEndpoint } from '../../sockets/inherited.ts';
import { LINUX, type Libc } from '../../sockets/libc.ts';
import { ListenAddresses } from '../../sockets/listen-addresses.ts';
import { withoutMissingLoopback } from '../../sockets/loopback.ts';
import { AddressInUse, openListener } from '../../sockets/open.ts';
import { findUdpTransport } from '../../sockets/transports.ts';
import { patiently } from './patiently.ts';

export interface KeptSockets {
  readonly dns: readonly InheritedEndpoint[];
  readonly admin: { readonly fd: number; readonly endpoint: Endpoint };
}

/** Connections that wait to be accepted: in a burst that is larger, one more would try again after a second only. */
const ADMIN_BACKLOG = 4096;

/** What was handed over, and for the rest what the settings say. Throws ListenError. */
export async function openSockets(
  { dns, admin }: Settings,
  inherited: Inherited,
  workers: number,
  libc: Libc,
  log: Logger,
): Promise<KeptSockets> {
  for (const { udp, tcp } of inherited.dns) for (const fd of [...udp, ...tcp]) keepToOurselves(libc, fd);
  if (inherited.admin !== undefined) keepToOurselves(libc, inherited.admin.fd);
  const listen = withoutMissingLoopback(dns.listen);
  const { receiveBufferBytes } = dns;
  // What stands beside it is asked of AF_XDP by the process that serves it.
  const user = findUdpTransport(libc, dns.transport === 'xdp' ? 'auto' : dns.transport).transport;
  const open = async (): Promise<KeptSockets> => {
    const dnsSockets =
      inherited.dns.length > 0
        ? inherited.dns
        : (await ListenAddresses.open(libc, user, { listen, receiveBufferBytes, workers })).opened;
    try {
      return { dns: dnsSockets, admin: inherited.admin ?? openListener(libc, admin.listen, 'admin', ADMIN_BACKLOG) };
    } catch (error) {
      if (inherited.dns.length === 0) close(libc, dnsSockets);
      throw error;
    }
  };
  if (inherited.dns.length === 0 && listen !== dns.listen)
    log.warn('this machine has no ::1, so DNS does not listen there');
  return patiently(open, AddressInUse);
}

/** Those that were handed over would else be open in every process that this one starts. */
function keepToOurselves(libc: Libc, fd: number): void {
  libc.fcntl(fd, LINUX.F_SETFD, LINUX.FD_CLOEXEC);
}

function close(libc: Libc, sockets: readonly InheritedEndpoint[]): void {
  for (const { udp, tcp } of sockets) for (const fd of [...udp, ...tcp]) libc.close(fd);
}
