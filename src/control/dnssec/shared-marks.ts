/**
 * Who of a fleet can sign: each node says which wrapping key it has, by a mark that tells nothing of the key. A zone is
 * signed, and goes on from stage to stage, only where all can: what one of them answers without signatures is bogus.
 */
import { inBackground } from '../../guard.ts';
import { parseKey, WRAPPING_PREFIX, wrappingKey } from '../../model/fleet/keys.ts';
import { encodeRecord, isText, parseRecord, Unreadable } from '../../model/fleet/records.ts';
import type { View } from '../../model/fleet/view.ts';
import type { Clock } from '../clock.ts';
import { type Keeper, Lost } from '../log/keeper.ts';

const WHAT = 'who can sign in the fleet';
/** A few hundred bytes are read each time. */
const LOOK_MS = 2000;

interface SharedMarksParts {
  readonly node: string;
  readonly keeper: Pick<Keeper, 'transact'>;
  readonly view: () => View;
  /** Of this node; undefined: it has no wrapping key. */
  readonly mark: () => string | undefined;
  readonly clock: Pick<Clock, 'after'>;
}

export class SharedMarks {
  readonly #parts: SharedMarksParts;
  #marks: ReadonlyMap<string, string> | undefined;
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

  #schedule(ms: number): void {
    if (!this.#isRunning) return;
    this.#cancelLook = this.#parts.clock.after(ms, () =>
      inBackground(
        WHAT,
        this.look().finally(() => this.#schedule(LOOK_MS)),
      ),
    );
  }

  /** Tells the mark of this node where it has not, and reads those of all. */
  async look(): Promise<void> {
    const { keeper, node, mark } = this.#parts;
    const own = mark() ?? NONE;
    const puts = own === this.#told ? [] : [{ key: wrappingKey(node), value: encodeRecord({ mark: own }) }];
    const reads = [{ key: WRAPPING_PREFIX, isPrefix: true }];
    const reply = await keeper.transact({ compares: [], puts, reads, otherwise: [] });
    if (reply instanceof Lost) return;
    this.#told = own;
    const marks = new Map<string, string>();
    for (const { key, value } of reply.found) {
      const parsed = parseKey(key);
      const record = parseRecord(value);
      if (parsed?.kind !== 'wrapping' || record instanceof Unreadable || !isText(record.mark)) continue;
      marks.set(parsed.node, record.mark);
    }
    this.#marks = marks;
  }
}

/** What a node says that has no wrapping key: no mark is so short. */
const NONE = 'none';
