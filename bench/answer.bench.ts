/**
 * `npm run bench`: what an answer costs. First `answer()` alone, in this process: answers per second and CPU time an
 * answer. Then, where dnsperf is installed, the batch transport through sockets: one worker on one core, the load on
 * another, CPU time of the server process a query.
 */
import os from 'node:os';
import { useHugePages } from '../src/sockets/huge-pages.ts';
import { inlineWidely } from '../src/sockets/inlining.ts';
import { decode } from '../test/fixtures/dns-client.ts';
import { askBytes, makeTable } from '../test/fixtures/table.ts';
import { commandLine, wholeNumber } from '../tools/command-line.ts';
import { benchChanges, type Picking } from './bench-zone.ts';
import { benchSockets } from './dnsperf.ts';
import { benchOptions } from './options.ts';
import { median } from './peers/report.ts';
import { APEX, COOKIE_OPTION, type Edns, type Kind, queryBytes, questions, type ZoneSize } from './workload.ts';

const { values } = commandLine({
  options: {
    names: { type: 'string', default: '1000' },
    sticky: { type: 'boolean', default: false },
    pins: { type: 'string', default: '0' },
  },
});
const NAMES = wholeNumber(values.names, '--names');
/** A million CNAME services besides would only lengthen the start. */
const SIZE: ZoneSize = { services: NAMES, aliases: Math.min(NAMES, 1000), hosts: NAMES };
/** `--sticky`, `--pins 100`: what `answer()` costs where the client's network decides. No pin holds the client. */
const PICKING: Picking = {
  pick: values.sticky ? 'sticky' : 'random',
  pins: Array.from({ length: Number(values.pins) }, (_, i) => ({ network: `10.${i}.0.0/16`, pool: 'green' })),
};
const ROUNDS = 9;
/** Goes through the queries of the largest zone in every two rounds or so. */
const ANSWERS_A_ROUND = 2 ** 19;
/** Rounds before the first that counts: the compilers have done their work by then. */
const WARMUP_ROUNDS = 3;
/** Different ones: with a million names most are asked once a round, as by the caches of the world. */
const QUERIES = Math.min(2 ** 20, Math.max(2 ** 14, 2 ** Math.ceil(Math.log2(NAMES))));
/** What askBytes() takes for now, so that its cookie is good. */
const NOW_MS = 1000;
/** As the batch transport lays its memory out. */
const BATCH = 32;
const REPLY_BYTES = 4096;

/** Above this only `answer()` is measured here; bench:peers measures the rest. */
const SOCKET_NAMES_MAX = 10_000;

const LOOPBACK = Uint8Array.of(127, 0, 0, 1);

const CASES: readonly (readonly [title: string, kind: Kind, edns: Edns])[] = [
  ['weighted A', 'weighted-a', 'plain'],
  ['weighted A, EDNS', 'weighted-a', 'edns'],
  ['weighted A, EDNS and cookie', 'weighted-a', 'cookie'],
  ['weighted CNAME', 'weighted-cname', 'plain'],
  ['static A', 'static-a', 'plain'],
  ['NXDOMAIN', 'nxdomain', 'plain'],
  ['mixture', 'mixture', 'cookie'],
];

/** CPU time a call of `answer()`, microseconds, one figure a round. */
class AnswerBench {
  readonly #responder: ReturnType<typeof makeTable>['responder'];
  readonly #requests: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #replies = new Uint8Array(BATCH * REPLY_BYTES);
  readonly roundsUs: number[] = [];

  constructor(table: ReturnType<typeof makeTable>, kind: Kind, edns: Edns) {
    this.#responder = table.responder;
    this.#responder.client.set(LOOPBACK, 0, LOOPBACK.length);
    const cookie = this.#learnCookie(edns);
    const queries = Array.from(questions(kind, SIZE, QUERIES), (question) => queryBytes(question, edns, cookie));
    this.#starts = new Uint32Array(QUERIES + 1);
    queries.forEach((query, i) => {
      this.#starts[i + 1] = this.#starts[i] + query.length;
    });
    this.#requests = new Uint8Array(Buffer.concat(queries));
  }

  /** The cookie that the client has been given on its first query. */
  #learnCookie(edns: Edns): string {
    if (edns !== 'cookie') return '';
    const first = askBytes(this.#responder, queryBytes({ name: APEX, type: 6, rcode: 0, answers: 1 }, edns));
    const options = first === undefined ? undefined : decode(first).edns?.options;
    return options?.find(({ code }) => code === COOKIE_OPTION)?.data.toString('hex') ?? '';
  }

  round(): void {
    const before = process.cpuUsage();
    for (let batch = 0; batch < ANSWERS_A_ROUND / BATCH; batch++) this.#batch((batch * BATCH) % QUERIES);
    const { user, system } = process.cpuUsage(before);
    this.roundsUs.push((user + system) / ANSWERS_A_ROUND);
  }

  #batch(first: number): void {
    const responder = this.#responder;
    const starts = this.#starts;
    responder.enter(NOW_MS);
    for (let i = 0; i < BATCH; i++) {
      const query = first + i;
      const length = responder.answer(
        this.#requests,
        starts[query],
        starts[query + 1],
        this.#replies,
        i * REPLY_BYTES,
        true,
      );
      if (length === 0) throw new Error('a query without an answer');
    }
    responder.leave();
  }
}

function benchAnswer(): void {
  const table = makeTable({ initialBytes: 2 ** 20, maxBytes: 2 ** 31, responder: benchOptions() });
  useHugePages(table.shared.arena);
  for (const changes of benchChanges(SIZE, PICKING)) {
    const problem = table.table.prepare(changes);
    if (problem !== undefined) throw new Error(problem.detail);
    table.table.publish();
  }
  const cases = CASES.map(([title, kind, edns]) => ({ title, bench: new AnswerBench(table, kind, edns) }));
  // Interleaved, so that a noisy moment of the machine hits every case alike.
  for (let round = 0; round < WARMUP_ROUNDS + ROUNDS; round++) for (const { bench } of cases) bench.round();
  console.log(`answer() alone, one thread, ${SIZE.services} names, median of ${ROUNDS} rounds (fastest to slowest):\n`);
  console.log('| answer | µs CPU | range | answers/s |\n|---|---|---|---|');
  for (const { title, bench } of cases) {
    const us = bench.roundsUs.slice(WARMUP_ROUNDS);
    const [low, middle, high] = [Math.min(...us), median(us), Math.max(...us)].map((value) => value.toFixed(3));
    console.log(`| ${title} | ${middle} | ${low}–${high} | ${Math.round(1e6 / median(us)).toLocaleString('en')} |`);
  }
}

inlineWidely();
console.log(`${os.cpus()[0]?.model}, ${os.availableParallelism()} cores, Node ${process.version}`);
console.log(`load average ${os.loadavg()[0]?.toFixed(1)}\n`);
benchAnswer();
if (NAMES <= SOCKET_NAMES_MAX) await benchSockets(SIZE);
