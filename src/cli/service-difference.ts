/** What differs between a service that is there and what it would be, both as the server says them. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Service } from '../contract/types.ts';

/** What the server says that a declared service comes to. */
export interface Compared {
  readonly name: string;
  readonly action: 'make' | 'change' | 'none';
  readonly before: Service | null;
  readonly after: Service;
}

export interface Change {
  /** Such as `ttlSeconds` or `blue targets`. */
  readonly what: string;
  /** undefined: it was not there. */
  readonly from: unknown;
  /** undefined: it will be gone. */
  readonly to: unknown;
}

const comparedKeys = ['ttlSeconds', 'pick', 'release', 'pins', 'previewNames', 'approval', 'health', 'labels'];

/** Empty where all is as it would be. Both are canonical, so that what means the same is the same. */
export function differences({ before, after }: Pick<Compared, 'before' | 'after'>): Change[] {
  const [now, then] = [before ?? {}, after] as Readonly<Record<string, unknown>>[];
  // A new service gets a salt of its own, which nobody declared.
  const keys = before === null ? comparedKeys : [...comparedKeys, 'salt'];
  const settings = keys.map((key) => ({ what: key, from: now?.[key], to: then?.[key] }));
  const names = new Set([...Object.keys(before?.pools ?? {}), ...Object.keys(after.pools)]);
  const pools = [...names].flatMap((name) => poolChanges(name, before?.pools[name], after.pools[name]));
  const records = (after.replaced ?? []).map(({ type, rdata }) => ({
    what: `in place of ${type}`,
    from: undefined,
    to: rdata,
  }));
  return [...settings, ...pools, ...records].filter(({ from, to }) => !isDeepStrictEqual(from, to));
}

type Pool = Service['pools'][string];

function poolChanges(name: string, before: Pool | undefined, after: Pool | undefined): Change[] {
  if (after === undefined) return [{ what: `pool ${name}`, from: before, to: undefined }];
  return [
    { what: `${name} weight`, from: before?.weight, to: after.weight },
    { what: `${name} targets`, from: before?.targets, to: after.targets },
    { what: `${name} labels`, from: before?.labels, to: after.labels },
  ];
}
