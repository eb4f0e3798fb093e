/** `npm run bench:restart`: how long nobody answers while the server restarts: sockets of its own against sockets that are handed over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HandedOver, type Running, SteadyClient, startServer } from '../test/flow/restart.ts';
import { numbersAndWords } from '../tools/command-line.ts';

const QPS = 20_000;
const RESTARTS = 5;
const BUFFER_BYTES = 128 * 2 ** 20;

async function measure(title: string, port: number, start: () => Promise<Running>): Promise<void> {
  let server = await start();
  const client = new SteadyClient(port, QPS);
  await client.replies(QPS);
  for (let i = 0; i < RESTARTS; i++) {
    await server.stop();
    server = await start();
    await client.replies(QPS);
  }
  const { sent, lost, longestGapMs, slowestMs } = await client.finish();
  await server.stop();
  const ms = (value: number): string => `${Math.round(value)} ms`;
  console.log(
    `${title}: ${RESTARTS} restarts at ${QPS} queries a second, ${sent} sent, ${lost} lost, ` +
      `longest time without an answer ${ms(longestGapMs)}, slowest answer ${ms(slowestMs)}`,
  );
}

numbersAndWords({});
const folder = mkdtempSync(join(tmpdir(), 'teal-restart-'));
const handed = new HandedOver(1, BUFFER_BYTES);
const { port } = handed;
await measure('handed over', port, () => handed.start(folder));
handed.close();
const env = { TEAL_DNS_LISTEN: `127.0.0.1:${port}` };
await measure('its own sockets', port, () => startServer(folder, [], env));
rmSync(folder, { recursive: true });
