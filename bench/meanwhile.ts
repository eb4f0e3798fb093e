/** What other clients see of a server while it has something large to do. */
import { buildQuery, UdpClient } from '../test/fixtures/dns-client.ts';
import type { TealProcess } from '../test/fixtures/process.ts';

/** Milliseconds, sorted. */
export type Latencies = readonly number[];

export function quantile(sorted: Latencies, share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)];
}

/** Shifts the demo service to and fro; every shift must be answered by the new weights at once. */
export async function shiftWhile(
  teal: TealProcess,
  goOn: (done: number) => boolean,
  pauseMs: number,
): Promise<Latencies> {
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  const query = buildQuery({ name: 'app.example.test' });
  const latencies: number[] = [];
  for (let i = 0; goOn(i); i++) {
    const weights = { blue: i % 2, green: 1 - (i % 2) };
    const startedAt = performance.now();
    const { status } = await teal.call('PUT', '/v1/services/app.example.test/weights', weights);
    latencies.push(performance.now() - startedAt);
    const answer = (await client.ask(query)).answers[0]?.data;
    const expected = weights.blue === 1 ? '192.0.2.10' : '192.0.2.20';
    if (status !== 200 || answer !== expected) throw new Error(`shift ${i}: status ${status}, then ${answer}`);
    await pause(pauseMs);
  }
  await client.close();
  return latencies.sort((a, b) => a - b);
}

/** Asks one query after the other. */
export async function askWhile(teal: TealProcess, goOn: () => boolean, pauseMs = 1): Promise<Latencies> {
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  const query = buildQuery({ name: 'app.example.test' });
  const latencies: number[] = [];
  while (goOn()) {
    const startedAt = performance.now();
    await client.ask(query);
    latencies.push(performance.now() - startedAt);
    await pause(pauseMs);
  }
  await client.close();
  return latencies.sort((a, b) => a - b);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
