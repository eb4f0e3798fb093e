/** What a revision changed, as single differences that can be read. */

import type { RRset, Service, Subject } from '../../contract/types.ts';

interface Difference {
  /** Where: `pools.green.weight`; empty for the whole. */
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Beyond this many a list explains nothing; the rest is counted. */
export const DIFFERENCES_MAX = 40;

/** Every leaf that differs, in the order of the keys. Lists of plain values count as one leaf. */
export function differencesOf(before: unknown, after: unknown, path = ''): Difference[] {
  if (isObject(before) || isObject(after)) {
    const left = isObject(before) ? before : {};
    const right = isObject(after) ? after : {};
    const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
    return keys.flatMap((key) => differencesOf(left[key], right[key], path === '' ? key : `${path}.${key}`));
  }
  const [a, b] = [textOf(before), textOf(after)];
  return a === b ? [] : [{ path, before: a, after: b }];
}

/** Every leaf with its path, as text. Lists of plain values count as one leaf. */
export function leavesOf(value: unknown, path = ''): Map<string, string> {
  const leaves = new Map<string, string>();
  for (const { path: at, after } of differencesOf(undefined, value, path)) {
    if (after !== undefined) leaves.set(at, after);
  }
  return leaves;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((item) => !isObject(item))) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

type SettableRRset = Omit<RRset, 'zone' | 'revision'>;

/** An RRset that a revision deleted, so that it can be set again; undefined where the subject is none. */
export function deletedRRset({ kind, name, before, after, forgotten }: Subject): SettableRRset | undefined {
  // What is no longer kept reads as null too.
  return kind === 'rrset' && after === null && forgotten === undefined ? rrsetOf(name, before) : undefined;
}

/** An RRset as a revision changed it; undefined where the subject is none, or was made by it. */
export function writtenRRset({ kind, name, before, after, forgotten }: Subject): SettableRRset | undefined {
  return kind === 'rrset' && before !== null && forgotten === undefined ? rrsetOf(name, after) : undefined;
}

/** `name`: as a revision names it, `www.example.com/A`. */
function rrsetOf(name: string, content: unknown): SettableRRset | undefined {
  const { ttlSeconds, rdata } = (content ?? {}) as Partial<RRset>;
  if (ttlSeconds === undefined || rdata === undefined) return undefined;
  const slash = name.lastIndexOf('/');
  return { name: name.slice(0, slash), type: name.slice(slash + 1), ttlSeconds, rdata };
}

/** A service that a revision deleted, as a form can take it. */
export function deletedService({ kind, name, before, after, forgotten }: Subject): Service | undefined {
  if (kind !== 'service' || after !== null || forgotten !== undefined || !isObject(before) || !isObject(before.pools))
    return undefined;
  return { ...before, name } as unknown as Service;
}

/** True where a subject's before and after are weights by pool. */
export function isWeights(value: unknown): value is Record<string, number> {
  return (
    isObject(value) && Object.keys(value).length > 0 && Object.values(value).every((one) => typeof one === 'number')
  );
}
