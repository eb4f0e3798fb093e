/** Who keeps the copy of the table: its thread, its last copy at a stop, and what it says where none can be made. */

import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import type { Logger } from '../../src/log.ts';
import { IMAGE_FILE } from '../../src/server/image/format.ts';
import { ImageKeeper } from '../../src/server/image/keeper.ts';
import { readImage } from '../../src/server/image/read.ts';
import { writeImage } from '../../src/server/image/write.ts';
import { createTableMemory, LAYOUT_VERSION } from '../../src/table/shared-memory.ts';
import { makeEngine, withService } from '../fixtures/engine.ts';
import { pretendFree } from '../fixtures/file-system.ts';

const sizes = { readers: 1, initialBytes: 2 ** 16, maxBytes: 2 ** 20 };

function make(t: Parameters<typeof makeEngine>[0]) {
  const memory = createTableMemory(sizes);
  const fixture = withService(makeEngine(t, { memory }));
  const file = join(fixture.folder, IMAGE_FILE);
  return { ...fixture, memory, task: { memory, file, build: 'b' } };
}

t.test('its thread writes a copy of what stands still, and says nothing', async (t) => {
  const { task } = make(t);
  const entry = new URL('../../src/server/image/thread.ts', import.meta.url);
  const write = async (layout: number): Promise<unknown> => {
    const workerData = { entry: entry.href, task: { ...task, sync: true }, layout };
    return (await once(new Worker(entry, { workerData }), 'message'))[0];
  };
  t.equal(await write(LAYOUT_VERSION + 1), 'its layout is that of another version');
  t.notOk(fs.existsSync(task.file), 'a thread of another version, installed meanwhile, copies nothing');
  t.equal(await write(LAYOUT_VERSION), undefined);
  t.match(readImage(task.file, 'b', createTableMemory(sizes)), { revision: 2 });
  t.equal(fs.statSync(task.file).mode & 0o777, 0o600);
});

t.test('on a disk that is nearly full there is no new one, for changes need what is left', async (t) => {
  const { task } = make(t);
  pretendFree(t, 20);
  t.throws(() => writeImage({ ...task, sync: false }), { message: /no room for it beside that of changes/ });
  t.notOk(fs.existsSync(task.file));
  pretendFree(t, 24);
  t.equal(writeImage({ ...task, sync: false }), undefined);
  t.ok(fs.existsSync(task.file));
});

t.test('its thread tells what the file system says', async (t) => {
  const { task, folder } = make(t);
  const entry = new URL('../../src/server/image/thread.ts', import.meta.url);
  const lost = { ...task, file: join(folder, 'gone', IMAGE_FILE), sync: true };
  const thread = new Worker(entry, { workerData: { entry: entry.href, task: lost, layout: LAYOUT_VERSION } });
  t.match(await once(thread, 'message'), [/ENOENT/]);
});

t.test(
  'at the stop the last one is written; a failure is one line and no failed stop; after a fault there is none',
  async (t) => {
    const lines: string[] = [];
    const log = { warn: (_: object, words: string) => lines.push(words), debug() {} } as unknown as Logger;
    const { task, table, engine, folder } = make(t);
    const stop = (file: string): Promise<void> =>
      new ImageKeeper({ ...task, file }, { table, engine, copied: undefined }, log).stop();
    await stop(task.file);
    t.match(readImage(task.file, 'b', createTableMemory(sizes)), { revision: 2 });
    t.same(lines, []);
    await stop(join(folder, 'gone', IMAGE_FILE));
    t.same(lines, ['the table is not copied to the disk: a restart will read all rows']);
    fs.rmSync(task.file);
    engine.halt();
    await stop(task.file);
    t.notOk(fs.existsSync(task.file));
  },
);
