/** The file of signatures: whatever happens to it, what it gives back is what was put in, or nothing. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { SIGNATURES_FILE, type SignatureRow, SignaturesFile } from '../../src/store/signatures.ts';

const row = (n: number, inception = 1000 + n): SignatureRow => ({
  digest: Uint8Array.from({ length: 16 }, (_, i) => (n * 31 + i) & 0xff),
  inception,
  expiration: inception + 5000,
  signature: Buffer.alloc(64, n),
});

function folder(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'teal-signatures-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

t.test('what was put in is found, also by the next process, and is private', async (t) => {
  const directory = folder(t);
  const first = new SignaturesFile(directory);
  t.equal(first.latestInception, 0);
  first.put([row(1), row(2)]);
  first.close();
  const second = new SignaturesFile(directory);
  t.teardown(() => second.close());
  t.same(second.get(row(2).digest), row(2));
  t.equal(second.get(row(3).digest), undefined);
  t.equal(second.latestInception, 1002);
  t.equal(second.failure, undefined);
  t.notOk(second.isRenewed);
  t.equal(statSync(join(directory, SIGNATURES_FILE)).mode & 0o777, 0o600);
});

t.test('what began too long ago is forgotten, little by little', async (t) => {
  const file = new SignaturesFile(folder(t));
  t.teardown(() => file.close());
  file.put(Array.from({ length: 200 }, (_, n) => ({ ...row(n), digest: Buffer.from(`${n}`.padStart(16)) })));
  t.notOk(file.forget(1100));
  t.equal(file.get(Buffer.from('99'.padStart(16))), undefined);
  t.ok(file.get(Buffer.from('100'.padStart(16))));
});

const damages: Record<string, (path: string) => void> = {
  'no database any more': (path) =>
    writeFileSync(path, 'not a database, but long enough to be looked at as one\n'.repeat(40)),
  'cut off': (path) => writeFileSync(path, readFileSync(path).subarray(0, 5000)),
  empty: (path) => writeFileSync(path, ''),
  removed: (path) => rmSync(path),
  'of a later version': (path) => {
    const database = new Sqlite(path);
    database.pragma('user_version = 99');
    database.close();
  },
};
for (const [damage, inflict] of Object.entries(damages)) {
  t.test(`a file that is ${damage}: begun anew, and used`, async (t) => {
    const directory = folder(t);
    const before = new SignaturesFile(directory);
    before.put(Array.from({ length: 100 }, (_, n) => row(n)));
    before.close();
    inflict(join(directory, SIGNATURES_FILE));
    const after = new SignaturesFile(directory);
    t.teardown(() => after.close());
    for (let n = 0; n < 100; n++) {
      const found = after.get(row(n).digest);
      if (found !== undefined) t.same(found, row(n));
    }
    after.put([row(7, 2000)]);
    t.same(after.get(row(7).digest), row(7, 2000));
    t.equal(after.failure, undefined);
  });
}

t.test('a wrong bit in a signature, or in its times, is found out', async (t) => {
  const directory = folder(t);
  const path = join(directory, SIGNATURES_FILE);
  const file = new SignaturesFile(directory);
  file.put([row(1), row(2), row(3)]);
  file.close();
  const database = new Sqlite(path);
  database.prepare('UPDATE signatures SET signature = ? WHERE digest = ?').run(Buffer.alloc(64, 9), row(1).digest);
  database.prepare('UPDATE signatures SET expiration = expiration + 1 WHERE digest = ?').run(row(2).digest);
  database.close();
  const again = new SignaturesFile(directory);
  t.teardown(() => again.close());
  t.equal(again.get(row(1).digest), undefined);
  t.equal(again.get(row(2).digest), undefined);
  t.same(again.get(row(3).digest), row(3));
});

t.test('no place for it: nothing is kept, nothing fails, and it says why', async (t) => {
  const file = new SignaturesFile(join(folder(t), 'is', 'not', 'there'));
  t.equal(file.get(row(1).digest), undefined);
  file.put([row(1)]);
  t.equal(file.latestInception, 0);
  t.type(file.failure, 'string');
  t.notOk(existsSync('is'));
});
