/** Sends hostile packets and judges every reply, in a process of its own: the memory of the server's is measured. */
import dgram from 'node:dgram';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { packets } from '../fixtures/mutate.ts';
import { openRawUdp } from '../fixtures/raw-udp.ts';

/** What a reply to the packet sent last under an ID may be. */
const EXPECT = { NOTHING_SENT: 0, NO_REPLY: 1, AT_MOST_512: 2, AT_MOST_1232: 3 } as const;

/** No reply to a response or a torso; without EDNS at most 512 bytes (RFC 1035 §4.2.1). */
function expectationOf(packet: Uint8Array): number {
  if (packet.length < 12 || (packet[2] & 0x80) !== 0) return EXPECT.NO_REPLY;
  const additionals = (packet[10] << 8) | packet[11];
  return additionals === 0 ? EXPECT.AT_MOST_512 : EXPECT.AT_MOST_1232;
}

const [port, seed, count] = process.argv.slice(2).map(Number) as [number, number, number];
const result = { replies: 0, faults: [] as string[], raw: false };
const expected = new Uint8Array(65536);
const raw = openRawUdp();
result.raw = raw !== undefined;
const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 * 2 ** 20 });
socket.on('message', (reply) => {
  result.replies++;
  const expectation = expected[reply.readUInt16BE(0)];
  const limit = expectation === EXPECT.AT_MOST_512 ? 512 : 1232;
  if (expectation <= EXPECT.NO_REPLY) result.faults.push('a reply to nothing, to a response or to a torso');
  if (reply.length > limit) result.faults.push(`a reply of ${reply.length} bytes, ${limit} allowed`);
  if ((reply[2] & 0x80) === 0) result.faults.push('a reply without QR');
});
await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));

/** Sockets of good queries: so many that each worker is asked by some of them. */
const WITNESSES = 16;
const witnesses = await Promise.all(Array.from({ length: WITNESSES }, () => UdpClient.open('127.0.0.1', port)));
const good = buildQuery({ name: 'www.example.test' });
/** Until all that was sent has been read: what a server that stands still cannot hold would be lost, and others' queries with it. */
async function isRead(): Promise<void> {
  await Promise.all(witnesses.map((witness) => witness.ask(good)));
}

let number = 0;
for (const packet of packets(seed, count)) {
  number++;
  if (raw !== undefined && number % 10 === 0) {
    raw.send(0, port, packet);
  } else {
    const id = number & 0xffff;
    if (packet.length >= 2) packet.writeUInt16BE(id, 0);
    expected[id] = expectationOf(packet);
    socket.send(packet, port, '127.0.0.1');
  }
  if (number % 200 === 0) await isRead();
}
await isRead();
await new Promise((resolve) => setTimeout(resolve, 300));
for (const witness of witnesses) await witness.close();
raw?.close();
socket.close();
process.send?.(result);
process.disconnect?.();
