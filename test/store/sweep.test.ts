/** What no zone has any more is swept out of the store, a few rows at a time. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t from 'tap';
import { Staging } from '../../src/store/staging.ts';
import { makeEngine, withService, zoneBody } from '../fixtures/engine.ts';
import { packedPiece } from '../fixtures/packed.ts';

t.test('the records of a zone that was deleted, and those of an import that came to nothing', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must({ kind: 'zone.put', zone: 'gone.test', body: zoneBody });
  for (const name of ['a.gone.test', 'b.gone.test']) {
    const body = { ttlSeconds: 60, rdata: ['"x"'] };
    fixture.must({ kind: 'rrset.put', zone: 'gone.test', name, type: 'TXT', body });
  }
  const staging = new Staging(fixture.store.shared);
  t.teardown(() => staging.close());
  const rdata = [Uint8Array.of(192, 0, 2, 1)];
  const many = Array.from({ length: 30_000 }, (_, i) => ({
    name: `n${100_000 + i}.x.test`,
    type: 1,
    ttlSeconds: 60,
    rdata,
  }));
  const staged = staging.begin('x.test');
  staged.addPiece(packedPiece(many));
  const records = staged.end();
  t.equal(staging.sweep(), false, 'what is in use or under way stays');
  fixture.must({ kind: 'zone.delete', zone: 'gone.test', withServices: false });
  fixture.store.dropStaged({ content: '', records });
  let sweeps = 0;
  while (staging.sweep()) sweeps++;
  t.ok(sweeps >= 4, `${sweeps} small transactions`);
  const database = new Sqlite(join(fixture.folder, 'teal.db'), { readonly: true });
  t.teardown(() => database.close());
  const count = (table: string) => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  t.equal(count('rrsets'), 0);
  t.equal(count('blocks'), 0);
  t.equal(count('contents'), 1, 'that of example.com');
});

t.test('an import that ends in the middle of its rows is swept out at once', async (t) => {
  const fixture = withService(makeEngine(t));
  const staging = new Staging(fixture.store.shared);
  t.teardown(() => staging.close());
  const rows = staging.begin('x.test');
  const rdata = [Uint8Array.of(192, 0, 2, 1)];
  const some = Array.from({ length: 777 }, (_, i) => ({ name: `n${1000 + i}.x.test`, type: 1, ttlSeconds: 60, rdata }));
  rows.addPiece(packedPiece(some));
  rows.abandon();
  while (staging.sweep());
  const database = new Sqlite(join(fixture.folder, 'teal.db'), { readonly: true });
  t.teardown(() => database.close());
  t.equal(database.prepare("SELECT count(*) FROM rrsets WHERE name LIKE '%x.test'").pluck().get(), 0);
  t.equal(database.prepare('SELECT count(*) FROM blocks').pluck().get(), 0);
  t.equal(database.prepare('SELECT count(*) FROM contents').pluck().get(), 1, 'that of example.com');
  staging.begin('x.test').abandon();
});
