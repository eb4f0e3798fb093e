/**
 * Where entries of the log stand in the engine. Each is written once, at a place that no other has, so that a node which
 * knows the place of the entry that it stands on notices when the log is another one: an engine that was put back to an
 * earlier state and went on from there has other entries of the same numbers, however far its own places were raised.
 */
import type { Blocked, Turn } from './turn.ts';

/** Beyond what is applied; of more the places are read when it is their turn. */
const KNOWN_MAX = 512;

/** Takes note of where an entry stands. */
export function notePlace(turn: Turn, revision: number, place: number): void {
  const { places, applied } = turn.state;
  const known = places.get(revision);
  if (known === place || revision < applied) return;
  if (known !== undefined)
    return turn.set({ blocked: putBack(`entry ${revision} of the log is another one than it was`) });
  if (places.size < KNOWN_MAX || revision === applied) turn.set({ places: new Map(places).set(revision, place) });
}

/** Those before the last one that is applied are of no use any more. */
export function forgetPlaces(turn: Turn): void {
  const { places, applied } = turn.state;
  turn.set({ places: new Map([...places].filter(([revision]) => revision >= applied)) });
}

/** What a node has to say that found the engine put back. */
export function putBack(what: string): Blocked {
  return {
    why: 'ahead',
    words: `${what}: etcd was put back to an earlier state. Restart this node: then it finds out whether its log is still that of the fleet, and says what to do if not`,
  };
}
