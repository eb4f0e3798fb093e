/** Files that the settings name: what was in them stays in force for the next process, and a first one needs them. */
import t from 'tap';
import { AT_START, SERVING } from '../../src/bounded-file.ts';
import type { Logger } from '../../src/log.ts';
import { SettingsError } from '../../src/server/errors.ts';
import { type KeptFiles, NamedFiles } from '../../src/server/named-files.ts';

const junk = (): string => {
  throw new SettingsError('it is junk');
};

t.test('the first that reads them must be able to, and leaves them to the next', async (t) => {
  const left: KeptFiles[] = [];
  const first = new NamedFiles({}, (kept) => left.push(kept));
  t.throws(() => first.use('admin.tls', junk), { message: 'it is junk' });
  t.equal(
    first.use('admin.tls', () => 'a'),
    'a',
  );
  first.use('admin.tls', () => 'a');
  first.use('mail.passwordFile', () => 'b');
  t.same(left, [{ 'admin.tls': 'a' }, { 'admin.tls': 'a', 'mail.passwordFile': 'b' }], 'once, where nothing is new');
  const next = new NamedFiles(JSON.parse(JSON.stringify(left.at(-1))));
  t.equal(next.use('admin.tls', junk), 'a');
  t.same(next.unusable, ['admin.tls']);
  t.throws(() => next.use('fleet.tls', junk), { message: 'it is junk' }, 'of which nothing is known');
});

t.test('what is asked for anew is refused, with nothing changed; what is right is taken', async (t) => {
  const files = new NamedFiles({ 'admin.tls': 'a' });
  t.throws(() => files.renew('admin.tls', junk), { message: 'it is junk' });
  t.same(files.unusable, []);
  files.use('admin.tls', junk);
  t.equal(
    files.renew('admin.tls', () => 'b'),
    'b',
  );
  t.same(files.unusable, []);
  t.equal(files.use('admin.tls', junk), 'b');
});

t.test('a fault of the program is none of a file', async (t) => {
  const files = new NamedFiles({ 'admin.tls': 'a' });
  const fault = (): string => {
    throw new TypeError('a fault');
  };
  t.throws(() => files.use('admin.tls', fault), TypeError);
});

t.test('it is told once for each process', async (t) => {
  const lines: unknown[] = [];
  const files = new NamedFiles({ 'admin.tls': 'a' });
  files.use('admin.tls', junk);
  files.use('admin.tls', junk);
  const log = { error: (fields: object) => lines.push(fields) } as unknown as Logger;
  files.watch(log, () => true)();
  t.same(lines, [{ setting: 'admin.tls', reason: 'it is junk' }]);
});

t.test('a pipe is waited for where nothing is in force yet, and else by nobody', async (t) => {
  const waited: unknown[] = [];
  const read = (waits: unknown) => waited.push(waits);
  const files = new NamedFiles({ 'mail.passwordFile': 'of before' });
  files.use('admin.tls', read);
  files.renew('admin.tls', read);
  files.use('mail.passwordFile', read);
  t.same(waited, [AT_START, SERVING, SERVING]);
});
