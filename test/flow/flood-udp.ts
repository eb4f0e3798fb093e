/** Floods a server with queries from all over one /24 of loopback, in a process of its own, and counts what comes back. */
import dgram from 'node:dgram';
import { buildQuery } from '../fixtures/dns-client.ts';

export interface FloodResult {
  readonly sent: number;
  /** Whole answers, truncated ones, and how long the flood lasted. */
  readonly answered: number;
  readonly truncated: number;
  readonly seconds: number;
}

/** Sockets in the prefix, each from an address of its own. */
const SOCKETS = 100;
/** Sent between two turns of the event loop, which read what has come back. */
const BURST = 100;

const [port, count, prefix, name] = process.argv.slice(2) as [string, string, string, string];
let answered = 0;
let truncated = 0;
const sockets = await Promise.all(
  Array.from({ length: SOCKETS }, async (_, i) => {
    const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 2 ** 20 });
    socket.on('message', (reply) => {
      if ((reply[2] & 0x02) === 0) answered++;
      else truncated++;
    });
    await new Promise<void>((resolve) => socket.bind(0, `${prefix}.${i + 1}`, resolve));
    return socket;
  }),
);
const startedAt = performance.now();
for (let sent = 0; sent < Number(count); sent++) {
  const query = buildQuery({ id: sent & 0xffff, name: name.replace('#', String(sent)), type: 'A' });
  sockets[sent % SOCKETS]?.send(query, Number(port), '127.0.0.1');
  if (sent % BURST === BURST - 1) await new Promise((resolve) => setTimeout(resolve, 1));
}
// What is still on its way.
for (let before = -1; before !== answered + truncated; ) {
  before = answered + truncated;
  await new Promise((resolve) => setTimeout(resolve, 300));
}
const seconds = (performance.now() - startedAt) / 1000;
for (const socket of sockets) socket.close();
process.send?.({ sent: Number(count), answered, truncated, seconds } satisfies FloodResult);
process.disconnect?.();
