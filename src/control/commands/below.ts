/** What a command is told of the names below its own; see drafts/below.ts. */

/** An RRset of the zone. */
export interface FoundBelow {
  readonly name: string;
  readonly type: number;
}

/** What is asked: some RRset of a zone below a name, but for those of the types to pass over, and those named. */
export interface BelowQuestion {
  readonly zone: string;
  readonly name: string;
  readonly passOver: readonly number[];
  /** By their keys. */
  readonly except?: ReadonlySet<string>;
}

/** The answer, which is true as long as nothing is changed. */
export interface Below extends BelowQuestion {
  /** The last revision when it was found. */
  readonly revision: number;
  readonly found: FoundBelow | undefined;
}

/** An RRset of a zone as a key of sets and maps. */
export function rrsetKey(name: string, type: number): string {
  return `${name}/${type}`;
}
