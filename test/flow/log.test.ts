/** A log that cannot be written fails nothing and holds up nobody: neither answers, nor changes, nor the end. */
import fs from 'node:fs';
import t from 'tap';
import { preload } from '../fixtures/blind.ts';
import { makePipe } from '../fixtures/unread.ts';
import { cases, mustNotNotice, shift, startFor } from './log-faults.ts';

/** test/interop/log.test.ts asks more of each. */
const QUERIES = 600;

for (const [title, begin] of Object.entries(cases)) {
  t.test(title, async (t) => {
    const { teal, leave } = await begin(t);
    await mustNotNotice(t, teal, QUERIES);
    leave();
  });
}

t.test('when the reader reads again, the log says how much is missing, and so does the metric', async (t) => {
  const pipe = makePipe(t.testdir(), true);
  // More than the queue takes.
  const flood = `import { isMainThread } from 'node:worker_threads';
    if (isMainThread) process.on('SIGWINCH', () => { for (let i = 0; i < 40; i++) console.log('z'.repeat(2 ** 16)); });`;
  const teal = await startFor(t, { stdout: pipe.fd, stderr: 'ignore', env: preload(flood) });
  fs.closeSync(pipe.fd);
  teal.child.kill('SIGWINCH');
  const metrics = async () => (await teal.call('GET', '/metrics')).text;
  const dropped = (text: string) => Number(/^teal_log_lines_dropped_total (\d+)$/m.exec(text)?.[1]);
  let text = await metrics();
  while (!(dropped(text) > 0)) text = await metrics();
  t.match(text, /^teal_log_writable 0$/m);
  t.equal((await shift(teal, 77)).status, 200);
  let log = '';
  while (!log.includes('were dropped here')) log += pipe.read() || (await new Promise((go) => setTimeout(go, 10, '')));
  const line = JSON.parse(log.split('\n').find((each) => each.includes('were dropped here')) ?? '');
  t.match(line, { level: 'warn', dropped: dropped(await metrics()), reason: 'EAGAIN' });
  t.match(await metrics(), /^teal_log_writable 1$/m);
  t.equal((await shift(teal, 78)).status, 200);
  while (!log.includes('green 77→78')) log += pipe.read() || (await new Promise((go) => setTimeout(go, 10, '')));
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
  pipe.leave();
});
