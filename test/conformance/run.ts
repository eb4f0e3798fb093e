/**
 * `npm run test:conformance -- FOLDER [--sides]`: the conformance set against a whole server, its zones loaded through
 * the admin API and its queries asked over UDP. `--sides` counts which servers Teal agrees with where they differ.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine, refuse } from '../../tools/command-line.ts';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { type Accepted, type ConformanceTest, lines, matching, readTests, toAccepted } from './data.ts';

/** Imports under way at once: enough that the API is never idle. */
const IMPORTS = 8;
/** Queries under way at once: what the smallest receive buffer holds. */
const QUERIES = 100;

interface Result {
  readonly test: ConformanceTest;
  readonly ours: Accepted | undefined;
  /** The accepted answer that ours equals. */
  readonly match: Accepted | undefined;
}

/** Runs `work` on every item, so many at a time. */
async function each<Item>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: atOnce }, run));
}

async function loadZones(teal: TealProcess, tests: readonly ConformanceTest[]): Promise<void> {
  await each(tests, IMPORTS, async ({ id, origin, zone }) => {
    const reply = await fetch(`${teal.admin}/v1/zones/${encodeURIComponent(origin.slice(0, -1))}/file`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' },
      body: zone,
    });
    if (reply.status !== 201) throw new Error(`zone ${origin} of test ${id}: ${reply.status} ${await reply.text()}`);
    await reply.body?.cancel();
  });
}

async function askAll(port: number, tests: readonly ConformanceTest[]): Promise<Result[]> {
  const client = await UdpClient.open('127.0.0.1', port);
  const results: Result[] = [];
  await each(tests, QUERIES, async (test) => {
    const query = buildQuery(test.query);
    // A busy machine may lose a datagram.
    const reply = await client.ask(query).catch(() => client.ask(query).catch(() => undefined));
    const ours = reply && toAccepted(reply);
    results.push({ test, ours, match: ours && matching(ours, test) });
  });
  await client.close();
  return results.sort((a, b) => Number(a.test.id) - Number(b.test.id));
}

function report(results: readonly Result[]): void {
  for (const { test, ours, match } of results) {
    if (match !== undefined) continue;
    console.log(`not ok ${test.id} ${test.tag}: ${test.query.name} ${test.query.type}`);
    console.log(test.zone.replace(/^/gm, '  # '));
    console.log(ours === undefined ? '    teal: no reply' : lines(ours));
    for (const accepted of test.accepted) console.log(lines(accepted));
  }
}

/** Markdown, as docs/conformance.md has it. */
function sides(results: readonly Result[]): string {
  const open = results.filter(({ test, match }) => test.accepted.length > 1 && match !== undefined);
  const groups = Map.groupBy(open, ({ test, match }) => {
    const others = test.accepted.filter((accepted) => accepted !== match).map(({ servers }) => servers.join(', '));
    return `| ${test.tag} | ${match?.servers.join(', ')} | ${others.join('; ')} |`;
  });
  const rows = [...groups].map(([key, group]) => `${key} ${group.length} |`).sort();
  return ['| branch | Teal answers as | others answer | tests |', '| --- | --- | --- | ---: |', ...rows].join('\n');
}

const { values, positionals } = commandLine({ options: { sides: { type: 'boolean' } }, allowPositionals: true });
if (positionals.length !== 1) refuse('a FOLDER was expected, which holds ferret.jsonl');
const tests = readTests(positionals[0]);
const folder = mkdtempSync(join(tmpdir(), 'teal-conformance-'));
const teal = await startTeal(folder);
try {
  const startedAt = performance.now();
  await loadZones(teal, tests);
  const loadedAt = performance.now();
  console.log(`# ${tests.length} zones loaded through the API in ${((loadedAt - startedAt) / 1000).toFixed(1)} s`);
  const results = await askAll(teal.dnsPort, tests);
  report(results);
  if (values.sides) console.log(sides(results));
  const passed = results.filter(({ match }) => match !== undefined).length;
  console.log(`# { total: ${results.length}, pass: ${passed}, fail: ${results.length - passed} }`);
  process.exitCode = passed === results.length ? 0 : 1;
} finally {
  await teal.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
