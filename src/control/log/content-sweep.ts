/** Contents that no entry of the log names any more, and what is left of imports that were cut off: the leader takes both away. */
import {
  contentKey,
  KEPT_PREFIX,
  keptKey,
  parseKey,
  STAGE_PREFIX,
  STAGED_PREFIX,
  stageKey,
} from '../../model/fleet/keys.ts';
import { Unreadable } from '../../model/fleet/records.ts';
import { encodeKept, parseAnnounced, parseKept } from '../../model/fleet/staging.ts';
import { type Put, reading, type Stored } from '../../model/fleet/transaction.ts';
import { type Keeper, Lost } from './keeper.ts';

/** Longer than any import may take between its announcement and its entry, with room for a slow one. */
const GIVEN_UP_MS = 900_000;
/** Chunks deleted at once; the engine takes 128 operations. */
const DELETED_AT_ONCE = 50;

interface SweepingParts {
  readonly keeper: Keeper;
  readonly steadyMs: () => number;
  /** The last entry that names a content, as the store has it; 0: none that is known. */
  readonly revisionOf: (content: string) => number;
}

export class ContentSweeper {
  readonly #parts: SweepingParts;
  /** Since when announcements have been seen as they are. */
  #seen = new Map<string, number>();

  constructor(parts: SweepingParts) {
    this.#parts = parts;
  }

  /** `floor`: the log has no entries any more up to this revision. */
  async look(floor: number): Promise<void> {
    const { keeper } = this.#parts;
    const prefixes = [STAGE_PREFIX, STAGED_PREFIX, KEPT_PREFIX];
    const reply = await keeper.transact(reading(prefixes.map((key) => ({ key, isPrefix: true }))));
    if (reply instanceof Lost) return;
    const open = new Set<string>();
    const found = reply.found.map((stored) => ({ stored, parsed: parseKey(stored.key) }));
    const seen = new Map<string, number>();
    for (const { stored, parsed } of found) {
      if (parsed?.kind !== 'stage') continue;
      open.add(parsed.sha256);
      const name = `${parsed.sha256} ${stored.changedAt}`;
      const sinceMs = this.#seen.get(name) ?? this.#parts.steadyMs();
      seen.set(name, sinceMs);
      if (this.#parts.steadyMs() - sinceMs >= GIVEN_UP_MS) await this.#giveUp(parsed.sha256, stored);
    }
    this.#seen = seen;
    for (const { stored, parsed } of found) {
      if (parsed?.kind === 'staged' && !open.has(parsed.sha256)) {
        await keeper.transact({
          compares: [{ key: stageKey(parsed.sha256), changedAt: 0 }],
          puts: [{ key: stored.key, isDeleted: true }],
          reads: [],
          otherwise: [],
        });
      }
      if (parsed?.kind !== 'kept' || open.has(parsed.sha256)) continue;
      const kept = parseKept(stored.value);
      if (kept instanceof Unreadable || kept.revision > floor) continue;
      await sweepKept(keeper, parsed.sha256, stored);
    }
  }

  /** Who imported it is gone. Its entry may stand all the same. */
  async #giveUp(content: string, stored: Stored): Promise<void> {
    const { keeper, revisionOf } = this.#parts;
    const announced = parseAnnounced(stored.value);
    if (announced instanceof Unreadable) return;
    const reply = await keeper.transact(reading([{ key: keptKey(content) }]));
    if (reply instanceof Lost) return;
    const before = reply.found[0];
    const kept = before && parseKept(before.value);
    const earlier = kept === undefined || kept instanceof Unreadable ? 0 : kept.revision;
    const revision = Math.max(earlier, revisionOf(content));
    await keeper.transact({
      compares: [
        { key: stageKey(content), changedAt: stored.changedAt },
        { key: keptKey(content), changedAt: before?.changedAt ?? 0 },
      ],
      puts: [
        { key: stageKey(content), isDeleted: true },
        { key: keptKey(content), value: encodeKept({ chunks: announced.chunks, revision }) },
      ],
      reads: [],
      otherwise: [],
    });
  }
}

/** Deletes a content; never one that somebody began to bring meanwhile. What is cut off is gone on with by the next one. */
export async function sweepKept(keeper: Keeper, content: string, stored: Kept): Promise<void> {
  const kept = parseKept(stored.value);
  if (kept instanceof Unreadable) return;
  let at = stored.changedAt;
  const change = async (puts: readonly Put[]): Promise<boolean> => {
    const compares = [
      { key: keptKey(content), changedAt: at },
      { key: stageKey(content), changedAt: 0 },
    ];
    const reply = await keeper.transact({ compares, puts, reads: [], otherwise: [] });
    if (reply instanceof Lost || !reply.succeeded) return false;
    if (puts.some(({ key }) => key === keptKey(content))) at = reply.at;
    return true;
  };
  if (kept.revision > 0) {
    const value = encodeKept({ chunks: kept.chunks, revision: 0 });
    if (!(await change([{ key: keptKey(content), value }]))) return;
  }
  for (let from = 0; from < kept.chunks; from += DELETED_AT_ONCE) {
    const count = Math.min(DELETED_AT_ONCE, kept.chunks - from);
    const keys = Array.from({ length: count }, (_, n) => contentKey(content, from + n));
    if (!(await change(keys.map((key) => ({ key, isDeleted: true }))))) return;
  }
  await change([{ key: keptKey(content), isDeleted: true }]);
}

type Kept = Pick<Stored, 'key' | 'value' | 'changedAt'>;
