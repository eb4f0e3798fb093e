/** Pieces go from one thread to another: each once, whole, in their order, and nobody waits for who is gone. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { Handover } from '../../src/control/zone-files/handover.ts';
import { PIECE_BYTES } from '../../src/model/packed-form.ts';

/** A thread that takes pieces, of which it keeps the first byte and the length; it is told when to begin, and waits before each. */
const taker = (work: string): string => `
  import { parentPort as port, workerData } from 'node:worker_threads';
  import { Handover } from ${JSON.stringify(new URL('../../src/control/zone-files/handover.ts', import.meta.url).href)};
  const handover = new Handover(workerData.memory);
  const asleep = new Int32Array(new SharedArrayBuffer(4));
  const taken = [];
  ${work}
  port.postMessage(taken);
`;

function begin(t: Test, work: string): { readonly handover: Handover; readonly taken: Promise<unknown> } {
  const handover = new Handover();
  const url = new URL(`data:text/javascript,${encodeURIComponent(taker(work))}`);
  const worker = new Worker(url, { workerData: { memory: handover.memory } });
  t.teardown(() => worker.terminate());
  return { handover, taken: once(worker, 'message').then(([message]) => message) };
}

const piece = (i: number): Uint8Array => new Uint8Array(1 + ((i * 7919) % PIECE_BYTES)).fill(i);

t.test('more pieces than have room, and a taker that is slow', async (t) => {
  const { handover, taken } = begin(
    t,
    `for (const piece of handover.pieces()) {
      Atomics.wait(asleep, 0, 0, taken.length % 3);
      taken.push([piece[0], piece.length, piece.every((byte) => byte === piece[0])]);
    }`,
  );
  const put: unknown[] = [];
  for (let i = 0; i < 50; i++) {
    handover.put(piece(i));
    put.push([i, piece(i).length, true]);
  }
  handover.close();
  t.same(await taken, put);
});

t.test('who puts does not wait for a taker that gives up', async (t) => {
  const { handover, taken } = begin(
    t,
    `for (const piece of handover.pieces()) {
      if (taken.push(piece[0]) === 3) handover.giveUp();
    }`,
  );
  t.throws(() => {
    for (let i = 0; i < 50; i++) handover.put(piece(i));
  }, /not staged any more/);
  t.same(await taken, [0, 1, 2]);
});

t.test('who takes does not wait for a builder that is gone, nor go on with what it left', async (t) => {
  const { handover, taken } = begin(
    t,
    "for (const piece of handover.pieces()) taken.push(piece[0]); taken.push('over');",
  );
  handover.put(piece(1));
  handover.giveUp();
  const all = (await taken) as unknown[];
  t.equal(all.at(-1), 'over');
  t.throws(() => handover.put(piece(2)), /not staged any more/);
});

t.test('nothing at all, and what is longer than any piece', async (t) => {
  const { handover, taken } = begin(t, 'taken.push(...handover.pieces());');
  t.throws(() => handover.put(new Uint8Array(PIECE_BYTES + 1)), /a piece fits/);
  t.equal(handover.content, 0);
  handover.content = 7;
  t.equal(new Handover(handover.memory).content, 7);
  handover.close();
  t.same(await taken, []);
});
