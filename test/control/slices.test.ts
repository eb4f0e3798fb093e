/** Work in slices: each is bounded by what it counts, and what changes between two of them is not missed. */
import t, { type Test } from 'tap';
import { lookBelow } from '../../src/control/drafts/below.ts';
import { withForesight } from '../../src/control/drafts/foresight.ts';
import { EventLog } from '../../src/control/events/log.ts';
import { DRAWS_AT_ONCE, Explain } from '../../src/control/explain.ts';
import { PAGE_BYTES } from '../../src/control/listing.ts';
import { SeenHealth } from '../../src/control/observed/health.ts';
import { Queries } from '../../src/control/queries.ts';
import { compareServices } from '../../src/control/service-comparison.ts';
import { inSlices, type Sliced } from '../../src/control/slices.ts';
import { Problem } from '../../src/model/errors.ts';
import { Explainer } from '../../src/responder/explainer.ts';
import { RRSETS_LOOKED_AT } from '../../src/store/noun-reads.ts';
import { Xoshiro128 } from '../../src/table/picking/pick.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { bluegreen, type EngineFixture, makeEngine, NOON_MS, withService, zoneBody } from '../fixtures/engine.ts';

/** Does the work to its end, with something in every pause; how many slices it had. */
function runSlices<Result>(work: Sliced<Result>, between: (slice: number) => void = () => {}) {
  for (let slices = 1; ; slices++) {
    const step = work.next();
    if (step.done) return { result: step.value, slices };
    if (slices > 10_000) throw new Error('no end');
    between(slices);
  }
}

const shift = (fixture: EngineFixture, blue: number) =>
  fixture.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue, green: 100 } });

t.test('between two slices whatever else waits has its turn', async (t) => {
  const order: string[] = [];
  const work = function* (): Sliced<string> {
    for (const slice of ['one', 'two', 'three']) {
      order.push(slice);
      yield;
    }
    return 'done';
  };
  setImmediate(() => order.push('another'));
  t.equal(await inSlices(work()), 'done');
  t.same(order, ['one', 'another', 'two', 'three']);
});

t.test('answers that explain counts are given in slices, all from one table', async (t) => {
  const fixture = withService(makeEngine(t));
  const { table, store } = fixture;
  const health = new SeenHealth({ wallMs: () => NOON_MS, steadyMs: () => 0 });
  let answers = 0;
  const explainer = new Explainer(table.shared, new Xoshiro128(Uint32Array.of(1, 2, 3, 4)));
  const answer = (query: Uint8Array, client: Uint8Array) => {
    answers++;
    return explainer.answer(query, client);
  };
  const explain = new Explain({ store, table, health, answerer: { answer } });
  const ask = () => explain.explain({ name: 'app.example.com', client: '203.0.113.7', type: 'A', draws: 10_000 });
  let before = 0;
  const undisturbed = runSlices(ask(), () => {
    t.ok(answers - before <= DRAWS_AT_ONCE + 1, `${answers - before} answers in a slice`);
    before = answers;
  });
  t.equal(undisturbed.slices, 10_000 / DRAWS_AT_ONCE);
  t.match(undisturbed.result, { split: { blue: 1, green: 0 }, draws: 10_000 });
  const once = runSlices(ask(), (slice) => slice === 7 && shift(fixture, 0));
  t.match(once.result, { pool: 'green', split: { blue: 0, green: 1 } }, 'nothing of before the shift is counted');
  t.equal(once.slices, 7 + 10_000 / DRAWS_AT_ONCE);
  const always = runSlices(ask(), (slice) => shift(fixture, slice));
  t.ok(always.slices < 5 + 10_000 / DRAWS_AT_ONCE, `${always.slices} slices: it has an end`);
});

const services = (count: number, ttlSeconds: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`s${i}.example.com`, { ...bluegreen(1, 0), ttlSeconds }]),
  );

t.test('each service of a dry run is a slice, of one state of all', async (t) => {
  const fixture = withService(makeEngine(t));
  const { engine, store } = fixture;
  const queries = new Queries(store);
  const compare = (some: object) =>
    compareServices(engine, queries, some as Parameters<typeof compareServices>[2], { actor: 'test', atMs: NOON_MS });
  const quiet = runSlices(compare(services(100, 7)));
  t.equal(quiet.slices, 100);
  t.equal((quiet.result as unknown[]).length, 100);
  t.equal(store.lastRevision, 2, 'and nothing is done');

  const made = runSlices(compare(services(10, 7)), (slice) => {
    if (slice === 5) fixture.must({ kind: 'service.put', name: 's0.example.com', body: bluegreen(1, 0) });
  });
  t.equal(made.slices, 5 + 10);
  t.match(made.result, [{ name: 's0.example.com', action: 'change' }, { action: 'make' }]);

  const again = runSlices(compare(services(10, 8)), () => shift(fixture, store.lastRevision));
  t.equal(again.slices, 4, 'where something always changes the last beginning is one slice');
  t.equal((again.result as unknown[]).length, 10);

  const clash = { 'a.example.com': { ...bluegreen(1, 0), previews: true }, 'blue.a.example.com': bluegreen(1, 0) };
  const refused = runSlices(compare(clash));
  t.match(refused.result, { code: 'service_conflict' });
  t.equal(refused.slices, 2, 'what is assumed of the first counts for the second, in another slice');

  const zoneGone = runSlices(compare(services(3, 9)), (slice) => {
    if (slice === 1) fixture.must({ kind: 'zone.delete', zone: 'example.com', withServices: true });
  });
  t.match(zoneGone.result, { code: 'name_outside_zones' });
  t.equal(store.failure, undefined);
});

t.test('a page of events is no longer than a page of a list, in memory and from the store', async (t) => {
  const fixture = withService(makeEngine(t));
  const targets = Array.from({ length: 32 }, (_, i) => `2001:db8:1111:2222:3333:4444:5555:${(i + 16).toString(16)}`);
  const pools = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`pool-${i}`, { weight: 1, targets }]));
  const kept = new EventLog(fixture.store, fixture.engine, 'first');
  for (let ttlSeconds = 1; ttlSeconds <= 40; ttlSeconds++) {
    fixture.must({ kind: 'service.put', name: 's.example.com', body: { ttlSeconds, pools } });
  }
  for (const log of [kept, new EventLog(fixture.store, fixture.engine, 'second')]) {
    const told: number[] = [];
    let pages = 0;
    for (let at = { revision: 2, index: 0 }; ; pages++) {
      const page = log.after(at);
      const last = page.at(-1);
      if (last === undefined) break;
      const bytes = JSON.stringify(page).length;
      t.ok(bytes < 2 * PAGE_BYTES, `${bytes} bytes`);
      told.push(...page.map(({ position }) => position.revision));
      at = last.position;
    }
    t.same(
      told,
      Array.from({ length: 40 }, (_, i) => i + 3),
    );
    t.ok(pages > 3, `${pages} pages`);
  }
});

const COUNT = 2 * RRSETS_LOOKED_AT + 500;

/** A zone of so many names that a look takes three slices; the table has none of them. */
function largeZone(t: Test): EngineFixture {
  const fixture = withService(makeEngine(t));
  const { store } = fixture;
  const revision = store.lastRevision + 1;
  const told = { revision, atMs: NOON_MS, actor: 'test', kind: 'rrset.put', summary: 'many', subjects: [] } as const;
  const rdata = [Uint8Array.of(192, 0, 2, 1)];
  const names = Array.from({ length: COUNT }, (_, i) => `host${String(i).padStart(6, '0')}.example.com`);
  const changes = names.map((name) => ({
    op: 'putRRset' as const,
    rrset: { zone: 'example.com', name, type: TYPE.A, ttlSeconds: 60, rdata, revision },
  }));
  const failed = store.commit({ revision: told, changes }, changes);
  if (failed !== undefined) throw new Error(failed.detail);
  return fixture;
}

const put = (name: string, type: string, rdata: string) =>
  ({ kind: 'rrset.put', zone: 'example.com', name, type, body: { ttlSeconds: 60, rdata: [rdata] } }) as const;
const dname = put('d.example.com', 'DNAME', 'elsewhere.test.');

t.test('whether anything stands below a name is looked up some thousand names at once', async (t) => {
  const fixture = largeZone(t);
  const { store } = fixture;
  const question = { zone: 'example.com', name: 'd.example.com', passOver: [TYPE.RRSIG] };
  t.same(runSlices(lookBelow(store, question)), { result: undefined, slices: 3 });
  for (const name of ['a.d.example.com', 'x.y.d.example.com', 'hostz.d.example.com', 'z.d.example.com']) {
    fixture.must(put(name, 'A', '192.0.2.1'));
    t.same(runSlices(lookBelow(store, question)).result, { name, type: TYPE.A });
    // Come and gone while it is looked for, before and behind where the look is.
    const gone = runSlices(lookBelow(store, question), (slice) => {
      if (slice === 1) fixture.must({ kind: 'rrset.delete', zone: 'example.com', name, type: 'A' });
    });
    if (gone.slices === 1) fixture.must({ kind: 'rrset.delete', zone: 'example.com', name, type: 'A' });
    else t.equal(gone.result, undefined);
    for (const when of [1, 2]) {
      const come = runSlices(lookBelow(store, question), (slice) => {
        if (slice === when) fixture.must(put(name, 'A', '192.0.2.1'));
      });
      t.same(come.result, { name, type: TYPE.A }, `${name} after slice ${when}`);
      fixture.must({ kind: 'rrset.delete', zone: 'example.com', name, type: 'A' });
    }
  }
  const elsewhere = runSlices(lookBelow(store, question), (slice) => {
    if (slice === 1) fixture.must(put('x\\.d.example.com', 'A', '192.0.2.1'));
    if (slice === 2) fixture.must(put('other.example.com', 'A', '192.0.2.1'));
  });
  t.same(elsewhere, { result: undefined, slices: 3 }, 'what is not below it does not matter');
  const replaced = runSlices(lookBelow(store, question), (slice) => {
    if (slice !== 2) return;
    fixture.must({ kind: 'zone.delete', zone: 'example.com', withServices: true });
    fixture.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
    fixture.must(put('a.d.example.com', 'A', '192.0.2.1'));
  });
  t.same(replaced.result, { name: 'a.d.example.com', type: TYPE.A }, 'another content is looked through anew');
});

t.test('a DNAME and a limited token’s new zone know what is below them before they are made in one turn', async (t) => {
  const fixture = largeZone(t);
  const { store } = fixture;
  const looks = { count: 0 };
  const real = store.rrsetBelow.bind(store);
  store.rrsetBelow = (...asked) => {
    looks.count++;
    return real(...asked);
  };
  /** Refusals and results are the same as without; but then the command itself looks at nothing. */
  const foreseen = (command: Parameters<typeof withForesight>[1], context = {}) => {
    const { result, slices } = runSlices(withForesight(store, command, context));
    looks.count = 0;
    const outcome = fixture.execute(result, context);
    t.equal(looks.count, 0, 'nothing is looked at in the turn of the command');
    return { slices, code: outcome instanceof Problem ? `${outcome.code} ${outcome.conflict ?? ''}` : 'done' };
  };
  const limits = { services: [], zones: ['kid.example.com'] };
  const kid = { kind: 'zone.put', zone: 'kid.example.com', body: zoneBody } as const;
  fixture.must(put('z.d.example.com', 'A', '192.0.2.1'));
  fixture.must(put('z.kid.example.com', 'A', '192.0.2.1'));
  t.same(foreseen(dname), { slices: 3, code: 'dname_conflict z.d.example.com/A' });
  t.match(foreseen(kid, { limits }), { slices: 3, code: /^token_forbidden/ });
  fixture.must({ kind: 'rrset.delete', zone: 'example.com', name: 'z.d.example.com', type: 'A' });
  fixture.must({ kind: 'rrset.delete', zone: 'example.com', name: 'z.kid.example.com', type: 'A' });
  t.same(foreseen(dname), { slices: 3, code: 'done' });
  t.same(foreseen(dname), { slices: 1, code: 'done' }, 'one that is there already is no question');
  t.same(foreseen(kid, { limits }), { slices: 3, code: 'done' });
});

t.test('a long list of changes of records is drafted in slices, all on one state', async (t) => {
  const fixture = withService(makeEngine(t));
  const { store } = fixture;
  const list = (count: number, type = 'A') => {
    const one = (i: number) => ({ add: { name: `n${i}.example.com`, type, values: ['192.0.2.1'] } });
    return {
      kind: 'records.change',
      zone: 'example.com',
      changes: Array.from({ length: count }, (_, i) => one(i)),
    } as const;
  };
  let reads = 0;
  const real = store.rrset.bind(store);
  store.rrset = (...asked) => {
    // Whether the zone is kept as its file was is looked at each time, at its apex.
    if (asked[1] !== 'example.com') reads++;
    return real(...asked);
  };
  const short = runSlices(withForesight(store, list(50), {}));
  t.equal(short.slices, 1, 'a short one is one slice');
  let before = 0;
  const long = runSlices(withForesight(store, list(1000), {}), () => {
    t.ok(reads - before <= 200, `${reads - before} reads in a slice`);
    before = reads;
  });
  t.ok(long.slices > 40, `${long.slices} slices`);
  reads = 0;
  fixture.must(long.result);
  t.equal(reads, 0, 'in its turn nothing is worked out any more');
  t.match(fixture.store.rrsets('example.com', undefined, 2000).length, 1000);

  const gone = runSlices(
    withForesight(store, { ...list(1000), changes: list(1000).changes.map(({ add }) => ({ remove: add })) }, {}),
  );
  shift(fixture, 7);
  reads = 0;
  fixture.must(gone.result);
  t.ok(reads >= 1000, 'what was drafted before another change is drafted again');
  t.equal(fixture.store.rrsets('example.com', undefined, 10).length, 0);

  const once = runSlices(withForesight(store, list(1000), {}), (slice) => slice === 10 && shift(fixture, 8));
  t.equal(once.slices, long.slices + 10, 'what changes meanwhile makes it begin anew');
  const always = runSlices(withForesight(store, list(1000), {}), (slice) => shift(fixture, slice));
  t.ok(always.slices <= 5, `${always.slices} slices: it has an end`);
  const zoneGone = runSlices(withForesight(store, list(1000), {}), (slice) => {
    if (slice === 30) fixture.must({ kind: 'zone.delete', zone: 'example.com', withServices: true });
  });
  t.equal(fixture.code(zoneGone.result), 'zone_unknown');
});
