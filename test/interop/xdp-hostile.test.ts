/** Frames of strangers at an AF_XDP socket, a worker that dies over one, and answers that must not be of yesterday. */
import t from 'tap';
import { measureExactness } from '../../bench/exactness.ts';
import { putZoneFile, zoneFile } from '../../bench/import.ts';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { buildFrame, carriesUdp, type FrameFields, readFrame } from '../fixtures/frames.ts';
import { mulberry32, packets } from '../fixtures/mutate.ts';
import { CLIENT, RawFrames, SERVER, type Wire } from '../fixtures/two-namespaces.ts';
import { overTheWire } from '../fixtures/xdp-server.ts';
import { byXdp, onWire } from '../fixtures/xdp-tests.ts';

const app = 'app.example.test';
const FRAMES = 100_000;
/** A plain query of a bystander after so many frames. */
const BETWEEN = 1000;

byXdp(
  '100,000 mutated frames: nobody dies, replies are whole, and a bystander loses no answer',
  {},
  async (t, wire, teal) => {
    const raw = new RawFrames(wire.client);
    t.teardown(() => raw.close());
    const random = mulberry32(4);
    const draw = (limit: number): number => Math.floor(random() * limit);
    const server = Uint8Array.from(wire.macs.server);
    let replies = 0;
    let seen = 0;
    let taken = 0;
    const judge = (): void => {
      for (const frame of raw.receive()) {
        seen++;
        // The kernel of the other side answers what is none of ours; a reply of DNS is judged to its last byte.
        if (!frame.subarray(6, 12).equals(server) || !carriesUdp(frame)) continue;
        const { sourcePort, message } = readFrame(frame);
        if (sourcePort !== 53) continue;
        if (message.length < 12 || (message[2] & 0x80) === 0) t.fail('a reply that is no DNS message');
        replies++;
      }
    };
    let sent = 0;
    for (const message of packets(23, FRAMES)) {
      const isV6 = draw(2) === 0;
      if (raw.send(strangersFrame(wire, message, isV6, draw))) taken++;
      if (++sent % BETWEEN !== 0) continue;
      judge();
      t.equal((await askUdp(isV6 ? SERVER.v6 : SERVER.v4, 53, buildQuery({ name: app }))).answers.length, 1);
      judge();
    }
    t.ok(replies > FRAMES / 20, `${replies} replies among ${seen} frames seen, ${taken} sent`);
    const failed = teal.log.filter(({ msg }) => /worker (failed|replaced)|stands still/.test(String(msg)));
    t.same(failed, [], 'no worker was replaced');
  },
);

t.test('what the kernel answers beside us is not judged as ours, whatever bytes its checksum has', async (t) => {
  const station = [2, 0, 17, 17, 17, 17];
  const ends = { to: station, from: station, sourcePort: 53, destinationPort: 1717, message: Buffer.alloc(12) };
  for (const [protocolAt, source] of [
    [23, '17.17.17.17'],
    [20, '1111:1111:1111:1111:1111:1111:1111:1111'],
  ] as const) {
    const frame = buildFrame({ ...ends, source, destination: source });
    t.equal(carriesUdp(frame), true);
    frame[protocolAt] = source.includes(':') ? 58 : 1;
    if (protocolAt === 23) frame.writeUInt16BE(0x1111, 24);
    t.equal(carriesUdp(frame), false, 'ICMP');
  }
  t.equal(
    carriesUdp(Buffer.concat([Buffer.alloc(12, 17), Buffer.from([0x08, 0x06]), Buffer.alloc(28, 17)])),
    false,
    'ARP',
  );
});

/** A query of anybody, damaged or not, in headers that are damaged or not. */
function strangersFrame(wire: Wire, message: Buffer, isV6: boolean, draw: (limit: number) => number): Buffer {
  const fields: FrameFields = {
    ...{ to: wire.macs.server, from: wire.macs.client },
    ...(isV6 ? { source: CLIENT.v6, destination: SERVER.v6 } : { source: CLIENT.v4, destination: SERVER.v4 }),
    ...{ sourcePort: 1024 + draw(60_000), destinationPort: 53, message: message.subarray(0, 1400) },
    ...(draw(4) === 0 ? { vlan: draw(0x1_0000) } : {}),
    checksum: isV6 || draw(2) === 0 ? 'whole' : 'none',
  };
  const frame = buildFrame(fields);
  // Behind the stations' addresses, or no frame would arrive: headers as often as the message.
  for (let flips = draw(3); flips > 0; flips--)
    frame[12 + draw(Math.min(frame.length - 12, draw(2) === 0 ? 60 : 1500))] ^= 1 << draw(8);
  return draw(10) === 0 ? frame.subarray(0, 14 + draw(frame.length - 13)) : frame;
}

onWire(
  'of 200,000 answers during 100 shifts none is of a state before the one that was acknowledged',
  {},
  async (t, wire) => {
    const env = { ...overTheWire };
    const server = { address: SERVER.v4, wrapper: wire.atServer, env };
    const { answers, stale, shifts, transport } = await measureExactness(t.testdir(), {
      answers: 200_000,
      shifts: 100,
      server,
    });
    if (transport !== 'xdp') return t.comment(`LEFT OUT: ${transport} served`);
    t.ok(answers >= 200_000);
    t.ok(shifts >= 100);
    t.equal(stale, 0);
  },
);

onWire(
  'no answer is lost or stale while strangers send frames, zones are imported, settings read anew and weights shifted',
  {},
  async (t, wire) => {
    const raw = new RawFrames(wire.client);
    t.teardown(() => raw.close());
    const random = mulberry32(6);
    const draw = (limit: number): number => Math.floor(random() * limit);
    const server = { address: SERVER.v4, wrapper: wire.atServer, env: { ...overTheWire } };
    const figures = await measureExactness(t.testdir(), {
      ...{ answers: 50_000, shifts: 50, server, wire },
      meanwhile: async (teal) => {
        const strangers = (async () => {
          let sent = 0;
          for (const message of packets(29, FRAMES / 5)) {
            raw.send(strangersFrame(wire, message, draw(2) === 0, draw));
            // Far fewer than a ring holds are on their way at once, however slow the machine: the answer says that they are read.
            if (++sent % 100 === 0) await askUdp(SERVER.v4, 53, buildQuery({ name: app }));
          }
        })();
        for (let i = 0; i < 3; i++) {
          await putZoneFile(teal, `big${i}.test`, zoneFile(10_000));
          process.kill(teal.pid, 'SIGHUP');
        }
        await strangers;
      },
    });
    if (figures.transport !== 'xdp') return t.comment(`LEFT OUT: ${figures.transport} served`);
    t.equal(figures.stale, 0);
    t.equal(figures.lost, 0, JSON.stringify(figures));
  },
);
