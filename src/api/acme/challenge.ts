/** Answers to challenges of ACME (RFC 8555 §8.4): TXT records with the digest of a key authorization, which clients put and take away. */
import type { FastifyRequest } from 'fastify';
import type { CommandResult } from '../../control/commands/command.ts';
import { Problem } from '../../model/errors.ts';
import { canonicalName, suffixesOf } from '../../model/name.ts';
import type { RecordChange } from '../../model/record-change.ts';
import { shown } from '../../shown.ts';
import { TYPE } from '../../wire/constants.ts';
import { formatRdata } from '../../wire/rdata.ts';
import { grantOf } from '../access.ts';
import { execute } from '../commands.ts';
import { doorContext, withoutPlace } from '../door-context.ts';
import type { ApiParts } from '../parts.ts';

/** A SHA-256 in base64url has 43 characters (RFC 8555 §8.4). Nothing else comes in by these doors, whatever a token may do elsewhere. */
export const DIGEST = /^[A-Za-z0-9_-]{43}$/;

/** An authority asks once or twice, and what it has of an earlier attempt should not outlive that. */
export const CHALLENGE_TTL_SECONDS = 1;

/** A name has at most 253 characters, `\DDD` four for a byte, and a value 43; the rest is air. */
export const BODY_MAX_BYTES = 8 * 1024;

/** What is done about the TXT records of one name. */
interface ChallengeChange {
  /** The zone that owns the name. */
  readonly zone: string;
  readonly name: string;
  readonly changes: readonly RecordChange[];
}

/** The change, as far as the token reaches, in the name of `acme:TOKEN`. */
export async function changeChallenges(
  parts: ApiParts,
  request: FastifyRequest,
  { zone, name, changes }: ChallengeChange,
): Promise<CommandResult> {
  const outside = checkReach(parts, request, zone, name);
  if (outside !== undefined) return outside;
  const unasked = changes.some(({ add }) => add !== undefined) ? delegatedAway(parts, zone, name) : undefined;
  if (unasked !== undefined) return unasked;
  const context = doorContext(request, parts.now(), 'acme');
  if (context instanceof Problem) return context;
  // Nothing about TXT records takes long to find out, so that there is nothing to foresee.
  const result = await execute(parts.engine, request, { kind: 'records.change', zone, changes }, context);
  if (!(result instanceof Problem)) return result;
  return new Problem(result.code, withoutPlace(result.detail));
}

/**
 * The TTL with which a value comes: beside others that are no digests, which somebody put there for good, it is theirs,
 * since all records of an RRset have one (RFC 2181 §5.2). Undefined: as it stands.
 */
export function ttlBeside(
  { queries }: Pick<ApiParts, 'queries'>,
  { zone, name }: { readonly zone: string; readonly name: string },
): number | undefined {
  const rrset = queries.rrset(zone, name, 'TXT');
  if (rrset instanceof Problem) return CHALLENGE_TTL_SECONDS;
  const areDigests = rrset.rdata.every((data) => DIGEST.test(formatRdata(TYPE.TXT, data).slice(1, -1)));
  return areDigests ? CHALLENGE_TTL_SECONDS : undefined;
}

/** Said before anything is read or changed, so that nobody learns here what is there. */
export function checkReach(
  { queries }: Pick<ApiParts, 'queries'>,
  request: FastifyRequest,
  zone: string,
  name: string,
): Problem | undefined {
  if (queries.grants(grantOf(request), { rrset: { zone, name, type: 'TXT' } })) return undefined;
  return new Problem(
    'token_forbidden',
    `The token \`${request.actor?.name}\` does not reach the TXT records of ${name.replace(/\.$/, '')}.`,
  );
}

/**
 * At and below a delegation nobody is answered from this zone (RFC 1034 §4.2.1), also where a record stands there: a client
 * that was told that its value is there would wait for an authority that never finds it.
 */
export function delegatedAway({ queries }: Pick<ApiParts, 'queries'>, zone: string, name: string): Problem | undefined {
  const owner = canonicalName(name);
  if (owner instanceof Problem) return undefined;
  for (const cut of suffixesOf(owner)) {
    if (cut === zone) return undefined;
    // NS at a wildcard delegates nothing (RFC 4592 §4.2).
    if (cut.startsWith('*.') || queries.rrset(zone, cut, 'NS') instanceof Problem) continue;
    const detail = `${owner} is in no zone that is here: ${shown(zone)} delegates ${cut} to other nameservers, where the value has to be left.`;
    return new Problem('name_outside_zones', detail);
  }
  return undefined;
}

/** The text of a record that holds the value. */
export function txtOf(value: string): string {
  return `"${value}"`;
}
