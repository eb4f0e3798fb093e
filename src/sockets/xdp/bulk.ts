/**
 * Replies that leave in bulk, where the kernel copies frames. By an AF_XDP socket it makes a packet of its stack for each
 * of them, and on a veth wakes the other end for each. The program of the interface can send, too: run on frames that are
 * none yet (BPF_PROG_TEST_RUN with live frames, Linux 5.18), it writes a reply into each and leads it to the interface,
 * which is handed all of them at once.
 *
 * What the interface would not take is noticed: a second program counts what is handed over (BPF_XDP_DEVMAP), and where
 * that is less than a batch, the batch goes by the socket.
 */
import type { Libc } from '../libc.ts';
import { FrameRun } from './bpf.ts';
import { BULK, type QueueMemory, type Ring } from './rings.ts';

/** Fewer are dearer so: each run makes its frames' memory anew. */
const WORTH_FRAMES = 32;

/** The worker's side; the main thread's is bulk-parts.ts. */
export class BulkSender {
  readonly #words: Int32Array;
  readonly #state: number;
  readonly #header: number;
  readonly #slots: number;
  readonly #run: FrameRun;

  /** `state`: the word that has the descriptor of the program. */
  constructor(libc: Libc, words: Int32Array, layout: QueueMemory, queue: number, state: number) {
    this.#words = words;
    this.#state = state;
    this.#header = layout.bulk >> 2;
    this.#slots = (layout.bulk + BULK.HEADER_BYTES) >> 2;
    const blank = new Uint8Array(BULK.BLANK_BYTES);
    new DataView(blank.buffer).setUint32(0, queue, true);
    this.#run = new FrameRun(libc, blank);
  }

  /**
   * Sends the `count` frames whose descriptors follow `first` in the ring. Whether all have gone; if not, all are to be
   * sent by the socket: some may go twice then, which is once in the life of the other end's program.
   */
  send(ring: Ring, mask: number, first: number, count: number): boolean {
    const words = this.#words;
    if (count < WORTH_FRAMES || count > BULK.SLOTS) return false;
    const program = Atomics.load(words, this.#state);
    if (program === 0) return false;
    for (let i = 0; i < count; i++) {
      const descriptor = ring.descriptors + (((first + i) & mask) << 2);
      const at = words[descriptor];
      const length = words[descriptor + 2];
      if ((at & 3) !== 0 || length > BULK.FRAME_BYTES_MAX) return false;
      const slot = this.#slots + i * (BULK.SLOT_BYTES >> 2);
      words[slot] = length;
      const to = slot + (BULK.REPLY_AT >> 2);
      const from = at >> 2;
      for (let word = 0, end = (length + 3) >> 2; word < end; word++) words[to + word] = words[from + word];
    }
    words[this.#header + (BULK.MADE_AT >> 2)] = 0;
    words[this.#header + (BULK.TAKEN_AT >> 2)] = 0;
    if (this.#run.of(program, count) && words[this.#header + (BULK.TAKEN_AT >> 2)] === count) return true;
    // The main thread looks whether it goes again.
    Atomics.compareExchange(words, this.#state, program, 0);
    return false;
  }
}
