/** An import of a large zone while a client shifts and another asks: what it costs them, the server, and its memory. */
import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { buildQuery, UdpClient } from '../test/fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { processTree } from '../test/fixtures/tidying.ts';
import { peakBytes, residentBytes } from './cpu.ts';
import { askWhile, type Latencies, pause, shiftWhile } from './meanwhile.ts';

export interface ImportFigures {
  readonly names: number;
  readonly seconds: number;
  readonly shiftsIdle: Latencies;
  readonly shiftsBusy: Latencies;
  /** Of one client that asks one query after the other. */
  readonly answersBusy: Latencies;
  /** Resident memory of all processes of the server, bytes. */
  readonly residentBefore: number;
  readonly residentPeak: number;
  readonly residentSettled: number;
  /** From the start of the process to its first answer, with the zone in the store. */
  readonly restartSeconds: number;
}

/** Shifts on an idle server that the others are held against. */
const IDLE_SHIFTS = 300;
/** Between two shifts. */
const PAUSE_MS = 5;
/** After the import, until the memory that it took is given back: V8 keeps freed pages for some seconds. */
const SETTLE_MS = 12_000;

/** A zone of `names` names with an A record each. */
export function zoneFile(names: number): Buffer {
  const lines = ['@ 3600 IN SOA ns1 hostmaster 1 7200 3600 1209600 60', '@ 3600 IN NS ns1', 'ns1 60 A 192.0.2.1'];
  for (let i = 0; i < names; i++) lines.push(`n${i} 300 A 10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`);
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** Imports a zone of `names` names into a server with its data in `folder`. */
export async function measureImport(folder: string, names: number): Promise<ImportFigures> {
  const env = { TEAL_TABLE_MAX_BYTES: String(2 ** 31) };
  const teal = await startTeal(folder, { env });
  const residentBefore = residentBytes(processTree(teal.pid));
  const shiftsIdle = await shiftWhile(teal, (done) => done < IDLE_SHIFTS, PAUSE_MS);
  let importing = true;
  const startedAt = performance.now();
  let seconds = 0;
  const imported = putZoneFile(teal, 'big.test', zoneFile(names)).finally(() => {
    importing = false;
    seconds = (performance.now() - startedAt) / 1000;
  });
  const [shiftsBusy, answersBusy] = await Promise.all([
    shiftWhile(teal, () => importing, PAUSE_MS),
    askWhile(teal, () => importing),
    imported,
  ]);
  await pause(SETTLE_MS);
  const residentPeak = peakBytes(processTree(teal.pid));
  const residentSettled = residentBytes(processTree(teal.pid));
  await teal.end('SIGTERM');
  const restartedAt = performance.now();
  const again = await startTeal(folder, { env });
  await ask(again, `n${names - 1}.big.test`);
  const restartSeconds = (performance.now() - restartedAt) / 1000;
  await again.end('SIGTERM');
  return {
    names,
    seconds,
    shiftsIdle,
    shiftsBusy,
    answersBusy,
    residentBefore,
    residentPeak,
    residentSettled,
    restartSeconds,
  };
}

/** Puts a zone that is new, whole. By `http`: `fetch` copies a large body twice, which takes a tenth of a second of a million names. */
export async function putZoneFile(teal: TealProcess, zone: string, body: Buffer): Promise<void> {
  const headers = { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns', 'content-length': body.length };
  const request = http.request(`${teal.admin}/v1/zones/${zone}/file`, { method: 'PUT', headers });
  request.end(body);
  const [reply] = (await once(request, 'response')) as [http.IncomingMessage];
  const said = await text(reply);
  if (reply.statusCode !== 201) throw new Error(`${reply.statusCode} ${said.slice(0, 500)}`);
}

async function ask(teal: TealProcess, name: string): Promise<void> {
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  const reply = await client.ask(buildQuery({ name }));
  await client.close();
  if (reply.answers.length !== 1) throw new Error(`${name}: rcode ${reply.rcode}`);
}
