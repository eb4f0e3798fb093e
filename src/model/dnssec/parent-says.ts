/** What a look at the parent of a signed zone comes to, for those who watch many zones. */
import { wantedKeys } from './apex.ts';
import type { PublicKey, ZoneSigning } from './signing.ts';
import { hasKey, mayLeadTo, type ParentLook } from './transition.ts';

/**
 * Of the DS that is wanted: `all` servers of the parent have it, `some`, or `none`. `wrong`: a server has a DS, and none of
 * its records leads to a key of the zone, so that who validates gets no answer. `unknown`: no server was heard.
 */
export const DS_SEEN = ['all', 'some', 'none', 'wrong', 'unknown'] as const;

type DsSeen = (typeof DS_SEEN)[number];

export function dsSeen(signing: ZoneSigning, look: ParentLook | undefined): DsSeen {
  const heard = (look?.servers ?? []).flatMap(({ ds }) => (ds === undefined ? [] : [ds]));
  if (look === undefined || heard.length === 0) return 'unknown';
  const published: readonly PublicKey[] = [...signing.keys, ...signing.foreign];
  if (heard.some((ds) => ds.length > 0 && !published.some((key) => mayLeadTo(signing.zone, ds, key)))) return 'wrong';
  const [wanted] = wantedKeys(signing);
  // Where none is wanted: what is there of the keys that sign.
  const having = heard.filter((ds) => (wanted === undefined ? ds.length > 0 : hasKey(signing.zone, ds, wanted))).length;
  if (having === 0) return 'none';
  return having === look.servers.length ? 'all' : 'some';
}

/** Whether something is wrong at the parent now: a DS that leads nowhere, or none of a zone that is done. */
export function isDsWrong(signing: ZoneSigning, look: ParentLook | undefined): boolean {
  const seen = dsSeen(signing, look);
  if (seen === 'wrong') return true;
  if (signing.stage !== 'secure' || look === undefined) return false;
  const [wanted] = wantedKeys(signing);
  return look.servers.some(({ ds }) => ds !== undefined && wanted !== undefined && !hasKey(signing.zone, ds, wanted));
}

/** Whether somebody at the parent is to do something. */
export function waitsForParent({ stage }: ZoneSigning): boolean {
  return stage === 'ds-needed' || stage === 'ds-removal';
}
