/**
 * Who of a fleet can sign, and how far each is: a node says which wrapping key it has, by a mark that tells nothing of the
 * key, and which zones it has not signed as they are to be. A zone is signed, and goes on from stage to stage, only where
 * all can, and have: what one of them answers without signatures is bogus.
 */
import { inBackground } from '../../guard.ts';
import type { OtherNode, SigningWord } from '../../model/dnssec/others.ts';
import { parseKey, WRAPPING_PREFIX, wrappingKey } from '../../model/fleet/keys.ts';
import { encodeRecord, isText, parseRecord, Unreadable } from '../../model/fleet/records.ts';
import type { View } from '../../model/fleet/view.ts';
import type { Clock } from '../clock.ts';
import { type Keeper, Lost } from '../log/keeper.ts';
import type { FleetMarks } from '../nodes.ts';

const WHAT = 'who can sign in the fleet';
/** A few hundred bytes are read each time. */
const LOOK_MS = 2000;

interface SharedMarksParts {
  readonly node: string;
  readonly keeper: Pick<Keeper, 'transact'>;
  readonly view: () => View;
  /** Of this node; undefined: it has no wrapping key. */
  readonly mark: () => string | undefined;
  /** How far this node is. */
  readonly word: () => SigningWord;
  readonly clock: Pick<Clock, 'after'>;
}

export class SharedMarks implements FleetMarks {
  readonly #parts: SharedMarksParts;
  #marks: ReadonlyMap<string, string> | undefined;
  #words: ReadonlyMap<string, SigningWord> = new Map();
  #told: string | undefined;
  #isRunning = false;
  #cancelLook = (): void => {};

  constructor(parts: SharedMarksParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#isRunning = true;
    this.#schedule(0);
  }

  stop(): void {
    this.#isRunning = false;
    this.#cancelLook();
  }

  /** Other members that have another wrapping key than this node, or none, in name order; undefined: not known yet. */
  get unlike(): readonly string[] | undefined {
    const { node, view, mark } = this.#parts;
    const [marks, own] = [this.#marks, mark()];
    if (marks === undefined) return undefined;
    return [...view().members]
      .filter(([other, { value }]) => value !== undefined && other !== node)
      .map(([other]) => other)
      .filter((other) => own === undefined || marks.get(other) !== own)
      .sort();
  }

  /** What the other members say of how far they are, in name order. */
  get others(): readonly OtherNode[] {
    const { node, view } = this.#parts;
    const members = [...view().members].flatMap(([other, { value }]) =>
      value === undefined || other === node ? [] : [{ node: other, isOut: value.state !== 'live' }],
    );
    return members
      .map((member) => ({ ...member, word: this.#words.get(member.node) }))
      .sort((one, other) => (one.node < other.node ? -1 : 1));
  }

  #schedule(ms: number): void {
    if (!this.#isRunning) return;
    this.#cancelLook = this.#parts.clock.after(ms, () =>
      inBackground(
        WHAT,
        this.look().finally(() => this.#schedule(LOOK_MS)),
      ),
    );
  }

  /** Tells the mark of this node, and how far it is, where it has not, and reads those of all. */
  async look(): Promise<void> {
    const { keeper, node, mark, word } = this.#parts;
    const { revision, unfinished = [] } = word();
    // What is left out is more than it can tell.
    const told = unfinished.length <= TOLD_MAX ? { unfinished } : {};
    const record = { mark: mark() ?? NONE, signed: revision, ...told };
    const own = JSON.stringify(record);
    const puts = own === this.#told ? [] : [{ key: wrappingKey(node), value: encodeRecord(record) }];
    const reads = [{ key: WRAPPING_PREFIX, isPrefix: true }];
    const reply = await keeper.transact({ compares: [], puts, reads, otherwise: [] });
    if (reply instanceof Lost) return;
    this.#told = own;
    const marks = new Map<string, string>();
    const words = new Map<string, SigningWord>();
    for (const { key, value } of reply.found) {
      const parsed = parseKey(key);
      const record = parseRecord(value);
      if (parsed?.kind !== 'wrapping' || record instanceof Unreadable || !isText(record.mark)) continue;
      marks.set(parsed.node, record.mark);
      const word = wordOf(record);
      if (word !== undefined) words.set(parsed.node, word);
    }
    this.#marks = marks;
    this.#words = words;
  }
}

/** Undefined: it is of an earlier version, which says nothing of it, or nobody can read it. */
function wordOf({ signed, unfinished }: Record<string, unknown>): SigningWord | undefined {
  if (!Number.isSafeInteger(signed)) return undefined;
  if (unfinished === undefined) return { revision: signed as number, unfinished };
  return Array.isArray(unfinished) && unfinished.every(isText) ? { revision: signed as number, unfinished } : undefined;
}

/** What is known of a fleet of one, */
export const NO_OTHERS: FleetMarks = { unlike: [], others: [] };
/** and before anything was read. */
export const UNKNOWN: FleetMarks = { unlike: undefined, others: [] };

/** Zones that are named: some kilobytes. */
const TOLD_MAX = 100;
/** What a node says that has no wrapping key: no mark is so short. */
const NONE = 'none';
