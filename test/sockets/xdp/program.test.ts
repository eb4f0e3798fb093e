/** Which frames the program takes: queries to us in their plainest form, and nothing else. */
import fc from 'fast-check';
import t from 'tap';
import type { Endpoint } from '../../../src/sockets/address.ts';
import { assembleCounter, assembleProgram } from '../../../src/sockets/xdp/program.ts';
import { BULK } from '../../../src/sockets/xdp/rings.ts';
import { runProgram } from '../../fixtures/ebpf.ts';
import { buildFrame, type FrameFields } from '../../fixtures/frames.ts';
import { runs } from '../../fixtures/runs.ts';

const OURS = [0x02, 0xff, 0xee, 0xdd, 0xcc, 0xbb];
const THEIRS = [0x02, 0, 0, 0, 0, 0x99];
const endpoints: readonly Endpoint[] = [
  { address: '192.0.2.1', port: 53 },
  { address: '255.254.253.252', port: 5353 },
  { address: '192.0.2.1', port: 5300 },
  { address: '2001:db8::1', port: 53 },
  { address: 'fe80::ffff:ffff:ffff:ffff', port: 65_535 },
];
const program = assembleProgram({ mac: Uint8Array.from(OURS), endpoints, map: 7, frameBytesMax: 1792 });

const v4: FrameFields = {
  to: OURS,
  from: THEIRS,
  source: '192.0.2.9',
  destination: '192.0.2.1',
  sourcePort: 4321,
  destinationPort: 53,
  message: new Uint8Array(40).fill(1),
};
const v6: FrameFields = { ...v4, source: '2001:db8::9', destination: '2001:db8::1' };

/** `1 of 7`: to the socket of queue 1 by map 7. */
const verdict = (frame: Uint8Array, queues: readonly number[] = [0, 1]): string => {
  const { code, map, queue } = runProgram(program, frame, 1, queues);
  return code === 4 ? `${queue} of ${map}` : code === 2 ? 'pass' : `code ${code}`;
};
const changed = (fields: FrameFields, at: number, value: number): Buffer => {
  const frame = buildFrame(fields);
  frame[at] = value;
  return frame;
};

t.test('queries to each of our addresses and ports, with a VLAN tag or without', async (t) => {
  for (const plain of [v4, v6]) {
    for (const fields of [plain, { ...plain, vlan: 5 }, { ...plain, vlan: 0xefff, padding: 9 }]) {
      t.equal(verdict(buildFrame(fields)), '1 of 7');
    }
  }
  for (const { address, port } of endpoints) {
    const from = address.includes(':') ? v6 : v4;
    t.equal(verdict(buildFrame({ ...from, destination: address, destinationPort: port })), '1 of 7', address);
  }
  t.equal(verdict(buildFrame({ ...v4, checksum: 'none' })), '1 of 7', 'IPv4 may do without a checksum');
});

t.test('everything else goes its usual way', async (t) => {
  const others: Record<string, Uint8Array> = {
    'another port': buildFrame({ ...v4, destinationPort: 54 }),
    'the port of another address': buildFrame({ ...v4, destinationPort: 5353 }),
    'another address': buildFrame({ ...v4, destination: '192.0.2.2' }),
    'another port of IPv6': buildFrame({ ...v6, destinationPort: 5300 }),
    'an address that differs in its first half': buildFrame({ ...v6, destination: '2001:db9::1' }),
    'an address that differs in its second half': buildFrame({ ...v6, destination: '2001:db8::2' }),
    'to another station': buildFrame({ ...v4, to: THEIRS }),
    'to all stations': buildFrame({ ...v4, to: [255, 255, 255, 255, 255, 255] }),
    'a station that differs in its last byte': buildFrame({ ...v4, to: [...OURS.slice(0, 5), 0] }),
    ARP: changed(v4, 13, 0x06),
    'IP options': changed(v4, 14, 0x46),
    'IPv4 that says it is IPv6': changed(v4, 14, 0x65),
    'IPv6 that says it is IPv4': changed(v6, 14, 0x40),
    TCP: changed(v4, 23, 6),
    'the first fragment': changed(v4, 20, 0x20),
    'a later fragment': changed(v4, 21, 1),
    'a far fragment': changed(v4, 20, 0x1f),
    'a fragment of IPv6': changed(v6, 20, 44),
    'hop-by-hop options': changed(v6, 20, 0),
    'IPv6 without a checksum': buildFrame({ ...v6, checksum: 'none' }),
    'two VLAN tags': Buffer.concat([
      buildFrame({ ...v4, vlan: 1 }).subarray(0, 16),
      buildFrame({ ...v4, vlan: 2 }).subarray(12),
    ]),
    'a tag of another kind': changed({ ...v4, vlan: 1 }, 12, 0x88),
    'less than a DNS header': buildFrame({ ...v4, message: new Uint8Array(11) }),
    'less than a DNS header behind a tag': buildFrame({ ...v4, vlan: 1, message: new Uint8Array(11) }),
    'less than a DNS header in IPv6': buildFrame({ ...v6, message: new Uint8Array(11) }),
    'too long for its place': buildFrame({ ...v4, message: new Uint8Array(1760) }),
    nothing: new Uint8Array(0),
  };
  for (const [what, frame] of Object.entries(others)) t.equal(verdict(frame), 'pass', what);
  t.equal(verdict(buildFrame(v4), [0]), 'pass', 'by a queue without a socket');
  t.equal(verdict(buildFrame({ ...v4, message: new Uint8Array(1750) })), '1 of 7', 'just short enough');
});

t.test('whatever bytes come, nothing outside the frame is read', async () => {
  const some = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    fc
      .tuple(
        fc.constantFrom(v4, v6, { ...v4, vlan: 3 }, { ...v6, vlan: 3 }),
        fc.array(fc.tuple(fc.nat(90), fc.nat(255))),
        fc.nat(120),
      )
      .map(([fields, changes, length]) => {
        const frame = buildFrame(fields);
        for (const [at, value] of changes.slice(0, 3)) frame[at % frame.length] = value;
        return new Uint8Array(frame.subarray(0, length));
      }),
  );
  fc.assert(
    fc.property(some, (frame) => {
      const said = verdict(frame);
      return said === 'pass' || (said === '1 of 7' && frame.length >= 54 && OURS.every((byte, i) => frame[i] === byte));
    }),
    { numRuns: runs(3000) },
  );
});

t.test('as many addresses as there may be, and none', async (t) => {
  const many = Array.from({ length: 128 }, (_, i) => ({
    address: i % 2 === 0 ? `10.0.0.${i}` : `fd00::${i}`,
    port: 53,
  }));
  const large = assembleProgram({ mac: Uint8Array.from(OURS), endpoints: many, map: 7, frameBytesMax: 1792 });
  t.equal(runProgram(large, buildFrame({ ...v4, destination: '10.0.0.126' }), 0, [0]).code, 4);
  t.equal(runProgram(large, buildFrame({ ...v6, destination: 'fd00::127' }), 0, [0]).code, 4);
  t.equal(runProgram(large, buildFrame(v4), 0, [0]).code, 2);
  const none = assembleProgram({ mac: Uint8Array.from(OURS), endpoints: [], map: 7, frameBytesMax: 1792 });
  t.equal(runProgram(none, buildFrame(v4), 0, [0]).code, 2);
  t.equal(runProgram(none, buildFrame(v6), 0, [0]).code, 2);
});

const bulk = { replies: 8, device: 9, queues: 2 };
const sending = assembleProgram({ mac: Uint8Array.from(OURS), endpoints, map: 7, frameBytesMax: 1792, bulk });

// The memory of a frame that is through is that of a later one, as the one before left it: here all have the same.
t.test('replies in bulk: each run makes the next reply of the queue that the frame names', async () => {
  const reply = fc.uint8Array({ minLength: 14, maxLength: BULK.FRAME_BYTES_MAX });
  fc.assert(
    fc.property(fc.nat(1), fc.array(reply, { minLength: 1, maxLength: BULK.SLOTS }), (queue, all) => {
      const { array, write, blank } = openBulk(queue);
      for (const [i, bytes] of all.entries()) write(i, bytes);
      for (const bytes of all) {
        const { code, map, queue: to, frame } = runProgram(sending, blank, 0, [0, 1], { by: 1, replies: array });
        if (code !== 4 || map !== bulk.device || to !== queue || Buffer.compare(frame, bytes) !== 0) return false;
      }
      return true;
    }),
    { numRuns: runs(50) },
  );
});

t.test('replies in bulk: what is none is dropped', async (t) => {
  const { array, write, blank } = openBulk(1);
  const code = (frame = blank): number => runProgram(sending, frame, 0, [0, 1], { by: 1, replies: array }).code;
  const made = new Uint32Array(array.buffer, BULK.BYTES + BULK.MADE_AT, 1);
  const lengths = [0, 13, 14, BULK.FRAME_BYTES_MAX, BULK.FRAME_BYTES_MAX + 1, 2 ** 31, 2 ** 32 - 1];
  t.same(
    lengths.map((length) => {
      made[0] = 0;
      write(0, new Uint8Array(), length);
      return code();
    }),
    [1, 1, 4, 4, 1, 1, 1],
  );
  write(0, new Uint8Array(60));
  made[0] = BULK.SLOTS;
  t.equal(code(), 1, 'all have been made');
  made[0] = 0;
  blank[0] = 2;
  t.equal(code(), 1, 'no such queue');
  blank[0] = 1;
  t.equal(code(blank.subarray(1)), 1, 'no blank frame');
  t.equal(code(), 4);
});

t.test('a program that sends as well receives as one that does not', async (t) => {
  const { array } = openBulk(0);
  const frames = [v4, v6, { ...v4, destinationPort: 54 }, { ...v6, vlan: 5 }].map((fields) => buildFrame(fields));
  for (const frame of [...frames, new Uint8Array(BULK.BLANK_BYTES)]) {
    const of = (one: Uint8Array): unknown => runProgram(one, frame, 1, [0, 1], { by: 2, replies: array });
    t.same(of(sending), of(program));
  }
});

t.test('a program for no address takes nothing, and sends as ever: a worker may still have replies', async (t) => {
  const nobody = assembleProgram({ mac: Uint8Array.from(OURS), endpoints: [], map: 7, frameBytesMax: 1792, bulk });
  const { array, write, blank } = openBulk(1);
  write(0, new Uint8Array(60));
  t.equal(runProgram(nobody, buildFrame(v4), 1, [0, 1], { by: 2, replies: array }).code, 2);
  t.match(runProgram(nobody, blank, 0, [0, 1], { by: 1, replies: array }), { code: 4, map: bulk.device, queue: 1 });
});

t.test('what is handed over is counted, each queue by itself', async (t) => {
  const { array } = openBulk(0);
  const taken = (queue: number): number =>
    new DataView(array.buffer).getUint32(queue * BULK.BYTES + BULK.TAKEN_AT, true);
  for (const queue of [1, 0, 1]) {
    const { code } = runProgram(assembleCounter(8, queue), buildFrame(v4), 0, [], { replies: array });
    t.equal(code, 2);
  }
  t.same([taken(0), taken(1)], [1, 2]);
});

/** The array of two queues, how a reply is laid there, and what the program is run on. */
function openBulk(queue: number) {
  const array = new Uint8Array(2 * BULK.BYTES);
  const blank = new Uint8Array(new ArrayBuffer(BULK.BLANK_BYTES + BULK.FRAME_BYTES_MAX), 0, BULK.BLANK_BYTES);
  blank[0] = queue;
  const write = (i: number, bytes: Uint8Array, length = bytes.length): void => {
    const slot = queue * BULK.BYTES + BULK.HEADER_BYTES + i * BULK.SLOT_BYTES;
    new DataView(array.buffer).setUint32(slot, length, true);
    array.set(bytes, slot + BULK.REPLY_AT);
  };
  return { array, blank, write };
}
