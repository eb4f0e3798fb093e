/** The file of signatures: whatever happens to it, what it gives back is what was put in, or nothing. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { KeptSignatures } from '../../src/signing/kept.ts';
import type { SignatureRow } from '../../src/store/signature-rows.ts';
import { ReadSignatures, SIGNATURES_FILE, SignaturesFile } from '../../src/store/signatures.ts';
import { pretendFree } from '../fixtures/file-system.ts';

const ZONE = Buffer.from('\x07example\x03com\x00', 'latin1');
const OTHER = Buffer.from('\x05other\x00', 'latin1');

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

t.test('on a disk that is nearly full none are kept, for changes need what is left', async (t) => {
  const file = new SignaturesFile(folder(t));
  t.teardown(() => file.close());
  pretendFree(t, 4);
  t.ok(file.put([row(1)]), 'nobody tries it again');
  t.ok(file.put([row(2)], ZONE));
  t.equal(file.get(row(1).digest), undefined);
  t.notOk(file.isRenewed, 'what is there stays');
  pretendFree(t, 5);
  t.ok(file.put([row(1)]));
  t.same(file.get(row(1).digest), row(1));
});

t.test('when those began that could not be kept is known to the next process, and noted now and then', async (t) => {
  const directory = folder(t);
  const first = new SignaturesFile(directory);
  pretendFree(t, 4);
  first.put([row(1, 10_000)]);
  first.put([row(2, 10_600)], ZONE);
  first.put([row(3, 10_601)]);
  first.close();
  const second = new SignaturesFile(directory);
  t.teardown(() => second.close());
  t.equal(second.latestInception, 10_601, 'a clock that is behind that is told so');
  second.put([row(4, 11_201)]);
  t.equal(second.latestInception, 10_601, 'it is not written for each');
  second.put([row(5, 9000)]);
  t.equal(second.latestInception, 10_601, 'nor set back');
  second.forget(10_601);
  t.equal(second.latestInception, 10_601, 'it may hold still');
  second.forget(10_602);
  t.equal(second.latestInception, 0);
});

t.test('where others took the last room while some are written, those that are there stay', async (t) => {
  const directory = folder(t);
  const file = new SignaturesFile(directory);
  t.teardown(() => file.close());
  file.put([row(1)]);
  // SQLite says that a disk is full where a table has used up its numbers, too (sqlite.org/autoinc.html).
  const other = new Sqlite(join(directory, SIGNATURES_FILE));
  other.exec(`
    CREATE TABLE full (id INTEGER PRIMARY KEY AUTOINCREMENT);
    INSERT INTO full VALUES (9223372036854775807);
    CREATE TRIGGER fills AFTER INSERT ON signatures BEGIN INSERT INTO full VALUES (NULL); END;
  `);
  t.ok(file.put([row(2)]), 'nobody tries it again');
  t.ok(file.put([row(3)]));
  t.equal(file.get(row(2).digest), undefined);
  t.same(file.get(row(1).digest), row(1));
  t.notOk(file.isRenewed);
  t.equal(file.failure, undefined);
  other.exec('DROP TRIGGER fills');
  other.close();
  t.ok(file.put([row(2)]));
  t.same(file.get(row(2).digest), row(2));
});

t.test('what began too long ago is forgotten, little by little', async (t) => {
  const file = new SignaturesFile(folder(t));
  t.teardown(() => file.close());
  file.put(Array.from({ length: 200 }, (_, n) => ({ ...row(n), digest: Buffer.from(`${n}`.padStart(16)) })));
  t.notOk(file.forget(1100));
  t.equal(file.get(Buffer.from('99'.padStart(16))), undefined);
  t.ok(file.get(Buffer.from('100'.padStart(16))));
});

t.test('many: all are found, and forgotten a part at a time', async (t) => {
  const directory = folder(t);
  const file = new SignaturesFile(directory);
  t.teardown(() => file.close());
  const many = Array.from({ length: 1234 }, (_, n) => ({
    ...row(n),
    digest: Buffer.from(`${(n * 77) % 1234}`.padStart(16)),
  }));
  t.ok(file.put(many));
  t.equal(file.latestInception, 2233);
  const left = (): number => many.filter(({ digest }) => file.get(digest) !== undefined).length;
  t.equal(left(), 1234);
  const reads = new ReadSignatures(directory, ZONE);
  t.teardown(() => reads.close());
  t.ok(file.forget(1100), 'there are more');
  t.ok(left() > 1134);
  t.ok(file.forget(1100));
  t.notOk(file.forget(1100), 'these were the last');
  t.equal(left(), 1134);
  t.same(
    many.filter(({ digest, inception }) => inception < 1100 && file.get(digest) !== undefined),
    [],
  );
  t.match(reads.get(many[0]?.digest as Buffer), { inception: 1000 }, 'a reader has what was there when it began');
});

/** Digests that are at random, as they are. */
const packable = (n: number, inception = 1000 + n): SignatureRow => ({
  ...row(n, inception),
  digest: createHash('sha256').update(`${n}`).digest().subarray(0, 16),
});

t.test('those of a zone that is signed whole are found where it is read whole, whatever else there is', async (t) => {
  const directory = folder(t);
  const file = new SignaturesFile(directory);
  t.teardown(() => file.close());
  const many = Array.from({ length: 17_000 }, (_, n) => packable(n));
  t.ok(file.put(many.slice(0, 16_500), ZONE));
  t.ok(file.put(many.slice(16_500), ZONE));
  t.ok(file.put([row(1)]));
  t.equal(file.latestInception, 17_999);
  t.equal(file.get(many[7]?.digest as Buffer), undefined, 'nobody looks for one of them');
  const reads = new ReadSignatures(directory, ZONE);
  t.teardown(() => reads.close());
  const here = file.readZone(ZONE);
  for (const found of [reads, here]) {
    const wrong = many.filter(({ digest, inception, expiration, signature }) => {
      const there = found.get(digest);
      const isSame = there?.inception === inception && there.expiration === expiration;
      return !isSame || Buffer.compare(signature, there.signature) !== 0;
    });
    t.same(wrong, []);
    t.same(found.get(row(1).digest), row(1), 'with those that are kept one by one');
    t.equal(found.get(packable(-1).digest), undefined);
  }
  here.end();
  const other = file.readZone(OTHER);
  t.equal(other.get(many[7]?.digest as Buffer), undefined);
  other.end();
  t.ok(file.put([packable(7, 90_000)], ZONE));
  const later = file.readZone(ZONE);
  t.equal(later.get(packable(7).digest)?.inception, 90_000, 'the last one counts');
  t.ok(file.put([row(2)]), 'it can be written while it is read');
  later.end();
  t.same(file.get(row(2).digest), row(2));
});

t.test('of a digest that is put again, wherever it was, the last one is found', async (t) => {
  const directory = folder(t);
  const file = new SignaturesFile(directory);
  t.teardown(() => file.close());
  const found = (): number | undefined => {
    const reads = new ReadSignatures(directory, ZONE);
    const { inception } = reads.get(packable(1).digest) ?? {};
    reads.close();
    const zone = file.readZone(ZONE);
    t.equal(zone.get(packable(1).digest)?.inception, inception);
    zone.end();
    return inception;
  };
  // Later ones need not begin later: of two that are made in one second the last is what is answered.
  for (const [inception, zone] of [
    [900, ZONE],
    [800, undefined],
    [700, ZONE],
    [600, undefined],
    [500, ZONE],
    [400, ZONE],
  ] as const) {
    t.ok(file.put([packable(1, inception), packable(2)], zone));
    t.equal(found(), inception);
  }
});

t.test('packs: a wrong bit costs one of them; what has ended is forgotten; a file of before is kept', async (t) => {
  const directory = folder(t);
  const path = join(directory, SIGNATURES_FILE);
  const before = new SignaturesFile(directory);
  before.put([row(1)]);
  before.close();
  const old = new Sqlite(path);
  old.exec('DROP TABLE packs');
  old.close();
  const file = new SignaturesFile(directory);
  t.notOk(file.isRenewed);
  t.same(file.get(row(1).digest), row(1), 'what an earlier version wrote');
  file.put([packable(1), packable(2)], ZONE);
  file.put([packable(3, 5000)], ZONE);
  const damaged = new Sqlite(path);
  damaged.exec(
    "UPDATE packs SET bytes = CAST(substr(bytes, 1, 87) || x'55' || substr(bytes, 89) AS BLOB) WHERE id = 1",
  );
  damaged.close();
  const has = (): boolean[] => {
    const zone = file.readZone(ZONE);
    const found = [1, 2, 3].map((n) => zone.get(packable(n).digest) !== undefined);
    zone.end();
    return found;
  };
  t.same(has(), [false, false, true]);
  while (file.forget(4000));
  t.same(has(), [false, false, true]);
  while (file.forget(9000));
  t.same(has(), [false, false, false]);
  file.close();
});

t.test('of a zone that is signed in pieces, those that others keep from being written are not lost', async (t) => {
  const directory = folder(t);
  const file = new SignaturesFile(directory);
  t.teardown(() => file.close());
  const kept = new KeptSignatures(file);
  const other = new Sqlite(join(directory, SIGNATURES_FILE));
  t.teardown(() => other.close());
  kept.put(row(1));
  kept.inZone(ZONE, () => kept.put(packable(2)));
  other.exec('BEGIN IMMEDIATE');
  kept.inZone(OTHER, () => kept.put(packable(3)));
  kept.flush();
  other.exec('COMMIT');
  kept.inZone(Buffer.from(OTHER), () => kept.put(packable(4)));
  kept.flush();
  const found = (zone: Uint8Array, ...ns: number[]): boolean[] => {
    const reads = new ReadSignatures(directory, zone);
    const there = ns.map((n) => reads.get(packable(n).digest) !== undefined);
    reads.close();
    return there;
  };
  t.same(found(OTHER, 3, 4), [true, true]);
  t.same(found(ZONE, 2), [true]);
  t.same(file.get(row(1).digest), row(1));
});

t.test('while another thread writes, nothing is waited for and nothing is lost', async (t) => {
  const directory = folder(t);
  const file = new SignaturesFile(directory);
  t.teardown(() => file.close());
  const other = new Sqlite(join(directory, SIGNATURES_FILE));
  t.teardown(() => other.close());
  const kept = new KeptSignatures(file);
  kept.put(row(1));
  other.exec('BEGIN IMMEDIATE');
  kept.flush();
  t.equal(file.get(row(1).digest), undefined);
  t.same(kept.get(row(1).digest), row(1), 'it is known here');
  t.ok(file.forget(9999), 'tried again');
  other.exec('COMMIT');
  kept.flush();
  t.same(file.get(row(1).digest), row(1));
  t.notOk(file.isRenewed, 'the file was not to blame');
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
