/** The clients of the cutover checker, in a thread of their own. */
import net from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { buildQuery, decode, frame, type Reply, UdpClient, unframe } from '../fixtures/dns-client.ts';

const { port, words, clients, tcpClients } = workerData as {
  port: number;
  words: Int32Array;
  clients: number;
  tcpClients: number;
};
const [ACKNOWLEDGED, DONE] = [0, 1];
const names = ['app.example.test', 'api.example.test'];
const result = { udpAnswers: 0, tcpAnswers: 0, stale: 0, backwards: 0, failures: [] as string[] };

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
async function client(index: number, ask: (query: Buffer) => Promise<Reply>, count: () => void): Promise<void> {
  let seen = 0;
  for (let i = index; Atomics.load(words, DONE) === 0; i++) {
    const acknowledged = Atomics.load(words, ACKNOWLEDGED);
    try {
      const state = stateOf(await ask(buildQuery({ id: i & 0xffff, name: names[i % 2] as string, type: 'A' })));
      if (state < acknowledged) result.stale++;
      if (state < seen) result.backwards++;
      seen = Math.max(seen, state);
      count();
    } catch (error) {
      result.failures.push((error as Error).message);
    }
  }
}

async function udpClient(index: number): Promise<void> {
  const socket = await UdpClient.open('127.0.0.1', port);
  await client(
    index,
    (query) => socket.ask(query, 3000),
    () => result.udpAnswers++,
  );
  await socket.close();
}

/** One connection, one query after the other. */
async function tcpClient(index: number): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  let stream: Buffer = Buffer.alloc(0);
  let deliver: (reply: Reply) => void = () => {};
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    const { messages, rest } = unframe(Buffer.concat([stream, chunk]));
    stream = rest;
    for (const message of messages) deliver(decode(message));
  });
  const ask = (query: Buffer): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no reply over TCP')), 3000);
      deliver = (reply) => {
        clearTimeout(timer);
        resolve(reply);
      };
      socket.write(frame(query));
    });
  await client(index, ask, () => result.tcpAnswers++);
  socket.destroy();
}

await Promise.all([
  ...Array.from({ length: clients }, (_, i) => udpClient(i)),
  ...Array.from({ length: tcpClients }, (_, i) => tcpClient(i)),
]);
parentPort?.postMessage(result);
