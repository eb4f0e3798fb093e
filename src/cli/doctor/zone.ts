/** Everything about one zone that can be seen from outside: its delegation, and each of its nameservers. */

import { randomUUID } from 'node:crypto';
import type { Ask } from '../../asking/ask.ts';
import { type Delegation, encloses, lower, type Walk } from '../../asking/walk.ts';
import type { Zone } from '../../contract/types.ts';
import { examineChain } from './chain.ts';
import { compareServers, isSameSet } from './compare.ts';
import { type Diagnosis, ok } from './diagnosis.ts';
import { examineServer } from './server.ts';
import { examineSignatures } from './signatures.ts';

/** `zone`: lower case, without the final dot. `known`, `services`: what the server says of itself, where it could be asked. */
export async function examineZone(
  zone: string,
  ask: Ask,
  walk: Walk,
  known: Zone | undefined,
  services: readonly string[] = [],
): Promise<Diagnosis[]> {
  const delegation = await walk.delegation(zone);
  if ('reason' in delegation) {
    return [
      {
        level: delegation.isSure ? 'error' : 'unknown',
        code: delegation.isSure ? 'not_delegated' : 'delegation_unknown',
        what: `${zone} ${delegation.isSure ? 'is not delegated' : 'could not be looked for'}: ${delegation.reason}.`,
        why: delegation.isSure
          ? 'No resolver is led to this server, so nobody but who asks it directly gets an answer.'
          : 'Without the parent nothing can be said of the delegation.',
        todo: delegation.isSure
          ? `Enter NS records for ${zone} at the registrar or in the zone above, with the addresses (glue) of nameservers inside it.`
          : 'Try from another network, or name a resolver that may ask the internet with --resolver.',
      },
    ];
  }
  const inDelegation = checkDelegation(zone, delegation, known);
  const servers = delegation.nameservers.flatMap(({ host, addresses }) =>
    addresses.map((address) => ({ host, address })),
  );
  const seen = await Promise.all(servers.map((server) => examineServer(zone, server, ask)));
  const findings = seen.flatMap((server) => server.findings);
  const chain = await examineChain(zone, delegation, ask);
  const addresses = [...new Set(servers.map(({ address }) => address))];
  const means = { ask, nowMs: Date.now(), label: `teal-doctor-${randomUUID()}` };
  const signed = await examineSignatures(zone, addresses, means, services);
  return [...inDelegation, ...findings, ...compareServers(zone, delegation, seen, known), ...chain, ...signed];
}

function checkDelegation(zone: string, delegation: Delegation, known: Zone | undefined): Diagnosis[] {
  const { nameservers, parent, askedAt } = delegation;
  const hosts = nameservers.map(({ host }) => host);
  const findings: Diagnosis[] = [
    ok(
      'delegated',
      `${parent === '' ? 'The root' : parent} delegates ${zone} to ${hosts.join(', ')} (asked at ${askedAt}).`,
    ),
  ];
  for (const { host, addresses, hasGlue } of nameservers) {
    if (encloses(zone, host) && !hasGlue) {
      findings.push({
        level: 'error',
        code: 'glue_missing',
        what: `The parent gives no address for ${host}.`,
        why: `${host} lies in ${zone} itself: to find its address a resolver would have to ask it first (RFC 1034 §4.2.1).`,
        todo: `Enter the addresses of ${host} (glue) where the NS records of ${zone} are entered.`,
      });
    } else if (addresses.length === 0) {
      findings.push({
        level: 'error',
        code: 'nameserver_without_address',
        what: `No address was found for ${host}.`,
        why: 'A resolver that picks this nameserver gets no answer and has to try another.',
        todo: `Give ${host} an A or AAAA record, or take it out of the delegation.`,
      });
    }
  }
  const distinct = new Set(nameservers.flatMap(({ addresses }) => addresses));
  if (hosts.length < 2 || distinct.size < 2) {
    findings.push({
      level: 'warning',
      code: 'single_nameserver',
      what: `${zone} hangs on ${hosts.length < 2 ? 'one nameserver' : 'one address'}.`,
      why: 'When it is down, nobody gets an answer once their copy has run out; many registries refuse it (RFC 1034 §4.1, RFC 2182 §5).',
      todo: 'Add a second nameserver, in another place and network.',
    });
  }
  if (known !== undefined && !isSameSet(known.nameservers.map(lower), hosts)) {
    findings.push({
      level: 'warning',
      code: 'ns_differ',
      what: `The parent names ${hosts.join(', ')}; the zone here names ${known.nameservers.join(', ')}.`,
      why: 'Resolvers use the names of the zone itself once they have asked it, so that some servers get no queries, or queries that they cannot answer.',
      todo: 'Make both the same: `teal zone add` or an import sets the NS of the zone, the registrar those of the parent.',
    });
  }
  return findings;
}
