/**
 * Imports of a fleet: what one node has read goes to the engine in pieces and is staged by every node, and only then does
 * an entry name it. So no shift ever waits for an import.
 */
import { Problem, StoreUnavailable } from '../../model/errors.ts';
import {
  contentKey,
  keptKey,
  MEMBER_PREFIX,
  PRESENCE_PREFIX,
  parseKey,
  STAGED_PREFIX,
  stagedKey,
  stageKey,
} from '../../model/fleet/keys.ts';
import { Unreadable } from '../../model/fleet/records.ts';
import {
  encodeAnnounced,
  encodeKept,
  encodeStaged,
  parseAnnounced,
  parseKept,
  parseStaged,
  type Room,
  stageBarrier,
} from '../../model/fleet/staging.ts';
import {
  type Put,
  reading,
  type Stored,
  type Transaction,
  type TransactionReply,
} from '../../model/fleet/transaction.ts';
import { emptyView, withStored } from '../../model/fleet/view.ts';
import type { Clock } from '../clock.ts';
import type { ContentSource, Contents, Shared } from '../commands/built-zone.ts';
import { sweepKept } from './content-sweep.ts';
import { type Keeper, Lost } from './keeper.ts';

/** Between two pieces: appends of shifts come in between. */
const PACE_MS = 20;
/** More than that for one content, and the way to the engine is too slow for it. With STAGE_MAX_MS it stays below what `content-sweep.ts` takes for given up. */
const UPLOAD_MAX_MS = 300_000;
/** How often who imports looks whether all have it. */
const LOOK_MS = 100;
/** What is lost on the way is sent again. */
const TRIES = 5;
const AGAIN_MS = 500;
/** Another may clear away what is in the way meanwhile. */
const BEGINS_MAX = 3;

interface SharingParts {
  readonly keeper: Keeper;
  readonly clock: Pick<Clock, 'steadyMs' | 'after'>;
  readonly node: string;
  readonly incarnation: string;
  /** How full the engine is. */
  readonly room: () => Promise<Room>;
}

/** A content that is being imported by this node. */
interface Open {
  readonly content: string;
  readonly chunks: number;
  /** The place of its announcement. */
  at: number;
  /** The last entry that named it before; 0: none. */
  readonly kept: number;
  /** An earlier import of this node was cut off: its entry may name the content. */
  readonly isGoneOnWith: boolean;
}

export class SharedContents implements Contents {
  readonly #parts: SharingParts;
  #isStopping = false;

  constructor(parts: SharingParts) {
    this.#parts = parts;
  }

  stop(): void {
    this.#isStopping = true;
  }

  async share(source: ContentSource): Promise<Shared | Problem> {
    const room = await this.#parts.room();
    if (room === 'refuse' || room === 'full') {
      return refused(
        'etcd has used four fifths of its quota or more, and the rest is for shifts; compact and defragment it',
      );
    }
    const open = await this.#begin(source);
    if (open instanceof Problem) return open;
    const failed = (await this.#bring(source, open)) ?? (await this.#allStaged(open));
    if (failed === undefined) return { over: (result) => this.#over(open, result) };
    await this.#abandon(open);
    return failed;
  }

  /** Says that the content is coming, so that what has come of it is found if this process dies. */
  async #begin({ zone, content, chunks }: ContentSource): Promise<Open | Problem> {
    const { keeper, node } = this.#parts;
    const keys = [stageKey(content), keptKey(content)];
    for (let n = 0; n < BEGINS_MAX; n++) {
      const found = await this.#insist(reading(keys.map((key) => ({ key }))));
      if (found instanceof Lost) return refused(found.words);
      const [stage, kept] = keys.map((key) => found.found.find((each) => each.key === key));
      const announced = stage && parseAnnounced(stage.value);
      // What an earlier process of this node has left is gone on with.
      if (announced !== undefined && (announced instanceof Unreadable || announced.node !== node)) {
        return new Problem('busy', 'Another node imports the same records just now; wait for the outcome.');
      }
      const known = kept && parseKept(kept.value);
      if (known instanceof Unreadable) return refused(`what etcd has of this content ${known.words}`);
      if (kept !== undefined && known?.revision === 0) {
        await sweepKept(keeper, content, kept);
        continue;
      }
      const begun = await keeper.transact({
        compares: [stage, kept].map((stored, i) => ({ key: keys[i] as string, changedAt: stored?.changedAt ?? 0 })),
        puts: [{ key: stageKey(content), value: encodeAnnounced({ zone, chunks, node, isWhole: false }) }],
        reads: [],
        otherwise: [],
      });
      if (begun instanceof Lost) return refused(begun.words);
      const isGoneOnWith = stage !== undefined;
      if (begun.succeeded) return { content, chunks, at: begun.at, kept: known?.revision ?? 0, isGoneOnWith };
    }
    return new Problem('busy', 'Others import the same records just now; try again.');
  }

  /** Brings the pieces, and tells the others. */
  async #bring(source: ContentSource, open: Open): Promise<Problem | undefined> {
    const { node, incarnation } = this.#parts;
    const { zone, content, chunks } = source;
    const failed = open.kept > 0 ? undefined : await this.#upload(source);
    if (failed !== undefined) return failed;
    const announced = await this.#parts.keeper.transact({
      compares: [{ key: stageKey(content), changedAt: open.at }],
      puts: [
        { key: stageKey(content), value: encodeAnnounced({ zone, chunks, node, isWhole: true }) },
        { key: stagedKey(content, node), value: encodeStaged(incarnation) },
      ],
      reads: [],
      otherwise: [],
    });
    if (announced instanceof Lost) return refused(announced.words);
    if (!announced.succeeded) return OVERTAKEN;
    open.at = announced.at;
    return undefined;
  }

  async #upload({ content, chunks, chunk }: ContentSource): Promise<Problem | undefined> {
    const startedMs = this.#parts.clock.steadyMs();
    for (let n = 0; n < chunks; n++) {
      if (this.#isStopping) return STOPPING;
      const value = readChunk(chunk, n);
      if (value instanceof Problem) return value;
      if (this.#parts.clock.steadyMs() - startedMs > UPLOAD_MAX_MS) return refused('the import did not get through');
      const put = await this.#insist(putting([{ key: contentKey(content, n), value }]));
      if (put instanceof Lost) return refused(put.words);
      await this.#wait(PACE_MS);
    }
    return undefined;
  }

  /** Waits for those nodes that shifts wait for, if they show signs of life. */
  async #allStaged({ content, at }: Open): Promise<Problem | undefined> {
    const startedMs = this.#parts.clock.steadyMs();
    const prefixes = [MEMBER_PREFIX, PRESENCE_PREFIX, `${STAGED_PREFIX}${content}/`];
    const reads = [{ key: stageKey(content) }, ...prefixes.map((key) => ({ key, isPrefix: true }))];
    for (;;) {
      const reply = await this.#insist(reading(reads));
      if (reply instanceof Lost) return refused(reply.words);
      if (this.#isStopping) return STOPPING;
      const { found } = reply;
      if (found.find(({ key }) => key === stageKey(content))?.changedAt !== at) return OVERTAKEN;
      const { staged, present } = stagedOf(found);
      const barrier = stageBarrier(withStored(emptyView, found), staged, this.#parts.clock.steadyMs() - startedMs);
      if (barrier.isOpen || !barrier.waitingFor.some((node) => present.has(node))) return undefined;
      await this.#wait(LOOK_MS);
    }
  }

  async #over(open: Open, result: number | Problem): Promise<void> {
    // It may stand: who sweeps finds out.
    if (result instanceof Problem && result.code === 'fleet_unconfirmed') return;
    if (result instanceof Problem) return this.#abandon(open);
    await this.#close(open, Math.max(result, open.kept));
  }

  /** The chunks go as well, unless an entry names them. */
  async #abandon(open: Open): Promise<void> {
    if (open.isGoneOnWith) return;
    const closed = await this.#close(open, open.kept);
    if (closed === undefined || open.kept > 0) return;
    const kept = { key: keptKey(open.content), changedAt: closed, value: encodeKept({ ...open, revision: 0 }) };
    await sweepKept(this.#parts.keeper, open.content, kept);
  }

  /** The announcement ends; the place of what stands instead. Where it is not known who sweeps finds it. */
  async #close({ content, chunks, at }: Open, revision: number): Promise<number | undefined> {
    const said = await this.#insist(reading([{ key: `${STAGED_PREFIX}${content}/`, isPrefix: true }]));
    const keys = said instanceof Lost ? [] : said.found.map(({ key }) => key);
    const closed = await this.#insist({
      compares: [{ key: stageKey(content), changedAt: at }],
      puts: [
        ...[stageKey(content), ...keys].map((key): Put => ({ key, isDeleted: true })),
        { key: keptKey(content), value: encodeKept({ chunks, revision }) },
      ],
      reads: [],
      otherwise: [],
    });
    return closed instanceof Lost || !closed.succeeded ? undefined : closed.at;
  }

  async #insist(transaction: Transaction): Promise<TransactionReply | Lost> {
    for (let n = 1; ; n++) {
      const reply = await this.#parts.keeper.transact(transaction);
      if (!(reply instanceof Lost) || n === TRIES || this.#isStopping) return reply;
      await this.#wait(AGAIN_MS);
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.clock.after(ms, resolve));
  }
}

/** Which nodes have staged it, by their incarnations, and who shows signs of life. */
function stagedOf(found: readonly Stored[]): { staged: Map<string, string>; present: Set<string> } {
  const staged = new Map<string, string>();
  const present = new Set<string>();
  for (const { key, value } of found) {
    const parsed = parseKey(key);
    if (parsed?.kind === 'presence') present.add(parsed.node);
    if (parsed?.kind !== 'staged') continue;
    const incarnation = parseStaged(value);
    if (!(incarnation instanceof Unreadable)) staged.set(parsed.node, incarnation);
  }
  return { staged, present };
}

function readChunk(chunk: ContentSource['chunk'], position: number): Uint8Array | Problem {
  try {
    return chunk(position) ?? refused('what was staged is gone from the store');
  } catch (error) {
    if (error instanceof StoreUnavailable) return error.problem;
    throw error;
  }
}

const putting = (puts: readonly Put[]): Transaction => ({ compares: [], puts, reads: [], otherwise: [] });

const refused = (words: string): Problem =>
  new Problem('fleet_unavailable', `The fleet takes no import now, answers and shifts go on: ${words}.`);
const STOPPING = new Problem('stopping', 'This node is about to stop, and its import came to nothing; send it again.');
const OVERTAKEN = refused('it took so long that others took it for given up');
