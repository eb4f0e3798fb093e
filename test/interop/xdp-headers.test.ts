/**
 * Frames whose headers lie, with every checksum made right again: flips alone (xdp-hostile) mostly end at a checksum. What is
 * no whole query to us gets no answer, what is one gets it, and who asks beside them is answered.
 */
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { answerIn, buildFrame, checksum, type FrameFields, readFrame } from '../fixtures/frames.ts';
import { mulberry32 } from '../fixtures/mutate.ts';
import { soon } from '../fixtures/soon.ts';
import { CLIENT, RawFrames, SERVER, type Wire } from '../fixtures/two-namespaces.ts';
import { byXdp } from '../fixtures/xdp-tests.ts';

type Draw = (limit: number) => number;
/** Changes a frame, whose IP header begins at 14 and whose UDP header at `udp`; the frame that is sent instead, if another. */
// biome-ignore lint/suspicious/noConfusingVoidType: most change the frame in place
type Change = (frame: Buffer, udp: number, draw: Draw) => Buffer | void;

interface Family {
  readonly what: string;
  readonly change?: Change;
  readonly fields?: (draw: Draw) => Partial<FrameFields>;
  /** Default: both. */
  readonly only?: 4 | 6;
  /** `either`: sockets decide, by the kernel of the machine. */
  readonly answered?: true | 'either';
}

const VARIANTS = 25;
const query = (id: number, bytes = 0): Buffer =>
  buildQuery({ name: 'app.example.test', id, edns: { options: [{ code: 12, data: Buffer.alloc(bytes) }] } });

const isV6 = (frame: Buffer): boolean => frame.readUInt16BE(12) === 0x86dd;
/** Length of IP: of all in version 4, of what follows the header in version 6. */
const setIpLength = (frame: Buffer, udpBytes: number): void => {
  if (isV6(frame)) frame.writeUInt16BE(udpBytes, 18);
  else frame.writeUInt16BE(20 + udpBytes, 16);
};
/** The checksum of IPv4's header anew. UDP's is left out of the queries of version 4. */
function repaired(frame: Buffer): Buffer {
  if (isV6(frame)) return frame;
  const bytes = Math.min(4 * (frame[14] & 0x0f), frame.length - 14);
  frame.writeUInt16BE(0, 24);
  frame.writeUInt16BE(checksum(frame.subarray(14, 14 + bytes)), 24);
  return frame;
}
const tagged = (frame: Buffer, ...types: number[]): Buffer =>
  Buffer.concat([
    frame.subarray(0, 12),
    ...types.map((type) => Buffer.from([type >> 8, type & 0xff, 0, 5])),
    frame.subarray(12),
  ]);
const sources = (...addresses: string[]): NonNullable<Family['fields']> => {
  return (draw) => ({ source: addresses[draw(addresses.length)] as string });
};

const families: readonly Family[] = [
  { what: 'a plain query', answered: true },
  { what: 'an odd length', fields: () => ({ message: query(0, 1) }), answered: true },
  { what: 'bytes behind the packet', fields: (draw) => ({ padding: 1 + draw(60) }), answered: true },
  {
    what: 'a tag of priority alone, and any other',
    fields: (draw) => ({ vlan: draw(2) * draw(65_536) }),
    answered: true,
  },
  { what: 'source port 53', fields: () => ({ sourcePort: 53 }), answered: true },
  {
    what: 'a query that nearly fills a frame',
    fields: (draw) => ({ message: query(0, 1300 + draw(80)) }),
    answered: true,
  },
  {
    what: 'UDP shorter than IP says: the rest is none of it',
    only: 4,
    change: (frame, _udp, draw) => {
      const more = 1 + draw(40);
      setIpLength(frame, frame.length - 34 + more);
      return Buffer.concat([frame, Buffer.alloc(more, 0xff)]);
    },
    answered: true,
  },
  {
    what: 'UDP longer than IP',
    change: (frame, udp, draw) => {
      frame.writeUInt16BE(draw(2) === 0 ? 0xffff : frame.length - udp + 1 + draw(9), udp + 4);
      return Buffer.concat([frame, Buffer.alloc(20)]);
    },
  },
  { what: 'UDP shorter than its header', change: (frame, udp, draw) => void frame.writeUInt16BE(draw(8), udp + 4) },
  {
    what: 'UDP cut inside the query',
    change: (frame, udp, draw) => void frame.writeUInt16BE(8 + draw(11), udp + 4),
    only: 4,
  },
  { what: 'IP shorter than UDP', change: (frame, udp, draw) => setIpLength(frame, draw(frame.length - udp)) },
  {
    what: 'IP longer than the frame',
    change: (frame, udp, draw) => setIpLength(frame, frame.length - udp + 1 + draw(9000)),
  },
  {
    what: 'a frame that ends inside its packet',
    change: (frame, udp, draw) => frame.subarray(0, udp + draw(frame.length - udp)),
  },
  { what: 'a jumbogram of no length', only: 6, change: (frame) => void frame.writeUInt16BE(0, 18) },
  {
    what: 'a jumbogram (RFC 2675)',
    only: 6,
    change: (frame) => {
      const option = Buffer.from([17, 0, 0xc2, 4, 0, 1, 0, 0]);
      frame.writeUInt16BE(0, 18);
      frame[20] = 0;
      return Buffer.concat([frame.subarray(0, 54), option, frame.subarray(54)]);
    },
  },
  { what: 'no checksum of UDP over IPv6', only: 6, fields: () => ({ checksum: 'none' }) },
  { what: 'a wrong checksum', fields: () => ({ checksum: 'wrong' }) },
  {
    what: 'another version in the header',
    change: (frame, _udp, draw) => void frame.writeUInt8(((1 + draw(3)) << 4) | 5, 14),
  },
  { what: 'source port 0', fields: () => ({ sourcePort: 0 }) },
  {
    what: 'a group as the station that asks',
    fields: (draw) => ({ from: draw(2) === 0 ? [1, 0, 0x5e, 0, 0, 1] : Array(6).fill(255) }),
  },
  { what: 'a sender that is none', only: 4, fields: sources('0.0.0.0', '127.0.0.1', '224.0.0.251', '255.255.255.255') },
  { what: 'a sender that is none, of IPv6', only: 6, fields: sources('::', '::1', 'ff02::fb') },
  { what: 'our own address as the sender', only: 4, fields: () => ({ source: SERVER.v4 }) },
  {
    what: 'our own address as the sender, of IPv6',
    only: 6,
    fields: () => ({ source: SERVER.v6 }),
  },
  { what: 'a tag in a tag', change: (frame, _udp, draw) => tagged(frame, draw(2) === 0 ? 0x88a8 : 0x8100, 0x8100) },
  {
    what: 'tags, and no more',
    change: (frame, _udp, draw) => tagged(frame, 0x8100, 0x8100).subarray(0, 14 + draw(12)),
  },
  { what: 'a first fragment alone', only: 4, change: (frame) => void frame.writeUInt16BE(0x2000, 20) },
  {
    what: 'a later fragment alone',
    only: 4,
    change: (frame, _udp, draw) => void frame.writeUInt16BE(1 + draw(0x1fff), 20),
  },
  {
    what: 'a fragment of IPv6',
    only: 6,
    change: (frame, _udp, draw) => {
      frame[20] = 44;
      frame.writeUInt16BE(frame.length - 54 + 8, 18);
      return Buffer.concat([
        frame.subarray(0, 54),
        Buffer.from([17, 0, 0, 1 | (draw(4) << 3), 0, 0, 0, 9]),
        frame.subarray(54),
      ]);
    },
  },
  {
    what: 'options of IPv4',
    only: 4,
    change: (frame) => {
      const longer = Buffer.concat([frame.subarray(0, 34), Buffer.from([1, 1, 1, 0]), frame.subarray(34)]);
      longer[14] = 0x46;
      longer.writeUInt16BE(longer.length - 14, 16);
      return longer;
    },
    answered: 'either',
  },
  {
    what: 'to all stations, or to a group',
    fields: (draw) => ({ to: draw(2) === 0 ? Array(6).fill(255) : [0x33, 0x33, 0, 0, 0, 1] }),
    answered: 'either',
  },
  { what: 'to another station', fields: () => ({ to: [2, 0, 0, 0, 0, 9] }) },
];

byXdp('headers that lie, and headers that are odd', {}, async (t, wire, teal) => {
  const raw = new RawFrames(wire.client);
  t.teardown(() => raw.close());
  const random = mulberry32(17);
  const draw: Draw = (limit) => Math.floor(random() * limit);
  let id = 1000;
  for (const family of families) {
    for (const version of [4, 6] as const) {
      if (family.only !== undefined && family.only !== version) continue;
      const sent = new Set<number>();
      [...raw.receive()];
      for (let i = 0; i < VARIANTS; i++) {
        const frame = made(wire, family, version, ++id, draw);
        if (raw.send(frame)) sent.add(id);
      }
      t.ok(sent.size > 0, `${family.what}: the kernel sends some`);
      // The queue is in order: who asks after them is answered after them.
      const beside = await askUdp(
        version === 4 ? SERVER.v4 : SERVER.v6,
        53,
        buildQuery({ name: 'app.example.test', id: 1 }),
      );
      t.equal(beside.answers.length, 1);
      const answered = new Set<number | undefined>();
      const found = (): number => {
        for (const frame of raw.receive()) answered.add(repliedTo(wire, frame, family.answered === true));
        return [...sent].filter((each) => answered.has(each)).length;
      };
      const which = `IPv${version}, ${family.what}`;
      if (family.answered === true) await soon(t).equal(found, sent.size, `${which}: all are answered`);
      else if (family.answered === undefined) t.equal(found(), 0, `${which}: none is answered`);
    }
  }
  t.same(
    teal.log.filter(({ level }) => level === 'error' || level === 'fatal'),
    [],
  );
});

function made(wire: Wire, { change, fields }: Family, version: 4 | 6, id: number, draw: Draw): Buffer {
  const addresses =
    version === 4
      ? { source: CLIENT.v4, destination: SERVER.v4, checksum: 'none' as const }
      : { source: CLIENT.v6, destination: SERVER.v6 };
  const all: FrameFields = {
    ...{ to: wire.macs.server, from: wire.macs.client, sourcePort: 2000 + draw(60_000), destinationPort: 53 },
    ...{ ...addresses, message: query(id) },
    ...fields?.(draw),
  };
  const message = Buffer.from(all.message);
  message.writeUInt16BE(id, 0);
  const frame = buildFrame({ ...all, message });
  if (change === undefined) return frame;
  const changed = change(frame, version === 4 ? 34 : 54, draw) ?? frame;
  return changed.readUInt16BE(12) === 0x0800 && changed.length >= 34 ? repaired(changed) : changed;
}

/** The query that a frame of the server answers, by its number. `isOurs`: the frame is one of ours, and must be whole. */
function repliedTo(wire: Wire, frame: Buffer, isOurs: boolean): number | undefined {
  const message = answerIn(frame, wire.macs.server);
  if (message !== undefined && isOurs) readFrame(frame);
  return message?.readUInt16BE(0);
}
