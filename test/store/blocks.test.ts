/**
 * What an import brings stands in blocks: a store that has it there must answer every read as one that has it in rows alone
 * does, whatever was changed since.
 */
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import t from 'tap';
import { PackedCursor } from '../../src/model/packed-form.ts';
import type { StagedRRset } from '../../src/model/revision.ts';
import type { RRset } from '../../src/model/rrset.ts';
import { BLOCK_BYTES } from '../../src/store/blocks.ts';
import { inOrder, Side, textOf, zone } from '../fixtures/blocks.ts';
import { runs } from '../fixtures/runs.ts';
import { snapshotIn } from '../fixtures/zone-snapshot.ts';

/** Few, so that histories meet: some with what sorts before and after a dot, and the top of the zone. */
const names = [
  'x.test',
  '*.x.test',
  ...[...'abcdefgh'].flatMap((c) => [`${c}.x.test`, `${c}-1.x.test`, `n.${c}.x.test`]),
];
const types = [1, 2, 15, 16, 28, 46];

const key = fc.record({ name: fc.constantFrom(...names), type: fc.constantFrom(...types) });
const records = fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(1000)), {
  minLength: 1,
  maxLength: 3,
});
const staged: fc.Arbitrary<StagedRRset> = fc.tuple(key, fc.nat(100_000), records).map(([{ name, type }, ttl, all]) => ({
  ...{ name, type, ttlSeconds: ttl, rdata: all.map(([data]) => data) },
  // Signatures have TTLs of their own.
  ...(type === 46 && { recordTtlSeconds: all.map(([, each]) => each) }),
}));

/** Stores that are given the same, and keep it in rows alone, in small blocks, and in large ones. */
const SIZES = [0, 150, BLOCK_BYTES];

type Move = (side: Side) => void;

const rrset: fc.Arbitrary<RRset> = fc
  .tuple(staged, fc.option(fc.constantFrom('one', 'two')), fc.boolean())
  .map(([{ recordTtlSeconds, ...one }, label, isWritten]) => ({
    ...{ zone: zone.name, revision: 0, ...one },
    ...(recordTtlSeconds && { recordTtlSeconds }),
    ...(label !== null && { labels: { of: label } }),
    ...(isWritten && { written: one.rdata.map(() => 'As It Was') }),
  }));

const put =
  (rrset: RRset): Move =>
  (side) =>
    side.commit({ op: 'putRRset', rrset: { ...rrset, revision: side.store.lastRevision + 1 } });

const moves: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: rrset.map(put) },
  {
    weight: 4,
    arbitrary: key.map(
      ({ name, type }) =>
        (side: Side) =>
          side.commit({ op: 'deleteRRset', zone: zone.name, name, type }),
    ),
  },
  {
    // What is written between staging and taking over is noted too late for the rows that staging makes.
    weight: 4,
    arbitrary: fc
      .tuple(fc.array(staged, { maxLength: 60 }), fc.array(rrset, { maxLength: 5 }))
      .map(([all, between]) => {
        const rrsets = inOrder(all);
        return (side: Side) => {
          const content = side.stage(rrsets);
          for (const each of between) put(each)(side);
          side.commit({ op: 'importZone', zone: { ...zone, revision: side.store.lastRevision + 1 }, staged: content });
        };
      }),
  },
  {
    // A file that keeps what stands there, and some of it is labelled.
    weight: 2,
    arbitrary: fc.constant((side: Side) => {
      const rrsets = [...side.store.rrsetsOf(zone.name)].map(
        ({ zone: _, revision: __, labels: ___, written: ____, ...rest }) => rest,
      );
      t.equal(side.staging.holds(zone.name, rrsets), true);
      t.equal(side.staging.holds(zone.name, rrsets.slice(1)), rrsets.length === 0);
      side.commit({
        op: 'importZone',
        zone: { ...zone, revision: side.store.lastRevision + 1 },
        staged: side.stage(rrsets),
      });
    }),
  },
  { weight: 1, arbitrary: fc.constant((side: Side) => side.reopen()) },
  {
    weight: 1,
    arbitrary: fc.constant(
      (side: Side) =>
        void side.store.dropStaged(
          side.stage(inOrder([{ name: 'q.x.test', type: 1, ttlSeconds: 1, rdata: [new Uint8Array(4)] }])),
        ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant((side: Side) => {
      while (side.staging.sweep());
    }),
  },
);

/** What every statement says that reads records. */
function answers({ store }: Side): unknown {
  const snapshot = snapshotIn(store.shared, zone.name);
  const { name } = zone;
  const content = store.contentOf(name) as number;
  return {
    snapshot,
    all: [...store.rrsetsOf(name)],
    maxTtl: store.maxTtlOf(name),
    ofTypes: [store.rrsetsOfTypes(name, [2, 15, 46], 7), store.rrsetsOfTypes(name, [1], 1000)],
    at: names.map((each) => store.rrsetsAt(name, each)),
    typesAt: names.map((each) => store.stagedTypesAt(content, each)),
    each: names.flatMap((each) => types.map((type) => store.rrset(name, each, type))),
    pages: [undefined, { name: 'b.x.test', type: 16 }, { name: 'zz', type: 1 }].flatMap((after) =>
      [1, 3, 1000].map((limit) => [store.rrsets(name, after, limit), store.rrsetKeys(name, after, limit)]),
    ),
    below: ['x.test', 'a.x.test', 'c.x.test', ''].map((above) =>
      store.rrsetBelow(name, above, ({ type }) => type !== 1),
    ),
  };
}

/** RRsets that stand in a block and in a row, or in two blocks. */
function twice(side: Side): string[] {
  const database = new Sqlite(side.file, { readonly: true });
  const keys = database.prepare('SELECT content, name, type FROM rrsets').raw().all().map(String);
  const cursor = new PackedCursor();
  for (const { content, body } of database.prepare('SELECT content, body FROM blocks').all() as {
    content: number;
    body: Buffer;
  }[]) {
    cursor.begin(body);
    while (cursor.next()) keys.push([content, cursor.name, cursor.type].join());
  }
  database.close();
  return keys.filter((each, i) => keys.indexOf(each) !== i);
}

/** A zone with everything at every name, so that there are blocks at the end of a history at least. */
const importAll: Move = (side) => {
  const all = names.flatMap((name) => types.map((type) => ({ name, type, ttlSeconds: 9, rdata: [new Uint8Array(9)] })));
  const content = side.stage(inOrder(all));
  side.commit({ op: 'importZone', zone: { ...zone, revision: side.store.lastRevision + 1 }, staged: content });
};

t.test('random histories: the same answers from blocks of any size as from rows', async (t) => {
  let blocks = 0;
  fc.assert(
    fc.property(fc.array(moves, { minLength: 1, maxLength: 14 }), (history) => {
      const sides = SIZES.map((size) => new Side(t, size));
      for (const side of sides) side.commit({ op: 'putZone', zone });
      for (const move of history) {
        for (const side of sides) move(side);
        const [rows, ...others] = sides.map((side) => textOf(answers(side)));
        for (const [i, other] of others.entries()) {
          if (other !== rows) throw new Error(`blocks of ${SIZES[i + 1]}:\n${other}\n--- rows\n${rows}`);
        }
      }
      for (const side of sides) {
        const found = twice(side);
        if (found.length > 0) throw new Error(`twice: ${found}`);
      }
      const database = new Sqlite((sides[1] as Side).file, { readonly: true });
      blocks += database.prepare('SELECT count(*) FROM blocks').pluck().get() as number;
      database.close();
      for (const side of sides) side.close();
    }),
    { numRuns: runs(8), examples: [[[importAll]]] },
  );
  t.ok(blocks > 20, `${blocks} blocks were there at the ends`);
});

t.test('rows are made of what has labels while an import is staged, so that its short step need not', async (t) => {
  const side = new Side(t, BLOCK_BYTES);
  side.commit({ op: 'putZone', zone });
  const rrsets = inOrder(
    Array.from({ length: 3000 }, (_, i) => ({
      name: `n${i}.x.test`,
      type: 1,
      ttlSeconds: 60,
      rdata: [new Uint8Array(4)],
    })),
  );
  const noted = rrsets.filter((_, i) => i % 2 === 0 || i > 2500);
  side.commit(
    ...noted.map((one) => ({
      op: 'putRRset' as const,
      rrset: { zone: zone.name, revision: 2, ...one, labels: { of: 'one' } } as RRset,
    })),
  );
  const staged = side.stage(rrsets);
  const database = new Sqlite(side.file, { readonly: true });
  const count = (sql: string) => database.prepare(sql).pluck().get(staged.records) as number;
  const rows = 'SELECT count(*) FROM rrsets WHERE content = ?';
  t.equal(count(rows), noted.length, 'before it is taken over');
  side.commit({ op: 'importZone', zone: { ...zone, revision: side.store.lastRevision + 1 }, staged });
  t.equal(count(rows), noted.length);
  t.equal(
    side.store.rrsetKeys(zone.name, undefined, 10_000).filter(({ isLabelled }) => isLabelled).length,
    noted.length,
  );
  t.equal([...side.store.rrsetsOf(zone.name)].length, rrsets.length);
  database.close();
  side.close();
});
