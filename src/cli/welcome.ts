/** What a person at a terminal is told once the server is ready: four lines, and where to go from there. */
import { join } from 'node:path';

/** A wildcard is reached at this machine's own address. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

interface Place {
  readonly address: string;
  readonly port: number;
}

/** Of the settings. */
interface Shown {
  readonly admin: { readonly listen: Place; readonly tls?: object; readonly token?: string };
  readonly dns: { readonly listen: readonly Place[] };
  readonly dataDir: string;
  readonly bootstrap?: { readonly services: object };
}

export function welcome({ admin, dns, dataDir, bootstrap }: Shown): string[] {
  const { address, port } = admin.listen;
  const host = LOOPBACK[address] ?? address;
  const console = `${admin.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}/`;
  const [first] = dns.listen;
  const server = first === undefined ? '' : ` @${LOOPBACK[first.address] ?? first.address} -p ${first.port}`;
  const name = Object.keys(bootstrap?.services ?? {})[0] ?? 'a.name.of.yours';
  const token = admin.token === undefined ? `in ${join(dataDir, 'admin.token')}` : 'the one that the settings have';
  return [
    `Console  ${console}`,
    `Token    ${token}`,
    `Ask it   dig${server} ${name}`,
    'Docs     docs/start.md (ten minutes), docs/README.md (all pages); teal demo shows a canary that fails',
  ];
}
