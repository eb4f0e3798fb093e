/** Hostile replies over TCP: whatever a server sends, and however it cuts it, a question has its end, and a cheap one. */
import net from 'node:net';
import t, { type Test } from 'tap';
import { type Answer, askAt, type NoAnswer } from '../../src/asking/ask.ts';

/** For what never comes; nothing that comes is waited for by it. */
const SHORT_MS = 300;
const LONG_MS = 60_000;
const HEADER_BYTES = 12;

type Serve = (query: Buffer, socket: net.Socket) => void;

async function ask(t: Test, serve: Serve, limitMs: number): Promise<Answer | NoAnswer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    // A query fits one segment.
    socket.once('data', (bytes) => serve(bytes.subarray(2), socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as net.AddressInfo;
  const before = process.threadCpuUsage();
  const answer = await askAt(port, { limitMs, tries: 1 })('127.0.0.1', { name: 'app.test', type: 'A', tcp: true });
  const { user, system } = process.threadCpuUsage(before);
  // dns2 alone was busy for six seconds on a header that promises 262,140 records.
  t.ok(user + system < 1.5e6, `this thread was busy for ${Math.round((user + system) / 1000)} ms`);
  return answer;
}

function framed(...parts: readonly Uint8Array[]): Buffer {
  const message = Buffer.concat(parts);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** The header of a reply to the query, with these counts behind that of the questions. */
const header = (query: Buffer, counts: number): Buffer =>
  Buffer.concat([query.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 1]), Buffer.alloc(6, counts)]);

const question = (query: Buffer): Buffer => query.subarray(HEADER_BYTES);
const address = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 192, 0, 2, 1]);
const reply = (query: Buffer): Buffer =>
  framed(query.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]), question(query), address);

const hostile: readonly [what: string, bytes: (query: Buffer) => Buffer, error: RegExp][] = [
  ['a header for another query, whose counts are all 65,535', () => framed(Buffer.alloc(12, 0xff)), /not to what was/],
  ['one for this query, without its question', (query) => framed(header(query, 0xff)), /not to what was asked/],
  ['one for this query, with its question', (query) => framed(header(query, 0xff), question(query)), /cannot be read/],
  ['a message of no bytes', () => framed(), /not to what was asked/],
  ['another question', (query) => framed(header(query, 0), question(query).fill(0x61, 1, 4)), /not to what was asked/],
  ['garbage as long as a message may be', () => framed(Buffer.alloc(65_535, 0xc0)), /not to what was asked/],
  [
    'garbage behind a good beginning',
    (query) => framed(header(query, 0xff), question(query), Buffer.alloc(65_000, 0xc0)),
    /cannot be read/,
  ],
  ['bytes behind the end', (query) => framed(reply(query).subarray(2), Buffer.alloc(9)), /behind its last record/],
];

for (const [what, bytes, error] of hostile) {
  t.test(what, async (t) => {
    t.match(await ask(t, (query, socket) => socket.write(bytes(query)), LONG_MS), { error });
  });
}

t.test('a reply that ends early is told at once, one that never ends after the limit', async (t) => {
  const part = (query: Buffer): Buffer => reply(query).subarray(0, -1);
  t.match(await ask(t, (query, socket) => socket.end(part(query)), LONG_MS), { error: /closed without an answer/ });
  t.match(await ask(t, (_, socket) => socket.end(), LONG_MS), { error: /closed without an answer/ });
  t.match(await ask(t, (query, socket) => socket.write(part(query)), SHORT_MS), { error: /no answer within/ });
  t.match(await ask(t, (_, socket) => socket.write(Buffer.alloc(1)), SHORT_MS), { error: /no answer within/ });
  t.match(await ask(t, () => {}, SHORT_MS), { error: /no answer within/ });
});

t.test('a good reply is read however it is cut, and what follows it is not waited for', async (t) => {
  const inPieces: Serve = (query, socket) => {
    socket.setNoDelay(true);
    const bytes = reply(query);
    const send = (at: number): void => {
      if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), () => setImmediate(send, at + 1));
    };
    send(0);
  };
  for (const serve of [
    inPieces,
    (query: Buffer, socket: net.Socket) => socket.write(Buffer.concat([reply(query), Buffer.alloc(100_000, 0xff)])),
  ]) {
    t.match(await ask(t, serve as Serve, LONG_MS), { rcode: 0, answers: [{ address: '192.0.2.1' }] });
  }
});
