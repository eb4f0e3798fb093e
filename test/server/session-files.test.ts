/** Files of people's sessions: private, named by digests alone, swept, and no reason not to sign in. */
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { sessionFiles } from '../../src/server/session-files.ts';
import { temporaryFolder } from '../fixtures/engine.ts';

const NAME = 'n'.repeat(43);
const HOUR_MS = 3_600_000;

function open(folder: string) {
  const told: object[] = [];
  const log = { warn: (line: object) => told.push(line), error: (line: object) => told.push(line) };
  return { files: sessionFiles(folder, HOUR_MS, Date.now(), log as never), told };
}

t.test('written for their owner alone, read, taken away', async (t) => {
  const folder = temporaryFolder(t);
  const { files, told } = open(folder);
  void files.write(NAME, Buffer.from('first'));
  await files.write(NAME, Buffer.from('second'));
  t.equal(String(files.read(NAME)), 'second', 'in their order');
  t.equal(statSync(join(folder, 'sessions')).mode & 0o777, 0o700);
  t.equal(statSync(join(folder, 'sessions', NAME)).mode & 0o777, 0o600);
  void files.write(NAME, Buffer.from('third'));
  t.equal(await files.remove(NAME), true);
  t.equal(await files.remove(NAME), true, 'what is not there is gone');
  t.same(readdirSync(join(folder, 'sessions')), []);
  t.equal(files.read(NAME), undefined);
  writeFileSync(join(folder, 'outside'), 'x');
  for (const name of ['../outside', '', '.', `${NAME}/..`]) t.equal(files.read(name), undefined, name);
  t.same(told, []);
});

t.test('what is too old, or none of these, goes at the start', async (t) => {
  const folder = temporaryFolder(t);
  const { files } = open(folder);
  await files.write(NAME, Buffer.from('new'));
  const old = join(folder, 'sessions', 'o'.repeat(43));
  writeFileSync(old, 'old');
  utimesSync(old, new Date(), new Date(Date.now() - 2 * HOUR_MS));
  writeFileSync(join(folder, 'sessions', `${NAME}.new`), 'half');
  open(folder);
  t.same(readdirSync(join(folder, 'sessions')), [NAME]);
});

t.test('a folder that is none is told of once, and people sign in all the same', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'sessions'), 'a file');
  const { files, told } = open(folder);
  await files.write(NAME, Buffer.from('x'));
  t.equal(await files.remove(NAME), true, 'nothing was kept');
  t.equal(files.read(NAME), undefined);
  t.equal(told.length, 1);
});

t.test('one that cannot be taken away is told of each time, and holds up nothing that follows', async (t) => {
  const folder = temporaryFolder(t);
  const { files, told } = open(folder);
  mkdirSync(join(folder, 'sessions', NAME));
  t.equal(await files.remove(NAME), false);
  t.equal(await files.remove(NAME), false);
  t.equal(told.length, 2);
  const other = 'o'.repeat(43);
  await files.write(other, Buffer.from('x'));
  t.equal(await files.remove(other), true);
});
