/** A large zone listed through PowerDNS's API as lego does it: how long it takes, the memory that it takes, and what answers wait meanwhile. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { peakBytes, residentBytes } from './cpu.ts';
import { putZoneFile, zoneFile } from './import.ts';
import { askWhile, type Latencies, pause } from './meanwhile.ts';

interface ListRound {
  readonly clients: number;
  /** Of one list each, milliseconds. */
  readonly lists: Latencies;
  /** Of one client that asks a query each millisecond. */
  readonly answers: Latencies;
  /** Resident memory of the whole process, bytes. */
  readonly residentPeak: number;
}

interface ListFigures {
  readonly rrsets: number;
  readonly bodyBytes: number;
  readonly residentIdle: number;
  readonly residentSettled: number;
  readonly answersIdle: Latencies;
  readonly rounds: readonly ListRound[];
}

const ZONE = 'big.test';
const client = fileURLToPath(new URL('./list-client.ts', import.meta.url));
/** Until a start, or a list, has given back what it took for a moment. */
const SETTLE_MS = 12_000;
/** After the last list, until the thread that read them has ended too. */
const READER_ENDED_MS = 35_000;
const IDLE_MS = 10_000;
const CHALLENGES = 10;
/** Certificates that are renewed at once. */
const CLIENTS = [1, 4];

/** Lists a zone of so many RRsets, of a server with its data in `folder`. */
export async function measureLists(folder: string, rrsets: number): Promise<ListFigures> {
  const env = { TEAL_DOORS_POWERDNS_ENABLED: 'true' };
  const before = await startTeal(folder, { env });
  await putZoneFile(before, ZONE, zoneFile(rrsets));
  await before.end('SIGTERM');
  // What the import took is gone with its process.
  const teal = await startTeal(folder, { env });
  try {
    await pause(SETTLE_MS);
    const residentIdle = residentBytes([teal.pid]);
    const idleUntil = performance.now() + IDLE_MS;
    const answersIdle = await askWhile(teal, () => performance.now() < idleUntil);
    const rounds: ListRound[] = [];
    let bodyBytes = 0;
    for (const clients of CLIENTS) {
      const { bytes, ...round } = await measureRound(teal, clients);
      bodyBytes = bytes;
      rounds.push(round);
    }
    await pause(READER_ENDED_MS);
    return { rrsets, bodyBytes, residentIdle, residentSettled: residentBytes([teal.pid]), answersIdle, rounds };
  } finally {
    await teal.end('SIGTERM');
  }
}

async function measureRound(teal: TealProcess, clients: number): Promise<ListRound & { readonly bytes: number }> {
  forgetPeak(teal.pid);
  let isListing = true;
  const words = [client, teal.admin, teal.token, ZONE, String(CHALLENGES)];
  const listing = Promise.all(
    Array.from({ length: clients }, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, words);
      return JSON.parse(stdout) as { listMs: number[]; bytes: number };
    }),
  ).finally(() => {
    isListing = false;
  });
  const [told, answers] = await Promise.all([listing, askWhile(teal, () => isListing)]);
  const lists = told.flatMap(({ listMs }) => listMs).sort((a, b) => a - b);
  return { clients, lists, answers, residentPeak: peakBytes([teal.pid]), bytes: told[0]?.bytes ?? 0 };
}

/** From now on the peak is that of what follows (proc_pid_clear_refs(5)). */
function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
