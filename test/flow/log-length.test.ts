/** A server's log is long from its start on, as often as it is killed; a disk that has no room for that serves all the same. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LOG_BYTES } from '../../src/store/log-length.ts';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { processesOf } from '../fixtures/planes.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { comesTo, soon } from '../fixtures/soon.ts';

const WEIGHTS = '/v1/services/app.example.test/weights';
const SHIFTS = 20;
const weightsOf = (shift: number) => ({ blue: shift, green: 1 });
const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0;

async function shift(teal: TealProcess, number: number): Promise<number> {
  return (await teal.call('PUT', WEIGHTS, weightsOf(number))).status;
}

t.test('it is long soon after each start, and what was acknowledged survives its kills', async (t) => {
  const folder = temporaryFolder(t);
  const log = join(folder, 'teal.db-wal');
  let shifts = 0;
  for (const end of ['SIGKILL', 'SIGKILL', 'SIGTERM'] as const) {
    const teal = await startTeal(folder);
    t.teardown(() => teal.child.kill('SIGKILL'));
    if (shifts > 0) t.same((await teal.call('GET', WEIGHTS)).body.weights, weightsOf(shifts), 'nothing was lost');
    // The first of them come while it grows.
    for (let i = 0; i < SHIFTS; i++) t.equal(await shift(teal, ++shifts), 200);
    const { size, ino } = await comesTo(
      () => fs.statSync(log),
      (found) => found.size >= LOG_BYTES,
    );
    t.equal(size, LOG_BYTES);
    for (let i = 0; i < SHIFTS; i++) t.equal(await shift(teal, ++shifts), 200);
    t.match(fs.statSync(log), { size: LOG_BYTES, ino }, 'changes go over what is there');
    const all = processesOf(teal.pid);
    if (end === 'SIGTERM') t.equal((await teal.end(end)).code, 0);
    else for (const pid of all) process.kill(pid, end);
    await teal.ended;
    t.equal(fs.existsSync(log), end === 'SIGKILL', 'only a stop leaves nothing of it');
  }
});

t.test('on a disk that is nearly full, and then full', { skip: !mayMount }, async (t) => {
  const folder = temporaryFolder(t);
  const script = `mount -t tmpfs -o size=24m,mode=700 tmpfs '${folder}'; exec "$0" "$@"`;
  const wrapper = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script];
  const teal = await startTeal(folder, { wrapper, env: { TEAL_ADMIN_TOKEN: '4f1c9b2e7a5d8036-of-the-test' } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const inside = join('/proc', String(teal.pid), 'root', folder);
  for (let i = 1; i <= SHIFTS; i++) t.equal(await shift(teal, i), 200);
  t.ok(fs.statSync(join(inside, 'teal.db-wal')).size < LOG_BYTES, 'its last room is not taken for that');
  const other = fs.openSync(join(inside, 'other'), 'w');
  t.throws(
    () => {
      for (;;) if (fs.writeSync(other, Buffer.alloc(4096)) < 4096) throw new Error('ENOSPC');
    },
    /ENOSPC/,
    'now it is full',
  );
  fs.closeSync(other);
  t.equal(await shift(teal, SHIFTS + 1), 503);
  const { answers } = await askUdp('127.0.0.1', teal.dnsPort, buildQuery({ name: 'app.example.test' }));
  t.equal(answers.length, 1, 'it answers');
  fs.rmSync(join(inside, 'other'));
  await soon(t).equal(() => shift(teal, SHIFTS + 2), 200, 'there is room again');
  t.equal((await teal.end('SIGTERM')).code, 0);
});
