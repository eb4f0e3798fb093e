/** The log again, for longer, and on a file system that is really full. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { makeTerminal } from '../fixtures/unread.ts';
import { cases, mustNotNotice, noisy, onUnread, shift, startFor } from '../flow/log-faults.ts';

const QUERIES = 6000;

for (const [title, begin] of Object.entries(cases)) {
  t.test(title, async (t) => {
    const { teal, leave } = await begin(t);
    await mustNotNotice(t, teal, QUERIES);
    leave();
  });
}

const mayBeAnother = spawnSync('setpriv', ['--reuid', '65534', '--clear-groups', 'true']).status === 0;

// It cannot be opened once more, so that a write to it may wait: in a thread of libuv's, and not at the end.
t.test('a terminal of another user that shows nothing any more', { skip: !mayBeAnother }, async (t) => {
  const terminal = makeTerminal();
  fs.fchmodSync(terminal.fd, 0o600);
  const folder = fs.mkdtempSync(join(tmpdir(), 'teal-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true }));
  fs.chownSync(folder, 65534, 65534);
  const wrapper = ['setpriv', '--reuid', '65534', '--clear-groups'];
  const { teal, leave } = await onUnread(t, terminal, false, { wrapper }, folder);
  await mustNotNotice(t, teal, QUERIES);
  leave();
});

const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0;

t.test('a file on a full file system, which has room again later', { skip: !mayMount }, async (t) => {
  const folder = t.testdir();
  const script = `mount -t tmpfs -o size=64k tmpfs '${folder}'; : > '${folder}/log'
    head -c 1M /dev/zero > '${folder}/other' 2> /dev/null; exec > '${folder}/log' 2>&1; exec "$0" "$@"`;
  const wrapper = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script];
  const options = { stdout: 'ignore', stderr: 'ignore', env: noisy, wrapper } as const;
  const teal = await startFor(t, options, `${t.testdirName}-data`);
  t.teardown(() => fs.rmSync(`${t.testdirName}-data`, { recursive: true, force: true }));
  const inside = join('/proc', String(teal.pid), 'root', folder);
  t.equal(fs.readFileSync(join(inside, 'log'), 'utf8'), '', 'there is no room for a line');
  const client = teal.ask();
  await client.replies(QUERIES / 2);
  for (let i = 0; i < 20; i++) t.equal((await shift(teal, i + 1)).status, 200);
  t.match(await teal.call('GET', '/metrics'), { text: /^teal_log_writable 0$/m });
  fs.rmSync(join(inside, 'other'));
  const log = (): string => fs.readFileSync(join(inside, 'log'), 'utf8');
  while (log() === '') await new Promise((go) => setTimeout(go, 50));
  // Of the log, or of what the threads write by themselves: whichever comes to write first when there is room.
  const whole = /^(\{"level":".*\}|\(node:\d+\) Warning: x{200}|y{2000}|z{2000})$/;
  t.match(log().split('\n')[0], whole, 'the first line is whole');
  await client.replies(QUERIES / 2);
  const { lost, wrong } = await client.finish();
  t.same({ lost, wrong }, { lost: 0, wrong: 0 });
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
});
