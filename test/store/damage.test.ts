/** A database with a damaged page: the start works, or ends with an error that is one line, whatever the page was. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Engine } from '../../src/control/engine.ts';
import { EventLog } from '../../src/control/events/log.ts';
import { StoreUnavailable } from '../../src/model/errors.ts';
import { mustLoad, StartError } from '../../src/server/errors.ts';
import { StoreError } from '../../src/store/error.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { bluegreen, makeEngine, NOON_MS, temporaryFolder, withService } from '../fixtures/engine.ts';
import { makeTable } from '../fixtures/table.ts';

const PAGE = 4096;
/** The head of the first page says what the file is. */
const HEAD = 100;

/** What a start reads of the store. */
async function start(folder: string): Promise<void> {
  const store = openStore(folder);
  try {
    const engine = new Engine(store, makeTable().table);
    await mustLoad(folder, async () => engine.load(NOON_MS));
    new EventLog(store, engine, 'x');
    store.tokens();
    store.webhooks();
    store.activeReleases();
  } finally {
    store.close();
  }
}

t.test('each page, zeroed and overwritten', async (t) => {
  const fixture = withService(makeEngine(t));
  for (let i = 0; i < 20; i++) {
    fixture.must({ kind: 'service.put', name: `s${i}.example.com`, body: bluegreen(1, i) });
  }
  fixture.close();
  const whole = readFileSync(join(fixture.folder, 'teal.db'));
  const folder = temporaryFolder(t);
  let refused = 0;
  const damages = [0, 0x5a].flatMap((byte) =>
    Array.from({ length: whole.length / PAGE }, (_, page) => ({ byte, page })),
  );
  for (const { byte, page } of damages) {
    const damaged = Buffer.from(whole);
    damaged.fill(byte, page * PAGE + (page === 0 ? HEAD : 0), (page + 1) * PAGE);
    writeFileSync(join(folder, 'teal.db'), damaged);
    try {
      await start(folder);
    } catch (error) {
      refused++;
      const isTold = [StoreError, StartError, StoreUnavailable].some((kind) => error instanceof kind);
      t.ok(isTold && !(error as Error).message.includes('\n'), `page ${page}: ${(error as Error).stack}`);
    }
  }
  t.ok(refused > 5, `${refused} of ${damages.length} starts were refused`);
});
