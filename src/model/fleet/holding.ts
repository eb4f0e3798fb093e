/** Who holds up the drains of a fleet, why, and what ends it: in words for people, and as a command. */

/** What is known here of a node. */
export interface NodeSign {
  /** It is the one that is asked. */
  readonly isSelf: boolean;
  /** It shows signs of life; undefined: that cannot be read now. */
  readonly isPresent: boolean | undefined;
  /** Unix time, milliseconds, of its last sign of life; undefined: none was seen since this process began. */
  readonly heardAtMs: number | undefined;
  /** Unix time, milliseconds, since when it was late with what was changed; undefined: it is not. */
  readonly lateSinceMs: number | undefined;
  /** Of Teal; undefined: it is no member any more. */
  readonly version: string | undefined;
}

/** A node that all drains wait for. */
export interface Held {
  readonly node: string;
  /**
   * `silent`: it may be dead. `behind`: it does not take what was changed. `untold`: it does not say what it answered.
   * `stale`: it is the one that is asked, and does not know. `unknown`: how it stands cannot be read.
   */
  readonly why: 'silent' | 'behind' | 'untold' | 'stale' | 'unknown';
  /** Unix time, milliseconds, as far as this node has noticed; undefined: not known. */
  readonly sinceMs: number | undefined;
  /** A sentence for people: what there is to do. */
  readonly message: string;
  /** What ends it where the node does not come back; undefined: it ends by itself. */
  readonly command: string | undefined;
}

/** Who is asked tells within a second; who has not after so long will not. */
const TELLS_WITHIN_MS = 10_000;

/** Why nothing is drained because of the node. `untoldSinceMs`: since when it should have told what it answered. */
export function heldBy(
  node: string,
  { isSelf, isPresent, heardAtMs, lateSinceMs, version }: NodeSign,
  untoldSinceMs: number | undefined,
  nowMs: number,
): Held {
  const sinceMs = lateSinceMs ?? untoldSinceMs;
  if (isSelf) {
    const message = 'This node is stale: it does not know what the others answer from. teal fleet status says why.';
    return { node, why: 'stale', sinceMs, message, command: undefined };
  }
  if (isPresent === undefined) {
    const message = `How ${node} stands cannot be read from etcd now.`;
    return { node, why: 'unknown', sinceMs, message, command: undefined };
  }
  const command = `teal fleet remove ${node}`;
  if (!isPresent) {
    const message = `${node} shows no sign of life, and may answer by what was before. Start it again; if it does not come back: ${command}`;
    return { node, why: 'silent', sinceMs: heardAtMs ?? sinceMs, message, command };
  }
  if (lateSinceMs !== undefined) {
    const message = `${node} runs, and does not take what was changed: its log says why (a full disk or table, an entry of a newer Teal). Where that cannot be mended now: stop it, and ${command}`;
    return { node, why: 'behind', sinceMs, message, command };
  }
  if (untoldSinceMs === undefined || nowMs - untoldSinceMs < TELLS_WITHIN_MS) {
    const message = `${node} has not told yet what it answered: it does within seconds.`;
    return { node, why: 'untold', sinceMs, message, command: undefined };
  }
  const message = `${node} runs Teal ${version ?? 'of an unknown version'}, and does not tell what it answered, as an earlier version does not: upgrade it, or stop it, and ${command}`;
  return { node, why: 'untold', sinceMs, message, command };
}
