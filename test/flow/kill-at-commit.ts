/** Loaded into a server before anything else: it kills the process in the middle of the commit that a file asks for. */
import { existsSync, readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import Sqlite, { type Database } from 'better-sqlite3';

/** Says by its text where in the next revision's commit the process ends: `written` or `committed`; see crash.test.ts. */
const order = process.env.KILL_AT_FILE as string;
/** Of a transaction, what SQLite's driver runs: how it begins is chosen by name, and the function itself is the default. */
const WAYS = ['default', 'deferred', 'immediate', 'exclusive'] as const;
type Run = (...values: unknown[]) => unknown;
type Runs = Run & Record<(typeof WAYS)[number], Run>;

if (isMainThread) {
  const plain = Sqlite.prototype.transaction as unknown as (this: Database, work: Run) => Runs;
  Sqlite.prototype.transaction = function (this: Database, work: Run): Runs {
    let isChange = false;
    const watched: Run = (...values) => {
      const before = newest(this);
      const result = work(...values);
      isChange = newest(this) !== before;
      if (isChange) endIf('written');
      return result;
    };
    const runs = plain.call(this, watched);
    const followed =
      (run: Run): Run =>
      (...values) => {
        const result = run(...values);
        if (isChange && !this.inTransaction) endIf('committed');
        return result;
      };
    const ways = WAYS.map((way) => [way, followed(runs[way])]);
    return Object.assign(followed(runs), Object.fromEntries(ways)) as Runs;
  } as unknown as Database['transaction'];
}

function endIf(point: string): void {
  if (existsSync(order) && readFileSync(order, 'utf8') === point) process.kill(process.pid, 'SIGKILL');
}

/** The newest revision; undefined where there is no log yet. */
function newest(database: Database): unknown {
  const log = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'revisions'").get();
  return log && database.prepare('SELECT max(revision) FROM revisions').pluck().get();
}
