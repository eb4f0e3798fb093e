/** Data processes that take each other's place, played by a program that notes when it reads, and where. */
import fs from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import t, { type Test } from 'tap';
import { DataKeeper } from '../../../src/server/planes/data-keeper.ts';
import type { SettingsSources } from '../../../src/server/planes/messages.ts';

/** Says what a data process says, and writes a line of its place when it begins to read, and when it ends. */
const program = (notes: string): string => `
  import fs from 'node:fs';
  let place;
  const note = (what) => fs.appendFileSync('${notes}', what + ' ' + place + '\\n');
  process.on('message', (message) => {
    if (message.kind === 'start') place = message.place;
    if (message.kind === 'serve') {
      note('begins');
      process.send({ kind: 'ready', state: { transport: 'batch' } });
    }
    if (message.kind === 'alone') process.send({ kind: 'cleared' });
    if (message.kind === 'stop') {
      note('ends');
      process.exit();
    }
  });`;

async function startKeeper(t: Test): Promise<{ keeper: DataKeeper; memory: number; notes(): string[] }> {
  const folder = t.testdir({ notes: '' });
  const notes = join(folder, 'notes');
  const entry = join(folder, 'data.mjs');
  fs.writeFileSync(entry, program(notes));
  const memory = fs.openSync(entry, 'r');
  const keeper = new DataKeeper({
    entry,
    log: pino({ level: 'silent' }),
    workers: 1,
    dns: [],
    cookieSecret: '',
    watchdog: undefined,
    sources: () => ({}) as SettingsSources,
    told: () => {},
    unlike: () => {},
    isFollowed: () => false,
    failed: () => {},
  });
  t.teardown(async () => {
    await keeper.stop();
    fs.closeSync(memory);
  });
  keeper.start(memory);
  await keeper.serve();
  return { keeper, memory, notes: () => fs.readFileSync(notes, 'utf8').split('\n').filter(Boolean) };
}

t.test('one replacement waits for another: no two processes read at the same place', async (t) => {
  const { keeper, memory, notes } = await startKeeper(t);
  t.same(await Promise.all([keeper.replace(memory), keeper.replace(memory)]), [true, true]);
  t.same(notes(), ['begins 0', 'begins 1', 'ends 0', 'begins 0', 'ends 1']);
});

t.test('nothing is started in the place of what was stopped', async (t) => {
  const { keeper, memory, notes } = await startKeeper(t);
  await keeper.stop();
  t.equal(await keeper.replace(memory), false);
  t.same(notes(), ['begins 0', 'ends 0']);
});
