/** The clients of the cutover checker, in a thread of their own. */
import { parentPort, workerData } from 'node:worker_threads';
import { buildQuery, type Reply, UdpClient } from '../fixtures/dns-client.ts';
import { Closed, TcpClient } from '../fixtures/tcp-client.ts';
import { WORD } from './cutover-words.ts';

const { port, words, clients, tcpClients, lostAfterMs } = workerData as {
  port: number;
  words: Int32Array;
  clients: number;
  tcpClients: number;
  lostAfterMs: number;
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
  await client(index, (query) => socket.ask(query, lostAfterMs), WORD.UDP_ANSWERS);
  await socket.close();
}

async function tcpClient(index: number): Promise<void> {
  const socket = new TcpClient(port);
  await client(index, (query) => socket.ask(query), WORD.TCP_ANSWERS);
  socket.close();
}

await Promise.all([
  ...Array.from({ length: clients }, (_, i) => udpClient(i)),
  ...Array.from({ length: tcpClients }, (_, i) => tcpClient(i)),
]);
parentPort?.postMessage(failures);
