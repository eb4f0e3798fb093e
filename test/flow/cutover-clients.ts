/** The clients of the cutover checker, in a thread of their own. */
import net from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { buildQuery, decode, frame, type Reply, UdpClient, unframe } from '../fixtures/dns-client.ts';
import { WORD } from './cutover-words.ts';

const { port, words, clients, tcpClients } = workerData as {
  port: number;
  words: Int32Array;
  clients: number;
  tcpClients: number;
};
const names = ['app.example.test', 'api.example.test'];
/** What went wrong with queries that had no whole answer. */
const failures: string[] = [];

/** The state that a reply tells; every record must tell the same. */
function stateOf(reply: Reply): number {
  const states = new Set(reply.answers.map(({ data }) => data.split('.').slice(1).join('.')));
  const [state] = states;
  if (reply.answers.length !== 3 || states.size !== 1 || state === undefined) {
    throw new Error(`torn answer: ${JSON.stringify(reply.answers.map(({ data }) => data))} rcode ${reply.rcode}`);
  }
  const [a, b, c] = state.split('.').map(Number) as [number, number, number];
  return (a << 16) | (b << 8) | c;
}

/** The server has closed the connection: there is nobody left to ask. */
class Closed extends Error {}

/** Asks with `ask` until told to stop, and holds each answer against what was known when the query was sent. */
async function client(index: number, ask: (query: Buffer) => Promise<Reply>, answered: number): Promise<void> {
  let seen = 0;
  for (let i = index; Atomics.load(words, WORD.DONE) === 0; i++) {
    const acknowledged = Atomics.load(words, WORD.ACKNOWLEDGED);
    let closed = false;
    try {
      const state = stateOf(await ask(buildQuery({ id: i & 0xffff, name: names[i % 2], type: 'A' })));
      if (state < acknowledged) Atomics.add(words, WORD.STALE, 1);
      if (state < seen) Atomics.add(words, WORD.BACKWARDS, 1);
      seen = Math.max(seen, state);
      Atomics.add(words, answered, 1);
    } catch (error) {
      failures.push((error as Error).message);
      Atomics.add(words, WORD.FAILURES, 1);
      closed = error instanceof Closed;
    }
    if (i === index) Atomics.add(words, WORD.STARTED, 1);
    if (closed) return;
  }
}

async function udpClient(index: number): Promise<void> {
  const socket = await UdpClient.open('127.0.0.1', port);
  await client(index, (query) => socket.ask(query, 5000), WORD.UDP_ANSWERS);
  await socket.close();
}

/** One connection, one query after the other. */
async function tcpClient(index: number): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  let stream: Buffer = Buffer.alloc(0);
  let deliver: (reply: Reply) => void = () => {};
  let fail: (error: Error) => void = () => {};
  socket.on('error', () => {});
  socket.on('close', () => fail(new Closed('the server closed the connection')));
  socket.on('data', (chunk) => {
    const { messages, rest } = unframe(Buffer.concat([stream, chunk]));
    stream = rest;
    for (const message of messages) deliver(decode(message));
  });
  const ask = (query: Buffer): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no reply over TCP')), 5000);
      deliver = (reply) => {
        clearTimeout(timer);
        resolve(reply);
      };
      fail = (error) => {
        clearTimeout(timer);
        reject(error);
      };
      if (socket.destroyed) fail(new Closed('the connection is closed'));
      else socket.write(frame(query));
    });
  await client(index, ask, WORD.TCP_ANSWERS);
  socket.destroy();
}

await Promise.all([
  ...Array.from({ length: clients }, (_, i) => udpClient(i)),
  ...Array.from({ length: tcpClients }, (_, i) => tcpClient(i)),
]);
parentPort?.postMessage(failures);
