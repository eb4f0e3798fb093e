/** What reads a page, or the last of many, reads no more than that: SQLite says how it would go about it. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { openStore } from '../../src/store/sqlite.ts';
import { makeStatements } from '../../src/store/statements.ts';

t.test('no statement of the store sorts what it reads a part of', async (t) => {
  const directory = t.testdir();
  openStore(directory).close();
  const database = new Database(join(directory, 'teal.db'), { readonly: true });
  t.teardown(() => database.close());
  const sorts = (sql: string): boolean => {
    const unknown = Array(sql.split('?').length - 1).fill(1);
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...unknown) as { detail: string }[];
    return plan.some(({ detail }) => detail.includes('TEMP B-TREE'));
  };
  const statements = Object.entries(makeStatements(database));
  t.same(
    statements.filter(([, { source }]) => sorts(source)).map(([name]) => name),
    [],
  );
  const joined = 'SELECT releases.* FROM release_services JOIN releases USING (id) WHERE service = ?';
  t.ok(sorts(`${joined} ORDER BY releases.id LIMIT 1`), 'this check can fail');
});
