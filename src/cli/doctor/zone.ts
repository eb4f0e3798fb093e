/** Everything about one zone that can be seen from outside: its delegation, and each of its nameservers. */
import { Packet } from 'dns2';
import type { Zone } from '../api-types.ts';
import type { Answer, Ask, NoAnswer } from './ask.ts';
import { type Finding, ok } from './finding.ts';
import { addressesIn, type Delegation, encloses, lower, nsRecords, type Walk } from './walk.ts';

/** What passes every path without being cut into fragments (RFC 9715 §3). */
const SAFE_UDP_BYTES = 1232;
/** A size that clients with old settings still offer. */
const LARGE_UDP_BYTES = 4096;

/** `zone`: lower case, without the final dot. `known`: what the server says of itself, where it could be asked. */
export async function examineZone(zone: string, ask: Ask, walk: Walk, known: Zone | undefined): Promise<Finding[]> {
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
  const places = delegation.nameservers.flatMap(({ host, addresses }) =>
    addresses.map((address) => ({ host, address })),
  );
  const seen = await Promise.all(places.map((place) => examineServer(zone, place, ask)));
  const findings = seen.flatMap((server) => server.findings);
  return [...inDelegation, ...findings, ...compareServers(zone, delegation, seen, known)];
}

function checkDelegation(zone: string, delegation: Delegation, known: Zone | undefined): Finding[] {
  const { nameservers, parent, askedAt } = delegation;
  const hosts = nameservers.map(({ host }) => host);
  const findings: Finding[] = [
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

interface ServerSight {
  readonly host: string;
  readonly address: string;
  readonly serial: number | undefined;
  readonly nsHosts: readonly string[] | undefined;
  readonly nsTtlSeconds: number | undefined;
  readonly addressesOf: ReadonlyMap<string, readonly string[]>;
  readonly findings: readonly Finding[];
}

async function examineServer(
  zone: string,
  { host, address }: { host: string; address: string },
  ask: Ask,
): Promise<ServerSight> {
  const name = `${host} (${address})`;
  const [udp, tcp, edns, large, ns] = await Promise.all([
    ask(address, { name: zone, type: 'SOA' }),
    ask(address, { name: zone, type: 'SOA', tcp: true }),
    ask(address, { name: zone, type: 'SOA', udpBytes: SAFE_UDP_BYTES }),
    ask(address, { name: zone, type: 'TXT', udpBytes: LARGE_UDP_BYTES }),
    ask(address, { name: zone, type: 'NS' }),
  ]);
  const findings = [...reach(name, udp, tcp), ...authority(name, zone, udp), ...ednsOf(name, udp, edns, large)];
  const records = 'error' in ns ? [] : nsRecords(ns.answers, zone);
  const nsHosts = records.map((record) => lower(record.ns ?? ''));
  const inside = nsHosts.filter((one) => encloses(zone, one));
  const looked = await Promise.all(inside.map(async (one) => [one, await addressesAt(ask, address, one)] as const));
  return {
    host,
    address,
    serial: serialOf(udp) ?? serialOf(tcp),
    nsHosts: records.length === 0 ? undefined : nsHosts,
    nsTtlSeconds: records[0]?.ttl,
    addressesOf: new Map(looked),
    findings,
  };
}

async function addressesAt(ask: Ask, server: string, name: string): Promise<string[]> {
  const both = await Promise.all(
    (['A', 'AAAA'] as const).map(async (type) => {
      const answer = await ask(server, { name, type });
      return 'error' in answer ? [] : addressesIn(answer.answers, type);
    }),
  );
  return both.flat();
}

function reach(name: string, udp: Answer | NoAnswer, tcp: Answer | NoAnswer): Finding[] {
  const failed = (over: 'UDP' | 'TCP', { error }: NoAnswer): Finding => ({
    level: 'error',
    code: over === 'UDP' ? 'udp_unreachable' : 'tcp_unreachable',
    what: `${name} does not answer over ${over}: ${error}.`,
    why:
      over === 'UDP'
        ? 'Resolvers ask over UDP first; those that pick this address wait in vain and try another.'
        : 'An answer that is cut to fit UDP is asked for again over TCP (RFC 7766 §5): such answers cannot be had here.',
    todo: `Let ${over} to port 53 through every firewall on the way, and see that the server listens on this address (dns.listen).`,
  });
  const findings = [...('error' in udp ? [failed('UDP', udp)] : []), ...('error' in tcp ? [failed('TCP', tcp)] : [])];
  return findings.length > 0 ? findings : [ok('reachable', `${name} answers over UDP and TCP.`)];
}

function authority(name: string, zone: string, udp: Answer | NoAnswer): Finding[] {
  if ('error' in udp || (udp.rcode === 0 && udp.isAuthoritative && serialOf(udp) !== undefined)) return [];
  const said =
    udp.rcode === 5 ? 'refuses' : udp.rcode !== 0 ? `answers with rcode ${udp.rcode}` : 'has no authoritative answer';
  return [
    {
      level: 'error',
      code: 'lame',
      what: `${name} ${said} when asked for the SOA of ${zone}.`,
      why: 'The parent sends resolvers there, and they get nothing: a lame delegation, which slows down whoever meets it.',
      todo: `Make the zone on that server, or take it out of the delegation.`,
    },
  ];
}

function ednsOf(name: string, udp: Answer | NoAnswer, edns: Answer | NoAnswer, large: Answer | NoAnswer): Finding[] {
  if ('error' in udp) return [];
  if ('error' in edns || !edns.hasOpt) {
    return [
      {
        level: 'warning',
        code: 'edns_missing',
        what: `${name} ${'error' in edns ? 'does not answer a query with EDNS' : 'answers without EDNS'}.`,
        why: 'Nearly every resolver asks with EDNS (RFC 6891); one that gets nothing may give the server up (RFC 8906).',
        todo: 'Look for a firewall or proxy in between that drops or changes what it does not know.',
      },
    ];
  }
  if (!('error' in large) && large.bytes > SAFE_UDP_BYTES) {
    return [
      {
        level: 'warning',
        code: 'udp_too_large',
        what: `${name} sends UDP answers of ${large.bytes} bytes.`,
        why: `Above ${SAFE_UDP_BYTES} bytes they may be cut into fragments, which many networks drop (RFC 9715).`,
        todo: `Set dns.udpMaxBytes to ${SAFE_UDP_BYTES}.`,
      },
    ];
  }
  return [ok('edns', `${name} speaks EDNS, and its UDP answers pass without fragments.`)];
}

function compareServers(
  zone: string,
  delegation: Delegation,
  seen: readonly ServerSight[],
  known: Zone | undefined,
): Finding[] {
  const findings: Finding[] = [];
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

function compareGlue({ nameservers }: Delegation, seen: readonly ServerSight[]): Finding[] {
  return nameservers.flatMap(({ host, addresses, hasGlue }): Finding[] => {
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

function compareTtl(zone: string, { ttlSeconds }: Delegation, seen: readonly ServerSight[]): Finding[] {
  const own = seen.find(({ nsTtlSeconds }) => nsTtlSeconds !== undefined)?.nsTtlSeconds;
  const longest = Math.max(ttlSeconds, own ?? 0);
  return [
    ok(
      'ns_ttl',
      `A change of the nameservers of ${zone} takes up to ${longest} s to be everywhere (TTL of NS: parent ${ttlSeconds} s${own === undefined ? '' : `, zone ${own} s`}).`,
    ),
  ];
}

function serialOf(answer: Answer | NoAnswer): number | undefined {
  if ('error' in answer || !answer.isAuthoritative) return undefined;
  return answer.answers.find(({ type }) => type === Packet.TYPE.SOA)?.serial;
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}
