/**
 * Pieces in packed form on their way from the thread that reads a zone file to the one that stages them: a few of them in
 * shared memory, so that neither heap grows by what the other thread has not taken yet. Who is ahead waits.
 */
import assert from 'node:assert/strict';
import { PIECE_BYTES } from '../../model/packed-form.ts';

/** So many that neither thread waits for each transaction of the other, and two megabytes of memory. */
const PIECES_MAX = 8;

const BELL = 0;
const STATE = 1;
const PUT = 2;
const TAKEN = 3;
const CONTENT = 4;
const LENGTHS = 5;
const WORDS = LENGTHS + PIECES_MAX;
const HEAD_BYTES = 4 * WORDS;

/** What `STATE` says. */
const OPEN = 0;
const CLOSED = 1;
const GIVEN_UP = 2;

export class Handover {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** `memory`: that of another one, for the other thread. */
  constructor(memory = new SharedArrayBuffer(HEAD_BYTES + PIECES_MAX * PIECE_BYTES)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
  }

  /** Copies a piece to where it is taken, once there is room. Throws where nobody takes it any more. */
  put(piece: Uint8Array): void {
    // No RRset that a message carries is longer.
    assert.ok(piece.length <= PIECE_BYTES, 'a piece fits where it is handed over');
    this.#until(() => this.isGivenUp || this.#load(PUT) - this.#load(TAKEN) < PIECES_MAX);
    if (this.isGivenUp) throw new Error('what was read is not staged any more');
    const put = this.#load(PUT);
    this.#place(put, piece.length).set(piece);
    Atomics.store(this.#words, LENGTHS + (put % PIECES_MAX), piece.length);
    this.#change(PUT, put + 1);
  }

  /** That was the last piece. */
  close(): void {
    Atomics.compareExchange(this.#words, STATE, OPEN, CLOSED);
    this.#ring();
  }

  /** Nothing comes of it: neither thread waits for the other any more. */
  giveUp(): void {
    this.#change(STATE, GIVEN_UP);
  }

  get isGivenUp(): boolean {
    return this.#load(STATE) === GIVEN_UP;
  }

  /** The pieces, in their order; each is gone when there is the next. Ends after the last one, or when it is given up. */
  *pieces(): Generator<Uint8Array> {
    for (let taken = 0; ; this.#change(TAKEN, ++taken)) {
      this.#until(() => this.#load(STATE) !== OPEN || this.#load(PUT) > taken);
      // Nothing is put after it was closed, but something may have been just before.
      if (this.isGivenUp || this.#load(PUT) === taken) return;
      yield this.#place(taken, this.#load(LENGTHS + (taken % PIECES_MAX)));
    }
  }

  /** The number of the content in the making; 0: none has been begun, as far as is known. */
  get content(): number {
    return this.#load(CONTENT);
  }

  set content(content: number) {
    Atomics.store(this.#words, CONTENT, content);
  }

  #place(piece: number, length: number): Uint8Array {
    return new Uint8Array(this.memory, HEAD_BYTES + (piece % PIECES_MAX) * PIECE_BYTES, length);
  }

  #until(isReady: () => boolean): void {
    for (;;) {
      const rung = this.#load(BELL);
      if (isReady()) return;
      // Returns at once where it was rung meanwhile.
      Atomics.wait(this.#words, BELL, rung);
    }
  }

  #load(word: number): number {
    return Atomics.load(this.#words, word);
  }

  #change(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
    this.#ring();
  }

  #ring(): void {
    Atomics.add(this.#words, BELL, 1);
    Atomics.notify(this.#words, BELL);
  }
}
