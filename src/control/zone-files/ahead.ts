/**
 * What a thread that builds a zone aside is told of its services, and how what it built is led to them, and caught up to
 * what has become of them since: some at a time, before anybody is answered from it. Thousands of them in the publication
 * that takes it over would hold up all commands.
 */
import type { CaughtUp, StagedIndex } from '../../table/changes.ts';
import { SealedPacker } from '../../table/sealed-services.ts';
import type { Table } from '../../table/table.ts';
import type { Engine } from '../engine.ts';
import { inSlices, type Sliced } from '../slices.ts';

/** Services that the thread is told of in one go: a millisecond or two. */
const PACKED_AT_ONCE = 200;
/** So many services may be led to by the publication that takes a zone over, and so many names be looked at. */
const LEFT_MAX = 32;
/** A bound, should names change faster than they are caught up to; then the publication does the rest. */
const CATCH_UPS_MAX = 10_000;

export class Ahead {
  readonly #table: Table;
  readonly #engine: Pick<Engine, 'resign'>;

  constructor(table: Table, engine: Pick<Engine, 'resign'>) {
    this.#table = table;
    this.#engine = engine;
  }

  /** The services of a zone; what becomes of them meanwhile is to be followed. */
  services(zone: string): Promise<Uint8Array> {
    return inSlices(this.#services(zone));
  }

  *#services(zone: string): Sliced<Uint8Array> {
    const { content } = this.#table;
    const packer = new SealedPacker();
    for (const [i, name] of [...content.servicesIn(zone)].entries()) {
      for (const sealed of content.sealed(zone, name)) packer.add(sealed);
      if (i % PACKED_AT_ONCE === PACKED_AT_ONCE - 1) yield;
    }
    return packer.packed;
  }

  /**
   * Builds a zone aside. From the call on it is followed what becomes of its names, until what was built is taken over or
   * discarded; where nothing is built, not any more. `signing`: how it is signed in it, where not as it is signed now.
   */
  async build<Reply, Staged extends StagedIndex>(
    zone: string,
    ask: () => Promise<Reply>,
    builtOf: (reply: Reply) => Staged | undefined,
    signing?: CaughtUp['signing'],
  ): Promise<{ readonly reply: Reply; readonly staged: (Staged & CaughtUp['staged']) | undefined }> {
    const followed = this.#table.follow(zone);
    let isDone = false;
    let staged: (Staged & CaughtUp['staged']) | undefined;
    try {
      const reply = await ask();
      const built = builtOf(reply);
      staged = built && { ...built, followed };
      if (staged !== undefined) await inSlices(this.catchUp(zone, staged, signing));
      isDone = staged !== undefined;
      return { reply, staged };
    } finally {
      if (!isDone) this.#giveUp({ index: 0, ...staged, followed });
    }
  }

  #giveUp(staged: Pick<CaughtUp['staged'], 'index' | 'order' | 'followed'>): void {
    if (staged.index === 0) this.#table.unfollow(staged.followed);
    else this.#table.discard(staged);
  }

  /** Where the table is full, or something cannot be signed, the publication that takes it over says so. */
  *catchUp(zone: string, staged: StagedIndex, signing?: CaughtUp['signing']): Sliced<void> {
    const { followed } = staged;
    if (followed === undefined) return;
    const led = { ...staged, followed };
    while (followed.unlinked.length > LEFT_MAX) {
      if (this.#engine.resign({ op: 'linkAhead', zone, staged: led }) !== undefined) return;
      yield;
    }
    for (let left = CATCH_UPS_MAX; followed.changed.size > LEFT_MAX && left > 0; left--) {
      const caughtUp = { zone, staged: led, since: [], ...(signing && { signing }) };
      if (this.#engine.resign({ op: 'catchUp', caughtUp }) !== undefined) return;
      yield;
    }
  }
}
