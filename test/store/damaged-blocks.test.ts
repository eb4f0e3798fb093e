/** A damaged block of the store is told, and never read. */
import { crc32 } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { StoreUnavailable } from '../../src/model/errors.ts';
import type { StagedRRset } from '../../src/model/revision.ts';
import type { RRset } from '../../src/model/rrset.ts';
import { inOrder, Side, textOf, zone } from '../fixtures/blocks.ts';
import { runs } from '../fixtures/runs.ts';

/** A store with 300 names in blocks. */
function filled(t: Test): { side: Side; truth: string; rrsets: StagedRRset[] } {
  const side = new Side(t, 400);
  side.commit({ op: 'putZone', zone });
  const rrsets = inOrder(
    Array.from({ length: 300 }, (_, i) => ({
      name: `n${i}.x.test`,
      type: 1,
      ttlSeconds: 60,
      rdata: [Uint8Array.of(10, 0, i >> 8, i)],
    })),
  );
  side.commit({ op: 'importZone', zone: { ...zone, revision: 2 }, staged: side.stage(rrsets) });
  return { side, rrsets, truth: textOf([...side.store.rrsetsOf(zone.name)]) };
}

/** What came of reading: the right answer, or the store said that it cannot be read. */
function isRightOrTold(read: () => unknown, right: unknown): boolean {
  try {
    return textOf(read()) === JSON.stringify(right);
  } catch (error) {
    return error instanceof StoreUnavailable && !error.message.includes('\n');
  }
}

t.test('a damaged block is told, and never read', async (t) => {
  const { side, truth, rrsets } = filled(t);
  const { store } = side;
  const database = new Sqlite(side.file);
  const rows = database.prepare('SELECT id, body, checksum FROM blocks').all() as {
    id: number;
    body: Buffer;
    checksum: number;
  }[];
  t.ok(rows.length > 20);
  const write = database.prepare('UPDATE blocks SET body = ?, checksum = ? WHERE id = ?');
  const damages = fc.tuple(
    fc.nat(rows.length - 1),
    fc.oneof(
      fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(([at, bits]) => (body: Buffer) => {
        body[at % body.length] = (body[at % body.length] as number) ^ bits;
        return body;
      }),
      fc.nat().map((length) => (body: Buffer) => body.subarray(0, length % body.length)),
      fc.uint8Array({ maxLength: 500 }).map((bytes) => () => Buffer.from(bytes)),
      fc.uint8Array({ minLength: 1, maxLength: 50 }).map((bytes) => (body: Buffer) => Buffer.concat([body, bytes])),
    ),
    fc.nat(299),
  );
  let told = 0;
  fc.assert(
    fc.property(damages, ([at, damage, some]) => {
      const { id, body, checksum } = rows[at] as (typeof rows)[number];
      write.run(damage(Buffer.from(body)), checksum, id);
      const { name } = rrsets[some] as StagedRRset;
      const whole = JSON.parse(truth) as RRset[];
      const right = whole.find((each) => each.name === name);
      const isRight =
        isRightOrTold(() => [...store.rrsetsOf(zone.name)], whole) &&
        isRightOrTold(() => store.rrset(zone.name, name, 1), right) &&
        isRightOrTold(() => store.rrsetsAt(zone.name, name), [right]);
      if (store.readFailure !== undefined) told++;
      // An edit is refused, and nothing changed; or it has nothing to do with that block.
      const other = `${name.slice(0, -'.x.test'.length)}x.x.test`;
      const problem = side.tryToCommit({ op: 'deleteRRset', zone: zone.name, name: other, type: 1 });
      write.run(body, checksum, id);
      store.tryAgain();
      if (!isRight || (problem !== undefined && problem.code !== 'store_unavailable')) throw new Error('not told');
      return store.readFailure === undefined && textOf([...store.rrsetsOf(zone.name)]) === truth;
    }),
    { numRuns: runs(300) },
  );
  t.ok(told > 200, `${told} of 300 were told`);
  database.close();
  side.close();
});

t.test('so is one with a checksum that is right, where it is no block', async (t) => {
  const { side, truth } = filled(t);
  const { store } = side;
  const database = new Sqlite(side.file);
  const { id, body } = database.prepare('SELECT id, body FROM blocks ORDER BY id DESC LIMIT 1').get() as {
    id: number;
    body: Buffer;
  };
  const write = database.prepare('UPDATE blocks SET body = ?, checksum = ? WHERE id = ?');
  const twice = Buffer.concat([body, body]);
  const cut = body.subarray(0, body.length - 1);
  const other = Buffer.from(body);
  other.write('o', 2);
  for (const wrong of [Buffer.alloc(0), twice, cut, other, body.subarray(40)]) {
    write.run(wrong, crc32(wrong), id);
    t.throws(() => [...store.rrsetsOf(zone.name)], {
      message: /^the store cannot be read: a block of records is damaged: /,
    });
  }
  write.run(body, crc32(body), id);
  store.tryAgain();
  t.equal(textOf([...store.rrsetsOf(zone.name)]), truth);
  // A block that has what a row has.
  const name = (JSON.parse(truth) as RRset[]).at(-1)?.name;
  database
    .prepare('INSERT INTO rrsets (content, name, type, ttl_seconds, rdata, revision) VALUES (?, ?, 1, 1, ?, 1)')
    .run(store.contentOf(zone.name), name, Buffer.from([0, 4, 1, 2, 3, 4]));
  t.throws(() => [...store.rrsetsOf(zone.name)], { message: /stands in a row/ });
  database.close();
  side.close();
});
