/** Endpoints: how ExternalDNS says what stands, or should stand, at a name. */
import { Problem } from '../../model/errors.ts';
import { LABEL_VALUE_MAX_CHARS, settleLabels } from '../../model/labels.ts';
import { canonicalName, checkOwnerName } from '../../model/name.ts';
import { WEIGHT_MAX } from '../../model/service.ts';
import { checkSeconds } from '../../model/zone.ts';
import { normalTarget, typeCode } from './targets.ts';

/** As it is sent and shown. */
export interface WrittenEndpoint {
  readonly dnsName?: string;
  readonly targets?: readonly string[];
  readonly recordType?: string;
  readonly setIdentifier?: string;
  readonly recordTTL?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly providerSpecific?: readonly { readonly name: string; readonly value?: string }[];
}

/** One that could stand somewhere. */
export interface Endpoint {
  /** Canonical. */
  readonly name: string;
  readonly type: string;
  /** As they are shown. */
  readonly targets: readonly string[];
  /** Empty: none. */
  readonly set: string;
  /** Undefined: whatever is usual. */
  readonly ttlSeconds: number | undefined;
  readonly owner: string | undefined;
  readonly resource: string | undefined;
  /** With which a new pool starts. */
  readonly weight: number | undefined;
  /** The weight is the pool's as long as the annotation stands, whatever moved it. Only of pools. */
  readonly isDeclared: boolean;
  /** Canonical name of that whose owner this TXT record tells. */
  readonly owned: string | undefined;
}

/** Of a pool; more answers fit no message. */
const POOL_TARGETS_MAX = 32;
/** Types that a service answers. */
export const POOL_TYPES: readonly string[] = ['A', 'AAAA', 'CNAME'];
/** `webhook/weight` since the provider's name filters properties; earlier versions hand on `aws/weight`. */
const WEIGHTS: readonly string[] = ['webhook/weight', 'aws/weight'];
/** The annotation webhook-weight-mode, and what it says where the weight that is declared wins. */
const WEIGHT_MODE = { name: 'webhook/weight-mode', value: 'declared' } as const;

/** Reads lists of endpoints; what they have besides is passed over. */
export function readEndpoints(value: unknown, what: string): WrittenEndpoint[] | Problem {
  if (value === undefined || value === null) return [];
  const refuse = (why: string) => new Problem('body_invalid', `${what} ${why}.`);
  if (!Array.isArray(value)) return refuse('is no list of endpoints');
  for (const [i, endpoint] of value.entries()) {
    const bad = faultOf(endpoint);
    if (bad !== undefined) return refuse(`has no endpoint at ${i}: ${bad}`);
  }
  return value;
}

function faultOf(endpoint: unknown): string | undefined {
  if (typeof endpoint !== 'object' || endpoint === null) return 'it is no object';
  const { dnsName, targets, recordType, setIdentifier, recordTTL, labels, providerSpecific } = endpoint as Record<
    string,
    unknown
  >;
  const texts = { dnsName, recordType, setIdentifier };
  const notText = Object.entries(texts).find(([, value]) => value !== undefined && typeof value !== 'string');
  if (notText !== undefined) return `${notText[0]} is no text`;
  if (targets !== undefined && targets !== null && !isTexts(targets)) return 'targets is no list of texts';
  if (recordTTL !== undefined && typeof recordTTL !== 'number') return 'recordTTL is no number';
  if (labels !== undefined && labels !== null && (typeof labels !== 'object' || !isTexts(Object.values(labels)))) {
    return 'labels are no texts by key';
  }
  const isProperty = (each: unknown) => typeof (each as { name?: unknown } | null)?.name === 'string';
  if (providerSpecific === undefined || providerSpecific === null) return undefined;
  return Array.isArray(providerSpecific) && providerSpecific.every(isProperty)
    ? undefined
    : 'providerSpecific is no list of properties';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** The endpoint; or why it can never stand anywhere, whatever time or people do. */
export function makeEndpoint(written: WrittenEndpoint): Endpoint | string {
  const name = canonicalName(written.dnsName ?? '');
  if (name instanceof Problem) return name.detail;
  const badOwner = checkOwnerName(name);
  if (badOwner !== undefined) return badOwner.detail;
  const type = written.recordType ?? '';
  if (typeCode(type) === undefined) return `records of the type ${JSON.stringify(type)} are not taken`;
  const set = written.setIdentifier ?? '';
  if (settleLabels({ set }, undefined) instanceof Problem) {
    return `a set identifier is one line of at most ${LABEL_VALUE_MAX_CHARS} characters`;
  }
  const targets = makeTargets(type, written.targets ?? [], { name, set });
  if (typeof targets === 'string') return targets;
  // 0: nothing was said (it is left out).
  const ttlSeconds = written.recordTTL === 0 ? undefined : written.recordTTL;
  const badTtl = ttlSeconds === undefined ? undefined : checkSeconds(ttlSeconds, 'recordTTL');
  if (badTtl !== undefined) return badTtl.detail;
  const { owner, resource, ownedRecord } = written.labels ?? {};
  const owned = ownedRecord === undefined ? undefined : canonicalName(ownedRecord);
  return {
    name,
    type,
    targets,
    set,
    ttlSeconds,
    owner: labelText(owner),
    resource: labelText(resource),
    weight: weightOf(written),
    isDeclared: isDeclared(written, type, set),
    owned: owned instanceof Problem ? undefined : owned,
  };
}

function makeTargets(type: string, texts: readonly string[], { name, set }: { name: string; set: string }) {
  if (texts.length === 0) return 'it has no targets';
  const targets: string[] = [];
  for (const text of texts) {
    const target = normalTarget(type, text);
    if (target === undefined) return `${JSON.stringify(text.slice(0, 100))} is no target of ${type} records`;
    if (!targets.includes(target)) targets.push(target);
  }
  if (type !== 'CNAME' && type !== 'DNAME') {
    const isTooMany = set !== '' && POOL_TYPES.includes(type) && targets.length > POOL_TARGETS_MAX;
    return isTooMany ? `a pool has at most ${POOL_TARGETS_MAX} targets, not ${targets.length}` : targets;
  }
  if (targets.length > 1) return `a name has one ${type} record at most (RFC 2181 §10.1, RFC 6672 §2.4)`;
  return canonicalName(targets[0] as string) === name ? 'a name cannot be its own target' : targets;
}

/** What is no label is left out: it is told to people only. */
function labelText(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  return settleLabels({ text }, undefined) instanceof Problem ? undefined : text;
}

/** The properties by which a weight is declared, in the spelling in which they are compared. */
export function declaredWeight(weight: number) {
  return [{ name: 'webhook/weight', value: String(weight) }, WEIGHT_MODE];
}

/** Undefined: none that could be one. */
function weightOf({ providerSpecific }: WrittenEndpoint): number | undefined {
  const found = (providerSpecific ?? []).find(({ name }) => WEIGHTS.includes(name))?.value;
  if (found === undefined || !/^\d{1,5}$/.test(found)) return undefined;
  return Number(found) <= WEIGHT_MAX ? Number(found) : undefined;
}

/** Without a weight there is nothing that could win. */
function isDeclared(written: WrittenEndpoint, type: string, set: string): boolean {
  if (set === '' || !POOL_TYPES.includes(type) || weightOf(written) === undefined) return false;
  return (written.providerSpecific ?? []).some(
    ({ name, value }) => name === WEIGHT_MODE.name && value === WEIGHT_MODE.value,
  );
}

export function hasBadWeight(written: WrittenEndpoint): boolean {
  return weightOf(written) === undefined && (written.providerSpecific ?? []).some(({ name }) => WEIGHTS.includes(name));
}
