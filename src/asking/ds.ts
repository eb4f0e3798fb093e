/** What the nameservers of a zone's parent have as its DS (RFC 4034 §5): each of them is asked. */
import type { Answer, Ask } from './ask.ts';
import { encloses, lower, type NameServer } from './walk.ts';

/** A DS, with its digest in lower-case hexadecimal. */
export interface DsRecord {
  readonly tag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: string;
}

/** What one server said: its DS records, none of them, or why nothing is known. */
export interface DsAnswer {
  readonly server: string;
  readonly ds?: readonly DsRecord[];
  /** For how long caches keep that. */
  readonly ttlSeconds?: number;
  readonly error?: string;
}

const TYPE_DS = 43;
const TYPE_SOA = 6;
/** Tag, algorithm, type of digest. */
const DS_FIXED_BYTES = 4;
const NO_ERROR = 0;
const NAME_ERROR = 3;
/** Above 1232 bytes an answer may be fragmented (RFC 9715 §3). */
const UDP_BYTES = 1232;
const NO_WAY = 'no way to that address from here';

/**
 * Asks all addresses of all servers. `zone`: lower case, without the final dot. An address that cannot be reached from here
 * (no IPv6, say) is passed over where another one of the same host was heard.
 */
export async function askForDs(zone: string, servers: readonly NameServer[], ask: Ask): Promise<DsAnswer[]> {
  const byHost = await Promise.all(
    servers.map(async ({ host, addresses }) => {
      if (addresses.length === 0) return [{ server: host, error: 'no address of it was found' }];
      const answers = await Promise.all(addresses.map((address) => askOne(zone, address, ask)));
      const isHeard = answers.some(({ ds }) => ds !== undefined);
      return answers.filter(({ error }) => !isHeard || error !== NO_WAY);
    }),
  );
  return byHost.flat();
}

async function askOne(zone: string, server: string, ask: Ask): Promise<DsAnswer> {
  const question = { name: zone, type: 'DS', udpBytes: UDP_BYTES } as const;
  const first = await ask(server, question);
  const answer = !('error' in first) && first.isTruncated ? await ask(server, { ...question, tcp: true }) : first;
  return 'error' in answer ? { server, error: answer.error } : { server, ...read(zone, answer) };
}

function read(zone: string, { rcode, isAuthoritative, answers, authorities }: Answer): Omit<DsAnswer, 'server'> {
  if (rcode !== NO_ERROR && rcode !== NAME_ERROR) return { error: `it answered with RCODE ${rcode}` };
  if (!isAuthoritative) return { error: 'it does not answer for the zone above' };
  const found = answers.filter(({ type, name }) => type === TYPE_DS && lower(name) === zone);
  if (found.length > 0) {
    const ds = found.map((record) => dsOf((record as { data?: unknown }).data));
    if (ds.some((each) => each === undefined)) return { error: 'its DS cannot be read' };
    return { ds: ds as DsRecord[], ttlSeconds: Math.max(...found.map(({ ttl }) => ttl)) };
  }
  const soa = authorities.find(({ type }) => type === TYPE_SOA) as (typeof authorities)[number] & { minimum?: number };
  // A server of the zone itself says no more than that the DS is not on its side (RFC 4035 §3.1.4.1).
  if (soa === undefined || lower(soa.name) === zone || !encloses(lower(soa.name), zone)) {
    return { error: 'it does not answer for the zone above' };
  }
  return { ds: [], ttlSeconds: Math.min(soa.ttl, soa.minimum ?? soa.ttl) };
}

/** From a thread it comes as plain bytes. */
function dsOf(bytes: unknown): DsRecord | undefined {
  if (!(bytes instanceof Uint8Array) || bytes.length <= DS_FIXED_BYTES) return undefined;
  const data = Buffer.from(bytes);
  return {
    tag: data.readUInt16BE(0),
    algorithm: data[2] as number,
    digestType: data[3] as number,
    digest: data.subarray(DS_FIXED_BYTES).toString('hex'),
  };
}
