/** The clients of the adoption checker, in a thread of their own: each answer is held against what was acknowledged. */
import { parentPort, workerData } from 'node:worker_threads';
import { buildQuery, type Reply, UdpClient } from '../fixtures/dns-client.ts';
import { Closed, TcpClient } from '../fixtures/tcp-client.ts';
import { QUESTIONS, WORD } from './adoption-words.ts';

const { port, words, clients, tcpClients } = workerData as {
  port: number;
  words: Int32Array;
  clients: number;
  tcpClients: number;
};
const NXDOMAIN = 3;
const LIMIT_MS = 60_000;
/** What went wrong with queries that had no reply, some of them. */
const failures: string[] = [];

/** The state that an answer tells: the last three parts of its address, or the number in its host name. */
function stateOf({ answers }: Reply): number {
  const data = answers.at(-1)?.data ?? '';
  const host = /^s(\d+)\./.exec(data)?.[1];
  if (host !== undefined) return Number(host);
  const [, a = 0, b = 0, c = 0] = data.split('.').map(Number);
  return (a << 16) | (b << 8) | c;
}

async function client(index: number, ask: (query: Buffer) => Promise<Reply>, answered: number): Promise<void> {
  const seen = new Map<number, number>();
  for (let i = index; Atomics.load(words, WORD.DONE) === 0; i++) {
    const { name, type, of } = QUESTIONS[i % QUESTIONS.length] as (typeof QUESTIONS)[number];
    const acknowledged = of === undefined ? 0 : Atomics.load(words, WORD.ACKNOWLEDGED + of);
    try {
      const reply = await ask(buildQuery({ id: i & 0xffff, name, type }));
      Atomics.add(words, answered, 1);
      if (reply.rcode !== 0) Atomics.add(words, reply.rcode === NXDOMAIN ? WORD.NXDOMAIN : WORD.FAILURES, 1);
      // An alias whose target has no answer is NODATA too.
      else if (reply.answers.length === 0 || (name.startsWith('alias') && reply.answers.length === 1)) {
        Atomics.add(words, WORD.NODATA, 1);
      } else if (of !== undefined) {
        const state = stateOf(reply);
        if (state < acknowledged) Atomics.add(words, WORD.STALE, 1);
        if (state < (seen.get(of) ?? 0)) Atomics.add(words, WORD.BACKWARDS, 1);
        seen.set(of, Math.max(state, seen.get(of) ?? 0));
      }
    } catch (error) {
      if (failures.length < 10) failures.push((error as Error).message);
      Atomics.add(words, WORD.FAILURES, 1);
      if (error instanceof Closed) return;
    }
  }
}

async function udpClient(index: number): Promise<void> {
  const socket = await UdpClient.open('127.0.0.1', port);
  await client(index, (query) => socket.ask(query, LIMIT_MS), WORD.UDP_ANSWERS);
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
