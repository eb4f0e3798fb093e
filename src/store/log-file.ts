/** Where the write-ahead log of a database is: SQLite puts it beside the file itself, also where a link leads to that. */
import { realpathSync } from 'node:fs';

/** `file`: of a database that is there. Throws what the file system says. */
export function logFileOf(file: string): string {
  return `${realpathSync(file)}-wal`;
}
