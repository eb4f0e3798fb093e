/** The adoption checker: names become services of each kind and records again, through the API, under a stream of queries. */
import { Worker } from 'node:worker_threads';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { CHANGING, WORD } from './adoption-words.ts';

export interface AdoptionOptions {
  /** To wait for, of each protocol; and changes, each of all names. */
  readonly udpAnswers: number;
  readonly tcpAnswers: number;
  readonly changes: number;
  /** Changes as somebody would who knows no better, by a DELETE and then a PUT: the clients must then find faults. */
  readonly naive?: boolean;
}

export interface AdoptionResult {
  readonly counts: Readonly<Record<Exclude<keyof typeof WORD, 'DONE' | 'ACKNOWLEDGED' | 'WORDS'>, number>>;
  readonly changes: number;
  readonly failures: readonly string[];
}

/** Answers between two changes, so that each is asked about, however slow the machine is. */
const ANSWERS_BETWEEN = 60;

type Kind = 'address' | 'host';

const target = (kind: Kind, state: number): string =>
  kind === 'host' ? `s${state}.targets.example.net` : `10.${(state >> 16) & 255}.${(state >> 8) & 255}.${state & 255}`;

/** Blue is the state that comes, green the one after it, which is what is left. */
function serviceBody(kind: Kind, state: number): object {
  return {
    ttlSeconds: 5,
    replace: true,
    previewNames: false,
    pools: {
      blue: { weight: 1, targets: [target(kind, state)] },
      green: { weight: 0, targets: [target(kind, state + 1)] },
    },
  };
}

/** From records to records by every way that there is: put, put the other kind, put back, leave; and a CNAME between. */
const WAY: readonly (Kind | 'leave')[] = ['address', 'host', 'address', 'leave', 'host', 'leave', 'address', 'leave'];

/** A server with its data in `folder`. */
export async function checkAdoption(folder: string, options: AdoptionOptions): Promise<AdoptionResult> {
  const teal = await startTeal(folder);
  const words = new Int32Array(new SharedArrayBuffer(4 * WORD.WORDS));
  const count = (word: number): number => Atomics.load(words, word);
  try {
    await makeZone(teal);
    const clients = startClients(teal.dnsPort, words);
    let changes = 0;
    let state = 1;
    const answers = (): number => count(WORD.UDP_ANSWERS) + count(WORD.TCP_ANSWERS);
    const asked = async (): Promise<void> => {
      const before = answers();
      while (answers() < before + ANSWERS_BETWEEN && !clients.ended()) await pause();
    };
    const isEnough = (): boolean =>
      changes >= options.changes &&
      count(WORD.UDP_ANSWERS) >= options.udpAnswers &&
      count(WORD.TCP_ANSWERS) >= options.tcpAnswers;
    // To the end of the way, so that all of it was gone.
    while (!(isEnough() && changes % WAY.length === 0)) {
      const step = WAY[changes % WAY.length] as Kind | 'leave';
      for (const [of, name] of CHANGING.entries()) {
        const isApex = name === 'example.test';
        await change(
          teal,
          name,
          step === 'host' && isApex ? 'address' : step,
          state,
          options.naive === true ? asked : undefined,
        );
        Atomics.store(words, WORD.ACKNOWLEDGED + of, state);
        await asked();
      }
      changes++;
      state++;
    }
    Atomics.store(words, WORD.DONE, 1);
    const failures = await clients.finished;
    const { DONE: _, ACKNOWLEDGED: __, WORDS: ___, ...counted } = WORD;
    const counts = Object.fromEntries(Object.entries(counted).map(([name, word]) => [name, count(word)]));
    return { counts: counts as AdoptionResult['counts'], changes, failures };
  } finally {
    Atomics.store(words, WORD.DONE, 1);
    await teal.end('SIGTERM');
  }
}

async function change(
  teal: TealProcess,
  name: string,
  step: Kind | 'leave',
  state: number,
  /** Of who deletes first: until somebody has asked. */
  naive: (() => Promise<void>) | undefined,
): Promise<void> {
  const path = `/v1/services/${encodeURIComponent(name)}`;
  if (step === 'leave') return must(teal, 'DELETE', `${path}?leave=green`);
  if (naive !== undefined) {
    const rrsets = `/v1/zones/example.test/rrsets/${encodeURIComponent(name)}`;
    for (const gone of [path, `${rrsets}/A`, `${rrsets}/CNAME`]) await teal.call('DELETE', gone);
    await naive();
  }
  await must(teal, 'PUT', path, serviceBody(step, state));
}

async function makeZone(teal: TealProcess): Promise<void> {
  const records: [string, string, string][] = [
    ...CHANGING.map((name): [string, string, string] => [name, 'A', target('address', 0)]),
    ['alias.example.test', 'CNAME', 'live.example.test.'],
    ['deep.below.live.example.test', 'TXT', '"below"'],
    ['example.test', 'MX', '10 mail.example.net.'],
  ];
  for (const [name, type, rdata] of records) {
    const path = `/v1/zones/example.test/rrsets/${encodeURIComponent(name)}/${type}`;
    await must(teal, 'PUT', path, { ttlSeconds: 5, rdata: [rdata] });
  }
}

async function must(teal: TealProcess, method: string, path: string, body?: object): Promise<void> {
  const reply = await teal.call(method, path, body);
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(reply.body)}`);
}

function startClients(port: number, words: Int32Array) {
  const thread = new Worker(new URL('./adoption-clients.ts', import.meta.url), {
    workerData: { port, words, clients: 12, tcpClients: 6 },
  });
  let ended = false;
  thread.once('exit', () => {
    ended = true;
  });
  const finished = new Promise<string[]>((resolve, reject) => {
    thread.once('message', (failures) => resolve(failures as string[]));
    thread.once('error', reject);
  });
  return { finished, ended: () => ended };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
