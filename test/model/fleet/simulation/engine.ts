/**
 * The engine beneath a fleet, as the protocol may rely on it: transactions one after the other, a watch that tells changes
 * in their order, and keys that vanish when their lease ends. Without a quorum nothing happens, until it is back.
 */

import { openEntry } from '../../../../src/model/fleet/envelope.ts';
import { HEAD_KEY, LEADER_KEY, LOG_PREFIX, parseKey } from '../../../../src/model/fleet/keys.ts';
import { parseRevision, textOf, Unreadable } from '../../../../src/model/fleet/records.ts';
import type { Compare, Read, Stored, Transaction, TransactionReply } from '../../../../src/model/fleet/transaction.ts';
import type { World } from './world.ts';

export interface Change {
  readonly at: number;
  readonly key: string;
  /** undefined: it was deleted. */
  readonly stored: Stored | undefined;
}

/** What stands in the log: told by the engine itself, at the instant at which it stood. */
export interface LoggedEntry {
  readonly id: string;
  /** What it is about. */
  readonly text: string;
  readonly revision: number;
  readonly epoch: number;
  /** The leader then. */
  readonly leader: number;
}

export class SimulatedEngine {
  readonly #world: World;
  /** The log apart from the rest, which is read by prefixes. */
  readonly #entries = new Map<string, Stored>();
  readonly #others = new Map<string, Stored>();
  #changes: Change[] = [];
  #place = 1;
  #compactedAt = 0;
  hasQuorum = true;
  trimmedUpTo = 0;
  readonly log: LoggedEntry[] = [];
  readonly #waiting: (() => void)[] = [];
  /** Told after each transaction that wrote. */
  onWrite: () => void = () => {};

  constructor(world: World) {
    this.#world = world;
  }

  /** Does the transaction once there is a quorum; what a member could not pass on is lost at times. */
  ask(transaction: Transaction, reply: (reply: TransactionReply) => void): void {
    if (this.hasQuorum) return reply(this.transact(transaction));
    if (this.#world.chance(0.5)) this.#waiting.push(() => reply(this.transact(transaction)));
  }

  restoreQuorum(): void {
    this.hasQuorum = true;
    for (const act of this.#waiting.splice(0)) act();
  }

  transact({ compares, puts, reads, otherwise }: Transaction): TransactionReply {
    const succeeded = compares.every((compare) => this.#holds(compare));
    if (succeeded && puts.length > 0) {
      this.#place += 1;
      for (const put of puts) {
        if ('isDeleted' in put) this.#delete(put.key);
        else this.#put(put.key, put.value);
      }
      this.onWrite();
    }
    const found = (succeeded ? reads : otherwise).flatMap((read) => this.#read(read));
    return { succeeded, at: this.#place, found };
  }

  /** The key is gone, as when its lease ends. */
  expire(key: string): void {
    if (!this.#others.has(key)) return;
    this.#place += 1;
    this.#delete(key);
    this.onWrite();
  }

  get place(): number {
    return this.#place;
  }

  /** The number of the last entry. */
  get head(): number {
    const stored = this.#others.get(HEAD_KEY);
    const head = stored === undefined ? 0 : parseRevision(stored.value);
    if (head instanceof Unreadable) throw new Error('the head is a number');
    return head;
  }

  get(key: string): Stored | undefined {
    return this.#of(key).get(key);
  }

  /** What changed after a place; undefined: it was compacted. */
  changesAfter(place: number): readonly Change[] | undefined {
    if (place < this.#compactedAt || place === 0) return undefined;
    let at = this.#changes.length;
    while (at > 0 && (this.#changes[at - 1] as Change).at > place) at -= 1;
    return this.#changes.slice(at);
  }

  /** All that stands, as a range after a watch that cannot go on. */
  everything(): readonly Change[] {
    const stands = [...this.#entries.values(), ...this.#others.values()];
    return stands.map((stored) => ({ at: stored.changedAt, key: stored.key, stored }));
  }

  compact(): void {
    this.#compactedAt = this.#place;
    this.#changes = [];
  }

  /** Entries up to this one are in a snapshot, and leave the log. */
  trim(upTo: number): void {
    this.trimmedUpTo = Math.max(this.trimmedUpTo, upTo);
    for (const key of this.#entries.keys()) {
      const parsed = parseKey(key);
      if (parsed?.kind === 'log' && parsed.revision <= upTo) this.#entries.delete(key);
    }
  }

  #of(key: string): Map<string, Stored> {
    return key.startsWith(LOG_PREFIX) ? this.#entries : this.#others;
  }

  #holds(compare: Compare): boolean {
    const stored = this.get(compare.key);
    if ('value' in compare) return stored !== undefined && isSame(stored.value, compare.value);
    if ('changedAt' in compare) return (stored?.changedAt ?? 0) === compare.changedAt;
    return (stored?.createdAt ?? 0) === compare.createdAt;
  }

  #put(key: string, value: Uint8Array): void {
    const at = this.#place;
    const stored = { key, value, changedAt: at, createdAt: this.get(key)?.createdAt ?? at };
    this.#of(key).set(key, stored);
    this.#changes.push({ at, key, stored });
    if (parseKey(key)?.kind === 'log') this.#note(value);
  }

  #note(value: Uint8Array): void {
    const opened = openEntry(value);
    if (opened instanceof Unreadable) throw new Error(`the entry ${opened.words}`);
    const { id, revision, epoch } = opened.header;
    const text = textOf(opened.body) ?? '';
    this.log.push({ id, text, revision, epoch, leader: this.get(LEADER_KEY)?.createdAt ?? 0 });
  }

  #delete(key: string): void {
    this.#of(key).delete(key);
    this.#changes.push({ at: this.#place, key, stored: undefined });
  }

  #read({ key, isPrefix = false }: Read): Stored[] {
    if (!isPrefix) {
      const stored = this.get(key);
      return stored === undefined ? [] : [stored];
    }
    return [...this.#others.values()].filter((stored) => stored.key.startsWith(key));
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
