/** The ground of what replaces all that a zone holds: its content, which its signing moves on without anybody. */
import { useEffect, useState } from 'preact/hooks';
import type { Page, Revision, Zone } from '../../contract/types.ts';
import { isUntouched, sincePath } from '../../untouched.ts';
import { segment } from '../api/client.ts';
import { movedFrom, type Seen } from '../rules/ground.ts';
import { call } from './session.ts';

/** The ETag of a zone is of its settings; a file replaces its records too, so that their revision counts as well. */
export function contentSeen(body: Zone | undefined): Seen<Zone> {
  return { body, etag: body && `"${body.contentRevision}"` };
}

/** Whether nobody has changed the zone between the two, as far as the log tells. */
export async function isSameContent(ground: Seen<Zone>, now: Seen<Zone>): Promise<boolean> {
  const from = /^"(\d+)"$/.exec(ground.etag ?? '')?.[1];
  if (from === undefined || now.body === undefined) return false;
  const { name, contentRevision } = now.body;
  const reply = await call<Page<Revision>>(sincePath(segment(name), Number(from)));
  return reply.ok && isUntouched(name, reply.body.items, contentRevision);
}

/**
 * What is in force, where somebody made it another thing than the ground. Where only the signing went on, `follow` is
 * called with what the ground is from now on. Until the log has told which it is, nobody is asked.
 */
export function useMovedContent(
  ground: Seen<Zone> | undefined,
  now: Seen<Zone> | undefined,
  follow: (now: Seen<Zone>) => void,
): Seen<Zone> | undefined {
  const moved = ground && movedFrom(ground, now);
  const step = moved && `${ground.etag} ${moved.etag}`;
  const [touched, setTouched] = useState<string>();
  useEffect(() => {
    if (ground === undefined || moved === undefined) return;
    let isWanted = true;
    void isSameContent(ground, moved).then((isSame) => {
      if (!isWanted) return;
      if (isSame) follow(moved);
      else setTouched(step);
    });
    return () => {
      isWanted = false;
    };
  }, [step]);
  return touched === step ? moved : undefined;
}
