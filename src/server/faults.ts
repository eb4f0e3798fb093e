/** What guards catch (guard.ts): a line of the log and a count, and everything else goes on. */
import { type Report, reportFaults } from '../guard.ts';
import type { Logger } from '../log.ts';
import { StoreUnavailable } from '../model/errors.ts';

/** `count` is called for each fault of this program. */
export function logFaults(log: Logger, count: () => void): void {
  const report: Report = (err, what) => {
    // The caller tries again, and store-watch.ts says it once.
    if (err instanceof StoreUnavailable) return log.debug({ err }, `${what}: the store cannot be read`);
    count();
    log.error({ err }, `a fault of teal in ${what}; everything else goes on`);
  };
  reportFaults(report);
}
