/** How far the other nodes of a fleet are with signing: each signs for itself, and no stage goes on before all of them have. */
import type { ZoneSigning } from './signing.ts';

/** What a node says of itself. */
export interface SigningWord {
  /** The last change of how a zone is signed that it has. */
  readonly revision: number;
  /** Zones (canonical names) of which it does not answer all as they are to be signed by then; undefined: more than it can tell. */
  readonly unfinished: readonly string[] | undefined;
}

export interface OtherNode {
  readonly node: string;
  /** Nobody waits for it: changes do not either. */
  readonly isOut: boolean;
  /** Undefined: it has not said anything. */
  readonly word: SigningWord | undefined;
}

/** Nodes that have not said that they answer all of a zone as this signing has it, in the order in which they are given. */
export function waitedFor(
  { zone, revision }: Pick<ZoneSigning, 'zone' | 'revision'>,
  others: readonly OtherNode[],
): string[] {
  const isDone = ({ word }: OtherNode): boolean =>
    word !== undefined && word.revision >= revision && word.unfinished?.includes(zone) === false;
  return others.filter((other) => !other.isOut && !isDone(other)).map(({ node }) => node);
}
