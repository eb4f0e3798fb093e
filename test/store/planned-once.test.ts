/** Statements are planned once, and not again for each value: `+?` hides a value from SQLite's planner, and changes no plan. */
import { join } from 'node:path';
import Sqlite, { type Statement } from 'better-sqlite3';
import t from 'tap';
import { openStore } from '../../src/store/sqlite.ts';
import { makeStatements } from '../../src/store/statements.ts';
import { temporaryFolder } from '../fixtures/engine.ts';

t.test(
  'what has a join, an order or a limit hides what it is compared with, and is planned as if it did not',
  async (t) => {
    const folder = temporaryFolder(t);
    openStore(folder).close();
    const database = new Sqlite(join(folder, 'teal.db'));
    t.teardown(() => database.close());
    const plan = (source: string): unknown[] => {
      const values = Array.from(source.matchAll(/\?/g), () => 1);
      return database.prepare(`EXPLAIN QUERY PLAN ${source}`).all(...values);
    };
    const sources = Object.values(makeStatements(database)).map(({ source }: Statement) => source);
    const reads = sources.filter((source) => source.startsWith('SELECT') && /JOIN|ORDER BY|LIMIT/.test(source));
    t.ok(reads.length > 20, `${reads.length} statements`);
    for (const source of reads) {
      t.notMatch(source, /(?:[^<>]=|LIMIT) \?/);
      t.same(plan(source), plan(source.replaceAll('+?', '?')), source);
    }
  },
);
