/** A log that takes its time, as one that many nodes share does: what may come between a draft and its entry. */
import t, { type Test } from 'tap';
import type { Command, CommandContext } from '../../../src/control/commands/command.ts';
import { Engine } from '../../../src/control/engine.ts';
import type { Appended, Log } from '../../../src/control/log/log.ts';
import type { Entry } from '../../../src/model/entry.ts';
import { Problem } from '../../../src/model/errors.ts';
import { bluegreen, type EngineFixture, makeEngine, NOON_MS, withService, zoneBody } from '../../fixtures/engine.ts';
import { setReadOnly } from '../../fixtures/store.ts';

const app = 'app.example.com';
const context = { actor: 'test', atMs: NOON_MS };
const shift = (blue: number, green: number): Command => ({ kind: 'weights.put', name: app, weights: { blue, green } });

/** A log whose answers the test gives. */
class SlowLog implements Log {
  readonly isLocal = false;
  readonly asked: { readonly expected: number; readonly entry: Entry; answer(appended: Appended): void }[] = [];

  append(expected: number, entry: Entry): Promise<Appended> {
    return new Promise((answer) => this.asked.push({ expected, entry, answer }));
  }
}

/** A service, and a second engine over the same store and table whose log is slow. */
function makeSlow(t: Test, options = {}): { fixture: EngineFixture; engine: Engine; log: SlowLog } {
  const fixture = withService(makeEngine(t, options));
  const log = new SlowLog();
  return { fixture, log, engine: new Engine(fixture.store, fixture.table, undefined, log) };
}

/** Lets promises come true. */
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test(
  'nothing is seen or kept before the log has it; what came later waits, and is drafted on what came first',
  async (t) => {
    const { fixture, engine, log } = makeSlow(t);
    const first = engine.execute(shift(0, 1), context);
    const second = engine.execute(shift(1, 0), context);
    await soon();
    t.equal(log.asked.length, 1, 'the second waits');
    t.equal(log.asked[0]?.expected, 2);
    t.equal(fixture.store.lastRevision, 2);
    t.same(fixture.ask(app), ['192.0.2.10']);
    // What is observed does not wait: no preparation is held meanwhile.
    t.equal(engine.refresh(fixture.store.service(app) as never), undefined);
    log.asked[0]?.answer('appended');
    t.match(await first, { revision: 3 });
    t.same(fixture.ask(app), ['192.0.2.20']);
    await soon();
    t.equal(log.asked[1]?.expected, 3);
    log.asked[1]?.answer('appended');
    t.match(await second, { revision: 4 });
    t.same(fixture.ask(app), ['192.0.2.10']);
  },
);

t.test('where another entry came first the command is drafted again, and its conditions judged again', async (t) => {
  const { fixture, engine, log } = makeSlow(t);
  const entryOfAnother = async (command: Command): Promise<Entry> => {
    const other = withService(makeEngine(t));
    other.must(command);
    return other.store.entry(3) as Entry;
  };
  const plain = engine.execute(shift(1, 1), context);
  t.equal(engine.apply(await entryOfAnother(shift(0, 5)), NOON_MS), undefined, 'applied while the command waits');
  log.asked[0]?.answer('behind');
  await soon();
  t.equal(log.asked[1]?.expected, 3);
  t.match(log.asked[1]?.entry.revision.subjects, [{ before: { blue: 0, green: 5 }, after: { blue: 1, green: 1 } }]);
  log.asked[1]?.answer('appended');
  t.match(await plain, { revision: 4 });

  const conditional = engine.execute(shift(2, 2), { ...context, ifMatch: [4] });
  t.equal(log.asked.length, 3);
  fixture.must(shift(3, 3));
  log.asked[2]?.answer('behind');
  t.match(await conditional, { code: 'revision_stale' });
});

t.test('the same key sent twice at once changes once', async (t) => {
  const { fixture, engine, log } = makeSlow(t);
  const keyed: CommandContext = { ...context, idempotency: { key: 'k', token: 'test', bodyHash: 'h' } };
  const both = [engine.execute(shift(0, 1), keyed), engine.execute(shift(0, 1), keyed)];
  log.asked[0]?.answer('appended');
  t.match(await Promise.all(both), [
    { revision: 3, replayed: false },
    { revision: 3, replayed: true },
  ]);
  t.equal(log.asked.length, 1);
  t.equal(fixture.store.lastRevision, 3);
});

t.test('what the table has no room for is not appended', async (t) => {
  const { fixture, engine, log } = makeSlow(t, { tableMaxBytes: 256 * 1024 });
  let result: unknown;
  for (let i = 0; i < 2000 && !(result instanceof Problem); i++) {
    const body = { ttlSeconds: 60, rdata: [`"${'x'.repeat(250)}"`] };
    const put = engine.execute(
      { kind: 'rrset.put', zone: 'example.com', name: `n${i}.example.com`, type: 'TXT', body },
      context,
    );
    log.asked[i]?.answer('appended');
    result = await put;
  }
  t.match(result, { code: 'table_full' });
  t.equal(log.asked.length, fixture.store.lastRevision - 2, 'what was refused never came to the log');
});

t.test('a log that refuses changes nothing; nor does a store, and its entry can be applied later', async (t) => {
  const { fixture, engine, log } = makeSlow(t);
  const refused = engine.execute(shift(0, 1), context);
  log.asked[0]?.answer(new Problem('store_unavailable', 'no quorum'));
  t.match(await refused, { code: 'store_unavailable', detail: 'no quorum' });
  const appended = engine.execute(shift(0, 1), context);
  setReadOnly(fixture.store, true);
  log.asked[1]?.answer('appended');
  t.match(await appended, { code: 'store_unavailable' });
  t.same(fixture.ask(app), ['192.0.2.10']);
  setReadOnly(fixture.store, false);
  t.equal(engine.apply(log.asked[1]?.entry as Entry, NOON_MS), undefined);
  t.same(fixture.ask(app), ['192.0.2.20']);
});

t.test('commands that wait when the engine is halted change nothing', async (t) => {
  const { fixture, engine, log } = makeSlow(t);
  const first = engine.execute(shift(0, 1), context);
  const second = engine.execute({ kind: 'zone.put', zone: 'new.test', body: zoneBody }, context);
  engine.halt();
  log.asked[0]?.answer('appended');
  t.match(await Promise.all([first, second]), [{ code: 'internal' }, { code: 'internal' }]);
  t.equal(fixture.store.lastRevision, 2);
  t.equal(fixture.code({ kind: 'service.put', name: 'b.example.com', body: bluegreen(1, 0) }), 'none');
});

t.test(
  'a kept reply is given again by every node for as long, whatever the time of day was where it was made',
  async (t) => {
    const idempotency = { token: 'ci', key: 'deploy-1', bodyHash: 'h' };
    const zone = (n: number): Command => ({ kind: 'zone.put', zone: `${n}.example`, body: zoneBody });
    for (const aheadMs of [-2 * 86_400_000, 2 * 86_400_000]) {
      const one = makeEngine(t);
      const other = makeEngine(t);
      const hear = (revision: number): Problem | undefined =>
        other.engine.apply(one.store.entry(revision) as Entry, NOON_MS + revision);
      t.match(one.execute(zone(1), { atMs: NOON_MS + aheadMs, idempotency }), { revision: 1 });
      t.equal(hear(1), undefined);
      t.match(other.execute(zone(1), { atMs: NOON_MS + 2, idempotency }), { revision: 1, replayed: true });
      // Nor does one that is made later take it away.
      t.match(one.execute(zone(2), { atMs: NOON_MS + aheadMs, idempotency: { ...idempotency, key: 'deploy-2' } }), {});
      t.equal(hear(2), undefined);
      t.match(other.execute(zone(1), { atMs: NOON_MS + 3, idempotency }), { revision: 1, replayed: true });
      t.equal(other.execute(zone(3), { atMs: NOON_MS + 2 * 86_400_000, idempotency }) instanceof Problem, false);
    }
  },
);

t.test('a listener to changes that changes something itself does so when all have heard of the first', async (t) => {
  const { engine, store } = withService(makeEngine(t));
  const heard: number[] = [];
  let own: Promise<unknown> | undefined;
  engine.onChange(() => {
    own ??= engine.execute(shift(1, 1), context);
  });
  engine.onChange((_changes, { revision }) => heard.push(revision));
  const before = store.lastRevision;
  t.match(await engine.execute(shift(0, 1), context), { revision: before + 1 });
  t.match(await own, { revision: before + 2 });
  t.same(heard, [before + 1, before + 2]);
});
