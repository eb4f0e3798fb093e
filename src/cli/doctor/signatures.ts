/** Whether a zone's own answers validate: its apex, a service, a name that is not there, a type that is not there. */
import type { Ask } from '../../asking/ask.ts';
import { absenceFault } from '../../wire/dnssec/absence.ts';
import { type SignedRRset, signedSections } from '../../wire/dnssec/sections.ts';
import { signatureFault } from '../../wire/dnssec/verify.ts';
import { isWireAtOrBelow } from '../../wire/name.ts';
import { type Diagnosis, ok } from './diagnosis.ts';

const TYPES = { A: 1, SOA: 6, TXT: 16, DNSKEY: 48 } as const;
const NS = 2;
const NAME_ERROR = 3;
/** Above 1232 bytes an answer may be fragmented (RFC 9715 §3). */
const UDP_BYTES = 1232;

interface Asked {
  readonly name: string;
  readonly type: keyof typeof TYPES;
}

/** `services`: of the zone, as far as they are known. `label`: one that no name has. Nothing where the zone has no keys. */
export async function examineSignatures(
  zone: string,
  addresses: readonly string[],
  { ask, nowMs, label }: { readonly ask: Ask; readonly nowMs: number; readonly label: string },
  services: readonly string[],
): Promise<Diagnosis[]> {
  const [service = zone] = services.filter((name) => !name.startsWith('*'));
  const questions: readonly Asked[] = [
    { name: zone, type: 'SOA' },
    { name: service, type: 'A' },
    { name: service, type: 'TXT' },
    { name: `${label}.${zone}`, type: 'A' },
  ];
  const findings = await Promise.all(
    addresses.map(async (address) => {
      const told = await messageOf(ask, address, { name: zone, type: 'DNSKEY' });
      const rrsets = told === undefined ? [] : signedSections(told.message);
      const keys = rrsets.filter(({ type }) => type === TYPES.DNSKEY).flatMap(({ rdata }) => rdata);
      // Whether it answers, and whether keys are to be there, is told by others.
      if (keys.length === 0) return [];
      const all: Asked[] = [{ name: zone, type: 'DNSKEY' }, ...questions];
      const faults = await Promise.all(all.map((asked) => faultOf(ask, address, asked, { zone, keys, nowMs })));
      return [
        verdict(
          zone,
          address,
          faults.filter((fault) => fault !== undefined),
        ),
      ];
    }),
  );
  return findings.flat();
}

function verdict(zone: string, address: string, faults: readonly string[]): Diagnosis {
  if (faults.length === 0) {
    return ok('signatures', `What ${address} answers for ${zone} validates: apex, names, and what is not there.`);
  }
  return {
    level: 'error',
    code: 'bogus',
    what: `What ${address} answers for ${zone} does not validate: ${faults.join('; ')}.`,
    why: 'A resolver that validates takes such an answer for forged, and its clients get none.',
    todo: `Ask the server itself, without what stands before it: where that validates, something on the way changes answers. Else \`teal dnssec status ${zone}\` and /readyz say what is wrong with its signing.`,
  };
}

interface Trust {
  readonly zone: string;
  readonly keys: readonly Uint8Array[];
  readonly nowMs: number;
}

/** What is wrong with one answer, in a phrase; undefined: nothing, or it did not come. */
async function faultOf(
  ask: Ask,
  address: string,
  asked: Asked,
  { zone, keys, nowMs }: Trust,
): Promise<string | undefined> {
  const told = await messageOf(ask, address, asked);
  if (told === undefined) return undefined;
  const apex = wireOf(zone);
  const rrsets = signedSections(told.message);
  const what = `${asked.name} ${asked.type}`;
  for (const rrset of rrsets) {
    const isOurs = isWireAtOrBelow(rrset.owner, apex) && !isReferral(rrset, apex);
    const fault = isOurs && !isSynthesized(rrset, rrsets) ? signatureFault(rrset, apex, keys, nowMs) : undefined;
    if (fault !== undefined) return `${what}: its RRset of type ${rrset.type} ${fault}`;
  }
  if (rrsets.some(({ isAnswer }) => isAnswer) || rrsets.some((rrset) => isReferral(rrset, apex))) return undefined;
  const isNoName = told.rcode === NAME_ERROR;
  const absent = absenceFault(rrsets, apex, wireOf(asked.name), TYPES[asked.type], isNoName);
  return absent && `${what}: it is said not to be there, and ${absent}`;
}

/** NS below the apex are the child's to vouch for (RFC 4035 §2.2). */
function isReferral({ type, isAnswer, owner }: SignedRRset, apex: Uint8Array): boolean {
  return type === NS && !isAnswer && owner.length > apex.length;
}

/** A CNAME that a DNAME beside it made has no signature (RFC 6672 §5.3.1). */
function isSynthesized({ type, owner, signatures }: SignedRRset, rrsets: readonly SignedRRset[]): boolean {
  return (
    type === 5 &&
    signatures.length === 0 &&
    rrsets.some((each) => each.type === 39 && owner.length > each.owner.length && isWireAtOrBelow(owner, each.owner))
  );
}

async function messageOf(ask: Ask, address: string, { name, type }: Asked) {
  const question = { name, type, udpBytes: UDP_BYTES, dnssec: true } as const;
  const first = await ask(address, question);
  const answer = !('error' in first) && first.isTruncated ? await ask(address, { ...question, tcp: true }) : first;
  if ('error' in answer || answer.message === undefined) return undefined;
  return { rcode: answer.rcode, message: answer.message };
}

/** Names with escapes are not asked about. */
function wireOf(name: string): Uint8Array {
  const labels = name.toLowerCase().split('.');
  const parts = labels.flatMap((label) => [Uint8Array.of(label.length), Buffer.from(label, 'latin1')]);
  return new Uint8Array(Buffer.concat([...parts, Uint8Array.of(0)]));
}
