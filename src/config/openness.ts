/** Whether the admin API would be open to other machines, and tokens to whoever listens on the way. */
import { type Endpoint, formatEndpoint } from '../sockets/address.ts';
import { isLoopback } from './endpoint.ts';
import type { SettingsValues } from './schema.ts';

/** What speaks against serving the admin API at an address; undefined: nothing. */
export function findOpenness(
  listen: Endpoint,
  { tls, insecure }: Pick<SettingsValues['admin'], 'insecure'> & { readonly tls?: unknown },
): string | undefined {
  if (isLoopback(listen.address) || tls !== undefined || insecure) return undefined;
  return (
    `${formatEndpoint(listen)} is open to other machines, and tokens would cross the network in the clear: ` +
    'give admin.tls (certFile and keyFile) or, behind a proxy that speaks TLS, say admin.insecure: true'
  );
}
