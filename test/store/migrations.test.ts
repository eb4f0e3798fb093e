/** Upgrades: data of every earlier shape opens and answers as it did; steps are never edited; newer data is refused. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t from 'tap';
import type { SigningKey, ZoneSigning } from '../../src/model/dnssec/signing.ts';
import { SCHEMA_VERSION } from '../../src/store/migrations.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { makeEngine, temporaryFolder } from '../fixtures/engine.ts';
import { makeKeyring } from '../fixtures/keyring.ts';

/** SHA-256 of the file of each step. A new step gets a new row; a row that is here is never changed. */
const digests: Readonly<Record<string, string>> = {
  '0001-tables.ts': '32289aa54845b905b4108f10a0992ea9941f2263a886ee47db6a7acec5823fa5',
  '0002-shapes-of-the-first-day.ts': '79a1a4ec574f609876a5ea2ea569c9bf4e3523de03d7175c21d19f17a64edf57',
  '0003-new-stores.ts': '9cf567773a53aae5059ef09b21fe45098732299c29af9561a63154e20a31bdb6',
  '0004-record-ttls.ts': '6eb05ee35574bd9bc3d4aa88465d8df0a4e36dae3063b5ae6279441d085bec94',
  '0005-texts-by-hash.ts': '36d9259769d7d2dcf8c91a679257c5cca2b8bd5a852b2733e016d854e14472d4',
  '0006-why.ts': '07a45f0d7a4caa27a840571f3c2c9d3ecb5051d5395f9c189f246d8b17ebe288',
  '0007-entries.ts': 'a01317833bb36e861f62a24345a47bbed4ef93838270f87d2a66ee388a1b2eef',
  '0008-written.ts': '7769d79abba07e6e76294628b32f810b79459bc0828e7a857d0048b82f560b15',
  '0009-fleet.ts': '3a970057a673c6f0622a548f06a16ab26596a0c66881b579d7216b89963d872a',
  '0010-dnssec.ts': 'cee208e29b7d7a246281ed270c13609e6913a0f5c7305d0e6048146fc173ca2f',
  '0011-agreement.ts': 'e492ce8165b261874df111349be04d3b9dcc63480a603a2679f0d51ab3fd1fba',
  '0012-blocks.ts': '3a6fabadd7fd76c1bdd9eb282bed7dad03121c5bb7279f6757b450e2b2d15e1d',
};

t.test('steps are never edited', async (t) => {
  const found = globSync('src/store/steps/*.ts').sort();
  t.equal(found.length, SCHEMA_VERSION, 'each is in migrations.ts');
  const now = found.map((file) => [basename(file), createHash('sha256').update(readFileSync(file)).digest('hex')]);
  t.same(
    Object.fromEntries(now),
    digests,
    'a step that has landed may be in somebody’s data: take the edit back and add a step',
  );
});

/** Databases as programs of that time left them; each file is what SQLite's shell dumped. */
const dumps = globSync('test/fixtures/data/*.sql').sort();

/** Writes the database of a dump into a folder. */
function restoreDump(dump: string, folder: string): void {
  const database = new Sqlite(join(folder, 'teal.db'));
  database.pragma('journal_mode = WAL');
  database.exec(readFileSync(dump, 'utf8'));
  database.close();
}

t.test('data of every earlier shape opens, answers, and takes changes', async (t) => {
  t.ok(dumps.length >= 9);
  const app = 'app.example.test';
  for (const dump of dumps) {
    const title = basename(dump);
    const folder = temporaryFolder(t);
    restoreDump(dump, folder);
    const fixture = makeEngine(t, { folder });
    const { store } = fixture;
    t.equal(store.isUnused, false, title);
    const last = store.lastRevision;
    const log = store.revisions(0, 1000);
    t.same(
      log.map(({ revision }) => revision),
      Array.from({ length: last }, (_, i) => i + 1),
      title,
    );
    const service = store.service(app);
    t.match(service, { salt: /^[0-9a-f]{32}$/, pins: [], pools: [{ name: 'blue' }, { name: 'green' }] }, title);
    t.same(fixture.ask('ns1.example.test'), ['127.0.0.1'], title);
    t.match(fixture.ask('example.test', 'SOA'), [/^ns1\.example\.test/], title);
    const answers = new Set(Array.from({ length: 64 }, () => JSON.stringify(fixture.ask(app))));
    const pools = service?.pools.filter(({ weight }) => weight > 0) ?? [];
    t.same([...answers].sort(), pools.map(({ targets }) => JSON.stringify(targets)).sort(), title);
    for (const zone of store.allZones()) t.match(fixture.queries.zone(zone.name), { body: { primary: String } }, title);
    for (const { name } of store.allServices()) {
      t.match(fixture.queries.service(name), { body: { previewNames: Boolean } }, title);
    }
    for (const release of store.activeReleases()) t.match(release, { state: 'paused' }, title);
    t.ok(
      store.tokens().every(({ scope, digest }) => scope.length > 0 && digest.length === 32),
      title,
    );
    fixture.must({ kind: 'rollback', name: app });
    fixture.must({ kind: 'weights.put', name: app, weights: { blue: 3, green: 0 } });
    t.same(fixture.ask(app), ['192.0.2.10'], title);
    fixture.must({ kind: 'rollback', name: app, revision: last });
    fixture.close();
    const again = makeEngine(t, { folder });
    t.ok(again.store.lastRevision >= last + 2, `${title}: once more`);
  }
});

t.test('the shapes of later dumps are there: releases, tokens, imports', async (t) => {
  const folder = temporaryFolder(t);
  restoreDump('test/fixtures/data/7-tokens.sql', folder);
  const fixture = makeEngine(t, { folder });
  t.same(fixture.ask('www.imported.test'), ['192.0.2.90']);
  t.match(fixture.store.activeReleases(), [{ to: 'green', stepIndex: 1 }]);
  t.match(fixture.store.tokens(), [{ name: 'admin' }, { name: 'ci', limits: { services: ['*.other.test'] } }]);
  const old = temporaryFolder(t);
  restoreDump('test/fixtures/data/4-contents.sql', old);
  const four = makeEngine(t, { folder: old });
  t.match(four.store.tokens(), [{ name: 'admin', scope: 'admin', revision: 0 }]);
  t.same(four.ask('www.other.test'), ['192.0.2.80', '192.0.2.81']);
  t.equal(four.ask('blue.app.example.test'), 3, 'a name that was not there before');
});

t.test('how a zone is signed is kept, with its key as it was sealed', async (t) => {
  const folder = temporaryFolder(t);
  restoreDump('test/fixtures/data/12-signed.sql', folder);
  const { store } = makeEngine(t, { folder });
  const signing = store.signing('signed.test');
  t.match(signing, { stage: 'signing', denial: 'nsec3', keys: [{ role: 'active', algorithm: 13 }] });
  t.match(makeKeyring().privateKey('signed.test', (signing as ZoneSigning).keys[0] as SigningKey), { type: 'private' });
});

t.test('records that an import brought in blocks are read and changed, with those that were taken out', async (t) => {
  const folder = temporaryFolder(t);
  restoreDump('test/fixtures/data/14-blocks.sql', folder);
  const fixture = makeEngine(t, { folder });
  const { store } = fixture;
  t.equal([...store.rrsetsOf('large.test')].length, 520, 'n0 to n519 and ns1, without n8');
  t.match(store.rrset('large.test', 'n7.large.test', TYPE.A), { labels: { team: 'a' }, revision: 19, ttlSeconds: 5 });
  t.same(fixture.ask('n7.large.test'), ['198.51.100.7']);
  t.equal(fixture.ask('n8.large.test'), 3);
  t.same(fixture.ask('n9.large.test'), ['192.0.2.9']);
  const body = { ttlSeconds: 60, rdata: ['192.0.2.199'] };
  fixture.must({ kind: 'rrset.put', zone: 'large.test', name: 'n9.large.test', type: 'A', body });
  t.same(fixture.ask('n9.large.test'), ['192.0.2.199']);
  t.same(store.rrset('large.test', 'n10.large.test', TYPE.A)?.revision, 18);
});

t.test('freezes and what was proposed are kept, and can be decided on', async (t) => {
  const folder = temporaryFolder(t);
  restoreDump('test/fixtures/data/13-agreement.sql', folder);
  const { store, must } = makeEngine(t, { folder });
  t.match(store.freezes(), [{ name: 'weekend', timeZone: 'Europe/Berlin', labels: { team: 'a' } }]);
  const [done, open] = store.proposals(0, 10);
  t.match(done, { state: 'done', askedBy: 'alice', approved: { by: 'bob' }, why: { reason: 'a canary' } });
  t.same(store.openProposals(), [open]);
  must({ kind: 'proposal.approve', id: String(open?.id) }, { actor: 'bob' });
  t.match(store.activeReleaseOf('four.example.test'), { reason: 'approval_needed', askedBy: ['alice'] });
});

t.test('records of before have no text of their own, and may get one', async (t) => {
  const folder = temporaryFolder(t);
  restoreDump('test/fixtures/data/11-entries.sql', folder);
  const fixture = makeEngine(t, { folder });
  const long = () => fixture.store.rrset('example.test', 'long.example.test', TYPE.TXT);
  t.match(long(), { ttlSeconds: 60, labels: { team: 'a' } });
  t.equal(long()?.written, undefined);
  t.ok(fixture.store.entry(fixture.store.lastRevision), 'its last entry can be read');
  const written = [`"${'a'.repeat(255)}b"`];
  const put = { name: 'long.example.test', type: 'TXT', ttlSeconds: 60, rdata: [`"${'a'.repeat(255)}" "b"`], written };
  fixture.must({ kind: 'records.change', zone: 'example.test', changes: [{ put }] });
  t.match(long(), { written, labels: { team: 'a' } });
});

t.test('every shape comes to the same tables', async (t) => {
  const shapeOf = (folder: string): unknown => {
    const database = new Sqlite(join(folder, 'teal.db'));
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'trigger') ORDER BY name");
    const shape = (tables.pluck().all() as string[])
      .filter((name) => !name.startsWith('sqlite_'))
      .map((name) => [name, (database.pragma(`table_info(${name})`) as { name: string }[]).map((each) => each.name)]);
    database.close();
    return shape;
  };
  const fresh = temporaryFolder(t);
  openStore(fresh).close();
  for (const dump of dumps) {
    const folder = temporaryFolder(t);
    restoreDump(dump, folder);
    openStore(folder).close();
    t.same(shapeOf(folder), shapeOf(fresh), basename(dump));
  }
});

t.test('programs that know version 1 only refuse what this one has written', async (t) => {
  const folder = temporaryFolder(t);
  openStore(folder).close();
  const database = new Sqlite(join(folder, 'teal.db'), { readonly: true });
  t.ok((database.pragma('user_version', { simple: true }) as number) > 1);
  database.close();
});
