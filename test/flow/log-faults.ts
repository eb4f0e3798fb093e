/** What a log may be written to that takes nothing: each of them fails nothing and holds up nobody. */
import fs from 'node:fs';
import type { Test } from 'tap';
import { type BlindOptions, type BlindTeal, preload, startBlind } from '../fixtures/blind.ts';
import { makePipe, makeTerminal, type Unread } from '../fixtures/unread.ts';
import { allAnswered } from './restart.ts';

export const shift = (teal: BlindTeal, green: number) =>
  teal.call('PUT', '/v1/services/app.example.test/weights', { blue: 1, green });

/** Every thread writes what Node, a package, or a fault would, at its start; and the main one again and again. */
export const noisy = preload(`import { isMainThread } from 'node:worker_threads';
  const speak = () => {
    process.emitWarning('x'.repeat(200));
    console.error('y'.repeat(2000));
    console.log('z'.repeat(2000));
  };
  speak();
  if (isMainThread) setInterval(speak, 5).unref();`);

export async function startFor(t: Test, options: BlindOptions, folder = t.testdir()): Promise<BlindTeal> {
  const teal = await startBlind(folder, options);
  t.teardown(() => teal.close());
  return teal;
}

/** Changes, probes, and at the end SIGTERM, under so many queries, none of which may be lost. */
export async function mustNotNotice(t: Test, teal: BlindTeal, queries: number): Promise<void> {
  const client = teal.ask();
  const answered = client.replies(queries);
  let isOver = false;
  answered.finally(() => {
    isOver = true;
  });
  let changes = 0;
  while (!isOver || changes < 50) {
    const { status, text } = await shift(teal, 1 + (changes++ % 100));
    if (status !== 200) t.fail(`a shift was answered ${status}: ${text}`);
    if (changes % 10 === 0) t.equal((await teal.call('GET', '/readyz')).status, 200, 'ready');
  }
  await answered;
  const sent = await allAnswered(t, client);
  t.ok(sent >= queries, `${sent} queries during ${changes} shifts`);
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
}

type Case = (t: Test) => Promise<{ teal: BlindTeal; leave: () => void }>;

/** Each with the server that it happens to. `leave`: to be called when that has ended. */
export const cases: Readonly<Record<string, Case>> = {
  'a full disk': async (t) => {
    const fd = fs.openSync('/dev/full', 'w');
    const teal = await startFor(t, { stdout: fd, stderr: fd, env: noisy });
    return { teal, leave: () => fs.closeSync(fd) };
  },
  'a pipe that nobody reads': (t) => onUnread(t, makePipe(t.testdir(), true), false),
  // What spawn calls a pipe is one; as is systemd's journal.
  'a socket that nobody reads': async (t) => {
    return { teal: await startFor(t, { stdout: 'pipe', stderr: 'pipe', env: noisy }), leave: () => {} };
  },
  'a pipe whose reader goes away': (t) => onUnread(t, makePipe(t.testdir(), false), true),
  'a terminal that shows nothing any more': (t) => onUnread(t, makeTerminal(), false),
  'a terminal that goes away': (t) => onUnread(t, makeTerminal(), true),
  'lines for people, which nobody reads': (t) => {
    return onUnread(t, makePipe(t.testdir(), true), false, { env: { TEAL_LOG_FORMAT: 'pretty' } });
  },
};

export async function onUnread(
  t: Test,
  unread: Unread,
  leavesAtOnce: boolean,
  options: Pick<BlindOptions, 'env' | 'wrapper'> = {},
  folder = t.testdir(),
): ReturnType<Case> {
  const env = { ...noisy, ...options.env };
  const teal = await startFor(t, { ...options, stdout: unread.fd, stderr: unread.fd, env }, folder);
  fs.closeSync(unread.fd);
  if (leavesAtOnce) unread.leave();
  return { teal, leave: leavesAtOnce ? () => {} : unread.leave };
}
