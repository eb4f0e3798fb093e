/** A reply takes the query's frame: every checksum and length right, nothing outside its place, whatever comes. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { Client } from '../../../src/responder/client.ts';
import { type Answerer, FRAMES_AT_ONCE, FrameAnswerer } from '../../../src/sockets/xdp/frame.ts';
import { Xoshiro128 } from '../../../src/table/picking/pick.ts';
import { buildFrame, type FrameFields, readFrame } from '../../fixtures/frames.ts';
import { corpus, mulberry32, packets } from '../../fixtures/mutate.ts';
import { runs } from '../../fixtures/runs.ts';
import { world } from '../../fixtures/world.ts';

const PLACE_BYTES = 2048;
/** A frame alone stands in the second one; nobody may touch the others. */
const PLACES = 5;
const AT = PLACE_BYTES + 256;
const SCRATCH_BYTES = PLACE_BYTES + 64;
const REPLY_BYTES_MAX = 1452;
const OURS = [0x02, 0xff, 0xee, 0xdd, 0xcc, 0xbb];
const THEIRS = [0x02, 0, 0, 0, 0, 0x99];

class Bench {
  readonly bytes: Uint8Array;
  readonly frames: FrameAnswerer;
  readonly #untouched: Uint8Array;
  readonly #scratch: number;

  constructor(places = PLACES) {
    const scratch = places * PLACE_BYTES;
    this.#scratch = scratch;
    this.#untouched = new Uint8Array(scratch + places * SCRATCH_BYTES).fill(0xa5);
    this.bytes = this.#untouched.slice();
    const random = new Xoshiro128(Uint32Array.of(1, 2, 3, 4));
    const parts = { bytes: this.bytes, scratch, scratchBytes: SCRATCH_BYTES };
    this.frames = new FrameAnswerer(parts, REPLY_BYTES_MAX, random);
  }

  /** The frame that this one becomes; undefined: none. Throws where anything outside its place has changed. */
  answer(frame: Uint8Array, responder: Answerer): Buffer | undefined {
    const untouched = this.#untouched;
    this.bytes.set(untouched);
    this.bytes.set(frame, AT);
    this.frames.read(responder, 0, AT, frame.length, 2 * PLACE_BYTES);
    this.frames.answer(responder);
    const length = this.frames.lengths[0];
    const isTouched = (from: number, to: number): boolean =>
      Buffer.compare(this.bytes.subarray(from, to), untouched.subarray(from, to)) !== 0;
    if (isTouched(0, AT) || isTouched(2 * PLACE_BYTES, this.#scratch))
      throw new Error('something outside the place changed');
    if (isTouched(this.#scratch + SCRATCH_BYTES, untouched.length))
      throw new Error('the message was brought to other places too');
    return length === 0 ? undefined : Buffer.from(this.bytes.subarray(AT, AT + length));
  }

  /** The same of several at once, each in a place of its own. */
  answerAll(frames: readonly Uint8Array[], responder: Answerer): (Buffer | undefined)[] {
    this.bytes.set(this.#untouched);
    const at = (i: number): number => i * PLACE_BYTES + 256;
    for (const [i, frame] of frames.entries()) this.bytes.set(frame, at(i));
    for (const [i, { length }] of frames.entries())
      this.frames.read(responder, i, at(i), length, (i + 1) * PLACE_BYTES);
    this.frames.answer(responder);
    return frames.map((_, i) => {
      const length = this.frames.lengths[i];
      return length === 0 ? undefined : Buffer.from(this.bytes.subarray(at(i), at(i) + length));
    });
  }
}

/** Answers with the bytes that it was asked with, and so many more, or less. */
class Echo implements Answerer {
  readonly client = new Client();
  /** Who asked last. */
  asker = '';
  readonly #more: number;
  readonly #messages: Uint8Array[] = [];

  constructor(more: number) {
    this.#more = more;
  }

  read(i: number, request: Uint8Array, start: number, end: number): void {
    this.#messages[i] = request.slice(start, end);
    const { bytes, at, length } = this.client;
    this.asker = Buffer.from(bytes.subarray(at, at + length)).toString('hex');
  }

  lookAhead(): void {}

  reply(i: number, bytes: Uint8Array, at: number): number {
    const message = this.#messages[i] as Uint8Array;
    const length = Math.max(0, Math.min(REPLY_BYTES_MAX, message.length + this.#more));
    bytes.set(message.subarray(0, length), at);
    bytes.fill(0x5a, at + Math.min(message.length, length), at + length);
    return length;
  }
}

const v4: FrameFields = {
  to: OURS,
  from: THEIRS,
  source: '192.0.2.9',
  destination: '192.0.2.1',
  sourcePort: 4321,
  destinationPort: 53,
  message: Buffer.from('a query of some bytes'),
};
const v6: FrameFields = { ...v4, source: '2001:db8::9', destination: '2001:db8::1' };

const address = {
  4: fc
    .tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255))
    .map(([a, b, c]) => `${a === 127 ? 1 : a}.${b}.${c}.7`),
  6: fc.tuple(fc.nat(0xffff), fc.nat(0xffff)).map(([a, b]) => `2001:${a.toString(16)}::${b.toString(16)}`),
};
const fields = fc.boolean().chain((isV6) =>
  fc
    .record({
      to: fc.constant(OURS),
      from: fc.constant(THEIRS),
      source: isV6 ? address[6] : address[4],
      destination: isV6 ? address[6] : address[4],
      sourcePort: fc.integer({ min: 1, max: 0xffff }),
      destinationPort: fc.integer({ min: 1, max: 0xffff }),
      message: fc.uint8Array({ minLength: 1, maxLength: 600 }),
      padding: fc.nat(20),
      checksum: isV6
        ? fc.constantFrom('whole' as const, 'pseudo' as const)
        : fc.constantFrom('whole' as const, 'none' as const, 'pseudo' as const),
      vlan: fc.nat(0xffff),
      isTagged: fc.boolean(),
    })
    // Who asks itself is not answered.
    .filter(({ source, destination }) => source !== destination),
);

t.test('to the station, address and port that asked, from those that were asked, by a plain computation', async () => {
  const bench = new Bench();
  fc.assert(
    fc.property(fields, fc.integer({ min: -600, max: 900 }), ({ vlan, isTagged, ...plain }, more) => {
      const asked: FrameFields = isTagged ? { ...plain, vlan } : plain;
      const echo = new Echo(more);
      const frame = bench.answer(buildFrame(asked), echo);
      const length = Math.max(0, asked.message.length + more);
      if (frame === undefined) return length === 0;
      const reply = readFrame(frame);
      const expected = Buffer.alloc(Math.min(length, REPLY_BYTES_MAX), 0x5a);
      Buffer.from(asked.message).copy(expected);
      const query = readFrame(
        buildFrame({ ...asked, checksum: 'whole', padding: 0, source: asked.destination, destination: asked.source }),
      );
      return (
        length > 0 &&
        reply.message.equals(expected) &&
        reply.vlan === asked.vlan &&
        `${reply.to}` === `${asked.from}` &&
        `${reply.from}` === `${asked.to}` &&
        reply.source === query.source &&
        reply.destination === query.destination &&
        reply.sourcePort === asked.destinationPort &&
        reply.destinationPort === asked.sourcePort &&
        reply.hops === 64 &&
        !reply.isWhole &&
        echo.asker === query.destination
      );
    }),
    { numRuns: runs(1500) },
  );
});

t.test('several at once are answered as each of them alone', async () => {
  const [bench, alone] = [new Bench(FRAMES_AT_ONCE), new Bench()];
  const { responder } = world({ 'example.test': '@ SOA ns. host. 1 2 3 4 5\napp A 192.0.2.10\n@ NS ns1\n' });
  responder.enter(0);
  const some = fc.record({
    fields: fc.constantFrom(
      v4,
      v6,
      { ...v4, vlan: 7 },
      { ...v4, source: '198.51.100.7' },
      { ...v6, source: '2001:db8::7' },
    ),
    message: fc.constantFrom(...corpus, Uint8Array.of(1)),
    // Most are answered: some turns are full.
    checksum: fc.nat(20).map((n) => (n === 0 ? ('wrong' as const) : ('whole' as const))),
    sourcePort: fc.nat(0xffff),
  });
  const turn = (minLength: number) => fc.array(some, { minLength, maxLength: FRAMES_AT_ONCE, size: 'max' });
  fc.assert(
    fc.property(
      fc.oneof({ weight: 5, arbitrary: turn(1) }, { weight: 1, arbitrary: turn(FRAMES_AT_ONCE) }),
      (asked) => {
        const frames = asked.map(({ fields: each, ...more }) => buildFrame({ ...each, ...more }));
        const together = bench.answerAll(frames, responder);
        return frames.every((frame, i) => {
          const [one, other] = [alone.answer(frame, responder), together[i]];
          if (one === undefined || other === undefined) return one === other;
          return isDeepStrictEqual(readFrame(one), readFrame(other));
        });
      },
    ),
    { numRuns: runs(300) },
  );
  responder.leave();
});

t.test('packets of IPv4 have numbers that differ: fragments of two are not put together as one', async (t) => {
  const bench = new Bench();
  const numbers = Array.from({ length: 100 }, () => {
    return (bench.answer(buildFrame(v4), new Echo(0)) as Buffer).readUInt16BE(14 + 4);
  });
  t.ok(new Set(numbers).size > 90);
});

t.test('every reply has a checksum, that of zero written as all ones', async (t) => {
  const bench = new Bench();
  // Two bytes of the message run through all values, so that one of the sums is zero.
  let ones = 0;
  for (let i = 0; i < 0x1_0000; i++) {
    const message = Uint8Array.of(i >> 8, i & 0xff);
    const frame = bench.answer(buildFrame({ ...v4, message }), new Echo(0)) as Buffer;
    const checksum = frame.readUInt16BE(14 + 20 + 6);
    if (checksum === 0) t.fail('a reply without a checksum');
    if (checksum === 0xffff) ones++;
    if (i % 997 === 0) readFrame(frame);
  }
  t.equal(ones, 1);
});

t.test('what a socket would not get, or could not answer, gives no reply', async (t) => {
  const bench = new Bench();
  const changed = (of: FrameFields, at: number, ...values: number[]): Buffer => {
    const frame = buildFrame(of);
    frame.set(values, at);
    return frame;
  };
  /** Says that its datagram is a byte longer; so does the sum of its pseudo header. */
  const longer = (of: FrameFields): Buffer => {
    const frame = buildFrame({ ...of, checksum: 'pseudo' });
    const udp = frame.length - of.message.length - 8;
    frame.writeUInt16BE(frame.readUInt16BE(udp + 4) + 1, udp + 4);
    frame.writeUInt16BE(frame.readUInt16BE(udp + 6) + 1, udp + 6);
    return frame;
  };
  const none: Record<string, Uint8Array> = {
    'a wrong checksum': buildFrame({ ...v4, checksum: 'wrong' }),
    'a wrong checksum in IPv6': buildFrame({ ...v6, checksum: 'wrong' }),
    'IPv6 without a checksum': buildFrame({ ...v6, checksum: 'none' }),
    'a wrong checksum of the IPv4 header': changed(v4, 24, 0, 0),
    'from port 0': buildFrame({ ...v4, sourcePort: 0 }),
    'from a group of stations': buildFrame({ ...v4, from: [1, 0, 0, 0, 0, 9] }),
    'from nobody': buildFrame({ ...v4, source: '0.0.0.0' }),
    'from loopback': buildFrame({ ...v4, source: '127.0.0.1' }),
    'from a group': buildFrame({ ...v4, source: '224.0.0.1' }),
    'from all': buildFrame({ ...v4, source: '255.255.255.255' }),
    'from nobody in IPv6': buildFrame({ ...v6, source: '::' }),
    'from loopback in IPv6': buildFrame({ ...v6, source: '::1' }),
    'from a group in IPv6': buildFrame({ ...v6, source: 'ff02::1' }),
    'a datagram that is longer than its packet': changed(v4, 38, 0, 60),
    // Nothing but the length speaks against these: there is no checksum, or one that a card was to compute.
    'the same without a checksum': changed({ ...v4, checksum: 'none' }, 38, 0, 60),
    'the longest that can be said': changed({ ...v4, checksum: 'none' }, 38, 0xff, 0xff),
    'one that reaches into the padding': changed({ ...v4, checksum: 'none', padding: 20 }, 38, 0, 31),
    'one in IPv6 that is longer than its packet': longer(v6),
    'a datagram that is shorter than its header': changed(v4, 38, 0, 7),
    'a packet that is longer than its frame': changed(v6, 18, 1, 0),
    ARP: changed(v4, 12, 0x08, 0x06),
    'IP options': changed(v4, 14, 0x46),
    'a fragment': changed(v4, 20, 0x20),
    TCP: changed(v4, 23, 6),
    'extension headers': changed(v6, 20, 0),
    'half a header': buildFrame(v6).subarray(0, 50),
    nothing: new Uint8Array(0),
  };
  for (const [what, frame] of Object.entries(none)) t.equal(bench.answer(frame, new Echo(0)), undefined, what);
  t.ok(bench.answer(buildFrame(v4), new Echo(0)));
  t.equal(bench.answer(buildFrame(v4), new Echo(-1000)), undefined, 'nor what is not answered');
  // A driver that leaves more room before a frame leaves less behind it: there a long reply might not fit.
  bench.bytes.fill(0);
  bench.bytes.set(buildFrame(v4), AT + 512);
  const echo = new Echo(0);
  bench.frames.read(echo, 0, AT + 512, buildFrame(v4).length, 2 * PLACE_BYTES);
  bench.frames.answer(echo);
  t.equal(bench.frames.lengths[0], 0);
});

t.test(
  '100,000 frames with changed bits, of every layer: no exception, nothing outside, every reply whole',
  async (t) => {
    const bench = new Bench();
    const { responder } = world({ 'example.test': '@ SOA ns. host. 1 2 3 4 5\napp A 192.0.2.10\n@ NS ns1\n' });
    const random = mulberry32(17);
    const draw = (limit: number): number => Math.floor(random() * limit);
    let replies = 0;
    let i = 0;
    responder.enter(0);
    for (const mutated of packets(17, 100_000)) {
      i++;
      const base = [v4, v6, { ...v4, vlan: 7 }, { ...v6, vlan: 7 }][i % 4];
      const message = i % 3 === 0 ? mutated : corpus[draw(corpus.length)];
      // Without a checksum what is changed is looked at all the same.
      const checksum = i % 2 === 0 && base.source === v4.source ? 'none' : 'whole';
      let frame = buildFrame({ ...base, message: message.subarray(0, 1400), checksum });
      for (let flips = draw(3); flips > 0; flips--) frame[draw(frame.length)] ^= 1 << draw(8);
      if (draw(10) === 0) frame = frame.subarray(0, draw(frame.length + 1));
      const reply = bench.answer(frame, responder);
      if (reply === undefined) continue;
      replies++;
      readFrame(reply);
    }
    responder.leave();
    t.ok(replies > 20_000, `${replies} replies`);
  },
);
