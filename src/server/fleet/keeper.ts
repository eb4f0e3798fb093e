/** etcd as the keeper of a fleet's log: transactions and watches below the fleet's prefix. */
import type { Keeper, KeeperListener } from '../../control/log/keeper.ts';
import { Lost } from '../../control/log/keeper.ts';
import type { Etcd } from '../../etcd/client.ts';
import { EtcdFailure } from '../../etcd/failure.ts';
import type { KeyValue } from '../../etcd/protocol.ts';
import { Watch, type WatchEvent } from '../../etcd/watch.ts';
import { afterMs, guarded, inBackground } from '../../guard.ts';
import type { Compare, Put, Read, Stored, Transaction, TransactionReply } from '../../model/fleet/transaction.ts';

/** Before a watch is tried again that could not even begin. */
const BEGIN_AGAIN_MS = 500;
const WHAT = "the watch of the fleet's log";

export class EtcdKeeper implements Keeper {
  readonly #etcd: Etcd;
  readonly #prefix: string;

  constructor(etcd: Etcd, prefix: string) {
    this.#etcd = etcd;
    this.#prefix = prefix;
  }

  async transact({ compares, puts, reads, otherwise }: Transaction): Promise<TransactionReply | Lost> {
    const reply = await this.#etcd.transact({
      compare: compares.map((compare) => this.#compare(compare)),
      success: [...puts.map((put) => this.#put(put)), ...reads.map((read) => this.#read(read))],
      failure: otherwise.map((read) => this.#read(read)),
    });
    if (reply instanceof EtcdFailure) return lostBy(reply);
    const found = reply.found.flatMap((keyValues) => keyValues.map((keyValue) => this.#stored(keyValue)));
    return { succeeded: reply.succeeded, at: reply.revision, found };
  }

  /** Deletes the keys from one (inclusive) to another (exclusive). */
  async deleteRange(from: string, to: string): Promise<Lost | undefined> {
    const reply = await this.#etcd.delete({ from: this.#prefix + from, to: this.#prefix + to });
    return reply instanceof EtcdFailure ? lostBy(reply) : undefined;
  }

  watch(prefixes: readonly string[], { changed, broken }: KeeperListener): () => void {
    // A fault there must not keep the watch from going on.
    const listener: KeeperListener = { changed: guarded(WHAT, changed), broken: guarded(WHAT, broken) };
    const watches = new Set<Watch>();
    let isEnded = false;
    let timer: NodeJS.Timeout | undefined;
    const begin = async (prefix: string): Promise<void> => {
      const found = await this.#etcd.range({ key: `${this.#prefix}head` });
      if (isEnded) return;
      if (found instanceof EtcdFailure) {
        listener.broken(found.detail);
        timer = afterMs(WHAT, BEGIN_AGAIN_MS * (1 + this.#etcd.random()), () => begin(prefix));
        return;
      }
      const watch = new Watch(this.#etcd, { prefix: this.#prefix + prefix }, found.revision + 1, {
        onEvents: (events) => {
          const { puts, deletes } = this.#changes(events);
          listener.changed(puts, deletes);
        },
        onBroken: (detail) => listener.broken(detail),
        // What it would have told is found by whoever looks at what is there.
        onCompacted: () => {
          watches.delete(watch);
          listener.broken('etcd has forgotten what the watch had not seen yet');
          return begin(prefix);
        },
      });
      watches.add(watch);
    };
    for (const prefix of prefixes) inBackground(WHAT, begin(prefix));
    return () => {
      isEnded = true;
      clearTimeout(timer);
      for (const watch of watches) watch.close();
    };
  }

  #changes(events: readonly WatchEvent[]): { puts: Stored[]; deletes: { key: string; at: number }[] } {
    const puts: Stored[] = [];
    const deletes: { key: string; at: number }[] = [];
    for (const event of events) {
      const stored = this.#stored(event);
      if (event.isDeleted) deletes.push({ key: stored.key, at: stored.changedAt });
      else puts.push(stored);
    }
    return { puts, deletes };
  }

  #stored({ key, value, createRevision, modRevision }: KeyValue): Stored {
    return { key: key.slice(this.#prefix.length), value, createdAt: createRevision, changedAt: modRevision };
  }

  #compare(compare: Compare): Parameters<Etcd['transact']>[0]['compare'][number] {
    const key = this.#prefix + compare.key;
    if ('value' in compare) return { key, value: compare.value };
    if ('createdAt' in compare) return { key, createRevision: compare.createdAt };
    return { key, modRevision: compare.changedAt };
  }

  #put(put: Put): Parameters<Etcd['transact']>[0]['success'][number] {
    const key = this.#prefix + put.key;
    if ('isDeleted' in put) return { delete: { key } };
    return { put: key, value: put.value, ...(put.lease !== undefined && { lease: put.lease }) };
  }

  #read({ key, isPrefix }: Read): Parameters<Etcd['transact']>[0]['success'][number] {
    const full = this.#prefix + key;
    return { range: isPrefix ? { prefix: full } : { key: full } };
  }
}

/** Whom etcd has no room for, or no trust in, it tells so at once. */
function lostBy({ kind, isDoubtful, detail }: EtcdFailure): Lost {
  return new Lost(isDoubtful, detail, kind === 'full' || kind === 'denied');
}
