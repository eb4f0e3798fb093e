/** A large import holds up neither shifts nor answers. */
import t from 'tap';
import { measureImport } from '../../bench/import.ts';
import { quantile } from '../../bench/meanwhile.ts';
import { temporaryFolder } from '../fixtures/engine.ts';

t.test('shifts and answers go on while a zone of 100,000 names is imported', async (t) => {
  const { seconds, shiftsIdle, shiftsBusy, answersBusy } = await measureImport(temporaryFolder(t), 100_000);
  t.ok(shiftsBusy.length > 5, `${shiftsBusy.length} shifts meanwhile, each answered at once`);
  t.ok(answersBusy.length > 50, `${answersBusy.length} answers meanwhile`);
  // The bound of the whole is ten (npm run bench:import tells it); here half of the shifts and a busy machine decide.
  const ratio = quantile(shiftsBusy, 0.5) / quantile(shiftsIdle, 0.5);
  t.ok(ratio < 10, `a shift while importing takes ${ratio.toFixed(1)} times the idle median`);
  // Behind one transaction of the whole zone a shift would have to wait for most of the import.
  const share = quantile(shiftsBusy, 0.95) / 1000 / seconds;
  t.ok(share < 0.2, `95 of 100 shifts wait less than ${(100 * share).toFixed(1)} % of the import`);
});
