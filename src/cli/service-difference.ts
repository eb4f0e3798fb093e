/** What a declared service would change of the one that is there. Pure. */
import type { Service } from './api-types.ts';

interface DeclaredPool {
  readonly weight?: number;
  readonly targets?: readonly string[];
}

/** The body of a PUT, as somebody wrote it down: what is wrong in it is the server's to say. */
export interface DeclaredService {
  readonly pools?: Readonly<Record<string, DeclaredPool>>;
  readonly [key: string]: unknown;
}

export interface Change {
  /** Such as `ttlSeconds` or `blue targets`. */
  readonly what: string;
  /** undefined: it was not there. */
  readonly from: unknown;
  /** undefined: it will be gone. */
  readonly to: unknown;
}

/** What the API takes where a service says nothing (API contract). */
const defaults: Readonly<Record<string, unknown>> = { ttlSeconds: 5, pick: 'random', pins: [], previewNames: true };
const comparedKeys = ['ttlSeconds', 'pick', 'release', 'pins', 'previewNames', 'health'];

/** Empty where all is as declared. A weight that is not declared stays, and is no difference. */
export function differences(declared: DeclaredService, current: Service | undefined): Change[] {
  const now = current as (Service & Record<string, unknown>) | undefined;
  const settings = comparedKeys.map((key) => ({
    what: key,
    from: now?.[key] ?? (now && defaults[key]),
    to: declared[key] ?? defaults[key],
  }));
  // Left out, it stays.
  if (declared.salt !== undefined) settings.push({ what: 'salt', from: now?.salt, to: declared.salt });
  const names = new Set([...Object.keys(current?.pools ?? {}), ...Object.keys(declared.pools ?? {})]);
  const pools = [...names].flatMap((name) => poolChanges(name, declared.pools?.[name], current?.pools[name]));
  return [...settings, ...pools].filter(({ from, to }) => !isSame(from, to));
}

function poolChanges(
  name: string,
  declared: DeclaredPool | undefined,
  current: { weight: number; targets: readonly string[] } | undefined,
): Change[] {
  if (declared === undefined) return [{ what: `pool ${name}`, from: current, to: undefined }];
  return [
    { what: `${name} weight`, from: current?.weight, to: declared.weight ?? current?.weight },
    { what: `${name} targets`, from: current?.targets, to: declared.targets },
  ];
}

/** Equal as JSON, whatever the order of keys; of an object only what is declared counts, since replies fill in defaults. */
function isSame(from: unknown, to: unknown): boolean {
  if (typeof from !== 'object' || typeof to !== 'object' || from === null || to === null) return from === to;
  if (Array.isArray(from) !== Array.isArray(to)) return false;
  if (Array.isArray(from) && from.length !== (to as unknown[]).length) return false;
  return Object.entries(to).every(([key, value]) => isSame((from as Record<string, unknown>)[key], value));
}
