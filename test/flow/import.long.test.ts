/** A large import holds up neither shifts nor answers. */
import t from 'tap';
import { measureImport } from '../../bench/import.ts';
import { quantile } from '../../bench/meanwhile.ts';
import { temporaryFolder } from '../fixtures/engine.ts';

/** Rounds at most: what others on the machine took while one imported is not there in each, and a fault of the import is. */
const ROUNDS = 3;
/** The bound of the whole is ten (npm run bench:import tells it); here half of the shifts and a busy machine decide. */
const RATIO_MAX = 10;
/** Of the import's time. Behind one transaction of the whole zone a shift would have to wait for most of it. */
const SHARE_MAX = 0.2;

t.test('shifts and answers go on while a zone of 100,000 names is imported', async (t) => {
  for (let round = 1; ; round++) {
    const { seconds, shiftsIdle, shiftsBusy, answersBusy } = await measureImport(temporaryFolder(t), 100_000);
    const ratio = quantile(shiftsBusy, 0.5) / quantile(shiftsIdle, 0.5);
    const share = quantile(shiftsBusy, 0.95) / 1000 / seconds;
    if (round < ROUNDS && (shiftsBusy.length <= 5 || ratio >= RATIO_MAX || share >= SHARE_MAX)) continue;
    t.ok(shiftsBusy.length > 5, `${shiftsBusy.length} shifts meanwhile, each answered at once`);
    t.ok(answersBusy.length > 50, `${answersBusy.length} answers meanwhile`);
    t.ok(ratio < RATIO_MAX, `a shift while importing takes ${ratio.toFixed(1)} times the idle median`);
    t.ok(share < SHARE_MAX, `95 of 100 shifts wait less than ${(100 * share).toFixed(1)} % of the import`);
    return;
  }
});
