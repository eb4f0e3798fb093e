/** A store that cannot be read: reads fail as writes do, answers go on, and all is well again without a restart. */
import { readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EventLog } from '../../src/control/events/log.ts';
import { type Report, reportFaults } from '../../src/guard.ts';
import { Problem, StoreUnavailable } from '../../src/model/errors.ts';
import { LogReads } from '../../src/store/log-reads.ts';
import { breakReads } from '../fixtures/broken-store.ts';
import { bluegreen, makeEngine, withService } from '../fixtures/engine.ts';

const app = 'app.example.com';
const shift = { kind: 'weights.put', name: app, weights: { blue: 0, green: 1 } } as const;

/** What guards catch, instead of a warning of the process. */
function caught(): { fault: unknown; what: string }[] {
  const faults: { fault: unknown; what: string }[] = [];
  const report: Report = (fault, what) => faults.push({ fault, what });
  reportFaults(report);
  return faults;
}

t.test(
  'every command is refused with store_unavailable, every query is answered, and then it works again',
  async (t) => {
    const fixture = withService(makeEngine(t));
    const mend = breakReads(fixture.folder);
    t.equal(fixture.code(shift), 'store_unavailable');
    t.equal(fixture.code({ kind: 'zone.delete', zone: 'example.com', withServices: true }), 'store_unavailable');
    t.equal(fixture.code({ kind: 'service.put', name: 'x.example.com', body: bluegreen(1, 1) }), 'store_unavailable');
    t.throws(() => fixture.queries.service(app), { message: /^the store cannot be read/ });
    t.match(fixture.queries.readiness(), { code: 'store_unavailable', detail: /cannot be read/ });
    t.match(fixture.store.readFailure, { code: 'store_unavailable' });
    t.same(fixture.ask(app), ['192.0.2.10']);
    mend();
    t.equal(fixture.queries.readiness(), undefined, 'found out without a restart');
    t.equal(fixture.store.failure, undefined);
    fixture.must(shift);
    t.same(fixture.ask(app), ['192.0.2.20']);
  },
);

t.test('a listener that throws after the commit takes nothing back and keeps nothing from the others', async (t) => {
  const faults = caught();
  const fixture = withService(makeEngine(t));
  const told: number[] = [];
  fixture.engine.onChange(() => {
    throw new Error('thrown by the test');
  });
  fixture.engine.onChange((_changes, { revision }) => told.push(revision));
  t.match(fixture.must(shift), { revision: 3 });
  t.same(fixture.ask(app), ['192.0.2.20']);
  t.same(told, [3]);
  t.match(faults, [{ fault: { message: 'thrown by the test' }, what: 'a listener to changes' }]);
});

t.test(
  'what probes see is an event also while the store cannot be read, and no listener ends the process',
  async (t) => {
    const faults = caught();
    const fixture = withService(makeEngine(t));
    fixture.must(shift);
    // As after a restart: nothing is in memory.
    const log = new EventLog(fixture.store, fixture.engine, 'p');
    const from = log.end;
    const mend = breakReads(fixture.folder);
    log.listen(() => {
      throw new StoreUnavailable('thrown by the test');
    });
    const event = { service: app, pool: 'blue', target: '192.0.2.10', state: 'down', reason: 'refused' } as const;
    log.addHealth(event, 0);
    t.equal(faults.length, 1);
    mend();
    t.match(log.after(from), [{ name: 'health', health: event }]);
  },
);

t.test('a commit of which cannot be told whether it was kept takes effect once that is known', async (t) => {
  for (const isKept of [true, false]) {
    const fixture = withService(makeEngine(t));
    const { store, engine } = fixture;
    const told: number[] = [];
    engine.onChange((_changes, { revision }) => told.push(revision));
    let isReadable = true;
    const real = Object.getOwnPropertyDescriptor(LogReads.prototype, 'lastRevision')?.get as () => number;
    Object.defineProperty(store, 'lastRevision', {
      configurable: true,
      get() {
        if (!isReadable) throw new StoreUnavailable('the store cannot be read');
        return real.call(store);
      },
    });
    const { commit } = store;
    store.commit = (...all) => {
      if (isKept) commit.apply(store, all);
      isReadable = false;
      return new Problem('store_unavailable', 'the disk failed');
    };
    t.equal(fixture.code(shift), 'store_unavailable');
    t.same(fixture.ask(app), ['192.0.2.10'], 'the table is as the client was told');
    t.equal(fixture.code(shift), 'store_unavailable', 'still not known');
    isReadable = true;
    store.commit = commit;
    engine.recover();
    t.same(fixture.ask(app), [isKept ? '192.0.2.20' : '192.0.2.10']);
    t.same(told, isKept ? [3] : []);
    t.match(fixture.must({ ...shift, weights: { blue: 1, green: 1 } }), { revision: isKept ? 4 : 3 });
  }
});

t.test(
  'files that are taken from under the store: no change is acknowledged that the next start could not read',
  async (t) => {
    const faults: readonly [string, (file: string) => () => void, RegExp][] = [
      [
        'removed',
        (file) => {
          renameSync(file, `${file}.aside`);
          return () => renameSync(`${file}.aside`, file);
        },
        /was removed while it was in use/,
      ],
      [
        'replaced',
        (file) => {
          const bytes = readFileSync(file);
          renameSync(file, `${file}.aside`);
          writeFileSync(file, bytes);
          return () => renameSync(`${file}.aside`, file);
        },
        /was replaced while it was in use/,
      ],
      [
        'cut off',
        (file) => {
          const bytes = readFileSync(file);
          truncateSync(file, 100);
          return () => writeFileSync(file, bytes, { flag: 'r+' });
        },
        /was cut off while it was in use|SQLITE_CORRUPT/,
      ],
      [
        'overwritten',
        (file) => {
          const bytes = readFileSync(file);
          writeFileSync(file, Buffer.alloc(bytes.length, 0xff), { flag: 'r+' });
          return () => writeFileSync(file, bytes, { flag: 'r+' });
        },
        /is no SQLite database any more|SQLITE_(CORRUPT|NOTADB)/,
      ],
      [
        'its log removed',
        (file) => {
          renameSync(`${file}-wal`, `${file}-wal.aside`);
          return () => renameSync(`${file}-wal.aside`, `${file}-wal`);
        },
        /-wal was removed while it was in use/,
      ],
    ];
    for (const [title, damage, detail] of faults) {
      const fixture = withService(makeEngine(t));
      const mend = damage(join(fixture.folder, 'teal.db'));
      t.match(fixture.execute(shift), { code: 'store_unavailable', detail }, title);
      t.match(fixture.queries.readiness(), { code: 'store_unavailable', detail }, title);
      t.same(fixture.ask(app), ['192.0.2.10'], title);
      mend();
      t.equal(fixture.queries.readiness(), undefined, title);
      fixture.must(shift);
      fixture.close();
      t.same(makeEngine(t, { folder: fixture.folder }).ask(app), ['192.0.2.20'], `${title}: nothing was lost`);
    }
  },
);

t.test('a row that holds garbage is a store that cannot be read', async (t) => {
  const fixture = withService(makeEngine(t));
  const { default: Sqlite } = await import('better-sqlite3');
  const database = new Sqlite(join(fixture.folder, 'teal.db'));
  database.exec(`UPDATE services SET body = '{"name":'`);
  t.equal(fixture.code(shift), 'store_unavailable');
  t.match(fixture.queries.readiness(), { code: 'store_unavailable', detail: /a row is damaged/ });
  t.same(fixture.ask(app), ['192.0.2.10']);
  database.close();
});
