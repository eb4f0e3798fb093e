/** Targets: what a pool answers with, IP addresses or one host name. */
import { Malformed } from '../wire/malformed.ts';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../wire/rdata.ts';
import { Problem } from './errors.ts';
import { canonicalName, isHostName, whyShort } from './name.ts';

/** `addresses`: answered as A and AAAA. `host`: answered as CNAME. A service is never a mixture. */
export type ServiceKind = 'addresses' | 'host';

/** 32 AAAA records take 32 * 28 bytes: the answer still fits into 1,232 bytes. */
const TARGETS_MAX = 32;

interface Targets {
  readonly kind: ServiceKind;
  readonly targets: readonly string[];
}

/** The service that targets are for: its name cannot be one of them, and those that it has are taken as they are shown. */
interface Owner {
  readonly name: string;
  readonly zone: string;
  readonly targets: readonly string[];
}

/** A pool's targets in canonical text. */
export function makeTargets(texts: readonly string[], owner: Owner, pointer: string): Targets | Problem {
  if (texts.length === 0 || texts.length > TARGETS_MAX) {
    const detail = `A pool has 1 to ${TARGETS_MAX} targets, not ${texts.length}.`;
    return new Problem('service_invalid', detail, { pointer: `${pointer}/targets` });
  }
  const targets: string[] = [];
  let hosts = 0;
  for (const [i, text] of texts.entries()) {
    const at = { pointer: `${pointer}/targets/${i}` };
    const target = canonicalAddress(text) ?? canonicalHost(text);
    if (target === undefined) {
      const detail = `A target is an IP address or a host name, not ${JSON.stringify(text)}.`;
      return new Problem('service_invalid', detail, at);
    }
    if (targets.includes(target)) return new Problem('service_invalid', `The target ${target} is named twice.`, at);
    if (target === owner.name) return new Problem('service_invalid', `${target} cannot be its own target.`, at);
    if (canonicalAddress(target) === undefined) {
      const short = owner.targets.includes(target) ? undefined : whyShort(text, owner.zone);
      if (short !== undefined) return new Problem('service_invalid', `The target ${short}.`, at);
      hosts += 1;
    }
    targets.push(target);
  }
  if (hosts === 0) return { kind: 'addresses', targets };
  if (targets.length === 1) return { kind: 'host', targets };
  if (hosts < targets.length) {
    const detail = 'A pool has either IP addresses or one host name, not both.';
    return new Problem('targets_mixed', detail, { pointer: `${pointer}/targets` });
  }
  // A name has one CNAME at most (RFC 2181 §10.1).
  const detail = `A pool has one host name at most, not ${hosts}.`;
  return new Problem('service_invalid', detail, { pointer: `${pointer}/targets` });
}

/** Canonical text of an IP address. */
export function canonicalAddress(text: string): string | undefined {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (bytes instanceof Malformed) return undefined;
  return bytes.length === 4 ? formatIpv4(bytes) : formatIpv6(bytes);
}

/** Canonical text of the name of a host. */
export function canonicalHost(text: string): string | undefined {
  const name = canonicalName(text);
  return typeof name === 'string' && name !== '' && isHostName(name) ? name : undefined;
}
