/** A list as the server narrows it, while somebody types what is looked for: over all there is, not what was loaded. */
import { useEffect, useState } from 'preact/hooks';
import type { Page } from '../../contract/types.ts';
import type { LiveEvent } from './live.ts';
import { type Resource, useResource } from './resource.ts';

/** Between two keys of somebody who types. */
const TYPING_MS = 150;

export interface Search<Item> {
  /** As typed, without the blanks around it, in lower case. */
  readonly wanted: string;
  /** What the server found by it; undefined: nothing is looked for, or it is not known yet. */
  readonly found: Page<Item> | undefined;
  readonly resource: Resource<Page<Item>>;
}

/** `path`: of the list, without a query. */
export function useSearch<Item>(
  path: string,
  typed: string,
  { limit, on }: { readonly limit: number; readonly on: (event: LiveEvent) => boolean },
): Search<Item> {
  const wanted = typed.trim().toLowerCase();
  const asked = useSettled(wanted);
  const query = asked === '' ? undefined : `${path}?limit=${limit}&q=${encodeURIComponent(asked)}`;
  const resource = useResource<Page<Item>>(query, { on });
  return { wanted, found: asked === wanted ? resource.body : undefined, resource };
}

/** The text once it has been the same for a moment; none is none at once. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), text === '' ? 0 : TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
