/** One queue of a network interface, as its worker serves it: frames out of the ring, replies into the other. */
import assert from 'node:assert/strict';
import type { Random } from '../../table/picking/pick.ts';
import type { Libc } from '../libc.ts';
import { LINUX } from '../libc.ts';
import { BulkSender } from './bulk.ts';
import { type Answerer, FRAMES_AT_ONCE, FrameAnswerer } from './frame.ts';
import type { Ring } from './rings.ts';
import type { XdpSocket } from './socket.ts';

/**
 * Frames in a turn. Sending drives our code out of the processor's innermost cache, and answering the kernel's: the more
 * in a row, the fewer times. 128 took 4 % less than 64; with 512 the frames themselves do not stay in a cache.
 */
export const XDP_BATCH = 128;
/** From a line of the processor's caches to the next, in words. */
const LINE_WORDS = 16;
/** Frames that the kernel sends by one call, where it copies them (TX_BATCH_SIZE in net/xdp/xsk.c). */
const SENT_BY_A_CALL = 32;
/** In a ring's flags: the kernel waits to be called (XDP_RING_NEED_WAKEUP). */
const NEED_WAKEUP = 1;
/**
 * Our own words of the memory: the thread that serves the queue, how many received frames it has in hand, how many
 * replies the interface has dropped so far, and the descriptor of the program by which they may leave in bulk, 0 for none.
 * Then, by twos, a double: replies that have left so.
 */
const STATE = { OWNER: 0, IN_HAND: 1, UNSENT: 2, BULK_PROGRAM: 3, IN_BULK: 4 } as const;

/** What of a queue travels to its worker. */
export interface QueueShare extends XdpSocket {
  readonly replyBytesMax: number;
  /** Which of the interface it is. */
  readonly queue: number;
}

/** Replies of a queue that have left in bulk, whoever served it. */
export function repliesInBulk({ memory, layout }: Pick<QueueShare, 'memory' | 'layout'>): number {
  return new Float64Array(memory)[(layout.state + STATE.IN_BULK) >> 1];
}

/** Lets replies of a queue leave in bulk by the program of this descriptor, or by the socket alone: 0. */
export function setBulkProgram({ memory, layout }: Pick<QueueShare, 'memory' | 'layout'>, program: number): void {
  Atomics.store(new Int32Array(memory), layout.state + STATE.BULK_PROGRAM, program);
}

/** Replies of a queue that the interface has dropped, whoever served it. */
export function unsentReplies({ memory, layout }: Pick<QueueShare, 'memory' | 'layout'>): number {
  return new Int32Array(memory)[layout.state + STATE.UNSENT] >>> 0;
}

/**
 * All places for frames go round: the kernel takes them from the fill ring, hands them over by the rx ring, and gets
 * them back by the fill ring, or by the tx ring with a reply in them; then they come back by the completion ring. The
 * numbers of the rings are in shared memory, so a thread that dies leaves no more behind than the frames in its hand,
 * whose number stands there too.
 */
export class XdpQueue {
  readonly fd: number;
  readonly #sender: number;
  readonly #libc: Libc;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #frames: FrameAnswerer;
  readonly #placeBytes: number;
  readonly #mask: number;
  readonly #rx: Ring;
  readonly #tx: Ring;
  readonly #fill: Ring;
  readonly #completion: Ring;
  readonly #state: number;
  readonly #owner: number;
  readonly #bulk: BulkSender;
  /** What looking ahead has read, so that no compiler leaves it out. */
  looked = 0;

  constructor(libc: Libc, { fd, sender, memory, layout, replyBytesMax, queue }: QueueShare, random: Random) {
    this.fd = fd;
    this.#sender = sender;
    this.#libc = libc;
    this.#words = new Int32Array(memory);
    this.#doubles = new Float64Array(memory);
    const { scratch, scratchBytes } = layout;
    const parts = { bytes: new Uint8Array(memory), scratch, scratchBytes };
    this.#frames = new FrameAnswerer(parts, replyBytesMax, random);
    this.#placeBytes = layout.placeBytes;
    this.#mask = layout.places - 1;
    this.#rx = layout.rings.rx;
    this.#tx = layout.rings.tx;
    this.#fill = layout.rings.fill;
    this.#completion = layout.rings.completion;
    this.#state = layout.state;
    this.#bulk = new BulkSender(libc, this.#words, layout, queue, layout.state + STATE.BULK_PROGRAM);
    this.#owner = Atomics.add(this.#words, this.#state + STATE.OWNER, 1) + 1;
    this.#giveBackWhatWasInHand();
  }

  /**
   * Frames that have been received and not yet answered, up to a batch. After this, and before `answer`, the generation
   * is to be loaded: this order makes a cutover exact.
   */
  received(): number {
    const words = this.#words;
    const count = (Atomics.load(words, this.#rx.producer) - words[this.#rx.consumer]) | 0;
    return count < XDP_BATCH ? count : XDP_BATCH;
  }

  /** Answers the first `count` frames received, each in its place; what gives no reply goes back to the kernel. */
  answer(responder: Answerer, count: number): void {
    const words = this.#words;
    this.#mustOwn();
    const mask = this.#mask;
    const frames = this.#frames;
    const rx = words[this.#rx.consumer];
    const first = words[this.#tx.producer];
    let tx = first;
    let fill = words[this.#fill.producer];
    words[this.#state + STATE.IN_HAND] = count;
    for (let done = 0; done < count; done += FRAMES_AT_ONCE) {
      const many = count - done < FRAMES_AT_ONCE ? count - done : FRAMES_AT_ONCE;
      this.#read(responder, rx + done, many);
      frames.answer(responder);
      for (let i = 0; i < many; i++) {
        const at = words[this.#rx.descriptors + (((rx + done + i) & mask) << 2)];
        const reply = frames.lengths[i];
        if (reply > 0) {
          const sent = this.#tx.descriptors + ((tx++ & mask) << 2);
          words[sent] = at;
          words[sent + 1] = 0;
          words[sent + 2] = reply;
          words[sent + 3] = 0;
        } else {
          words[this.#fill.descriptors + ((fill++ & mask) << 1)] = at;
        }
      }
    }
    this.#mustOwn();
    if (this.#bulk.send(this.#tx, mask, first, (tx - first) | 0)) {
      this.#doubles[(this.#state + STATE.IN_BULK) >> 1] += (tx - first) | 0;
      // They have gone, and their places are free.
      for (; tx !== first; tx = (tx - 1) | 0) {
        const at = words[this.#tx.descriptors + (((tx - 1) & mask) << 2)];
        words[this.#fill.descriptors + ((fill++ & mask) << 1)] = at;
      }
      this.#mustOwn();
    }
    // Nothing between these can be interrupted: a thread ends at calls of functions and turns of loops only.
    Atomics.store(words, this.#tx.producer, tx);
    Atomics.store(words, this.#fill.producer, fill);
    Atomics.store(words, this.#rx.consumer, (rx + count) | 0);
    words[this.#state + STATE.IN_HAND] = 0;
  }

  /** A thread that was given up for dead, and another one put in its place, must not give what that one has given. */
  #mustOwn(): void {
    assert(this.#words[this.#state + STATE.OWNER] === this.#owner, 'another thread serves this queue');
  }

  /** Reads so many frames from this one on. */
  #read(responder: Answerer, first: number, many: number): void {
    const words = this.#words;
    const place = -this.#placeBytes;
    // Another core has written them: looked at one after the other, without a branch between, their misses overlap.
    let looked = 0;
    for (let i = 0; i < many; i++) {
      const at = words[this.#rx.descriptors + (((first + i) & this.#mask) << 2)] >> 2;
      looked |= words[at] | words[at + LINE_WORDS];
    }
    this.looked = looked;
    for (let i = 0; i < many; i++) {
      const received = this.#rx.descriptors + (((first + i) & this.#mask) << 2);
      const at = words[received];
      this.#frames.read(responder, i, at, words[received + 2], (at & place) + this.#placeBytes);
    }
  }

  /** Has the kernel send what waits to be sent, and takes back the places of what was sent. */
  send(): void {
    const words = this.#words;
    // Each call takes a frame at least, or is the last one.
    for (let left = this.#unsent; left > 0 && this.isSending; left--) {
      if ((Atomics.load(words, this.#tx.flags) & NEED_WAKEUP) === 0) break;
      const before = Atomics.load(words, this.#tx.consumer);
      const result = this.#libc.send(this.#sender, 0, 0, LINUX.MSG_DONTWAIT);
      if (result < 0 && this.#libc.errno() === LINUX.EBUSY) {
        // The interface has dropped one, after which the kernel stops: those behind it go on.
        words[this.#state + STATE.UNSENT] = words[this.#state + STATE.UNSENT] + 1;
        continue;
      }
      const taken = (Atomics.load(words, this.#tx.consumer) - before) | 0;
      // What the interface does not take now is tried again in the next turn.
      if (taken < SENT_BY_A_CALL) break;
    }
    this.#takeBack();
  }

  /** Replies wait for the kernel to take them. */
  get isSending(): boolean {
    return this.#unsent !== 0;
  }

  get #unsent(): number {
    const words = this.#words;
    return (words[this.#tx.producer] - Atomics.load(words, this.#tx.consumer)) | 0;
  }

  /** Places of frames that have been sent are filled anew. */
  #takeBack(): void {
    const words = this.#words;
    const from = words[this.#completion.consumer];
    const to = Atomics.load(words, this.#completion.producer);
    let fill = words[this.#fill.producer];
    for (let i = from; i !== to; i = (i + 1) | 0) {
      const place = words[this.#completion.descriptors + ((i & this.#mask) << 1)];
      words[this.#fill.descriptors + ((fill++ & this.#mask) << 1)] = place;
    }
    Atomics.store(words, this.#fill.producer, fill);
    Atomics.store(words, this.#completion.consumer, to);
  }

  /** Frames that the thread before this one died over are not tried again: one of them may be what it died of. */
  #giveBackWhatWasInHand(): void {
    const words = this.#words;
    const count = words[this.#state + STATE.IN_HAND];
    const rx = words[this.#rx.consumer];
    let fill = words[this.#fill.producer];
    for (let i = 0; i < count; i++) {
      const place = words[this.#rx.descriptors + (((rx + i) & this.#mask) << 2)];
      words[this.#fill.descriptors + ((fill++ & this.#mask) << 1)] = place;
    }
    Atomics.store(words, this.#fill.producer, fill);
    Atomics.store(words, this.#rx.consumer, (rx + count) | 0);
    words[this.#state + STATE.IN_HAND] = 0;
  }
}
