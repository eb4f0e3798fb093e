/** Keeps the ground of a form or dialog from the moment it is opened, and tells when it has moved. */
import { useState } from 'preact/hooks';
import { movedFrom, type Seen, seenIn } from '../rules/ground.ts';
import type { Resource } from './resource.ts';

interface Ground<Body> extends Seen<Body> {
  /** What is in force now, where that is another thing. */
  readonly moved: Seen<Body> | undefined;
  /** From now on the change is made to what is in force. */
  readonly take: () => void;
  /**
   * For a change that was refused as stale before the page knew why: the ETag that is in force, where nothing has moved that
   * its person decides by.
   */
  readonly again: () => Promise<string | undefined>;
}

/**
 * `opened`: what was seen when it was opened; else what the resource shows at that moment. `shown`: what of it a person
 * decides by; where only the rest moves, the ETag goes along and nobody is asked.
 */
export function useGround<Body>(
  of: Resource<Body>,
  opened?: Seen<Body>,
  shown?: (body: Body) => unknown,
): Ground<Body> {
  const [ground, setGround] = useState<Seen<Body>>(() => opened ?? seenIn(of) ?? { body: undefined, etag: undefined });
  const now = seenIn(of);
  const moved = movedFrom(ground, now, shown);
  const { etag } = moved === undefined && now !== undefined ? now : ground;
  const again = async (): Promise<string | undefined> => {
    const read = await of.reload();
    return shown && movedFrom(ground, read, shown) === undefined ? read?.etag : undefined;
  };
  return { body: ground.body, etag, moved, take: () => moved && setGround(moved), again };
}
