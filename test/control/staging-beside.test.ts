/** A large file is staged by a thread of its own: all or nothing, whichever thread fails, and the next import finds nothing of it. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { ZoneFiles } from '../../src/control/zone-files/zone-files.ts';
import { reportFaults } from '../../src/guard.ts';
import { Problem } from '../../src/model/errors.ts';
import { systemClock } from '../../src/server/system-clock.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { allGood, beginAside, head, many, shapes, signCommand } from '../fixtures/aside.ts';
import { type EngineFixture, makeEngine, NOON_MS, withService } from '../fixtures/engine.ts';

const header = '@ 3600 IN SOA ns1 hostmaster 1 7200 3600 1209600 60\n@ 7200 IN NS ns1\nns1 300 IN A 192.0.2.1\n';
/** Whose records are more than is handed over at once, 2 MiB: who puts them has to wait for who takes them. */
const NAMES = 6000;
/** Files are large by what nobody reads. */
const rest = `;${'x'.repeat(4.1 * 2 ** 20)}\n`;

const text = `"${'y'.repeat(200)}"`;
const names = (count: number, value = 1): string =>
  Array.from({ length: count }, (_, i) => `n${i} 60 A 192.0.2.${value}\n 60 TXT ${text} ${text}\n`).join('');
const large = header + names(NAMES) + rest;

const brokenStaging = new URL('../fixtures/broken-staging.ts', import.meta.url);
const dyingBuilder = new URL('../fixtures/dying-builder.ts', import.meta.url);

interface Makings {
  readonly builder?: URL;
  readonly staging?: URL;
  readonly cores?: number;
}

function makeFiles(t: Test, fixture: EngineFixture, makings: Makings = {}) {
  // The threads keep no process alive; a server has sockets that do.
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
  const files = new ZoneFiles(fixture.store, fixture.table, fixture.engine, systemClock, { cores: 2, ...makings });
  t.teardown(() => files.stop());
  const send = (zone: string, text: string) => files.import(zone, Buffer.from(text), { actor: 'test', atMs: NOON_MS });
  const read = async (zone: string): Promise<string> => {
    const file = await files.export(zone);
    return file instanceof Problem ? file.code : Buffer.concat(file.pieces).toString();
  };
  return { files, send, read };
}

/** What the store has of imports: those under way, and packed contents that wait for one. */
function leftIn(t: Test, { folder }: EngineFixture) {
  const database = new Sqlite(join(folder, 'teal.db'), { readonly: true });
  t.teardown(() => database.close());
  const count = (sql: string) => database.prepare(sql).pluck().get() as number;
  return () => ({
    staged: count("SELECT count(*) FROM contents WHERE state = 'staged'"),
    pinned: count('SELECT count(*) FROM packed WHERE pinned = 1'),
  });
}

const NOTHING = { staged: 0, pinned: 0 };

t.test('two threads bring what one does', async (t) => {
  const kept: object[] = [];
  for (const cores of [1, 2]) {
    const fixture = withService(makeEngine(t));
    const { send, read } = makeFiles(t, fixture, { cores });
    const left = leftIn(t, fixture);
    t.match(await send('big.test', large), { created: true, body: { rrsets: 2 * NAMES + 1 } });
    t.same(fixture.ask(`n${NAMES - 1}.big.test`), ['192.0.2.1']);
    t.match(await send('big.test', large), { revision: 3 }, 'the same again is no change');
    t.match(await send('big.test', header + names(NAMES, 2) + rest), { revision: 4 }, 'the next one is');
    t.same(fixture.ask(`n${NAMES - 1}.big.test`), ['192.0.2.2']);
    t.match(await send('few.test', header + rest), { created: true }, 'few records need no thread');
    t.match(await send('bad.test', `${large}x 60 A 192.0.2.999\n`), { code: 'zone_file_invalid' });
    t.same(left(), NOTHING);
    kept.push({ file: await read('big.test'), log: fixture.store.revisions(0, 10) });
    fixture.close();
    const again = makeEngine(t, { folder: fixture.folder });
    t.same(again.ask(`n${NAMES - 1}.big.test`), ['192.0.2.2'], 'and so it is after a start');
  }
  t.same(kept[1], kept[0]);
});

t.test('the staging thread fails in the middle', async (t) => {
  const fixture = withService(makeEngine(t));
  const { send } = makeFiles(t, fixture, { staging: brokenStaging });
  const left = leftIn(t, fixture);
  const told: string[] = [];
  reportFaults((fault) => told.push(String((fault as Error).message)));
  t.teardown(() => reportFaults(() => {}));
  for (const [zone, refusal] of [
    ['ends.test', { code: 'store_unavailable', detail: /the staging thread ended/ }],
    ['full.test', { code: 'store_unavailable', detail: /could not be staged: database or disk is full/ }],
    ['late.test', { code: 'store_unavailable', detail: /could not be staged: database or disk is full/ }],
    ['fault.test', { code: 'internal', detail: /a fault of Teal/ }],
  ] as const) {
    const { lastRevision } = fixture.store;
    t.match(await send(zone, large), refusal, zone);
    t.same(left(), NOTHING, `${zone}: nothing is half staged`);
    t.equal(fixture.store.lastRevision, lastRevision);
    t.equal(fixture.ask(`n1.${zone}`), 5, 'there is no such zone');
    fixture.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue: 1, green: 1 + lastRevision } });
    t.match(await send(`after-${zone}`, large), { created: true }, 'the next one goes through');
    t.match(await send(`more-${zone}`, large), { created: true }, 'and the one after it');
  }
  t.match(told, [/TypeError: a fault in the staging/], 'the log has what is a fault');
});

t.test('the table is full while records are staged', async (t) => {
  const fixture = withService(makeEngine(t, { tableMaxBytes: 2 ** 20 }));
  const { send } = makeFiles(t, fixture);
  const left = leftIn(t, fixture);
  for (let i = 0; i < 2; i++) {
    t.match(await send('big.test', large), { code: 'table_full' });
    t.same(left(), NOTHING);
  }
  t.match(await send('big.test', header + names(500) + rest), { created: true });
  t.same(fixture.ask('n499.big.test'), ['192.0.2.1']);
});

t.test('the builder thread ends in the middle, or at the end', async (t) => {
  const fixture = withService(makeEngine(t));
  const { send } = makeFiles(t, fixture, { builder: dyingBuilder });
  const left = leftIn(t, fixture);
  for (const zone of ['ends.test', 'late.test']) {
    t.match(await send(zone, large), { code: 'store_unavailable', detail: /the builder thread ended/ }, zone);
    t.same(left(), NOTHING);
    t.equal(fixture.ask(`n00.${zone}`), 5);
  }
  t.match(await send('good.test', large), { created: true });
  t.same(fixture.ask(`n${NAMES - 1}.good.test`), ['192.0.2.1']);
});

t.test('a stop in the middle leaves no thread, and the next start nothing half staged', async (t) => {
  const fixture = withService(makeEngine(t));
  const { files, send } = makeFiles(t, fixture);
  const left = leftIn(t, fixture);
  let isOver = false;
  const importing = send('big.test', large).finally(() => {
    isOver = true;
  });
  while (!isOver && left().staged === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await files.stop();
  const result = await importing;
  fixture.close();
  const again = makeEngine(t, { folder: fixture.folder });
  t.same(leftIn(t, again)(), NOTHING);
  // It may have been done before.
  const answer = again.ask('n1.big.test');
  if (result instanceof Problem) t.match([result, answer], [{ code: 'stopping' }, 5]);
  else t.same(answer, ['192.0.2.1']);
});

t.test('a signed zone is signed while the other thread stages it', async (t) => {
  const world = beginAside(t);
  await world.send(`${head}${shapes}`);
  world.must(signCommand());
  await world.send(`${head}${shapes}${many(600)}${rest}`);
  allGood(t, world, 'imported');
  t.equal(world.message('n7.example.com', TYPE.A).records.length, 2, 'with its signature');
});
