/** Which node the page looks at, if it is one of a fleet, and how that stands: for the frame around every page. */
import { signal } from '@preact/signals';
import type { Fleet } from '../../contract/types.ts';
import type { Standing } from '../rules/fleet.ts';
import { onLive } from './live.ts';
import { call, token } from './session.ts';

/** What no event tells: who shows signs of life, what etcd's members say. */
const EVERY_MS = 10_000;

/** undefined: the server is one node, or it is not known yet. */
export const fleet = signal<Fleet | undefined>(undefined);
/** The same as far as any token may know it. */
export const standing = signal<Standing | undefined>(undefined);

/** Goes on until the result is called. */
export function followFleet(): () => void {
  let isFleet = true;
  const look = async (): Promise<void> => {
    const before = token.value;
    const reply = await call<Fleet>('/v1/fleet');
    if (token.value !== before) return;
    if (reply.ok) {
      fleet.value = reply.body;
      standing.value = reply.body;
    } else if (reply.failure.status === 403) await lookWithout();
    else if (reply.failure.status === 404) {
      isFleet = false;
      fleet.value = undefined;
      standing.value = undefined;
    }
  };
  const ending = onLive(({ kind }) => {
    // A server that was started anew may be of a fleet.
    if (kind === 'refresh') isFleet = true;
    if (isFleet && (kind === 'refresh' || kind === 'node')) void look();
  });
  const timer = setInterval(() => {
    if (isFleet && document.visibilityState === 'visible') void look();
  }, EVERY_MS);
  void look();
  return () => {
    ending();
    clearInterval(timer);
    fleet.value = undefined;
    standing.value = undefined;
  };
}

/** A token that is for some names only may not see the nodes; whether this one is stale is told to all. */
async function lookWithout(): Promise<void> {
  const reply = await call<{ readonly fleet?: Standing }>('/readyz');
  if (reply.ok) standing.value = reply.body.fleet;
}
