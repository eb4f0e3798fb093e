/** The table at a start: gone on with, brought back from its copy on the disk, or read from the rows; with one line each. */
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import type { Settings } from '../../src/config.ts';
import { SeenHealth } from '../../src/control/observed/health.ts';
import type { Logger } from '../../src/log.ts';
import { IMAGE_FILE } from '../../src/server/image/format.ts';
import { readImage } from '../../src/server/image/read.ts';
import { type ImageTask, STIRRED, writeImage } from '../../src/server/image/write.ts';
import { type CoreMemory, type OpenedTable, openTable } from '../../src/server/open-table.ts';
import { readVersion } from '../../src/server/version.ts';
import { ArenaView } from '../../src/table/memory.ts';
import { NO_SIGNERS } from '../../src/table/rrset-signer.ts';
import { createTableMemory, LAYOUT_VERSION, type TableMemory } from '../../src/table/shared-memory.ts';
import { buildQuery, decode } from '../fixtures/dns-client.ts';
import { bluegreen, type EngineFixture, makeEngine, NOON_MS, temporaryFolder, zoneBody } from '../fixtures/engine.ts';
import { openTestStore } from '../fixtures/store.ts';
import { askBytes, makeTable } from '../fixtures/table.ts';

const sizes = { readers: 2, initialBytes: 2 ** 16, maxBytes: 2 ** 24 };
const build = readVersion();

interface Opened extends OpenedTable {
  /** What the log said, without what is not about the table. */
  readonly lines: readonly string[];
  /** The memories that were said to be answered from. */
  readonly answered: readonly TableMemory[];
  ask(name: string): string[];
  close(): void;
}

const clock = { wallMs: () => Date.now(), steadyMs: () => 0 };

/** Opens the table of a data directory, as a start does. */
async function open(t: Test, dataDir: string, memory: Partial<CoreMemory> = {}, lines: string[] = []): Promise<Opened> {
  const store = openTestStore(dataDir);
  let isOpen = true;
  const close = (): void => {
    if (isOpen) store.close();
    isOpen = false;
  };
  t.teardown(close);
  const tell = ({ reason }: { reason?: string }, words: string): void => {
    lines.push(reason === undefined ? words : `${words}: ${reason}`);
  };
  const log = {
    info: tell,
    warn: tell,
    error: tell,
    child: () => ({ info() {}, warn() {}, error() {} }),
  } as unknown as Logger;
  const answered: TableMemory[] = [];
  const ground = {
    settings: { dataDir, admin: { token: 'of-the-settings' } } as unknown as Settings,
    ...{ store, seen: new SeenHealth(clock), signers: NO_SIGNERS, places: 1, log },
    answering: (where: TableMemory): void => {
      answered.push(where);
    },
  };
  const opened = await openTable(ground, { ...createTableMemory(sizes), places: 1, ...memory });
  const responder = makeTable().makeResponder(0, opened.memory);
  const ask = (name: string): string[] => {
    const reply = askBytes(responder, buildQuery({ name, type: 'A' }));
    return decode(reply as Buffer).answers.map(({ data }) => data);
  };
  return { ...opened, lines, answered, ask, close };
}

/** A data directory with a zone of some names and a service that was asked for, and the copy that a stop leaves. */
function directory(t: Test): { folder: string; image: string } {
  const memory = createTableMemory(sizes);
  const fixture = makeEngine(t, { memory });
  fill(fixture);
  for (let i = 0; i < 3; i++) fixture.ask('app.example.com');
  fixture.close();
  const image = join(fixture.folder, IMAGE_FILE);
  t.equal(writeImage({ memory, file: image, build, sync: false }), undefined);
  return { folder: fixture.folder, image };
}

function fill(fixture: EngineFixture): void {
  fixture.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  for (let i = 0; i < 50; i++) {
    const place = { zone: 'example.com', name: `n${i}.example.com`, type: 'A' };
    fixture.must({ kind: 'rrset.put', ...place, body: { ttlSeconds: 60, rdata: [`192.0.2.${i}`] } });
  }
  fixture.must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(1, 0) });
}

function isWhole({ ask }: Opened): boolean {
  const names = Array.from({ length: 50 }, (_, i) => i);
  return (
    ask('app.example.com')[0] === '192.0.2.10' && names.every((i) => ask(`n${i}.example.com`)[0] === `192.0.2.${i}`)
  );
}

/** As the keeper of the copy has it made while the server runs; gives what the thread says. */
async function copiedByThread(task: ImageTask): Promise<unknown> {
  const entry = new URL('../../src/server/image/thread.ts', import.meta.url);
  const thread = new Worker(entry, { workerData: { entry: entry.href, task, layout: LAYOUT_VERSION } });
  const [failure] = await once(thread, 'message');
  return failure;
}

t.test('a restart reads no rows: the copy is answered from at once, and counts go on', async (t) => {
  const { folder, image } = directory(t);
  t.equal(fs.statSync(image).mode & 0o777, 0o600);
  const opened = await open(t, folder);
  t.same(opened.lines, ['table restored from its copy']);
  t.same(opened.answered, [opened.memory]);
  t.ok(isWhole(opened));
  const counts = opened.table.observed.poolCounts('app.example.com');
  t.equal(counts.blue.answers, 3 + 1);
  t.ok(counts.blue.heldUntilMs > Date.now(), 'answers that nobody counted are assumed');
  // And it can be changed.
  const shift = { kind: 'weights.put', name: 'app.example.com', weights: { blue: 0, green: 1 } } as const;
  opened.engine.executeAtOnce(shift, { actor: 'test', atMs: NOON_MS });
  t.same(opened.ask('app.example.com'), ['192.0.2.20']);
});

t.test('each table hashes names by a secret of its own, which its copy keeps', async (t) => {
  const keysOf = ({ shared }: TableMemory): Int32Array => new ArenaView(shared).keys.slice();
  const made = await Promise.all([1, 2].map(() => open(t, temporaryFolder(t))));
  const [first, second] = made.map(({ memory }) => keysOf(memory));
  t.ok(new Set([...first, ...second]).size > 500, 'two alike are chance');
  const folder = temporaryFolder(t);
  const opened = await open(t, folder);
  const keys = keysOf(opened.memory);
  opened.close();
  t.equal(writeImage({ memory: opened.memory, file: join(folder, IMAGE_FILE), build, sync: false }), undefined);
  const again = await open(t, folder);
  t.same(again.lines, ['table restored from its copy']);
  t.same(keysOf(again.memory), keys);
});

t.test('what was changed since the copy comes from the log, before anything is answered', async (t) => {
  const { folder } = directory(t);
  const later = makeEngine(t, { folder });
  later.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue: 0, green: 1 } });
  later.must({ kind: 'rrset.delete', zone: 'example.com', name: 'n7.example.com', type: 'A' });
  later.must({ kind: 'zone.put', zone: 'other.test', body: zoneBody });
  later.close();
  const opened = await open(t, folder);
  t.same(opened.lines, ['table restored from its copy']);
  t.same(opened.ask('app.example.com'), ['192.0.2.20']);
  t.same(opened.ask('n7.example.com'), []);
  t.same(opened.ask('n8.example.com'), ['192.0.2.8']);
  t.equal(opened.answered.length, 1);
});

t.test('where there is no copy the rows are read, and nothing is said of it', async (t) => {
  const { folder, image } = directory(t);
  fs.rmSync(image);
  const opened = await open(t, folder);
  t.same(opened.lines, ['table loaded']);
  t.same(opened.answered, [opened.memory]);
  t.ok(isWhole(opened));
});

t.test(
  "a copy that is damaged, cut short, another build's, another store's or too large: rows are read, and one line says why",
  async (t) => {
    const cases: [string, RegExp, (image: string, folder: string) => void][] = [
      ['an empty file', /its head is damaged/, (image) => fs.writeFileSync(image, '')],
      ['zeros', /its head is damaged/, (image) => fs.writeFileSync(image, Buffer.alloc(8192))],
      ['no table', /its head is damaged/, (image) => fs.writeFileSync(image, Buffer.alloc(100_000, 'x'))],
      ['cut short', /bytes of/, (image) => fs.truncateSync(image, fs.statSync(image).size - 1)],
      ['longer', /bytes of/, (image) => fs.appendFileSync(image, 'x')],
      ['a folder', /EISDIR/, (image) => [fs.rmSync(image), fs.mkdirSync(image)]],
      ['another store', /another history|only/, (image, folder) => otherStore(t, folder, image)],
    ];
    for (const [what, why, spoil] of cases) {
      const { folder, image } = directory(t);
      spoil(image, folder);
      const opened = await open(t, folder);
      t.equal(opened.lines.length, 2, what);
      t.match(opened.lines[0], /^the copy of the table is of no use; all rows are read: /);
      t.match(opened.lines[0], why, what);
      t.equal(opened.lines[1], 'table loaded');
      if (what !== 'another store') t.ok(isWhole(opened), what);
      if (what !== 'a folder') t.notOk(fs.existsSync(image), 'it is not tried again');
      opened.close();
    }
  },
);

/** Puts the data of another server where the copy was made. */
function otherStore(t: Test, folder: string, image: string): void {
  const copy = fs.readFileSync(image);
  fs.rmSync(folder, { recursive: true });
  fs.mkdirSync(folder);
  const other = makeEngine(t, { folder });
  for (let i = 0; i < 60; i++) other.must({ kind: 'zone.put', zone: `z${i}.test`, body: zoneBody });
  other.close();
  fs.writeFileSync(image, copy);
}

t.test('any byte of a copy that is another one is found out', async (t) => {
  const { image } = directory(t);
  const whole = fs.readFileSync(image);
  for (let i = 0; i < 200; i++) {
    const damaged = Buffer.from(whole);
    // The rest of the first page means nothing.
    const head = 8 + whole.readUInt32LE(0);
    const at = i < 40 ? (i * 7) % head : 4096 + ((i * 104_729) % (whole.length - 4096));
    damaged[at] ^= 1 << (i % 8);
    fs.writeFileSync(image, damaged);
    const memory = createTableMemory(sizes);
    if (typeof readImage(image, build, memory) !== 'string') return t.fail(`byte ${at}`);
  }
  t.pass('all of them');
});

t.test('a copy of another build, or one that does not fit, is refused', async (t) => {
  const { image } = directory(t);
  t.match(readImage(image, 'another', createTableMemory(sizes)), /written by teal .*, and this is another/);
  const small = createTableMemory({ ...sizes, initialBytes: 4096, maxBytes: 4096 });
  t.match(readImage(image, build, small), /more than table.maxBytes/);
  const more = createTableMemory({ ...sizes, readers: 5 });
  t.match(readImage(image, build, more), { revision: 52 }, 'with other workers only what was counted is left behind');
});

t.test(
  'a copy is whole or not there: a full disk, or a table that changes meanwhile, leaves the one before',
  async (t) => {
    const { folder, image } = directory(t);
    const before = fs.readFileSync(image);
    const memory = createTableMemory(sizes);
    const fixture = makeEngine(t, { folder, memory });
    const { writeSync } = fs;
    let written = 0;
    fs.writeSync = ((fd: number, bytes: Uint8Array, ...rest: [number, number, number]) => {
      if (written++ === 1) fixture.must({ kind: 'zone.put', zone: 'new.test', body: zoneBody });
      return writeSync(fd, bytes, ...rest);
    }) as typeof fs.writeSync;
    t.teardown(() => {
      fs.writeSync = writeSync;
    });
    t.equal(writeImage({ memory, file: image, build, sync: true }), STIRRED);
    fs.writeSync = (() => {
      throw new Error('ENOSPC: no space left on device, write');
    }) as typeof fs.writeSync;
    t.throws(() => writeImage({ memory, file: image, build, sync: true }), /ENOSPC/);
    fs.writeSync = (() => 0) as typeof fs.writeSync;
    t.throws(() => writeImage({ memory, file: image, build, sync: true }), /takes no more/);
    fs.writeSync = writeSync;
    t.same(fs.readFileSync(image), before);
    t.same(
      fs.readdirSync(folder).filter((name) => name.startsWith(IMAGE_FILE)),
      [IMAGE_FILE],
    );
    fixture.close();
  },
);

t.test('a table that lives is gone on with, and copied; one that is in doubt is built anew elsewhere', async (t) => {
  const { folder } = directory(t);
  const first = await open(t, folder);
  first.close();
  const never = (): TableMemory => {
    throw new Error('it is not wanted');
  };
  const living = await open(t, folder, { ...first.memory, anew: never });
  t.same(living.lines, ['table taken over']);
  t.equal(living.memory.shared, first.memory.shared);
  t.ok(isWhole(living));
  living.close();
  const file = join(folder, 'by-a-thread.img');
  t.equal(await copiedByThread({ memory: living.memory, file, build, sync: true }), undefined);
  t.match(readImage(file, build, createTableMemory(sizes)), { revision: living.table.held?.revision });

  // Two names lie at one place.
  const words = new Int32Array(first.memory.shared.arena, first.memory.shared.start, 2 ** 14);
  words[1] = 17;
  const fresh = createTableMemory(sizes);
  const anew = await open(t, folder, { ...first.memory, anew: () => fresh });
  t.equal(anew.memory, fresh);
  t.same(anew.answered, [fresh]);
  t.match(anew.lines[0], /^the table in memory is of no use; it is built anew: /);
  t.ok(isWhole(anew));
});

t.test('a table that lives is not given up for a data directory that is empty', async (t) => {
  const { folder } = directory(t);
  const first = await open(t, folder);
  first.close();
  const never = (): TableMemory => {
    throw new Error('it is not wanted');
  };
  const lost = /is empty, and what is answered from memory is of revision 52: put the directory back/;
  await t.rejects(open(t, temporaryFolder(t), { ...first.memory, anew: never }), lost);
  t.ok(isWhole(first), 'it is answered from');
  const back = await open(t, folder, { ...first.memory, anew: never });
  t.same(back.lines, ['table taken over']);
});

t.test('a table that was not loaded to its end is built anew', async (t) => {
  const folder = temporaryFolder(t);
  makeEngine(t, { folder }).close();
  const begun = createTableMemory(sizes);
  makeTable({ place: begun });
  const fresh = createTableMemory(sizes);
  const opened = await open(t, folder, { ...begun, anew: () => fresh });
  t.same(opened.lines, [
    'the table in memory is of no use; it is built anew: it was never loaded to its end',
    'table loaded',
  ]);
});

t.test('a start without room for all goes on without the zone, and says once why, and what would do', async (t) => {
  const world = makeEngine(t);
  world.must({
    kind: 'zone.put',
    zone: 'many.test',
    body: { nameservers: ['ns1.many.test'], hostmaster: 'h.many.test' },
  });
  for (let n = 0; n < 150; n++) world.must({ kind: 'service.put', name: `s${n}.many.test`, body: bluegreen(1, 0) });
  world.close();
  const lines: string[] = [];
  const small = createTableMemory({ ...sizes, initialBytes: 4096, maxBytes: 2 ** 16 });
  await open(t, world.folder, small, lines);
  t.match(lines, [/no room for the zone many\.test \(.* raise it to \d+, .* SERVFAIL/, /^table loaded$/]);
  t.equal(lines.length, 2);
});
