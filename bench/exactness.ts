/** 100 shifts a second through the admin API while a client asks flat out: every answer is held against what was acknowledged. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import type { Wire } from '../test/fixtures/two-namespaces.ts';
import { type ClientResult, WORD } from './exactness-client.ts';
import { ANSWERED, countLosses, grown } from './losses.ts';

const SHIFTS_PER_SECOND = 100;
/** States are told apart modulo this: far more than can be under way at once. */
const POOLS = 16;
/** What sockets have dropped is told once a second. */
const TOLD_MS = 2000;
const name = 'app.example.test';

export interface ExactnessFigures extends ClientResult {
  readonly shifts: number;
  /** That served UDP. */
  readonly transport: unknown;
  readonly slowestShiftMs: number;
  readonly seconds: number;
  /** Answers that the server sent, by its own count. */
  readonly answered: number;
  /** Where what was lost was lost, as far as any place on the way counts it. */
  readonly losses: readonly (readonly [place: string, count: number])[];
}

export interface ExactnessOptions {
  /** Answers and shifts to wait for: where the disk is slow, the answers come long before the shifts. */
  readonly answers: number;
  readonly shifts: number;
  /** Says that a shift is acknowledged before it is asked for: the client must then find stale answers. */
  readonly lies?: boolean;
  /** How the server is started, where not as usual, and where it is asked. */
  readonly server?: Parameters<typeof startTeal>[1] & { readonly address: string };
  /** What lies between, where that is not loopback. */
  readonly wire?: Wire;
  /** What else the server has to do; it is waited for. */
  readonly meanwhile?: (teal: TealProcess) => Promise<unknown>;
  readonly progress?: (answers: number, shifts: number) => void;
}

/** State s has all weight on pool s modulo POOLS, whose address ends in that number plus one. */
function weightsOf(state: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: POOLS }, (_, i) => [`p${i}`, i === state % POOLS ? 1 : 0]));
}

/** A server with its data in `folder`. */
export async function measureExactness(folder: string, options: ExactnessOptions): Promise<ExactnessFigures> {
  const teal = await startTeal(folder, options.server);
  const pools = Object.fromEntries(
    Object.entries(weightsOf(0)).map(([pool, weight], i) => [pool, { weight, targets: [`192.0.2.${i + 1}`] }]),
  );
  const made = await teal.call('PUT', `/v1/services/${name}`, { pools });
  if (made.status >= 300) throw new Error(JSON.stringify(made.body));
  const before = await countLosses(teal, options.wire);
  const words = new Int32Array(new SharedArrayBuffer(16));
  const client = new Worker(new URL('./exactness-client.ts', import.meta.url), {
    workerData: { address: options.server?.address ?? '127.0.0.1', port: teal.dnsPort, name, pools: POOLS, words },
  });
  const finished = new Promise<ClientResult>((resolve, reject) => {
    client.once('message', resolve);
    client.once('error', reject);
  });
  const startedAt = performance.now();
  let shifts = 0;
  let slowestShiftMs = 0;
  let isBusy = options.meanwhile !== undefined;
  const meanwhile = options.meanwhile?.(teal).finally(() => {
    isBusy = false;
  });
  while (isBusy || shifts < options.shifts || Atomics.load(words, WORD.ANSWERS) < options.answers) {
    shifts++;
    Atomics.store(words, WORD.ASKED, shifts);
    if (options.lies) Atomics.store(words, WORD.ACKNOWLEDGED, shifts);
    const askedAt = performance.now();
    const reply = await teal.call('PUT', `/v1/services/${name}/weights`, weightsOf(shifts));
    if (reply.status !== 200) throw new Error(JSON.stringify(reply.body));
    Atomics.store(words, WORD.ACKNOWLEDGED, shifts);
    slowestShiftMs = Math.max(slowestShiftMs, performance.now() - askedAt);
    options.progress?.(Atomics.load(words, WORD.ANSWERS), shifts);
    await sleep(Math.max(0, startedAt + (shifts * 1000) / SHIFTS_PER_SECOND - performance.now()));
  }
  await meanwhile;
  Atomics.store(words, WORD.DONE, 1);
  const result = await finished;
  const seconds = (performance.now() - startedAt) / 1000;
  if (result.lost > 0) await sleep(TOLD_MS);
  const after = await countLosses(teal, options.wire);
  await teal.end('SIGTERM');
  const transport = teal.log.find(({ msg }) => msg === 'ready')?.transport;
  const counted = { answered: after[ANSWERED] - before[ANSWERED], losses: grown(before, after) };
  return { ...result, ...counted, transport, shifts, slowestShiftMs, seconds };
}
