/** A zone: a domain that Teal is authoritative for, with what its SOA and NS records say. */
import { MAX_TTL_SECONDS } from '../wire/constants.ts';
import { Problem } from './errors.ts';
import { type Labels, settleLabels } from './labels.ts';
import { canonicalName, isHostName, whyShort } from './name.ts';

/** Names are canonical text: lower case, `\DDD` for unusual bytes, no trailing dot (the root is the empty string). */
export interface Zone {
  readonly name: string;
  /** The server that the SOA's MNAME names: the first nameserver unless said otherwise (RFC 1035 §3.3.13). */
  readonly primary: string;
  /** Host names of the NS RRset at the apex, at least one. */
  readonly nameservers: readonly string[];
  /** Mailbox of the SOA RNAME as a domain name (RFC 1035 §3.3.13). */
  readonly hostmaster: string;
  /** TTL of the SOA, seconds. */
  readonly ttlSeconds: number;
  /** TTL of the NS RRset, seconds: that of the SOA unless said otherwise. */
  readonly nameserversTtlSeconds: number;
  /** SOA MINIMUM: with the SOA's TTL it bounds how long a negative answer is cached (RFC 2308 §5). */
  readonly negativeTtlSeconds: number;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  readonly labels?: Labels;
  /** A digest of the whole zone stands at its apex (ZONEMD, RFC 8976), made here. */
  readonly zonemd?: true;
  /** SOA SERIAL (RFC 1982), raised by every change of the zone's content, not by shifts. */
  readonly serial: number;
  /** The last revision that changed the zone or anything that raised its serial; the ETag of its file. */
  readonly revision: number;
  /** The last that changed its settings; read it with `settingsRevision`, since zones of earlier versions have none. */
  readonly settingsRevision?: number;
}

/** What a user says of a zone. */
export interface ZoneBody {
  readonly nameservers: readonly string[];
  readonly hostmaster: string;
  readonly primary?: string;
  readonly ttlSeconds?: number;
  readonly nameserversTtlSeconds?: number;
  readonly negativeTtlSeconds?: number;
  readonly refreshSeconds?: number;
  readonly retrySeconds?: number;
  readonly expireSeconds?: number;
  /** Left out: those that it has. */
  readonly labels?: Labels;
  /** Left out: as it is; a new zone has none. */
  readonly zonemd?: boolean;
}

/** What a user changes of a zone: what is left out stays as it is. */
export type ApexChange = Partial<Omit<ZoneBody, 'labels' | 'zonemd'>>;

/** Resolvers ask at most this many servers in one try; a longer NS RRset only makes referrals big. */
const NAMESERVERS_MAX = 32;

/** What a new zone has where its body says nothing, seconds; secondaries are told what RIPE-203 recommends. */
const ZONE_DEFAULTS = {
  ttlSeconds: 3600,
  /** A name that was asked too early is asked again after a minute. */
  negativeTtlSeconds: 60,
  refreshSeconds: 86_400,
  retrySeconds: 7_200,
  expireSeconds: 3_600_000,
} as const;

/** The zone that a body describes; what it leaves out has its default. `serial` and `revision` are given by the log. */
export function makeZone(name: string, body: ZoneBody, before: Zone | undefined): Zone | Problem {
  const nameservers = makeNameservers(name, body.nameservers, before?.nameservers ?? []);
  if (nameservers instanceof Problem) return nameservers;
  const hostmaster = canonicalName(body.hostmaster);
  if (hostmaster instanceof Problem || (hostmaster === '' && before?.hostmaster !== '')) {
    const why = hostmaster instanceof Problem ? ` (${hostmaster.detail})` : '';
    const [written, mailbox] = exampleMailbox(body.hostmaster);
    const detail = `hostmaster is a mailbox written as a name, ${written} for ${mailbox}${why}`;
    return new Problem('zone_invalid', `${detail}.`, { pointer: '/hostmaster' });
  }
  const primary = body.primary === undefined ? nameservers[0] : canonicalName(body.primary);
  if (primary instanceof Problem) return new Problem('zone_invalid', primary.detail, { pointer: '/primary' });
  const short =
    (hostmaster === before?.hostmaster ? undefined : refuseShort(name, 'hostmaster', body.hostmaster)) ??
    (primary === before?.primary ? undefined : refuseShort(name, 'primary', body.primary ?? ''));
  if (short !== undefined) return short;
  const { ttlSeconds = ZONE_DEFAULTS.ttlSeconds, nameserversTtlSeconds = ttlSeconds } = body;
  const { negativeTtlSeconds, refreshSeconds, retrySeconds, expireSeconds } = { ...ZONE_DEFAULTS, ...body };
  const times = {
    ttlSeconds,
    nameserversTtlSeconds,
    negativeTtlSeconds,
    refreshSeconds,
    retrySeconds,
    expireSeconds,
  };
  for (const [key, seconds] of Object.entries(times)) {
    const bad = checkSeconds(seconds, key);
    if (bad !== undefined) return bad;
  }
  const labelled = settleLabels(body.labels, before?.labels);
  if (labelled instanceof Problem) return labelled;
  const { serial, revision } = before ?? { serial: 0, revision: 0 };
  const digested = (body.zonemd ?? before?.zonemd) === true && { zonemd: true as const };
  return { name, primary, nameservers, hostmaster, ...times, ...labelled, ...digested, serial, revision };
}

/** The zone with a change of what it says; the log gives it its serial and revision. */
export function changedZone(zone: Zone, change: ApexChange): Zone | Problem {
  return makeZone(zone.name, { ...zoneBody(zone), ...change }, zone);
}

function refuseShort(zone: string, member: string, text: string): Problem | undefined {
  const why = whyShort(text, zone);
  return why === undefined ? undefined : new Problem('zone_invalid', `${member}: ${why}.`, { pointer: `/${member}` });
}

/** A mailbox as a name, and as people write it: what was typed, where it is one. */
function exampleMailbox(text: string): [written: string, mailbox: string] {
  const match = /^(?<local>[^@\s]+)@(?<domain>[^@\s]+)$/.exec(text);
  if (match?.groups === undefined) return ['hostmaster.example.com', 'hostmaster@example.com'];
  const { local = '', domain = '' } = match.groups;
  // The first label is the local part, whose dots are no separators (RFC 1035 §8).
  return [`${local.replaceAll('.', '\\.')}.${domain}`, text];
}

/** `known`: those that the zone has, from a file it may be, where others are taken too. */
function makeNameservers(zone: string, texts: readonly string[], known: readonly string[]): string[] | Problem {
  if (texts.length === 0 || texts.length > Math.max(NAMESERVERS_MAX, known.length)) {
    const detail = `A zone has 1 to ${NAMESERVERS_MAX} nameservers, not ${texts.length}.`;
    return new Problem('zone_invalid', detail, { pointer: '/nameservers' });
  }
  const names: string[] = [];
  for (const [i, text] of texts.entries()) {
    const pointer = `/nameservers/${i}`;
    const name = canonicalName(text);
    if (name instanceof Problem) return new Problem('zone_invalid', name.detail, { pointer });
    if (!known.includes(name) && !isHostName(name)) {
      const detail = `A nameserver is a host name such as ns1.example.com, not ${JSON.stringify(text)}.`;
      return new Problem('zone_invalid', detail, { pointer });
    }
    const short = known.includes(name) ? undefined : whyShort(text, zone);
    if (short !== undefined) return new Problem('zone_invalid', `nameservers: ${short}.`, { pointer });
    if (names.includes(name)) return new Problem('zone_invalid', `The nameserver ${name} is named twice.`, { pointer });
    names.push(name);
  }
  return names;
}

/** Refuses a TTL or interval that is not a whole number of seconds from 0 to 2^31 - 1 (RFC 2181 §8). */
export function checkSeconds(seconds: number, key: string): Problem | undefined {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_TTL_SECONDS) return undefined;
  const detail = `${key} is a whole number of seconds from 0 to ${MAX_TTL_SECONDS}, not ${seconds}.`;
  return new Problem('ttl_invalid', detail, { pointer: `/${key}` });
}

/**
 * The serial after a change: the number of its revision where that is the later one by serial arithmetic (RFC 1982
 * §3.2), else the next number. So every node that applies the same log has the same serial.
 */
export function nextSerial(serial: number, revision: number): number {
  const candidate = revision >>> 0;
  if (((candidate - serial) | 0) > 0) return candidate;
  const next = (serial + 1) >>> 0;
  return next === 0 ? 1 : next;
}

/** The same zone after a change of its content. */
export function withRaisedSerial(zone: Zone, revision: number): Zone {
  return { ...zone, serial: nextSerial(zone.serial, revision), revision, settingsRevision: settingsRevision(zone) };
}

/** The last revision that changed what the zone itself says, and not its records: its ETag. */
export function settingsRevision({ revision, settingsRevision = revision }: Zone): number {
  return settingsRevision;
}

/** What a zone's own body says, without what the log gives it. */
export function zoneBody(zone: Zone): Omit<Zone, 'name' | 'revision' | 'settingsRevision'> {
  const { name: _name, revision: _revision, settingsRevision: _settings, ...body } = zone;
  return body;
}
