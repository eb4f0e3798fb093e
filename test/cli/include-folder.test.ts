/** `$INCLUDE` on the command line reads files of one folder, and no trick leads out of it. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { includeFrom } from '../../src/cli/include-folder.ts';

t.test('files in the folder and below, by whatever way inside', async (t) => {
  const folder = join(t.testdir({ zones: { 'a.zone': 'a', sub: { 'b.zone': 'b' } }, 'secret.zone': 's' }), 'zones');
  symlinkSync('sub/b.zone', join(folder, 'link.zone'));
  const include = includeFrom(folder);
  t.same(include('a.zone'), Buffer.from('a'));
  t.same(include('sub/b.zone'), Buffer.from('b'));
  t.same(include('sub/../a.zone'), Buffer.from('a'));
  t.same(include('link.zone'), Buffer.from('b'), 'a link that stays inside');
  t.same(include(join(folder, 'a.zone')), Buffer.from('a'), 'the full path of a file inside');
});

t.test('nothing outside', async (t) => {
  const base = t.testdir({ zones: { sub: {} }, 'zones-too': { 'c.zone': 'c' }, 'secret.zone': 's' });
  const folder = join(base, 'zones');
  symlinkSync('../secret.zone', join(folder, 'link.zone'));
  symlinkSync('..', join(folder, 'up'));
  writeFileSync(join(folder, '..hidden.zone'), 'h');
  const include = includeFrom(folder);
  for (const path of [
    '../secret.zone',
    'sub/../../secret.zone',
    'link.zone',
    'up/secret.zone',
    '../zones-too/c.zone',
  ]) {
    t.equal(include(path), `it is not in ${folder}`, path);
  }
  t.equal(include(join(base, 'secret.zone')), `it is not in ${folder}`, 'a full path');
  t.equal(include('..'), `it is not in ${folder}`);
  t.same(include('..hidden.zone'), Buffer.from('h'), 'a name that only begins with dots');
});

t.test('what is no file', async (t) => {
  const folder = t.testdir({});
  mkdirSync(join(folder, 'sub'));
  const include = includeFrom(folder);
  t.equal(include('sub'), 'it is not a plain file');
  t.equal(include(''), 'it is not a plain file');
  t.equal(include('absent.zone'), 'it cannot be read (ENOENT)');
  t.match(include('a\0b'), /it cannot be read/);
});
