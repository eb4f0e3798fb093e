/** Imports of zone files: all or nothing, one revision, services stay, and nothing else waits for them. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { Placing } from '../../src/control/zone-files/placing.ts';
import { ZoneFiles } from '../../src/control/zone-files/zone-files.ts';
import { reportFaults } from '../../src/guard.ts';
import { Problem } from '../../src/model/errors.ts';
import { systemClock } from '../../src/server/system-clock.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { bluegreen, type EngineFixture, makeEngine, NOON_MS, withService, zoneBody } from '../fixtures/engine.ts';
import { setReadOnly } from '../fixtures/store.ts';
import { collectAll } from '../fixtures/table.ts';

const header = '@ 3600 IN SOA ns1 hostmaster 1 7200 3600 1209600 60\n@ 7200 IN NS ns1\nns1 300 IN A 192.0.2.1\n';

function makeFiles(t: Test, fixture: EngineFixture) {
  const files = new ZoneFiles(fixture.store, fixture.table, fixture.engine, systemClock);
  t.teardown(() => files.stop());
  const send = (zone: string, text: string, ifMatch?: number[]) =>
    files.import(zone, Buffer.from(text), {
      actor: 'test',
      atMs: NOON_MS,
      ...(ifMatch === undefined ? {} : { ifMatch }),
    });
  const read = async (zone: string): Promise<string> => {
    const file = await files.export(zone);
    if (file instanceof Problem) return file.code;
    return Buffer.concat(file.pieces).toString();
  };
  return { send, read };
}

t.test('a file makes a zone, or replaces its records; services stay and go on', async (t) => {
  const fixture = withService(makeEngine(t));
  const { send } = makeFiles(t, fixture);
  fixture.must({
    kind: 'rrset.put',
    zone: 'example.com',
    name: 'old.example.com',
    type: 'A',
    body: { ttlSeconds: 60, rdata: ['192.0.2.9'] },
  });
  const result = await send('Example.COM.', `${header}www 60 A 192.0.2.80\n*.w 60 TXT "wild"\n`);
  t.match(result, {
    revision: 4,
    created: false,
    body: {
      name: 'example.com',
      rrsets: 3,
      primary: 'ns1.example.com',
      nameserversTtlSeconds: 7200,
      serial: 4,
      warnings: [],
    },
  });
  t.same(fixture.ask('www.example.com'), ['192.0.2.80']);
  t.same(fixture.ask('x.w.example.com', 'TXT'), ['"wild"']);
  t.equal(fixture.ask('old.example.com'), 3);
  t.same(fixture.ask('app.example.com'), ['192.0.2.10']);
  fixture.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue: 0, green: 1 } });
  t.same(fixture.ask('app.example.com'), ['192.0.2.20']);
  t.match(fixture.queries.rrset('example.com', 'www.example.com', 'A'), {
    revision: 4,
    body: { rdata: ['192.0.2.80'] },
  });
  t.match(await send('new.test', header), { created: true, revision: 6 });
  t.same(fixture.ask('ns1.new.test'), ['192.0.2.1']);
  fixture.close();
  const again = makeEngine(t, { folder: fixture.folder });
  t.same(again.ask('www.example.com'), ['192.0.2.80']);
  t.same(again.ask('app.example.com'), ['192.0.2.20']);
  t.equal(again.ask('old.example.com'), 3);
});

t.test('the serial of the file counts where it is the later one', async (t) => {
  const fixture = makeEngine(t);
  const { send } = makeFiles(t, fixture);
  const withSerial = (serial: number, address: string) =>
    header.replace(' 1 7200', ` ${serial} 7200`).replace('192.0.2.1', address);
  t.match(await send('a.test', withSerial(2026112400, '192.0.2.1')), { body: { serial: 2026112400 } });
  t.match(await send('a.test', withSerial(2026112400, '192.0.2.2')), { body: { serial: 2026112401 } });
  t.match(await send('a.test', withSerial(7, '192.0.2.3')), { body: { serial: 2026112402 } });
});

t.test('a zone that is new begins with the serial of its file, whatever the log has reached', async (t) => {
  const fixture = withService(makeEngine(t));
  const { send } = makeFiles(t, fixture);
  t.match(await send('a.test', header), { revision: 3, body: { serial: 1 } });
  t.match(
    await send('a.test', `${header}b 1 A 192.0.2.1\n`),
    { revision: 4, body: { serial: 4 } },
    'then the log counts',
  );
});

t.test('the same file again changes nothing', async (t) => {
  const fixture = makeEngine(t);
  const { send } = makeFiles(t, fixture);
  t.match(await send('a.test', `${header}b 1 A 192.0.2.1\n`), { revision: 1 });
  t.match(await send('a.test', `${header}b 1 A 192.0.2.1\n`), { revision: 1, body: { rrsets: 2 } });
  t.equal(fixture.store.lastRevision, 1);
  t.match(await send('a.test', `${header}b 2 A 192.0.2.1\n`), { revision: 2 }, 'another TTL is a change');
  t.match(await send('a.test', header), { revision: 3, body: { rrsets: 1 } }, 'so is a record less');
  t.match(await send('a.test', header.replace('hostmaster', 'boss')), { revision: 4 }, 'and another mailbox');
});

t.test('errors say where, and leave the zone as it was', async (t) => {
  const fixture = withService(makeEngine(t));
  const { send } = makeFiles(t, fixture);
  const result = await send('example.com', `${header}www 60 A 192.0.2.999\nx 60 NOPE y\nz 60 MX\n`);
  t.match(result, { code: 'zone_file_invalid', findings: [{ line: 4 }, { line: 5 }, { line: 6 }] });
  t.equal((result as Problem).findings?.length, 3);
  t.match(await send('example.com', 'www 60 A 192.0.2.1\n'), { code: 'zone_file_invalid' }, 'no SOA');
  t.match(await send('example.com', ''), { code: 'zone_file_invalid' });
  t.equal(fixture.store.lastRevision, 2);
  t.equal(fixture.ask('www.example.com'), 3);
});

t.test('a record where a service stands, or above it, is a conflict', async (t) => {
  const fixture = withService(makeEngine(t));
  const { send } = makeFiles(t, fixture);
  t.match(await send('example.com', `${header}app 60 A 192.0.2.1\n`), {
    code: 'service_conflict',
    conflict: 'app.example.com/A',
  });
  t.match(await send('example.com', `${header}app 60 TXT "beside it"\n`), { revision: 3 });
  fixture.must({ kind: 'service.put', name: 'x.sub.example.com', body: bluegreen(1, 1) });
  t.match(await send('example.com', `${header}sub 60 NS ns.test.\n`), {
    code: 'service_conflict',
    conflict: 'sub.example.com/NS',
  });
  t.match(await send('example.com', header, [1]), { code: 'revision_stale' });
  t.same(fixture.ask('app.example.com', 'TXT'), ['"beside it"']);
  collectAll(fixture.table);
});

t.test(
  'previews stay too: a record that would take their name is a conflict, unless it was there before',
  async (t) => {
    const fixture = withService(makeEngine(t));
    const { send, read } = makeFiles(t, fixture);
    const green = 'green.app.example.com';
    t.match(
      await send('example.com', `${header}@ 60 MX 10 green.app\n`),
      { body: { warnings: [] } },
      'it has an address',
    );
    t.same(fixture.ask(green), ['192.0.2.20']);
    t.notMatch(await read('example.com'), /^green/m, 'it is no record');
    t.match(await send('example.com', `${header}green.app 60 A 192.0.2.77\n`), {
      code: 'service_conflict',
      conflict: 'app.example.com',
    });
    t.same(fixture.ask(green), ['192.0.2.20']);
    const body = bluegreen(100, 0);
    fixture.must({ kind: 'service.put', name: 'app.example.com', body: { ...body, previewNames: false } });
    t.match(await send('example.com', `${header}green.app 60 A 192.0.2.77\n`), { created: false });
    fixture.must({ kind: 'service.put', name: 'app.example.com', body });
    t.same(fixture.ask(green), ['192.0.2.77'], 'the record was there first');
    t.match(await send('example.com', (await read('example.com')).replaceAll('192.0.2.77', '192.0.2.78')), {
      created: false,
    });
    t.same(fixture.ask(green), ['192.0.2.78']);
    t.match(await send('example.com', header), { created: false });
    t.same(fixture.ask(green), ['192.0.2.20'], 'and has gone');
    t.match(await send('green.app.example.com', header), { code: 'service_conflict', conflict: 'app.example.com' });
  },
);

t.test(
  'a child zone by file takes its services along; what its parent holds below it is hidden, and stays',
  async (t) => {
    const fixture = withService(makeEngine(t));
    const { send } = makeFiles(t, fixture);
    fixture.must({ kind: 'service.put', name: 'app.sub.example.com', body: bluegreen(1, 0) });
    fixture.must({
      kind: 'rrset.put',
      zone: 'example.com',
      name: 'old.sub.example.com',
      type: 'A',
      body: { ttlSeconds: 60, rdata: ['192.0.2.9'] },
    });
    t.match(await send('sub.example.com', header), { created: true });
    t.same(fixture.ask('app.sub.example.com'), ['192.0.2.10']);
    t.equal(fixture.ask('old.sub.example.com'), 3);
    t.match(fixture.queries.service('app.sub.example.com'), { body: { zone: 'sub.example.com' } });
    t.match(fixture.queries.rrset('example.com', 'old.sub.example.com', 'A'), { body: { rdata: ['192.0.2.9'] } });
    t.match(fixture.queries.rrset('example.com', 'new.sub.example.com', 'A'), { code: 'name_taken' });
  },
);

t.test('all services are looked at before an import, though one has no place that may be gone by then', (t) => {
  const { must, store, engine } = makeEngine(t);
  const names = Array.from({ length: 30 }, (_, i) => `s${String(i).padStart(2, '0')}.example.com`);
  must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  for (const name of names) must({ kind: 'service.put', name, body: bluegreen(1, 1) });
  const taken = [names[3], names[27]] as const;
  const records = taken.map((name) => ({ name, type: TYPE.A, ttlSeconds: 60, rdata: [new Uint8Array(4)] }));
  const placing = new Placing(store, engine);
  const looking = placing.place({ kind: 'zone.import', zone: 'example.com', built: { staged: { records } } } as never);
  let step = looking.next();
  for (; !step.done; step = looking.next());
  must({ kind: 'service.delete', name: taken[0] });
  t.ok(step.value.unplaced?.has(taken[1]), 'what the command looks at once more');
  placing.end(step.value);
  t.end();
});

t.test('a store that cannot be written refuses the import; answers go on', async (t) => {
  const fixture = withService(makeEngine(t));
  const { send } = makeFiles(t, fixture);
  await send('example.com', `${header}www 60 A 192.0.2.80\n`);
  setReadOnly(fixture.store, true);
  t.match(await send('example.com', `${header}www 60 A 192.0.2.81\n`), { code: 'store_unavailable' });
  t.same(fixture.ask('www.example.com'), ['192.0.2.80']);
  setReadOnly(fixture.store, false);
  t.match(await send('example.com', `${header}www 60 A 192.0.2.81\n`), { revision: 4 });
  t.same(fixture.ask('www.example.com'), ['192.0.2.81']);
});

t.test('a table without room refuses the import, and takes a smaller one afterwards', async (t) => {
  const fixture = withService(makeEngine(t, { tableMaxBytes: 512 * 1024 }));
  const { send } = makeFiles(t, fixture);
  const names = (count: number) => Array.from({ length: count }, (_, i) => `n${i} 60 A 192.0.2.1\n`).join('');
  t.match(await send('example.com', header + names(20_000)), { code: 'table_full' });
  t.match(await send('example.com', header + names(100)), { revision: 3 });
  t.same(fixture.ask('n99.example.com'), ['192.0.2.1']);
});

t.test('shifts go on while a large zone is imported', async (t) => {
  const fixture = withService(makeEngine(t));
  const { send } = makeFiles(t, fixture);
  const names = Array.from({ length: 60_000 }, (_, i) => `n${i} 60 A 192.0.2.1\n`).join('');
  let done = false;
  const importing = send('big.test', header + names).then((result) => {
    done = true;
    return result;
  });
  let shifts = 0;
  while (!done) {
    shifts++;
    fixture.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue: shifts % 2, green: 1 } });
    // As many as there is a turn for: how many that are in a time depends on the machine.
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.match(await importing, { created: true, body: { rrsets: 60_001 } });
  t.ok(shifts > 10, `${shifts} shifts meanwhile`);
  t.same(fixture.ask('n59999.big.test'), ['192.0.2.1']);
});

t.test('what large imports replace is gone from the store though the next one follows at once', async (t) => {
  const fixture = withService(makeEngine(t));
  const { send } = makeFiles(t, fixture);
  const database = new Sqlite(join(fixture.folder, 'teal.db'), { readonly: true });
  t.teardown(() => database.close());
  const blocks = () => database.prepare('SELECT count(*) FROM blocks').pluck().get() as number;
  // Large by what nobody reads: after each of them the thread is another one, which has not been idle yet.
  const rest = `;${'x'.repeat(4.1 * 2 ** 20)}\n`;
  const names = (value: number) => Array.from({ length: 20_000 }, (_, i) => `n${i} 60 A 192.0.2.${value}\n`).join('');
  t.match(await send('big.test', header + names(1) + rest), { created: true });
  const once = blocks();
  for (let value = 2; value < 8; value++) await send('big.test', header + names(value) + rest);
  t.ok(blocks() <= 3 * once, `${blocks()} blocks, of ${once} that the zone has`);
});

t.test('export, import, export is a fixed point; services are comments', async (t) => {
  const fixture = withService(makeEngine(t));
  const { send, read } = makeFiles(t, fixture);
  const more = 'www 60 A 192.0.2.80\n*.w 60 TXT "a;b" "c\\"d"\n@ 60 MX 10 www\nu 60 TYPE65280 \\# 4 0a000001\n';
  await send('example.com', header + more);
  const body = { ttlSeconds: 60, rdata: ['192.0.2.9'] };
  fixture.must({ kind: 'rrset.put', zone: 'example.com', name: 'late.example.com', type: 'A', body });
  const first = await read('Example.com.');
  t.match(first, /^; service app\.example\.com\. 5 random blue=100 192\.0\.2\.10 green=0 192\.0\.2\.20$/m);
  const { lastRevision } = fixture.store;
  await send('example.com', first);
  t.equal(await read('example.com'), first);
  t.equal(fixture.store.lastRevision, lastRevision, 'and makes no revision');
  t.match(await send('copy.test', first.replaceAll('example.com', 'copy.test')), { created: true });
  t.same((await read('copy.test')).split('\n').length, first.split('\n').length - 1, 'all but the comment');
  t.equal(await read('none.test'), 'zone_unknown');
});

t.test('a fault of the builder thread is told as one, and the next file is taken', async (t) => {
  const fixture = makeEngine(t);
  const told: string[] = [];
  reportFaults((fault) => told.push(String((fault as Error).message)));
  t.teardown(() => reportFaults(() => {}));
  // The thread keeps no process alive; a server has sockets that do.
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
  const entry = new URL('../fixtures/broken-builder.ts', import.meta.url);
  const files = new ZoneFiles(fixture.store, fixture.table, fixture.engine, systemClock, { builder: entry });
  t.teardown(() => files.stop());
  const send = (zone: string) => files.import(zone, Buffer.from(header), { actor: 'test', atMs: NOON_MS });
  for (const [zone, fault] of [
    ['reader.test', /TypeError/],
    ['staging.test', /a fault in the staging/],
  ] as const) {
    t.match(await send(zone), { code: 'internal', detail: /a fault of Teal/ }, zone);
    t.match(told.pop(), fault, 'the log has it');
  }
  t.match(await send('ends.test'), { code: 'store_unavailable', detail: /the builder thread ended/ });
  t.match(await send('good.test'), { created: true }, 'whoever comes next is not kept waiting');
});

t.test('a `*` may stand inside the name of a zone, and not first, by file and by the API alike', async (t) => {
  const fixture = makeEngine(t);
  const { send } = makeFiles(t, fixture);
  const body = { nameservers: ['ns.example.com'], hostmaster: 'h.example.com' };
  t.match(await send('a.*.test', header), { created: true });
  t.match(fixture.execute({ kind: 'zone.put', zone: 'b.*.test', body }), { created: true });
  t.same(fixture.ask('ns1.a.*.test'), ['192.0.2.1']);
  t.match(await send('*.test', header), { code: 'name_invalid' });
  t.match(fixture.execute({ kind: 'zone.put', zone: '*.test', body }), { code: 'name_invalid' });
});
