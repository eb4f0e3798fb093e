/** The settings of a whole Teal server that answers the bench zone: store, admin API, TCP and all, one UDP worker. */
import fs from 'node:fs';
import path from 'node:path';
import {
  APEX,
  aliasName,
  blueAddress,
  greenAddress,
  HOSTS,
  hostAddress,
  hostName,
  SERVICE_TTL_SECONDS,
  STATIC_TTL_SECONDS,
  serviceName,
  WEIGHTS,
  type ZoneSize,
} from '../workload.ts';
import type { Site } from './peer.ts';

/** Writes the settings file (JSON, which YAML takes too) and returns its path. */
export function writeTealConfig({ folder, address = '127.0.0.1', port, xdp, size }: Site): string {
  const file = path.join(folder, 'teal.yaml');
  const settings = {
    dataDir: path.join(folder, 'data'),
    dns: {
      listen: [`${address}:${port}`],
      workers: 1,
      transport: xdp === undefined ? 'batch' : 'xdp',
      // As by default for loopback: the limit is counted for every answer, and bites for none.
      rateLimit: { exempt: ['127.0.0.0/8', `${address.replace(/\d+$/, '0')}/24`] },
    },
    admin: { listen: '127.0.0.1:0' },
    log: { level: 'warn' },
    bootstrap: bootstrap(size),
  };
  fs.writeFileSync(file, JSON.stringify(settings));
  return file;
}

function bootstrap(size: ZoneSize): object {
  const rrset = (name: string, type: string, rdata: string) => {
    return { zone: APEX, name, type, ttlSeconds: STATIC_TTL_SECONDS, rdata: [rdata] };
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
  const pools = (blue: string, green: string) => ({
    ttlSeconds: SERVICE_TTL_SECONDS,
    pools: { blue: { weight: WEIGHTS.blue, targets: [blue] }, green: { weight: WEIGHTS.green, targets: [green] } },
  });
  return {
    zones: {
      [APEX]: {
        nameservers: [`ns1.${APEX}`],
        hostmaster: `hostmaster.${APEX}`,
        ttlSeconds: STATIC_TTL_SECONDS,
        negativeTtlSeconds: 60,
      },
    },
    rrsets: [
      rrset(`ns1.${APEX}`, 'A', '192.0.2.253'),
      rrset(`mail.${APEX}`, 'A', '192.0.2.254'),
      rrset(APEX, 'MX', `10 mail.${APEX}.`),
      rrset(APEX, 'TXT', '"v=spf1 mx -all"'),
      ...numbers(size.hosts).map((i) => rrset(hostName(i), 'A', hostAddress(i))),
    ],
    services: Object.fromEntries([
      ...numbers(size.services).map((i) => [serviceName(i), pools(blueAddress(i), greenAddress(i))]),
      ...numbers(size.aliases).map((i) => [aliasName(i), pools(HOSTS.blue, HOSTS.green)]),
    ]),
  };
}
