/**
 * A watch: every write of some keys after a revision of etcd, in order. A stream that breaks is opened again where it left
 * off, after a while, and once: `error` and `end` both tell of the same break. One that is quiet is asked whether it is
 * there, since one that nobody serves any more looks the same as one that has nothing to tell.
 */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { afterMs, listen } from '../guard.ts';
import type { Etcd } from './client.ts';
import { EtcdFailure } from './failure.ts';
import type { Line } from './line.ts';
import { type Keys, type KeyValue, keyValueOf, methodOf, type WireWatchReply, wireKeys } from './protocol.ts';

export interface WatchEvent extends KeyValue {
  readonly isDeleted: boolean;
}

interface WatchListener {
  /** Writes in the order in which they were made. Some may come again after a break. */
  onEvents(events: readonly WatchEvent[]): void;
  /** etcd does not have what comes next any more: read what is there, and watch from after that. It has ended. */
  onCompacted(): void;
  /** It broke; it is opened again by itself. */
  onBroken(detail: string): void;
}

const WATCH = methodOf('Watch', 'Watch');
const WHAT = 'a watch of etcd';
/** Between two attempts: doubled from the one to the other, and drawn from the upper half, so that nodes do not come at once. */
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 1000;

interface Patience {
  /** A watch that told nothing for so long is asked for a word, */
  readonly quietMs: number;
  /** and given up where none came for so long. */
  readonly wordMs: number;
}

/** The word takes milliseconds; a busy member may need seconds, and to go to another one breaks all watches. */
const PATIENCE: Patience = { quietMs: 3000, wordMs: 5000 };

export class Watch {
  readonly #etcd: Etcd;
  readonly #keys: Keys;
  readonly #listener: WatchListener;
  readonly #patience: Patience;
  /** The first revision of etcd that was not seen yet. */
  #from: number;
  #stream: ClientDuplexStream<object, object> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Ends the silence of the open stream, by a question or by giving it up. */
  #silence: NodeJS.Timeout | undefined;
  #failures = 0;
  #isClosed = false;
  readonly #forget: () => void;

  /** `from`: etcd's revision of the first write that is told. */
  constructor(etcd: Etcd, keys: Keys, from: number, listener: WatchListener, patience = PATIENCE) {
    this.#etcd = etcd;
    this.#keys = keys;
    this.#from = from;
    this.#listener = listener;
    this.#patience = patience;
    // What is open at a member that answers nothing would be silent.
    this.#forget = etcd.onMove(() => this.#break('another member is asked', true));
    this.#open();
  }

  close(): void {
    this.#isClosed = true;
    this.#forget();
    clearTimeout(this.#timer);
    this.#drop();
  }

  #open(): void {
    this.#timer = undefined;
    this.#etcd.stream(WATCH).then((opened) => {
      if (this.#isClosed || this.#stream !== undefined || this.#timer !== undefined) {
        if (!(opened instanceof EtcdFailure)) abandon(opened.stream);
        return;
      }
      if (opened instanceof EtcdFailure) this.#break(opened.detail);
      else this.#listen(opened);
    });
  }

  #listen({ stream, line }: { readonly stream: ClientDuplexStream<object, object>; readonly line: Line }): void {
    this.#stream = stream;
    const lost = (detail: string): void => {
      if (this.#stream !== stream) return;
      this.#break(`${line.endpoint}: ${detail}`);
      this.#etcd.moveOn(line);
    };
    const { quietMs, wordMs } = this.#patience;
    const listenOn = (): void => {
      clearTimeout(this.#silence);
      this.#silence = afterMs(WHAT, quietMs, () => {
        // What it answers to this says how far etcd is, and not how far the watch is: nothing is concluded from that.
        stream.write({ progress_request: {} });
        this.#silence = afterMs(WHAT, wordMs, () => lost('the watch is silent'));
      });
    };
    listen(stream, 'data', WHAT, (reply: WireWatchReply) => {
      if (this.#stream !== stream) return;
      listenOn();
      if (this.#etcd.isOfCluster(reply, line)) this.#take(reply);
      else lost('it is of another cluster of etcd');
    });
    listen(stream, 'error', WHAT, (error: Error) => lost(error.message));
    listen(stream, 'end', WHAT, () => lost('the stream ended'));
    stream.write({ create_request: { ...wireKeys(this.#keys), start_revision: `${this.#from}`, fragment: true } });
    listenOn();
  }

  #take(reply: WireWatchReply): void {
    if (reply.canceled) {
      if (reply.compact_revision !== '0') {
        this.close();
        return this.#listener.onCompacted();
      }
      this.#etcd.forgetToken();
      return this.#break(reply.cancel_reason);
    }
    this.#failures = 0;
    if (reply.events.length === 0) return;
    const events = reply.events.map(({ type, kv }) => ({ ...keyValueOf(kv), isDeleted: type === 'DELETE' }));
    const last = events[events.length - 1].modRevision;
    // A revision may go on in the next part: after a break it comes again, whole. The reply's own revision says nothing of
    // what was told: a watch that catches up is ahead of itself there.
    this.#from = reply.fragment ? last : last + 1;
    this.#listener.onEvents(events);
  }

  /** Opens it again, after a while that grows, or soon where it is not the watch that failed. */
  #break(detail: string, isSoon = false): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    this.#drop();
    const mostMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** this.#failures);
    if (!isSoon) this.#failures++;
    const waitMs = (mostMs / 2) * (1 + this.#etcd.random());
    this.#timer = afterMs(WHAT, waitMs, () => this.#open());
    this.#listener.onBroken(detail);
  }

  #drop(): void {
    clearTimeout(this.#silence);
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) abandon(stream);
  }
}

/** Nobody listens to it any more, but it tells of its end all the same. */
function abandon(stream: ClientDuplexStream<object, object>): void {
  listen(stream, 'error', WHAT, () => {});
  stream.cancel();
}
