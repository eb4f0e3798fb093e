/** What root does to a data directory of the service: a restore, a backup, a start; then the service reads all of it as its own user. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal } from '../fixtures/process.ts';

/** nobody and nogroup of Debian; any user would do. */
const USER = 65_534;
const setUser = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];
/** Without what tap puts there: it writes, as that user, into a folder of root. */
const asUser = [...setUser, 'env', '--unset=NODE_OPTIONS'];
const skip = process.getuid?.() === 0 ? false : 'it takes root to be another user';

/** A data directory of the service's user, below a folder that root owns. */
function ofUser(t: Test): string {
  const folder = temporaryFolder(t);
  execFileSync('chmod', ['755', folder]);
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  chownSync(data, USER, USER);
  return data;
}

/** The command line, as root. */
function teal(...words: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, ['src/main.ts', ...words], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function checkOwner(t: Test, folder: string, title: string): void {
  for (const name of readdirSync(folder)) {
    const found = lstatSync(join(folder, name), { throwIfNoEntry: false });
    // What a server that runs has just taken away.
    if (found === undefined) continue;
    const { uid, gid, mode } = found;
    t.same([uid, gid, mode & 0o777], [USER, USER, 0o600], `${title}: ${name}`);
  }
}

/** Starts as the service's user, changes something, answers, ends. */
async function serve(t: Test, data: string, title: string): Promise<void> {
  const server = await startTeal(data, { wrapper: asUser });
  t.teardown(() => server.child.kill('SIGKILL'));
  const weights = '/v1/services/app.example.test/weights';
  const { weights: now } = (await server.call('GET', weights)).body;
  t.equal((await server.call('PUT', weights, { ...now, blue: now.blue + 1 })).status, 200, title);
  t.equal((await askUdp('127.0.0.1', server.dnsPort, buildQuery({ name: 'app.example.test' }))).answers.length, 1);
  checkOwner(t, data, title);
  t.match(await server.end('SIGTERM'), { code: 0 }, title, { log: server.log.slice(-6) });
}

t.test('the service goes on as its own user after each thing that root does', { skip }, async (t) => {
  const data = ofUser(t);
  await serve(t, data, 'first start');
  const copy = join(temporaryFolder(t), 'copy.db');
  teal('backup', copy, '--data-dir', data);
  t.equal(lstatSync(copy).uid, 0, 'in a folder of root it is root’s');
  checkOwner(t, data, 'after a backup of a store that nobody serves');
  const beside = join(data, 'beside.db');
  teal('backup', beside, '--data-dir', data);
  checkOwner(t, data, 'a backup in the folder of the service');
  rmSync(beside);
  await serve(t, data, 'after backups');
  teal('restore', copy, '--data-dir', data, '--force');
  checkOwner(t, data, 'after a restore');
  await serve(t, data, 'after a restore');
});

t.test('a restore into a new directory, and a first start by root', { skip }, async (t) => {
  const data = ofUser(t);
  const asRoot = await startTeal(data);
  t.teardown(() => asRoot.child.kill('SIGKILL'));
  checkOwner(t, data, 'while root serves');
  t.match(await asRoot.end('SIGTERM'), { code: 0 });
  await serve(t, data, 'after root has served');
  const copy = join(temporaryFolder(t), 'copy.db');
  teal('backup', copy, '--data-dir', data);
  const nested = join(data, 'nested/again');
  teal('restore', copy, '--data-dir', nested);
  t.equal(lstatSync(nested).uid, USER, 'folders that it makes too');
  checkOwner(t, nested, 'in a new directory');
});
