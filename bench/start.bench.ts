/** `npm run bench:start -- [--starts 5] [--package]`: from `npm start` to the first answer, in seconds and in CPU time, process by process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { buildQuery, UdpClient } from '../test/fixtures/dns-client.ts';
import { freePort } from '../test/fixtures/free-port.ts';
import { endsWithUs, processTree } from '../test/fixtures/tidying.ts';
import { commandLine, wholeNumber } from '../tools/command-line.ts';
import { spentSeconds } from './cpu.ts';

const { values } = commandLine({ options: { starts: { type: 'string', default: '5' }, package: { type: 'boolean' } } });
const STARTS = wholeNumber(values.starts, '--starts');
/** Of the one that is measured: as a clone starts, or, after `npm run build`, as what is installed does. */
const words = values.package ? ['node', '--disable-sigusr1', 'dist/main.js', 'serve'] : ['npm', 'start'];
/** How long one question is waited for before it is asked again. */
const PATIENCE_MS = 20;

const folder = mkdtempSync(join(tmpdir(), 'teal-start-'));
try {
  for (let start = 1; start <= STARTS; start++) await measure(`start ${start}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(title: string): Promise<void> {
  const port = await freePort();
  const env = {
    ...process.env,
    ...{ TEAL_DATA_DIR: folder, TEAL_DNS_LISTEN: `127.0.0.1:${port}`, TEAL_ADMIN_LISTEN: '127.0.0.1:0' },
  };
  const startedAt = performance.now();
  const [program = '', ...rest] = words;
  const child = endsWithUs(spawn(program, rest, { env, stdio: ['ignore', 'ignore', 'pipe'] }));
  const said = text(child.stderr);
  const ended = once(child, 'exit');
  const client = await UdpClient.open('127.0.0.1', port);
  const query = buildQuery({ name: 'app.example.test', type: 'A' });
  for (;;) {
    // Refused at once as long as nobody is there.
    const [reply] = await Promise.all([client.ask(query, PATIENCE_MS).catch(() => undefined), setTimeout(PATIENCE_MS)]);
    if (reply !== undefined) break;
    if (child.exitCode !== null) throw new Error(await said);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = processTree(child.pid as number).map((pid) => spentSeconds([pid]).toFixed(2));
  client.close();
  const stopAt = performance.now();
  child.kill('SIGTERM');
  const [code] = await ended;
  const stop = (performance.now() - stopAt) / 1000;
  console.log(
    `${title}: first answer after ${seconds.toFixed(2)} s; CPU s a process that is left, npm's first: ${cpu.join(', ')}; stopped at once in ${stop.toFixed(2)} s with ${code}`,
  );
}
