/** What stands between a server and who asks it: everything goes through, and replies can be damaged on the way. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { readMessage, readName, wireOf } from '../../fixtures/dnssec/message.ts';

const PORT = 53;
const CLASS_IN = 1;
const OPT = 41;
const RRSIG = 46;
const NSEC = 47;
const DNSKEY = 48;
const NSEC3 = 50;
/** A server that does not answer is not waited for by who asked it either. */
const WAIT_MS = 5000;

/** A reply as it goes on; it may be changed in place. Empty: it does not go on. */
export type Damage = (reply: Buffer) => Buffer;

interface Place {
  /** Of the whole record, and of its data. */
  readonly start: number;
  readonly data: number;
  readonly end: number;
  readonly type: number;
}

/** `asked`: where the name of the question ends, and `question` its type. */
function placesOf(reply: Buffer) {
  const asked = readName(reply, 12).end;
  let at = asked + 4;
  const places: Place[] = [];
  for (let left = reply.readUInt16BE(6) + reply.readUInt16BE(8) + reply.readUInt16BE(10); left > 0; left--) {
    const start = at;
    const fixed = readName(reply, at).end;
    const data = fixed + 10;
    at = data + reply.readUInt16BE(fixed + 8);
    places.push({ start, data, end: at, type: reply.readUInt16BE(fixed) });
  }
  return { asked, question: reply.readUInt16BE(asked), places };
}

function flip(reply: Buffer, at: number, bit: number): void {
  reply.writeUInt8(reply.readUInt8(at) ^ bit, at);
}

/** Flips one bit of each signature of RRsets of a type. */
export const flipSignature =
  (covered: number): Damage =>
  (reply) => {
    for (const { type, data, end } of placesOf(reply).places)
      if (type === RRSIG && reply.readUInt16BE(data) === covered) flip(reply, end - 5, 1);
    return reply;
  };

/** Replaces the next name: one letter of it, or one bit of its hash. */
export const replaceNext: Damage = (reply) => {
  for (const { type, data } of placesOf(reply).places) {
    if (type === NSEC) flip(reply, data + 1, 1);
    if (type === NSEC3) flip(reply, data + 6 + reply.readUInt8(data + 4), 1);
  }
  return reply;
};

/** Takes one type out of each bitmap (RFC 4034 §4.1.2): the first that stands there. */
export const dropType: Damage = (reply) => {
  for (const { type, data } of placesOf(reply).places) {
    const hash = data + 5 + (type === NSEC3 ? reply.readUInt8(data + 4) : 0);
    const bitmap = type === NSEC ? readName(reply, data).end : type === NSEC3 ? hash + 1 + reply.readUInt8(hash) : 0;
    if (bitmap === 0) continue;
    const bits = reply.readUInt8(bitmap + 2);
    reply.writeUInt8(bits & (bits - 1), bitmap + 2);
  }
  return reply;
};

/** Leaves signatures out of every reply but those that tell keys; what is left is not compressed any more. */
export const stripSignatures: Damage = (reply) => {
  const { asked, question, places } = placesOf(reply);
  if (question === DNSKEY) return reply;
  const { records } = readMessage(reply);
  const opt = places.filter(({ type }) => type === OPT).map(({ start, end }) => reply.subarray(start, end));
  const kept = records.filter(({ type }) => type !== RRSIG);
  const parts = kept.map(({ owner, type, ttl, rdata }) => {
    const fixed = Buffer.alloc(10);
    fixed.writeUInt16BE(type, 0);
    fixed.writeUInt16BE(CLASS_IN, 2);
    fixed.writeUInt32BE(ttl, 4);
    fixed.writeUInt16BE(rdata.length, 8);
    return Buffer.concat([wireOf(owner), fixed, rdata]);
  });
  const made = Buffer.concat([reply.subarray(0, asked + 4), ...parts, ...opt]);
  for (const [i, section] of (['answer', 'authority', 'additional'] as const).entries()) {
    const count = kept.filter((record) => record.section === section).length;
    made.writeUInt16BE(count + (section === 'additional' ? opt.length : 0), 6 + 2 * i);
  }
  return made;
};

/** Replies go through `damage` from when it is set. */
export interface Relay {
  damage: Damage | undefined;
  stop(): Promise<void>;
}

export async function startRelay(address: string, to: string): Promise<Relay> {
  const sockets = new Set<net.Socket>();
  const relay: Relay = {
    damage: undefined,
    async stop() {
      udp.close();
      tcp.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  const passed = (reply: Buffer): Buffer => relay.damage?.(reply) ?? reply;
  const udp = dgram.createSocket('udp4');
  udp.on('message', (query, from) => {
    const onward = dgram.createSocket('udp4');
    const timer = setTimeout(() => onward.close(), WAIT_MS);
    onward.once('message', (reply) => {
      clearTimeout(timer);
      onward.close();
      const told = passed(reply);
      if (told.length > 0) udp.send(told, from.port, from.address);
    });
    onward.on('error', () => {});
    onward.send(query, PORT, to);
  });
  udp.bind(PORT, address);
  await once(udp, 'listening');
  const tcp = net.createServer((client) => {
    const server = net.connect(PORT, to);
    let waiting = Buffer.alloc(0);
    for (const [socket, other] of [[client, server] as const, [server, client] as const]) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.end();
      });
    }
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes) => {
      waiting = Buffer.concat([waiting, bytes]);
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
        const end = 2 + waiting.readUInt16BE(0);
        const reply = passed(Buffer.from(waiting.subarray(2, end)));
        waiting = waiting.subarray(end);
        client.write(Buffer.concat([Buffer.of(reply.length >> 8, reply.length & 255), reply]));
      }
    });
  });
  tcp.listen(PORT, address);
  await once(tcp, 'listening');
  return relay;
}
