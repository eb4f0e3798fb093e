/** Where a zone ends for whoever proves its names: what lies beyond a cut or a DNAME is not its own to vouch for. */
import { ENTRY, NODE, NODE_EXISTS, NODE_HAS_DNAME, NODE_IS_CUT } from '../layout.ts';

/** Names below the node of this version are no longer, or not yet, the zone's to vouch for. 0: there is none. */
export function isBorderVersion(words: Int32Array, version: number): boolean {
  return version !== 0 && (words[version + NODE.FLAGS] & (NODE_IS_CUT | NODE_HAS_DNAME)) !== 0;
}

/** The same of the newest version of a node. */
export function isBorder(words: Int32Array, node: number): boolean {
  return isBorderVersion(words, words[node + ENTRY.VERSION_WORD]);
}

/** The border next to the apex that the node lies below; 0: none. */
export function borderAbove(words: Int32Array, node: number): number {
  let found = 0;
  for (let up = words[node + ENTRY.PARENT]; up !== 0; up = words[up + ENTRY.PARENT])
    if (isBorder(words, up)) found = up;
  return found;
}

/** Whether the newest version of a node exists, be it for the names below it only. */
export function existsNow(words: Int32Array, node: number): boolean {
  const version = words[node + ENTRY.VERSION_WORD];
  return version !== 0 && (words[version + NODE.FLAGS] & NODE_EXISTS) !== 0;
}
