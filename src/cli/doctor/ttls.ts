/** TTLs that resolvers will not honour, or that make a rollback slow. Pure. */
import type { Service, Zone } from '../../contract/types.ts';
import { plural } from '../format/text.ts';
import { type Diagnosis, ok } from './diagnosis.ts';

/** Resolvers cap what they keep: a day is the default of Unbound's cache-max-ttl. */
const CAP_SECONDS = 86_400;
/** RFC 2308 §5: one to three hours work well for negative answers; BIND's max-ncache-ttl is three. */
const NEGATIVE_CAP_SECONDS = 10_800;
/** Taking a release back should take no longer than this. */
const SLOW_SECONDS = 60;

export function examineTtls(zone: Zone, services: readonly Service[]): Diagnosis[] {
  const findings = services.flatMap(serviceFindings);
  if (zone.negativeTtlSeconds > NEGATIVE_CAP_SECONDS) {
    findings.push({
      level: 'warning',
      code: 'negative_ttl_long',
      what: `Negative answers of ${zone.name} have a TTL of ${zone.negativeTtlSeconds} s.`,
      why: `Whoever asks for a name before it is made does not see it for so long; many resolvers keep it ${NEGATIVE_CAP_SECONDS} s at most (RFC 2308 §5).`,
      todo: 'Set the negative TTL of the zone to some minutes.',
    });
  }
  if (findings.length === 0)
    findings.push(
      ok('ttls', `The TTLs of ${plural(services.length, 'service')} in ${zone.name} are ones that resolvers honour.`),
    );
  return findings;
}

function serviceFindings({ name, ttlSeconds, release }: Service): Diagnosis[] {
  if (ttlSeconds === 0) {
    return [
      {
        level: 'warning',
        code: 'ttl_zero',
        what: `${name} has a TTL of 0.`,
        why: 'No resolver may keep the answer, so every lookup comes here; some take 0 for a second or more all the same.',
        todo: 'Use 5 s: a shift is everywhere nearly as soon.',
      },
    ];
  }
  if (ttlSeconds > CAP_SECONDS) {
    return [
      {
        level: 'warning',
        code: 'ttl_capped',
        what: `${name} has a TTL of ${ttlSeconds} s.`,
        why: `Many resolvers keep nothing longer than ${CAP_SECONDS} s, and a shift takes a day to be everywhere.`,
        todo: `Set a TTL below ${CAP_SECONDS} s.`,
      },
    ];
  }
  if (ttlSeconds > SLOW_SECONDS && (release === undefined || release.ttlSeconds > SLOW_SECONDS)) {
    return [
      {
        level: 'warning',
        code: 'ttl_slow',
        what: `${name} has a TTL of ${ttlSeconds} s, and its releases do not lower it.`,
        why: 'A rollback is felt by the last client only after so long.',
        todo: 'Set release.ttlSeconds to 5, so that releases lower the TTL before and restore it after; or lower the TTL.',
      },
    ];
  }
  return [];
}
