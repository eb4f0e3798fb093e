/** What others import, staged by this node before an entry names it; and what an entry names that came while it was behind. */
import { inBackground } from '../../guard.ts';
import type { Entry } from '../../model/entry.ts';
import { Problem } from '../../model/errors.ts';
import { contentKey, keptKey, parseKey, STAGE_PREFIX, stagedKey, stageKey } from '../../model/fleet/keys.ts';
import { Unreadable } from '../../model/fleet/records.ts';
import { encodeStaged, parseAnnounced, parseKept } from '../../model/fleet/staging.ts';
import { reading, type Stored } from '../../model/fleet/transaction.ts';
import type { PackedContent } from '../../store/packed.ts';
import type { Clock } from '../clock.ts';
import { Chunks } from './chunks.ts';
import { type Keeper, Lost } from './keeper.ts';
import { Queue } from './queue.ts';
import type { StagedZones } from './staged.ts';

/** How often to look for announcements: whoever imports waits for that, and no shift does. */
const LOOK_MS = 500;

/** What this node could not stage is tried again that long after, and twice as long each time: each try reads and builds all of it. */
const AGAIN_MS = 1000;
const AGAIN_MAX_MS = 30_000;

interface FollowerParts {
  readonly keeper: Keeper;
  readonly node: string;
  readonly incarnation: string;
  readonly clock: Pick<Clock, 'after' | 'steadyMs'>;
  readonly applier: {
    readonly staged: StagedZones;
    /** A commit of which nobody knows yet may need what was staged for it. */
    readonly isInDoubt: boolean;
  };
}

export class ContentFollower {
  readonly #parts: FollowerParts;
  readonly #chunks: Chunks;
  /** Contents of others' announcements that are staged here, and their zones. */
  readonly #held = new Map<string, string>();
  /** The announcements that this node has answered, by their places. */
  readonly #said = new Map<string, number>();
  /** The last content that an entry names and that could not be staged: for want of room on the disk, say. */
  #refused:
    | { readonly content: string; readonly words: string; readonly waitMs: number; readonly againAtMs: number }
    | undefined;
  /** One content at a time: the same may be wanted by an announcement and by an entry. */
  readonly #turns = new Queue();
  #isStopped = false;
  #cancel = (): void => {};

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.#chunks = new Chunks(parts.keeper);
  }

  start(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#parts.clock.after(LOOK_MS, () =>
      inBackground(
        'the imports of the fleet',
        this.#look().finally(() => this.start()),
      ),
    );
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** Whether all is here that an entry names. */
  has({ changes }: Entry): boolean {
    return changes.every((change) => change.op !== 'importZone' || this.#has(change.zone.name, change.content));
  }

  /** Brings in what an entry names and is not here; why not. */
  async bring({ changes }: Entry): Promise<string | undefined> {
    for (const change of changes) {
      if (change.op !== 'importZone') continue;
      const { content, zone } = change;
      const before = this.#refused?.content === content ? this.#refused : undefined;
      if (before !== undefined && this.#parts.clock.steadyMs() < before.againAtMs) return before.words;
      const chunks = await this.#chunksOf(content);
      if (typeof chunks === 'string') return `could not be staged: ${chunks}`;
      const failed = await this.#stage(zone.name, content, chunks, true);
      this.#refused = undefined;
      if (failed === undefined) continue;
      const words = `could not be staged: ${failed.detail}`;
      // What etcd did not give costs nothing to ask for again.
      if (failed.code !== 'fleet_unavailable') this.#wait(content, words, before?.waitMs);
      return words;
    }
    return undefined;
  }

  #wait(content: string, words: string, waitedMs = AGAIN_MS / 2): void {
    const waitMs = Math.min(2 * waitedMs, AGAIN_MAX_MS);
    this.#refused = { content, words, waitMs, againAtMs: this.#parts.clock.steadyMs() + waitMs };
  }

  async #look(): Promise<void> {
    const reply = await this.#parts.keeper.transact(reading([{ key: STAGE_PREFIX, isPrefix: true }]));
    if (reply instanceof Lost) return;
    this.#giveUp(reply.found);
    for (const stored of reply.found) await this.#follow(stored);
  }

  async #follow({ key, value, changedAt }: Stored): Promise<void> {
    const { node, incarnation, keeper } = this.#parts;
    const parsed = parseKey(key);
    const announced = parseAnnounced(value);
    if (parsed?.kind !== 'stage' || announced instanceof Unreadable || !announced.isWhole) return;
    const { sha256 } = parsed;
    if (announced.node === node || this.#said.get(sha256) === changedAt) return;
    const failed = await this.#stage(announced.zone, sha256, announced.chunks);
    // Who has no room leaves the zone out by the entry; to be waited for until then helps nobody.
    if (failed !== undefined && failed.code !== 'table_full') return;
    if (failed === undefined) this.#held.set(sha256, announced.zone);
    const said = await keeper.transact({
      compares: [{ key, changedAt }],
      puts: [{ key: stagedKey(sha256, node), value: encodeStaged(incarnation) }],
      reads: [],
      otherwise: [],
    });
    if (!(said instanceof Lost)) this.#said.set(sha256, changedAt);
  }

  /** Imports that are over: an entry has taken what was staged, or it came to nothing. */
  #giveUp(found: readonly Stored[]): void {
    const open = new Set(found.map(({ key }) => key));
    const { staged, isInDoubt } = this.#parts.applier;
    for (const content of this.#said.keys()) if (!open.has(stageKey(content))) this.#said.delete(content);
    if (isInDoubt) return;
    for (const [content, zone] of this.#held) {
      if (open.has(stageKey(content))) continue;
      this.#held.delete(content);
      const left = staged.take(zone, content);
      if (left !== undefined) staged.stager?.drop(left);
    }
  }

  #has(zone: string, content: string): boolean {
    return this.#parts.applier.staged.has(zone, content);
  }

  /** `isNamed`: by an entry, which has to be applied: where the table has no room, the zone is left out. */
  #stage(zone: string, content: string, chunks: number, isNamed = false): Promise<Problem | undefined> {
    return this.#turns.run(async () => {
      if (this.#has(zone, content)) return undefined;
      const { staged } = this.#parts.applier;
      if (staged.stager === undefined) return unstaged('the node has only just begun');
      const read = await this.#read(content, chunks);
      if (typeof read === 'string') return unstaged(read);
      const whole = await staged.stager.stage(zone, read);
      const isFull = whole instanceof Problem && whole.code === 'table_full';
      const result = isFull && isNamed ? await staged.stager.stageLeftOut(zone, read) : whole;
      if (result instanceof Problem) return result;
      staged.put(zone, result);
      return undefined;
    });
  }

  async #read(content: string, chunks: number): Promise<PackedContent | string> {
    const keys = Array.from({ length: chunks }, (_, n) => contentKey(content, n));
    const values = await this.#chunks.read(keys);
    if (values instanceof Lost) return values.words;
    const whole = values.filter((value) => value !== undefined);
    return whole.length === chunks ? { hash: content, chunks: whole } : 'etcd does not have all of it';
  }

  /** How many chunks there are, or why that is not known. */
  async #chunksOf(content: string): Promise<number | string> {
    const reply = await this.#parts.keeper.transact(reading([{ key: stageKey(content) }, { key: keptKey(content) }]));
    if (reply instanceof Lost) return reply.words;
    for (const { key, value } of reply.found) {
      const record = key === stageKey(content) ? parseAnnounced(value) : parseKept(value);
      if (!(record instanceof Unreadable)) return record.chunks;
    }
    return 'etcd does not have it';
  }
}

const unstaged = (words: string): Problem =>
  new Problem('fleet_unavailable', `The import could not be staged: ${words}.`);
