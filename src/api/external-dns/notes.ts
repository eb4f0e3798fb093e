/** What the door keeps on pools and RRsets as labels: whose they are, and which set identifier they have. */
import { createHash } from 'node:crypto';
import { Problem } from '../../model/errors.ts';
import { LABEL_VALUE_MAX_CHARS, type Labels } from '../../model/labels.ts';

const PREFIX = 'external-dns/';

/** Of a pool, or of an RRset that is of one set identifier. */
interface Notes {
  readonly set?: string | undefined;
  readonly owner?: string | undefined;
  readonly resource?: string | undefined;
  /** With which it begins where it becomes a pool beside others. */
  readonly weight?: number | undefined;
  /** That weight is declared, so that it wins. */
  readonly isDeclared?: boolean | undefined;
  /** That was asked for, by type. */
  readonly ttls?: Readonly<Record<string, number>> | undefined;
}

const KEYS = {
  set: `${PREFIX}set-identifier`,
  owner: `${PREFIX}owner`,
  resource: `${PREFIX}resource`,
  weight: `${PREFIX}weight`,
  mode: `${PREFIX}weight-mode`,
  ttls: `${PREFIX}ttl`,
} as const;

const DECLARED = 'declared';

export function notesOf(labels: Labels = {}): Notes {
  const ttls = (labels[KEYS.ttls] ?? '').split(' ').flatMap((each) => {
    const found = /^([A-Z]+)=(\d{1,10})$/.exec(each);
    return found === null ? [] : [[found[1] as string, Number(found[2])] as const];
  });
  const weight = labels[KEYS.weight];
  return {
    set: labels[KEYS.set] || undefined,
    owner: labels[KEYS.owner],
    resource: labels[KEYS.resource],
    weight: weight !== undefined && /^\d{1,5}$/.test(weight) ? Number(weight) : undefined,
    isDeclared: labels[KEYS.mode] === DECLARED,
    ttls: Object.fromEntries(ttls),
  };
}

/** The labels of people, and these notes in the place of those that were there. */
export function withNotes(labels: Labels | undefined, notes: Notes): Labels {
  const { set, owner, resource, weight, isDeclared, ttls = {} } = notes;
  const kept = Object.entries(labels ?? {}).filter(([key]) => !key.startsWith(PREFIX));
  const times = Object.entries(ttls).map(([type, seconds]) => `${type}=${seconds}`);
  return {
    ...Object.fromEntries(kept),
    ...(set !== undefined && set !== '' && { [KEYS.set]: set }),
    ...(owner !== undefined && { [KEYS.owner]: owner }),
    ...(resource !== undefined && { [KEYS.resource]: resource }),
    ...(weight !== undefined && { [KEYS.weight]: String(weight) }),
    ...(isDeclared && { [KEYS.mode]: DECLARED }),
    ...(times.length > 0 && { [KEYS.ttls]: times.join(' ') }),
  };
}

/** A part of an RRset whose records several share, such as the TXT records of two owners. */
interface Claim {
  readonly set: string;
  readonly targets: readonly string[];
  readonly ttlSeconds: number | undefined;
  readonly owner: string | undefined;
}

/** Of a target or a set identifier, in a label: among those of one RRset no two are alike. */
function digest(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

const SET_DIGITS = 12;
const TARGET_DIGITS = 8;
const SET_KEY = `${PREFIX}set.`;
const HOLDS_KEY = `${PREFIX}holds.`;

/** The claims that labels tell of the targets that are there. */
export function claimsOf(labels: Labels = {}, targets: readonly string[]): Claim[] {
  const digests = new Map(targets.map((target) => [digest(target, TARGET_DIGITS), target]));
  return Object.entries(labels).flatMap(([key, set]) => {
    if (!key.startsWith(SET_KEY)) return [];
    const [ttl = '', held = '', ...owner] = (labels[HOLDS_KEY + key.slice(SET_KEY.length)] ?? '').split(';');
    const found = held.split(',').flatMap((each) => digests.get(each) ?? []);
    if (found.length === 0) return [];
    return [
      {
        set,
        targets: found,
        ttlSeconds: /^\d{1,10}$/.test(ttl) ? Number(ttl) : undefined,
        owner: owner.join(';') || undefined,
      },
    ];
  });
}

export function withClaims(labels: Labels, claims: readonly Claim[]): Labels | Problem {
  const told: Record<string, string> = { ...labels };
  for (const { set, targets, ttlSeconds, owner } of claims) {
    const key = digest(set, SET_DIGITS);
    const held = targets.map((target) => digest(target, TARGET_DIGITS)).join(',');
    const value = `${ttlSeconds ?? ''};${held};${owner ?? ''}`;
    if (value.length > LABEL_VALUE_MAX_CHARS) {
      return new Problem('labels_invalid', `The set identifier ${set} has too many targets to keep apart.`);
    }
    told[SET_KEY + key] = set;
    told[HOLDS_KEY + key] = value;
  }
  return told;
}
