/** `npm run bench:planes -- [rounds] [seconds]`: CPU of a worker's thread for an answer, in one process and in two, in turns; dnsperf asks. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { processesOf } from '../test/fixtures/planes.ts';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { numbersAndWords } from '../tools/command-line.ts';
import { median } from './peers/report.ts';

const { rounds, seconds } = numbersAndWords({ rounds: 5, seconds: 5 }).numbers;
const WORKER = 'teal-0';
const ANSWERS = /^teal_worker_answers_total\{worker="0"[^}]*\} (\d+)$/m;

/** Nanoseconds of CPU that the worker has used, by the scheduler's count. */
function usedNs(teal: TealProcess): number {
  const tasks = processesOf(teal.pid).flatMap((pid) =>
    fs.readdirSync(`/proc/${pid}/task`).map((id) => `/proc/${pid}/task/${id}`),
  );
  const task = tasks.find((each) => fs.readFileSync(`${each}/comm`, 'latin1').trim() === WORKER);
  return Number(fs.readFileSync(`${task}/schedstat`, 'latin1').split(' ')[0]);
}

async function answers(teal: TealProcess): Promise<number> {
  const reply = await fetch(`${teal.admin}/metrics`, { headers: { authorization: `Bearer ${teal.token}` } });
  return Number(ANSWERS.exec(await reply.text())?.[1]);
}

async function timeOne(teal: TealProcess, questions: string): Promise<number> {
  const [beforeNs, before] = [usedNs(teal), await answers(teal)];
  const words = [
    '-s',
    '127.0.0.1',
    '-p',
    String(teal.dnsPort),
    '-d',
    questions,
    '-c',
    '8',
    '-q',
    '400',
    '-l',
    String(seconds),
  ];
  execFileSync('dnsperf', words, { stdio: 'ignore' });
  return (usedNs(teal) - beforeNs) / ((await answers(teal)) - before);
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-planes-'));
const questions = path.join(folder, 'questions');
fs.writeFileSync(questions, 'app.example.test A\n');
const servers = await Promise.all(
  (['one', 'two'] as const).map(async (planes) => {
    const env = { TEAL_DNS_PLANES: planes, TEAL_DNS_WORKERS: '1' };
    return { planes, teal: await startTeal(path.join(folder, planes), { env }), ns: [] as number[] };
  }),
);
// The first round is to warm up.
for (let round = 0; round <= rounds; round++) {
  for (const { teal, ns } of round % 2 === 0 ? servers : servers.toReversed()) {
    const took = await timeOne(teal, questions);
    if (round > 0) ns.push(took);
  }
}
console.log('| processes | ns an answer, median | least | most |\n|---|---|---|---|');
for (const { planes, ns } of servers) {
  console.log(
    `| ${planes} | ${median(ns).toFixed(0)} | ${Math.min(...ns).toFixed(0)} | ${Math.max(...ns).toFixed(0)} |`,
  );
}
const [one = Number.NaN, two = Number.NaN] = servers.map(({ ns }) => median(ns));
console.log(`\ntwo against one: ${(two / one).toFixed(3)}`);
for (const { teal } of servers) await teal.end('SIGTERM');
fs.rmSync(folder, { recursive: true });
