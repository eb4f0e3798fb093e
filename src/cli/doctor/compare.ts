/** What the nameservers of a zone say beside each other, and beside the parent. */

import type { Delegation } from '../../asking/walk.ts';
import type { Zone } from '../../contract/types.ts';
import { type Diagnosis, ok } from './diagnosis.ts';
import type { ServerSight } from './server.ts';

export function compareServers(
  zone: string,
  delegation: Delegation,
  seen: readonly ServerSight[],
  known: Zone | undefined,
): Diagnosis[] {
  const findings: Diagnosis[] = [];
  const answering = seen.filter(({ serial }) => serial !== undefined);
  const serials = new Set([...answering.map(({ serial }) => serial), ...(known ? [known.serial] : [])]);
  if (serials.size > 1) {
    const list = answering.map(({ host, address, serial }) => `${host} (${address}) ${serial}`);
    findings.push({
      level: 'warning',
      code: 'soa_differ',
      what: `The SOA serials differ: ${[...list, ...(known ? [`this server ${known.serial}`] : [])].join(', ')}.`,
      why: 'Clients get old or new records, depending on whom their resolver asks. Shifts do not raise the serial; changed records do.',
      todo: 'Bring the same change to every server; with transfers, see that the secondaries are notified and may transfer.',
    });
  } else if (answering.length > 0)
    findings.push(ok('soa_agree', `Every answer has the SOA serial ${answering[0]?.serial}.`));
  const hosts = delegation.nameservers.map(({ host }) => host);
  for (const { host, address, nsHosts } of seen) {
    if (nsHosts === undefined || isSameSet(nsHosts, hosts)) continue;
    findings.push({
      level: 'warning',
      code: 'ns_differ',
      what: `${host} (${address}) names ${nsHosts.join(', ')}; the parent names ${hosts.join(', ')}.`,
      why: 'Resolvers use the names of the zone itself once they have asked it.',
      todo: 'Make the NS records in the zone and at the parent the same.',
    });
  }
  return [...findings, ...compareGlue(delegation, seen), ...compareTtl(zone, delegation, seen)];
}

function compareGlue({ nameservers }: Delegation, seen: readonly ServerSight[]): Diagnosis[] {
  return nameservers.flatMap(({ host, addresses, hasGlue }): Diagnosis[] => {
    const own = seen.find(({ addressesOf }) => addressesOf.has(host))?.addressesOf.get(host);
    if (!hasGlue || own === undefined || isSameSet(own, addresses)) return [];
    return [
      {
        level: own.length === 0 ? 'error' : 'warning',
        code: 'glue_differs',
        what: `The parent says that ${host} has ${addresses.join(', ')}; the zone says ${own.join(', ') || 'nothing'}.`,
        why: 'A resolver goes by one or the other, depending on what it asked last.',
        todo: `Make them the same: \`teal record set ${host} A …\`, and the glue at the registrar.`,
      },
    ];
  });
}

function compareTtl(zone: string, { ttlSeconds }: Delegation, seen: readonly ServerSight[]): Diagnosis[] {
  const own = seen.find(({ nsTtlSeconds }) => nsTtlSeconds !== undefined)?.nsTtlSeconds;
  const longest = Math.max(ttlSeconds, own ?? 0);
  return [
    ok(
      'ns_ttl',
      `A change of the nameservers of ${zone} takes up to ${longest} s to be everywhere (TTL of NS: parent ${ttlSeconds} s${own === undefined ? '' : `, zone ${own} s`}).`,
    ),
  ];
}

export function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}
