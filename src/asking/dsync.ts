/** Where a parent wants to hear that the CDS of a child has changed: its DSYNC records (RFC 9859 §4.1), found at its own nameservers. */
import type { Answer, Ask } from './ask.ts';
import { encloses, lower } from './walk.ts';

/** Who is told, and at which port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const [TYPE_SOA, TYPE_CDS, TYPE_DSYNC] = [6, 59, 66];
const NAME_ERROR = 3;
/** The one scheme that there is (RFC 9859 §6.2). */
const SCHEME_NOTIFY = 1;
/** Type, scheme and port, before the target. */
const DSYNC_FIXED_BYTES = 5;
const LABEL = '_dsync';
/** Behind the first label; before the parent's; at the parent. Each once. */
const LOOKUPS_MAX = 3;
const UDP_BYTES = 1232;

/** None: the parent does not want to be told. `zone`: lower case, without the final dot. `servers`: addresses of the parent's. */
export async function findEndpoints(
  zone: string,
  servers: readonly string[],
  ask: Ask,
): Promise<readonly Endpoint[] | { readonly error: string }> {
  const [first = ''] = zone.split('.');
  let base = zone.slice(first.length + 1);
  let front = `${first}.`;
  for (let lookups = 0; lookups < LOOKUPS_MAX; lookups++) {
    const answer = await askAny(`${front}${LABEL}${base === '' ? '' : `.${base}`}`, servers, ask);
    if ('error' in answer) return answer;
    const records = answer.answers.filter(({ type }) => type === TYPE_DSYNC);
    if (records.length > 0) return records.flatMap((record) => endpointOf((record as { data?: unknown }).data));
    const soa = answer.authorities.find(({ type }) => type === TYPE_SOA);
    const parent = soa === undefined ? undefined : lower(soa.name);
    if (parent !== undefined && parent !== base && encloses(parent, base)) {
      front = `${zone.slice(0, parent === '' ? zone.length : -parent.length - 1)}.`;
      base = parent;
    } else if (front !== '') front = '';
    else return [];
  }
  return [];
}

async function askAny(
  name: string,
  servers: readonly string[],
  ask: Ask,
): Promise<Answer | { readonly error: string }> {
  let error = 'none of the nameservers of the parent was found';
  for (const server of servers) {
    const question = { name, type: 'DSYNC', udpBytes: UDP_BYTES } as const;
    const answer = await ask(server, question);
    if (!('error' in answer) && (answer.rcode === 0 || answer.rcode === NAME_ERROR)) return answer;
    error = `${server}: ${'error' in answer ? answer.error : `it answered with RCODE ${answer.rcode}`}`;
  }
  return { error };
}

/** The endpoint for CDS of a record; none: it is for something else, or cannot be read. From a thread it comes as plain bytes. */
function endpointOf(bytes: unknown): Endpoint[] {
  if (!(bytes instanceof Uint8Array) || bytes.length <= DSYNC_FIXED_BYTES) return [];
  const data = Buffer.from(bytes);
  if (data.readUInt16BE(0) !== TYPE_CDS || data[2] !== SCHEME_NOTIFY) return [];
  const host = plainName(data.subarray(DSYNC_FIXED_BYTES));
  return host === undefined ? [] : [{ host, port: data.readUInt16BE(3) }];
}

/** A host name of letters, digits and hyphens, not compressed (RFC 3597 §4). */
function plainName(bytes: Buffer): string | undefined {
  const labels: string[] = [];
  let at = 0;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    const label = bytes.toString('latin1', at + 1, at + 1 + length);
    if (label.length !== length || !/^[A-Za-z0-9_-]{1,63}$/.test(label)) return undefined;
    labels.push(label);
    at += 1 + length;
  }
  return labels.length > 0 && at + 1 === bytes.length ? lower(labels.join('.')) : undefined;
}
