/** Counts each service's answers by the hour while the server runs, and keeps them in a file beside the store. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AnswerHours } from '../control/hours.ts';
import { inSlices } from '../control/slices.ts';
import { everyMs, inBackground } from '../guard.ts';
import type { Logger } from '../log.ts';
import { makePrivate } from '../store/files.ts';
import type { Table } from '../table/table.ts';

const WHAT = 'the answers by the hour';
const FILE = 'answer-hours.json';
const SAMPLE_MS = 60_000;
/** A kill loses so many samples at the most. */
const SAMPLES_UNSAVED = 15;

interface KeptHours {
  readonly hours: AnswerHours;
  start(): void;
  stop(): void;
}

/** Reads what an earlier process kept; what cannot be read is begun anew. */
export function keepAnswerHours(observed: Table['observed'], dataDir: string, log: Logger): KeptHours {
  const hours = new AnswerHours(observed);
  const file = join(dataDir, FILE);
  load(hours, file, log);
  let timer: NodeJS.Timeout | undefined;
  let unsaved = 0;
  let isCounting = false;
  const sample = async (): Promise<void> => {
    if (isCounting) return;
    isCounting = true;
    await inSlices(hours.sample(Date.now()));
    isCounting = false;
    unsaved += 1;
    if (unsaved >= SAMPLES_UNSAVED) save();
  };
  const save = (): void => {
    unsaved = 0;
    try {
      makePrivate(`${file}.new`);
      writeFileSync(`${file}.new`, hours.text());
      renameSync(`${file}.new`, file);
    } catch (error) {
      log.warn({ err: error, file }, 'the answers by the hour could not be kept; they are counted on');
    }
  };
  return {
    hours,
    start() {
      inBackground(WHAT, sample());
      timer = everyMs(WHAT, SAMPLE_MS, () => inBackground(WHAT, sample())).unref();
    },
    stop() {
      clearInterval(timer);
      for (const _ of hours.sample(Date.now()));
      save();
    },
  };
}

function load(hours: AnswerHours, file: string, log: Logger): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // The first start.
    return;
  }
  if (!hours.read(text, Date.now())) log.warn({ file }, 'the answers by the hour cannot be read; they begin anew');
}
