/** What the list of services is asked for, in the address and of the server; and what a change of many of them is. Pure. */
import type { Glance, Weights } from '../../contract/types.ts';
import { momentText } from './format.ts';
import { weightsOf } from './services.ts';
import { describeShares } from './shares.ts';

export type GlanceState = Glance['states'][number];

export const ORDERS = ['zone', 'name', 'changed'] as const;

/** As it stands in the address; what is empty asks for nothing. */
export interface Asked {
  readonly q: string;
  readonly zone: string;
  /** `key=value` or `key`; several have a comma between them. */
  readonly label: string;
  readonly state: string;
  readonly order: string;
  /** Where the page begins. */
  readonly after: string;
}

const KEYS = ['q', 'zone', 'label', 'state', 'order', 'after'] as const;

/** What one request brings. */
const PAGE = 200;

export function askedOf(query: string): Asked {
  const params = new URLSearchParams(query);
  return Object.fromEntries(KEYS.map((key) => [key, params.get(key) ?? ''])) as unknown as Asked;
}

/** For the address. */
export function queryOf(asked: Asked): string {
  const params = new URLSearchParams();
  for (const key of KEYS) if (asked[key] !== '') params.set(key, asked[key]);
  return String(params);
}

/** Of the server. */
export function pathOf(asked: Asked): string {
  const params = new URLSearchParams({ limit: String(PAGE) });
  for (const key of ['zone', 'state', 'order', 'after'] as const) if (asked[key] !== '') params.set(key, asked[key]);
  const q = asked.q.trim();
  if (q !== '') params.set('q', q);
  for (const label of asked.label.split(',').map((each) => each.trim()))
    if (label !== '') params.append('label', label);
  return `/v1/overview?${params}`;
}

/** Whether it is all services, and not some that were looked for. */
export function isNarrow({ q, zone, label, state }: Asked): boolean {
  return [q, zone, label, state].some((each) => each.trim() !== '');
}

interface Group {
  readonly zone: string;
  readonly items: readonly Glance[];
}

/** In the order that they are in. */
export function byZone(items: readonly Glance[]): Group[] {
  const groups = Map.groupBy(items, ({ service }) => service.zone);
  return [...groups].map(([zone, those]) => ({ zone, items: those }));
}

/** What one of many becomes, or why it is left out. */
export type Part<What> = { readonly glance: Glance } & ({ readonly what: What } | { readonly leftOut: string });

/** What may not be done to one of them is left out, with the reason; `whyNot` gives it. */
export function withinReach<What>(
  parts: readonly Part<What>[],
  whyNot: (glance: Glance) => string | undefined,
): Part<What>[] {
  return parts.map((part) => {
    const reason = 'what' in part ? whyNot(part.glance) : undefined;
    return reason === undefined ? part : { glance: part.glance, leftOut: reason };
  });
}

/** The pools that all of some services have. */
export function commonPools(glances: readonly Glance[]): string[] {
  const [first, ...rest] = glances.map(({ service }) => Object.keys(service.pools));
  return (first ?? []).filter((pool) => rest.every((pools) => pools.includes(pool)));
}

/**
 * Whether one that is reviewed is not as it was any more: the service itself, or the release that moves it. A list that
 * lags behind what is reviewed says nothing of it.
 */
export function hasMoved(reviewed: readonly Glance[], live: readonly Glance[]): boolean {
  const listed = new Map(live.map((glance) => [glance.service.name, glance]));
  return reviewed.some((glance) => {
    const now = listed.get(glance.service.name);
    if (now === undefined || now.service.revision < glance.service.revision) return false;
    return standOf(now) !== standOf(glance);
  });
}

function standOf({ service, release }: Glance): string {
  return [service.revision, release?.id, release?.state, release?.stepIndex].join(' ');
}

/** Weights by which a pool gets a share in per cent, and the others the rest in the proportions that they have. */
export function shiftParts(glances: readonly Glance[], pool: string, percent: number): Part<Weights>[] {
  return glances.map((glance) => {
    const before = weightsOf(glance.service);
    if (glance.release !== undefined) return { glance, leftOut: 'a release is moving it' };
    if (!(pool in before)) return { glance, leftOut: `it has no pool ${pool}` };
    const what = weightsFor(before, pool, percent);
    return describeShares(before) === describeShares(what) ? { glance, leftOut: 'it is so already' } : { glance, what };
  });
}

/** So fine that a per cent of the others is told apart. */
const FINE = 100;

function weightsFor(before: Weights, pool: string, percent: number): Weights {
  const others = Object.keys(before).filter((name) => name !== pool);
  const rest = (100 - percent) * FINE;
  const sum = others.reduce((all, name) => all + before[name], 0);
  const part = (name: string): number => Math.round(sum === 0 ? rest / others.length : (rest * before[name]) / sum);
  if (rest === 0) return Object.fromEntries(Object.keys(before).map((name) => [name, name === pool ? 100 : 0]));
  return Object.fromEntries(Object.keys(before).map((name) => [name, name === pool ? percent * FINE : part(name)]));
}

/** Those that one release can move together. */
export function releaseParts(glances: readonly Glance[], pool: string): Part<true>[] {
  return glances.map((glance) => {
    if (glance.release !== undefined) return { glance, leftOut: 'a release is moving it' };
    return pool in glance.service.pools ? { glance, what: true } : { glance, leftOut: `it has no pool ${pool}` };
  });
}

/** The releases that some services are in, each once. */
export function pauseParts(
  glances: readonly Glance[],
): Part<{ readonly id: string; readonly names: readonly string[] }>[] {
  const seen = new Set<string>();
  return glances.map((glance) => {
    const { release } = glance;
    if (release === undefined) return { glance, leftOut: 'no release is moving it' };
    if (seen.has(release.id)) return { glance, leftOut: 'it is in a release that is named already' };
    seen.add(release.id);
    if (release.state !== 'progressing' && !glance.states.includes('releasing')) {
      return { glance, leftOut: 'its release waits for somebody already' };
    }
    return { glance, what: { id: release.id, names: release.services } };
  });
}

export function forceParts(glances: readonly Glance[], pool: string): Part<{ readonly pool: string }>[] {
  return glances.map((glance) =>
    pool in glance.service.pools ? { glance, what: { pool } } : { glance, leftOut: `it has no pool ${pool}` },
  );
}

/** `weekend (No releases at weekends) until Mon 30 Nov, 08:00`; empty: nothing holds it. */
export function heldText({ frozen = [] }: Glance): string {
  return frozen
    .map(({ name, message, until }) => {
      const why = message === undefined ? '' : ` (${message})`;
      return `${name}${why} ${until === null ? 'without an end' : `until ${momentText(until)}`}`;
    })
    .join(', and by ');
}

/** Those that would move although a freeze holds them. */
export function heldParts<What>(parts: readonly Part<What>[]): Glance[] {
  return parts.flatMap((part) => ('what' in part && heldText(part.glance) !== '' ? [part.glance] : []));
}

/** Without those that a freeze holds; each is named still, with what holds it. */
export function withoutHeld<What>(parts: readonly Part<What>[]): Part<What>[] {
  return parts.map((part) => {
    const held = heldText(part.glance);
    return 'what' in part && held !== '' ? { glance: part.glance, leftOut: `frozen by ${held}` } : part;
  });
}

/** What was looked at, of those that would move: of another revision it is not meant. */
export function seenOf<What>(parts: readonly Part<What>[]): Record<string, number> {
  const moved = parts.filter((part) => 'what' in part);
  return Object.fromEntries(moved.map(({ glance: { service } }) => [service.name, service.revision]));
}
