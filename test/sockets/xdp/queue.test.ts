/** Places for frames go round between rings and are never lost or doubled, however often the thread in between dies. */
import fc from 'fast-check';
import t from 'tap';
import { Client } from '../../../src/responder/client.ts';
import type { Libc } from '../../../src/sockets/libc.ts';
import type { Answerer } from '../../../src/sockets/xdp/frame.ts';
import { repliesInBulk, setBulkProgram, unsentReplies, XdpQueue } from '../../../src/sockets/xdp/queue.ts';
import { BULK, createQueueMemory, layOutQueue, type Ring } from '../../../src/sockets/xdp/rings.ts';
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
/** Of the structure by which a program is run (bpf(2)), in bytes. */
const RUN = { COMMAND: 10, REPEAT_AT: 32, FLAGS_AT: 64, LIVE_FRAMES: 2 } as const;
const PROGRAM = 77;

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
  readonly libc = {
    send: () => this.#transmit(),
    errno: () => (this.isDropped ? EBUSY : EAGAIN),
    addressOf: (bytes: Uint8Array) => {
      this.pointed.push(bytes);
      return this.pointed.length;
    },
    syscallAt: (_call: number, command: number, at: number) => this.#run(command, this.pointed[at - 1] as Uint8Array),
  } as unknown as Libc;
  readonly pointed: Uint8Array[] = [];
  /** Frames of a run of the program that the interface takes; undefined: the kernel refuses the run. */
  takes: number | undefined = undefined;
  /** Replies that left so. */
  inBulk = 0;
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

  /** The program, as its own test has it, on as many blank frames as are asked for. */
  #run(command: number, attribute: Uint8Array): number {
    const words = new DataView(attribute.buffer);
    if (command !== RUN.COMMAND || words.getUint32(RUN.FLAGS_AT, true) !== RUN.LIVE_FRAMES) return -1;
    if (words.getUint32(0, true) !== PROGRAM || this.takes === undefined) return -1;
    const { bulk } = this.layout;
    for (let i = 0; i < words.getUint32(RUN.REPEAT_AT, true); i++) {
      const slot = bulk + BULK.HEADER_BYTES + this.words[(bulk + BULK.MADE_AT) >> 2]++ * BULK.SLOT_BYTES;
      if (i >= this.takes) continue;
      this.words[(bulk + BULK.TAKEN_AT) >> 2]++;
      const at = slot + BULK.REPLY_AT;
      this.sent.push(Buffer.from(this.bytes.subarray(at, at + this.words[slot >> 2])));
      this.inBulk++;
    }
    return 0;
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
    { fd: 3, sender: 3, memory: kernel.memory, layout: kernel.layout, replyBytesMax: 1452, queue: 0 },
    new Xoshiro128(Uint32Array.of(1, 2, 3, 4)),
  );

const step = fc.record({
  queries: fc.nat(120),
  others: fc.nat(40),
  room: fc.constantFrom(0, 5, 32),
  life: fc.option(fc.nat(60), { nil: Infinity, freq: 3 }),
  takes: fc.constantFrom(undefined, Infinity, Infinity, 40, 0),
  isBulk: fc.boolean(),
});

t.test(
  'every place is in one ring at any time; every query has one reply, but for those in a dying hand, and those that went twice',
  async () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const kernel = new Kernel();
        let queue = open(kernel);
        const responder = new Mortal();
        let counted = 0;
        let received = 0;
        let lostMax = 0;
        let twiceMax = 0;
        const turn = (): void => {
          const count = queue.received();
          const { inBulk } = kernel;
          try {
            if (count > 0) queue.answer(responder, count);
            queue.send();
            // A batch that the interface took a part of goes by the socket, whole.
            if (repliesInBulk(kernel) === counted) twiceMax += kernel.inBulk - inBulk;
            counted = repliesInBulk(kernel);
          } catch {
            lostMax += count;
            responder.life = Infinity;
            const { rx } = kernel.layout.rings;
            const first = kernel.words[rx.consumer];
            queue = open(kernel);
            if (((kernel.words[rx.consumer] - first) | 0) !== count)
              throw new Error('what it died over is tried again');
          }
        };
        for (const { queries, others, room, life, takes, isBulk } of steps) {
          kernel.takes = takes;
          setBulkProgram(kernel, isBulk ? PROGRAM : 0);
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
        return free === PLACES && answered <= received + twiceMax && answered >= received - lostMax + twiceMax;
      }),
      { numRuns: runs(200) },
    );
  },
);

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

t.test(
  'a batch leaves in bulk, in its order, and where that fails by the socket, until the main thread lets it again',
  async (t) => {
    const kernel = new Kernel();
    const queue = open(kernel);
    const turn = (queries: number): Buffer[] => {
      const frames = Array.from({ length: queries }, (_, i) =>
        buildFrame({
          ...{ to: [2, 0, 0, 0, 0, 1], from: [2, 0, 0, 0, 0, 2], source: '192.0.2.9', destination: '192.0.2.1' },
          ...{ sourcePort: 1024 + i, destinationPort: 53, message: Buffer.alloc(12 + i, i) },
        }),
      );
      for (const frame of frames) kernel.receive(frame);
      queue.answer(new Mortal(), queries);
      queue.send();
      t.same(new Set(kernel.census()), new Set([1]));
      return kernel.sent.splice(0);
    };
    const ports = (frames: readonly Buffer[]): number[] => frames.map((frame) => readFrame(frame).destinationPort);
    const all = Array.from({ length: 60 }, (_, i) => 1024 + i);
    kernel.takes = Infinity;
    t.same(ports(turn(60)), all, 'by the socket');
    t.equal(kernel.inBulk, 0);
    setBulkProgram(kernel, PROGRAM);
    t.same(ports(turn(60)), all);
    t.equal(kernel.inBulk, 60);
    t.equal(repliesInBulk(kernel), 60);
    t.same(ports(turn(20)), all.slice(0, 20), 'few are not worth it');
    t.equal(kernel.inBulk, 60);
    kernel.takes = 41;
    t.same(ports(turn(60)), [...all.slice(0, 41), ...all]);
    kernel.takes = Infinity;
    t.same(ports(turn(60)), all);
    t.equal(kernel.inBulk, 60 + 41, 'not tried again');
    t.equal(repliesInBulk(kernel), 60);
    for (const takes of [0, undefined]) {
      setBulkProgram(kernel, PROGRAM);
      kernel.takes = takes;
      t.same(ports(turn(60)), all);
    }
    t.equal(repliesInBulk(kernel), 60);
  },
);
