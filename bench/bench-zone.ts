/** The bench zone as changes of the model, a few thousand at a time. */

import type { Service } from '../src/model/service.ts';
import type { TableChange } from '../src/table/changes.ts';
import { rrset, service, zone } from '../test/fixtures/table.ts';
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
} from './workload.ts';

const AT_ONCE = 4096;

/** How every service of the zone picks its pool. */
export type Picking = Pick<Service, 'pick' | 'pins'>;

export function* benchChanges(
  size: ZoneSize,
  picking: Picking = { pick: 'random', pins: [] },
): Generator<TableChange[]> {
  let changes: TableChange[] = [];
  for (const change of each(size, picking)) {
    changes.push(change);
    if (changes.length < AT_ONCE) continue;
    yield changes;
    changes = [];
  }
  yield changes;
}

function* each(size: ZoneSize, picking: Picking): Generator<TableChange> {
  yield zone(APEX, { ttlSeconds: STATIC_TTL_SECONDS });
  yield rrset(APEX, `ns1.${APEX}`, 'A', STATIC_TTL_SECONDS, '192.0.2.253');
  yield rrset(APEX, `mail.${APEX}`, 'A', STATIC_TTL_SECONDS, '192.0.2.254');
  yield rrset(APEX, APEX, 'MX', STATIC_TTL_SECONDS, `10 mail.${APEX}.`);
  yield rrset(APEX, APEX, 'TXT', STATIC_TTL_SECONDS, '"v=spf1 mx -all"');
  for (let i = 0; i < size.hosts; i++) yield rrset(APEX, hostName(i), 'A', STATIC_TTL_SECONDS, hostAddress(i));
  const ttl = { ttlSeconds: SERVICE_TTL_SECONDS, ...picking };
  for (let i = 0; i < size.services; i++) {
    yield service(
      APEX,
      serviceName(i),
      { blue: [WEIGHTS.blue, blueAddress(i)], green: [WEIGHTS.green, greenAddress(i)] },
      ttl,
    );
  }
  for (let i = 0; i < size.aliases; i++) {
    yield service(
      APEX,
      aliasName(i),
      { blue: [WEIGHTS.blue, HOSTS.blue], green: [WEIGHTS.green, HOSTS.green] },
      { ...ttl, kind: 'host' },
    );
  }
}
