/** Places for frames go round between rings and are never lost or doubled, however often the thread in between dies. */
import fc from 'fast-check';
import t from 'tap';
import { Client } from '../../../src/responder/client.ts';
import type { Libc } from '../../../src/sockets/libc.ts';
import type { Answerer } from '../../../src/sockets/xdp/frame.ts';
import { unsentReplies, XdpQueue } from '../../../src/sockets/xdp/queue.ts';
import { createQueueMemory, layOutQueue, type Ring } from '../../../src/sockets/xdp/rings.ts';
import { Xoshiro128 } from '../../../src/table/picking/pick.ts';
import { buildFrame, readFrame } from '../../fixtures/frames.ts';
import { runs } from '../../fixtures/runs.ts';

const PLACES = 256;
const PLACE_BYTES = 2048;
const HEADROOM_BYTES = 256;
const OFFSETS = { producer: 0, consumer: 64, flags: 128, descriptors: 256 };
const NEED_WAKEUP = 1;
const EAGAIN = 11;
const EBUSY = 16;

const query = buildFrame({
  ...{ to: [2, 0, 0, 0, 0, 1], from: [2, 0, 0, 0, 0, 2], source: '192.0.2.9', destination: '192.0.2.1' },
  ...{ sourcePort: 4321, destinationPort: 53, message: Buffer.from('a query of some bytes') },
});
/** To the program it may look like a query, but it is none. */
const noQuery = query.subarray(0, 44);

/** The kernel's side of the memory: what it does with the rings, as net/xdp/xsk.c does it. */
class Kernel {
  readonly layout = layOutQueue(PLACES, PLACE_BYTES, { rx: OFFSETS, tx: OFFSETS, fill: OFFSETS, completion: OFFSETS });
  readonly memory = createQueueMemory(this.layout.bytes);
  readonly words = new Int32Array(this.memory);
  readonly bytes = new Uint8Array(this.memory);
  readonly libc = { send: () => this.#transmit(), errno: () => (this.isDropped ? EBUSY : EAGAIN) } as unknown as Libc;
  readonly sent: Buffer[] = [];
  /** Frames that a call takes. */
  room = 32;
  calls = 0;
  /** Frames longer than this the interface drops, after which a call ends. */
  lengthMax = Infinity;
  isDropped = false;

  constructor() {
    const { fill, tx } = this.layout.rings;
    for (let i = 0; i < PLACES; i++) this.words[fill.descriptors + 2 * i] = i * PLACE_BYTES;
    this.words[fill.producer] = PLACES;
    this.words[tx.flags] = NEED_WAKEUP;
    // Numbers of rings run over; that must not matter. (Here they may begin anywhere that is a multiple of the places.)
    for (const ring of Object.values(this.layout.rings)) {
      this.words[ring.producer] += 0x7fff_ff00;
      this.words[ring.consumer] += 0x7fff_ff00;
    }
  }

  /** False: there is no place for it. */
  receive(frame: Uint8Array): boolean {
    const { fill, rx } = this.layout.rings;
    const place = this.#take(fill, 2);
    if (place === undefined) return false;
    const at = (place & -PLACE_BYTES) + HEADROOM_BYTES;
    this.bytes.set(frame, at);
    this.#put(rx, 4, at, frame.length);
    return true;
  }

  /** Of each place, how often it is in one of the rings. */
  census(): number[] {
    const counts = new Array<number>(PLACES).fill(0);
    for (const [name, ring] of Object.entries(this.layout.rings)) {
      const width = name === 'rx' || name === 'tx' ? 4 : 2;
      for (let i = this.words[ring.consumer]; i !== this.words[ring.producer]; i = (i + 1) | 0) {
        counts[Math.floor(this.words[ring.descriptors + (i & (PLACES - 1)) * width] / PLACE_BYTES)]++;
      }
    }
    return counts;
  }

  #transmit(): number {
    const { tx, completion } = this.layout.rings;
    this.calls++;
    this.isDropped = false;
    for (let i = 0; i < this.room; i++) {
      const at = this.words[tx.descriptors + (this.words[tx.consumer] & (PLACES - 1)) * 4];
      const length = this.words[tx.descriptors + (this.words[tx.consumer] & (PLACES - 1)) * 4 + 2];
      if (this.#take(tx, 4) === undefined) return 0;
      this.isDropped = length > this.lengthMax;
      if (this.isDropped) {
        this.#put(completion, 2, at, 0);
        return -1;
      }
      this.sent.push(Buffer.from(this.bytes.subarray(at, at + length)));
      this.#put(completion, 2, at, 0);
    }
    return -1;
  }

  #take(ring: Ring, width: number): number | undefined {
    const { words } = this;
    if (words[ring.consumer] === words[ring.producer]) return undefined;
    const place = words[ring.descriptors + (words[ring.consumer] & (PLACES - 1)) * width];
    words[ring.consumer]++;
    return place;
  }

  #put(ring: Ring, width: number, at: number, length: number): void {
    const descriptor = ring.descriptors + (this.words[ring.producer] & (PLACES - 1)) * width;
    this.words[descriptor] = at;
    if (width === 4) this.words[descriptor + 2] = length;
    this.words[ring.producer]++;
  }
}

/** Answers with the question, until it dies. */
class Mortal implements Answerer {
  readonly client = new Client();
  /** Answers that are left to it. */
  life = Infinity;
  #last: [Uint8Array, number, number][] = [];

  read(i: number, request: Uint8Array, start: number, end: number): void {
    this.#last[i] = [request, start, end];
  }

  lookAhead(): void {}

  reply(i: number, bytes: Uint8Array, at: number): number {
    if (this.life-- <= 0) throw new Error('a fault of the responder');
    const [request, start, end] = this.#last[i] as [Uint8Array, number, number];
    bytes.set(request.slice(start, end), at);
    return end - start;
  }
}

const open = (kernel: Kernel): XdpQueue =>
  new XdpQueue(
    kernel.libc,
    { fd: 3, sender: 3, memory: kernel.memory, layout: kernel.layout, replyBytesMax: 1452 },
    new Xoshiro128(Uint32Array.of(1, 2, 3, 4)),
  );

const step = fc.record({
  queries: fc.nat(120),
  others: fc.nat(40),
  room: fc.constantFrom(0, 5, 32),
  life: fc.option(fc.nat(60), { nil: Infinity, freq: 3 }),
});

t.test('every place is in one ring at any time; every query has one reply, but for those in a dying hand', async () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const kernel = new Kernel();
      let queue = open(kernel);
      const responder = new Mortal();
      let received = 0;
      let lostMax = 0;
      const turn = (): void => {
        const count = queue.received();
        try {
          if (count > 0) queue.answer(responder, count);
          queue.send();
        } catch {
          lostMax += count;
          responder.life = Infinity;
          const { rx } = kernel.layout.rings;
          const first = kernel.words[rx.consumer];
          queue = open(kernel);
          if (((kernel.words[rx.consumer] - first) | 0) !== count) throw new Error('what it died over is tried again');
        }
      };
      for (const { queries, others, room, life } of steps) {
        for (let i = 0; i < queries; i++) if (kernel.receive(query)) received++;
        for (let i = 0; i < others; i++) kernel.receive(noQuery);
        kernel.room = room;
        responder.life = life;
        turn();
        if (kernel.census().some((count) => count !== 1)) return false;
      }
      kernel.room = 32;
      responder.life = Infinity;
      for (let i = 0; i < 20; i++) turn();
      for (const frame of kernel.sent.slice(-5)) readFrame(frame);
      const { fill } = kernel.layout.rings;
      const free = (kernel.words[fill.producer] - kernel.words[fill.consumer]) | 0;
      const answered = kernel.sent.length;
      return free === PLACES && answered <= received && answered >= received - lostMax;
    }),
    { numRuns: runs(200) },
  );
});

t.test('a thread that was given up and wakes again gives back nothing that is no longer its own', async (t) => {
  const kernel = new Kernel();
  const old = open(kernel);
  kernel.receive(query);
  t.equal(old.received(), 1);
  const successor = open(kernel);
  t.throws(() => old.answer(new Mortal(), 1), /another thread serves this queue/);
  t.same(new Set(kernel.census()), new Set([1]));
  t.equal(successor.received(), 1);
  successor.answer(new Mortal(), 1);
  t.throws(() => old.answer(new Mortal(), 0), /another thread/);
  open(kernel);
  t.same(new Set(kernel.census()), new Set([1]));
});

t.test('what the interface drops is counted, and what is behind it goes out in the same turn', async (t) => {
  const kernel = new Kernel();
  const long = buildFrame({
    ...{ to: [2, 0, 0, 0, 0, 1], from: [2, 0, 0, 0, 0, 2], source: '192.0.2.9', destination: '192.0.2.1' },
    ...{ sourcePort: 4321, destinationPort: 53, message: Buffer.alloc(500) },
  });
  kernel.lengthMax = 400;
  const queue = open(kernel);
  const frames = Array.from({ length: 40 }, (_, i) => (i % 4 === 3 ? query : long));
  for (const frame of frames) kernel.receive(frame);
  queue.answer(new Mortal(), frames.length);
  queue.send();
  t.equal(kernel.sent.length, 10);
  t.equal(unsentReplies(kernel), 30);
  t.notOk(queue.isSending);
  t.same(new Set(kernel.census()), new Set([1]));
  // It is of the queue, not of who serves it.
  open(kernel);
  t.equal(unsentReplies(kernel), 30);
});

t.test('an interface that takes nothing at the moment is asked once a turn', async (t) => {
  const kernel = new Kernel();
  const queue = open(kernel);
  for (let i = 0; i < 20; i++) kernel.receive(query);
  queue.answer(new Mortal(), 20);
  kernel.room = 0;
  queue.send();
  t.equal(kernel.calls, 1);
  t.ok(queue.isSending);
  t.equal(unsentReplies(kernel), 0);
});
