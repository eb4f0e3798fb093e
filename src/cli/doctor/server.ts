/** One address of a nameserver: whether it is reached, has the zone, and sends what gets through. */
import { Packet } from 'dns2';
import type { Answer, Ask, NoAnswer } from '../../asking/ask.ts';
import { addressesIn, encloses, lower, nsRecords } from '../../asking/walk.ts';
import { type Diagnosis, ok } from './diagnosis.ts';

/** What passes every path without being cut into fragments (RFC 9715 §3). */
const SAFE_UDP_BYTES = 1232;
/** A size that clients with old settings still offer. */
const LARGE_UDP_BYTES = 4096;

export interface ServerSight {
  readonly host: string;
  readonly address: string;
  readonly serial: number | undefined;
  readonly nsHosts: readonly string[] | undefined;
  readonly nsTtlSeconds: number | undefined;
  readonly addressesOf: ReadonlyMap<string, readonly string[]>;
  readonly findings: readonly Diagnosis[];
}

export async function examineServer(
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

function reach(name: string, udp: Answer | NoAnswer, tcp: Answer | NoAnswer): Diagnosis[] {
  const failed = (over: 'UDP' | 'TCP', { error }: NoAnswer): Diagnosis => ({
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

function authority(name: string, zone: string, udp: Answer | NoAnswer): Diagnosis[] {
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

function ednsOf(name: string, udp: Answer | NoAnswer, edns: Answer | NoAnswer, large: Answer | NoAnswer): Diagnosis[] {
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

function serialOf(answer: Answer | NoAnswer): number | undefined {
  if ('error' in answer || !answer.isAuthoritative) return undefined;
  return answer.answers.find(({ type }) => type === Packet.TYPE.SOA)?.serial;
}
