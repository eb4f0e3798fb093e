/** SOA and NS at the top of a zone: clients write them as RRsets, and Teal has them in the zone itself. */
import { Problem } from '../../model/errors.ts';
import { canonicalName } from '../../model/name.ts';
import { makeRRset, rrsetBody } from '../../model/rrset.ts';
import type { Zone, ZoneBody } from '../../model/zone.ts';
import { TYPE } from '../../wire/constants.ts';
import { type AskedRRset, bad, explain } from './rrset-changes.ts';

export function isApex(zone: string, { name, type }: Pick<AskedRRset, 'name' | 'type'>): boolean {
  return name === zone && (type === TYPE.SOA || type === TYPE.NS);
}

/** What the zone says of itself, as a body that would leave it as it is. */
export function bodyOf(zone: Zone): ZoneBody {
  const { primary, nameservers, hostmaster, ttlSeconds, nameserversTtlSeconds, negativeTtlSeconds } = zone;
  const { refreshSeconds, retrySeconds, expireSeconds } = zone;
  const times = { refreshSeconds, retrySeconds, expireSeconds };
  return { primary, nameservers, hostmaster, ttlSeconds, nameserversTtlSeconds, negativeTtlSeconds, ...times };
}

/** The body with what the RRsets say. The serial is passed over: the log has it. */
export function withApex(zone: string, body: ZoneBody, asked: readonly AskedRRset[]): ZoneBody | Problem {
  let after = body;
  for (const rrset of asked) {
    const { type, contents, shown, ttlSeconds } = rrset;
    if (contents.length === 0) return bad(`RRset ${shown}: a zone has one; replace it, or delete the zone`);
    const made = makeRRset({ zone, name: zone, type }, { ttlSeconds, rdata: contents }, 0);
    if (made instanceof Problem) return explain(rrset, made, recordOf(made));
    const { rdata } = rrsetBody(made);
    after =
      type === TYPE.NS
        ? { ...after, nameservers: rdata, nameserversTtlSeconds: ttlSeconds }
        : withSoa(after, rdata[0] as string, ttlSeconds);
  }
  return after;
}

/** `soa`: as it is written, in which names have no blanks. */
function withSoa(body: ZoneBody, soa: string, ttlSeconds: number): ZoneBody {
  const [primary = '', hostmaster = '', _serial, ...seconds] = soa.split(' ');
  const [refreshSeconds, retrySeconds, expireSeconds, negativeTtlSeconds] = seconds.map(Number);
  // The NS RRset keeps its TTL, which is that of the SOA where nothing else is said.
  const { nameserversTtlSeconds = body.ttlSeconds } = body;
  const times = { refreshSeconds, retrySeconds, expireSeconds, negativeTtlSeconds } as Partial<ZoneBody>;
  return {
    ...body,
    ...(nameserversTtlSeconds !== undefined && { nameserversTtlSeconds }),
    primary,
    hostmaster,
    ttlSeconds,
    ...times,
  };
}

/** Whether a body says what the zone says. */
export function isSame(body: ZoneBody, zone: Zone): boolean {
  const said = (of: ZoneBody): string =>
    JSON.stringify([...canonical(of.nameservers), ...canonical([of.primary ?? '', of.hostmaster]), ...times(of)]);
  return said(body) === said(bodyOf(zone));
}

function canonical(names: readonly string[]): (string | Problem)[] {
  return names.map((name) => canonicalName(name));
}

function times(of: ZoneBody): (number | undefined)[] {
  return [
    of.ttlSeconds,
    of.nameserversTtlSeconds,
    of.negativeTtlSeconds,
    of.refreshSeconds,
    of.retrySeconds,
    of.expireSeconds,
  ];
}

function recordOf({ pointer = '' }: Problem): number | undefined {
  const index = /^\/rdata\/(\d+)/.exec(pointer)?.[1];
  return index === undefined ? undefined : Number(index);
}
