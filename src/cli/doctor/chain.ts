/** The chain from a zone's parent to its keys: a DS that leads to no key makes every validating resolver refuse the zone. */
import { createHash } from 'node:crypto';
import type { Resource } from 'dns2';
import type { Answer, Ask } from '../../asking/ask.ts';
import { askForDs, type DsAnswer, type DsRecord } from '../../asking/ds.ts';
import { type Delegation, lower } from '../../asking/walk.ts';
import { type Diagnosis, ok } from './diagnosis.ts';

const TYPE_DNSKEY = 48;
/** Above 1232 bytes an answer may be fragmented (RFC 9715 §3). */
const UDP_BYTES = 1232;
/** Of a DS (RFC 4509, RFC 6605 §2). */
const digests: Readonly<Record<number, string>> = { 1: 'sha1', 2: 'sha256', 4: 'sha384' };

/** As dns2 reads a DNSKEY. */
interface DnskeyFields {
  readonly flags: number;
  readonly protocol: number;
  readonly algorithm: number;
  /** Base64. */
  readonly key: string;
}

/** `zone`: lower case, without the final dot. Nothing where neither the parent nor the zone knows of keys. */
export async function examineChain(zone: string, delegation: Delegation, ask: Ask): Promise<Diagnosis[]> {
  const parents = await askForDs(zone, delegation.parentServers, ask);
  const heard = parents.filter(({ ds }) => ds !== undefined);
  const ds = heard.flatMap((parent) => parent.ds ?? []);
  const addresses = [...new Set(delegation.nameservers.flatMap((server) => server.addresses))];
  const findings = await Promise.all(
    addresses.map(async (address) => examineKeys(zone, ds, { address, keys: await keysAt(zone, address, ask) })),
  );
  return [...differing(zone, heard), ...findings.flat()];
}

function examineKeys(
  zone: string,
  ds: readonly DsRecord[],
  { address, keys }: { readonly address: string; readonly keys: readonly Uint8Array[] | undefined },
): Diagnosis[] {
  // Whether it answers at all is told by others.
  if (keys === undefined) return [];
  if (ds.length === 0) {
    if (keys.length === 0) return [];
    return [
      {
        level: 'warning',
        code: 'ds_missing',
        what: `${address} has keys for ${zone}, and the parent has no DS.`,
        why: 'Without a DS nobody validates what is signed.',
        todo: `\`teal dnssec status ${zone}\` says whether the parent is to have one now, and which.`,
      },
    ];
  }
  if (ds.some((each) => keys.some((key) => leadsTo(zone, each, key)))) {
    return [ok('chain', `The DS of ${zone} at its parent leads to a key that ${address} has.`)];
  }
  const tags = ds.map(({ tag }) => tag).join(', ');
  return [
    {
      level: 'error',
      code: 'chain_broken',
      what: `The parent has a DS for ${zone} (key ${tags}), and ${address} ${keys.length === 0 ? 'has no keys' : 'has other keys'}.`,
      why: 'Every resolver that validates refuses all answers of the zone.',
      todo: `Put right the DS at the registrar: \`teal dnssec status ${zone}\` shows the lines. If the zone is not to be signed, have the DS taken away.`,
    },
  ];
}

/** Servers of the parent that say different things. */
function differing(zone: string, heard: readonly DsAnswer[]): Diagnosis[] {
  const said = heard.map(({ ds = [] }) => JSON.stringify(ds.map(({ tag, digest }) => `${tag} ${digest}`).sort()));
  if (new Set(said).size < 2) return [];
  const each = heard.map(({ server, ds = [] }) => `${server}: ${ds.map(({ tag }) => tag).join(', ') || 'none'}`);
  return [
    {
      level: 'warning',
      code: 'ds_differ',
      what: `The nameservers of the parent do not agree on the DS of ${zone} (${each.join('; ')}).`,
      why: 'A key that one of them names must not go; a roll waits for all.',
      todo: 'Wait until the parent has brought its servers up to date; if it does not, tell its operator.',
    },
  ];
}

async function keysAt(zone: string, address: string, ask: Ask): Promise<Uint8Array[] | undefined> {
  const question = { name: zone, type: 'DNSKEY', udpBytes: UDP_BYTES } as const;
  const first = await ask(address, question);
  const answer = !('error' in first) && first.isTruncated ? await ask(address, { ...question, tcp: true }) : first;
  return 'error' in answer || answer.rcode !== 0 ? undefined : keysIn(zone, answer);
}

function keysIn(zone: string, { answers }: Answer): Uint8Array[] {
  const isKey = ({ type, name }: Resource): boolean => type === TYPE_DNSKEY && lower(name) === zone;
  return answers.filter(isKey).map((record) => {
    const { flags, protocol, algorithm, key } = record as unknown as DnskeyFields;
    return Buffer.concat([Uint8Array.of(flags >> 8, flags & 0xff, protocol, algorithm), Buffer.from(key, 'base64')]);
  });
}

/** Whether the digest is that of the key (RFC 4034 §5.1.4). Names with escapes are not asked about. */
function leadsTo(zone: string, { algorithm, digestType, digest }: DsRecord, key: Uint8Array): boolean {
  const name = digests[digestType];
  if (name === undefined || key[3] !== algorithm) return false;
  const labels = zone.split('.').map((label) => Buffer.concat([Uint8Array.of(label.length), Buffer.from(label)]));
  const hash = createHash(name).update(Buffer.concat([...labels, Uint8Array.of(0), key]));
  return hash.digest('hex') === digest;
}
