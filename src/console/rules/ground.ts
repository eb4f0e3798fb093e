/**
 * The ground of a form or dialog: what its person saw when it was opened, with the ETag of that. A change is made to
 * the ground and to nothing else; where the ground has moved, the person decides with both before the eyes.
 */
import { leavesOf } from './differences.ts';

/** Something as it was read; `etag` undefined: nothing was there. */
export interface Seen<Body> {
  readonly body: Body | undefined;
  readonly etag: string | undefined;
}

/** What a resource shows at the moment; undefined: nothing is known of it yet, or it cannot be reached. */
export function seenIn<Body>(of: {
  readonly body: Body | undefined;
  readonly etag: string | undefined;
  readonly failure: { readonly status: number } | undefined;
}): Seen<Body> | undefined {
  // That it is not there any more is word of it too, whatever was kept of the time before.
  if (of.failure?.status === 404) return { body: undefined, etag: undefined };
  return of.body === undefined ? undefined : { body: of.body, etag: of.etag };
}

/**
 * What is in force, where that is another thing than the ground. `shown`: what of it a person decides by; the server takes
 * notes of its own as it goes, which move the ETag and are no reason to ask anybody.
 */
export function movedFrom<Body>(
  ground: Seen<Body>,
  now: Seen<Body> | undefined,
  shown?: (body: Body) => unknown,
): Seen<Body> | undefined {
  if (now === undefined || now.etag === ground.etag) return undefined;
  if (shown === undefined || ground.body === undefined || now.body === undefined) return now;
  return rowsOf(shown(ground.body), shown(now.body), undefined).length === 0 ? undefined : now;
}

/** One place at which the ground moved, or at which the draft wants something else than is in force. */
export interface Row {
  readonly path: string;
  readonly opened: string | undefined;
  readonly now: string | undefined;
  /** What the draft wants there; undefined: nothing, or the draft has no say in it. */
  readonly mine: string | undefined;
}

/** Every leaf at which theirs is new, or mine differs from theirs. `mine` undefined: there is no draft. */
export function rowsOf(opened: unknown, now: unknown, mine: unknown): Row[] {
  const [a, b, c] = [leavesOf(opened), leavesOf(now), leavesOf(mine)];
  const paths = [...new Set([...a.keys(), ...b.keys(), ...c.keys()])];
  return paths
    .filter((path) => a.get(path) !== b.get(path) || (c.has(path) && c.get(path) !== b.get(path)))
    .map((path) => ({ path, opened: a.get(path), now: b.get(path), mine: c.get(path) }));
}

/** True where all that the draft wants is in force already. */
export function isInForce(now: unknown, mine: unknown): boolean {
  const there = leavesOf(now);
  return [...leavesOf(mine)].every(([path, value]) => there.get(path) === value);
}

export type Fields = Readonly<Record<string, string>>;

/** The draft on new ground: what its person changed stays changed, everything else is as it is now. */
export function rebased(opened: Fields, now: Fields, mine: Fields): Fields {
  const isChanged = (key: string): boolean => mine[key] !== undefined && mine[key] !== opened[key];
  return Object.fromEntries(Object.entries(now).map(([key, value]) => [key, isChanged(key) ? mine[key] : value]));
}
