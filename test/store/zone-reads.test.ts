/** A zone is read as it was at one moment, and the write-ahead log can begin anew while it is sorted, signed and written. */
import { renameSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import t from 'tap';
import { ZoneReads } from '../../src/store/zone-reads.ts';
import { inOrder, Side, textOf, zone } from '../fixtures/blocks.ts';

const NAMES = 3000;

function name(i: number): string {
  return `n${String(i).padStart(5, '0')}.x.test`;
}

/** Addresses under names, all of them by one byte. */
function addresses(byte: number) {
  return inOrder(
    Array.from({ length: NAMES }, (_, i) => ({
      name: name(i),
      type: 1,
      ttlSeconds: 60,
      rdata: [Uint8Array.of(10, byte, i >> 8, i & 255)],
    })),
  );
}

/** Brings the log into the database and cuts it off; false: somebody still reads what was there before. */
function beginLogAnew(file: string): boolean {
  const database = new Sqlite(file);
  database.pragma('busy_timeout = 0');
  const [{ busy }] = database.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }];
  database.close();
  return busy === 0;
}

t.test('what is read holds nobody up, and is as it was when it was asked for', async (t) => {
  const side = new Side(t, 3900);
  t.teardown(() => side.close());
  const { store, file } = side;
  side.commit({ op: 'putZone', zone });
  side.commit({ op: 'importZone', zone: { ...zone, revision: 2 }, staged: side.stage(addresses(1)) });
  // Some stand in rows, with what was written for them.
  for (let i = 0; i < NAMES; i += 3) {
    const rrset = { zone: zone.name, name: name(i), type: 1, ttlSeconds: 5, rdata: [Uint8Array.of(10, 9, 9, 9)] };
    side.commit({ op: 'putRRset', rrset: { ...rrset, written: ['10.9.9.09'], revision: 3 } });
  }
  const before = textOf([...store.rrsetsOf(zone.name)]);

  const reads = new ZoneReads(store.shared);
  const read = reads.readWhole(zone.name, ({ rrsets }) => {
    const seen = [];
    for (const rrset of rrsets) {
      seen.push(rrset);
      if (seen.length > 1) continue;
      t.ok(beginLogAnew(file), 'after the first RRset');
      side.commit({ op: 'deleteRRset', zone: zone.name, name: name(NAMES - 3), type: 1 });
      side.commit({ op: 'importZone', zone: { ...zone, revision: 4 }, staged: side.stage(addresses(2)) });
      while (side.staging.tidy());
      t.ok(beginLogAnew(file), 'after changes');
    }
    return textOf(seen);
  });
  t.equal(read, before);
  const again = reads.readWhole(zone.name, ({ rrsets }) => textOf([...rrsets]));
  t.equal(again, textOf([...store.rrsetsOf(zone.name)]));
  t.not(again, before);
  t.equal(
    reads.readWhole('y.test', () => 'a zone'),
    undefined,
  );
});

t.test('a reader that has a transaction is noticed here', async (t) => {
  const side = new Side(t, 3900);
  t.teardown(() => side.close());
  side.commit({ op: 'putZone', zone });
  const database = new Sqlite(side.file, { readonly: true });
  t.teardown(() => database.close());
  database.exec('BEGIN');
  database.prepare('SELECT count(*) FROM zones').get();
  side.commit({ op: 'putZone', zone: { ...zone, revision: 2 } });
  t.notOk(beginLogAnew(side.file));
});

t.test('a store that is gone is at fault, and its directory with it, until it is back', async (t) => {
  const side = new Side(t, 3900);
  t.teardown(() => side.close());
  side.commit({ op: 'putZone', zone });
  const reads = new ZoneReads(side.store.shared);
  const read = () => reads.read(zone.name, ({ name }) => name);
  for (const gone of [side.file, dirname(side.file)]) {
    renameSync(gone, `${gone}-elsewhere`);
    t.throws(read, /the store cannot be read/);
    renameSync(`${gone}-elsewhere`, gone);
    t.equal(read(), zone.name);
  }
});
