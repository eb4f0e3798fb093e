/** The shape of the database, in numbered steps: a file of any earlier version is brought up to date at the start. */
import type { Database } from 'better-sqlite3';
import { step as tables } from './steps/0001-tables.ts';
import { step as shapesOfTheFirstDay } from './steps/0002-shapes-of-the-first-day.ts';
import { step as newStores } from './steps/0003-new-stores.ts';
import { step as recordTtls } from './steps/0004-record-ttls.ts';
import { step as textsByHash } from './steps/0005-texts-by-hash.ts';
import { step as why } from './steps/0006-why.ts';
import { step as entries } from './steps/0007-entries.ts';
import { step as written } from './steps/0008-written.ts';
import { step as fleet } from './steps/0009-fleet.ts';
import { step as dnssec } from './steps/0010-dnssec.ts';
import { step as agreement } from './steps/0011-agreement.ts';
import { step as blocks } from './steps/0012-blocks.ts';

/**
 * Step n brings version n to n + 1 (SQLite's user_version): SQL, or a function. Each is a file of its own, which is never
 * edited once it has landed: test/store/migrations.test.ts holds their digests, and data directories of earlier
 * versions, all of which must open.
 */
const steps: readonly (string | ((database: Database) => void))[] = [
  tables,
  shapesOfTheFirstDay,
  newStores,
  recordTtls,
  textsByHash,
  why,
  entries,
  written,
  fleet,
  dnssec,
  agreement,
  blocks,
];

/** The version that this program writes. */
export const SCHEMA_VERSION = steps.length;

/**
 * Brings the database up to date. Its foreign keys must be off, since steps make tables anew
 * (https://sqlite.org/lang_altertable.html#otheralter); they are checked here.
 */
export function migrate(database: Database): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  for (let number = version; number < SCHEMA_VERSION; number++) {
    database.transaction(() => {
      const step = steps[number] as (typeof steps)[number];
      if (typeof step === 'string') database.exec(step);
      else step(database);
      const orphans = (database.pragma('foreign_key_check') as unknown[]).length;
      if (orphans > 0) throw new Error(`${orphans} rows refer to what is not there`);
      database.pragma(`user_version = ${number + 1}`);
    })();
  }
}
