/** Retention: what is large in the log is kept once, for so many revisions and bytes; and replies for so many bytes a token. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { Page } from '../../src/api/v1/page.ts';
import { Grant } from '../../src/control/grant.ts';
import { Staging } from '../../src/store/staging.ts';
import type { Retention } from '../../src/store/texts.ts';
import { bluegreen, type EngineFixture, makeEngine, NOON_MS, withService } from '../fixtures/engine.ts';

const app = 'app.example.com';
const everything = new Grant({ zoneOf: () => undefined, zoneAt: () => undefined, service: () => undefined }, undefined);

/** A body of some 8 KiB. */
function large(n: number) {
  const targets = Array.from(
    { length: 32 },
    (_, i) => `2001:db8:${n.toString(16)}:1111:2222:3333:4444:${(i + 1).toString(16)}`,
  );
  return { pools: { blue: { weight: 1, targets }, green: { weight: 1, targets } } };
}

function make(t: Test, retention: Retention): EngineFixture & { forget(): number } {
  const fixture = withService(makeEngine(t, { retention }));
  const staging = new Staging(fixture.store.shared);
  t.teardown(() => staging.close());
  const forget = (): number => {
    let steps = 0;
    while (staging.forget()) steps++;
    return steps;
  };
  return { ...fixture, forget };
}

t.test('a large body is kept once, and history has it', async (t) => {
  const fixture = make(t, { revisions: 1000, maxBytes: 2 ** 30 });
  fixture.must({ kind: 'service.put', name: app, body: large(1) });
  const once = fixture.store.kept.textBytes;
  t.ok(once > 2048);
  for (let i = 0; i < 10; i++) {
    fixture.must({ kind: 'service.put', name: app, body: bluegreen(1, i) });
    fixture.must({ kind: 'service.put', name: app, body: large(1) });
  }
  t.ok(fixture.store.kept.textBytes < 2 * once, 'twenty revisions later');
  const [last] = fixture.store.history('service', app, Number.MAX_SAFE_INTEGER, 1);
  t.match(last?.subjects[0], { after: { pools: { blue: { targets: { length: 32 } } } } });
  t.equal(last?.subjects[0]?.forgotten, undefined);
  t.equal(fixture.forget(), 0);
});

t.test('what is older than the setting is forgotten in small steps, and history and rollback say so', async (t) => {
  const fixture = make(t, { revisions: 100, maxBytes: 2 ** 30 });
  const puts = 300;
  for (let n = 1; n <= puts; n++) fixture.must({ kind: 'service.put', name: app, body: large(n) });
  const before = fixture.store.kept.textBytes;
  const steps = fixture.forget();
  t.ok(steps >= (puts - 100) / 50, `${steps} transactions`);
  t.ok(fixture.store.kept.textBytes < before / 2);
  const old = 10;
  t.match(fixture.store.revision(old)?.subjects, [{ before: null, after: null, forgotten: ['before', 'after'] }]);
  const shown = fixture.queries.history(app, old - 1, 1, false, everything) as Page;
  t.match(shown.items, [{ revision: old, summary: /app/, subjects: [{ forgotten: ['before', 'after'] }] }]);
  t.match(fixture.execute({ kind: 'rollback', name: app, revision: old }), {
    code: 'revision_forgotten',
    status: 410,
    detail: /at revision 10 is no longer kept \(history\.contentRevisions\)/,
  });
  fixture.must({ kind: 'rollback', name: app, revision: puts });
  t.equal(fixture.code({ kind: 'rollback', name: app, revision: 1 }), 'revision_unknown', 'it was not there yet');
});

t.test('weights are kept for ever: a shift is rolled back however old it is', async (t) => {
  const fixture = make(t, { revisions: 100, maxBytes: 1 });
  const pools = Object.fromEntries(
    Array.from({ length: 16 }, (_, i) => [`${'p'.repeat(61)}${i + 10}`, { weight: i, targets: ['192.0.2.1'] }]),
  );
  fixture.must({ kind: 'service.put', name: app, body: { pools } });
  const weights = Object.fromEntries(Object.keys(pools).map((name) => [name, 65_535]));
  const shifted = fixture.must({ kind: 'weights.put', name: app, weights });
  for (let i = 0; i < 150; i++) {
    fixture.must({ kind: 'weights.put', name: app, weights: { ...weights, [Object.keys(pools)[0]]: i } });
  }
  fixture.forget();
  t.equal(fixture.store.kept.textBytes, 0);
  fixture.must({ kind: 'rollback', name: app, revision: shifted.revision });
});

t.test('a number of bytes bounds it too, and a body that comes again is young again', async (t) => {
  const fixture = make(t, { revisions: 1000, maxBytes: 100_000 });
  fixture.must({ kind: 'service.put', name: app, body: large(0) });
  for (let n = 1; n <= 40; n++) fixture.must({ kind: 'service.put', name: app, body: large(n) });
  fixture.must({ kind: 'service.put', name: app, body: large(0) });
  fixture.forget();
  t.ok(fixture.store.kept.textBytes <= 100_000);
  const [last] = fixture.store.history('service', app, Number.MAX_SAFE_INTEGER, 1);
  t.equal(last?.subjects[0]?.forgotten, undefined);
  t.match(fixture.store.revision(3)?.subjects[0], { forgotten: undefined }, 'the same body, of long ago');
});

t.test(
  'a release with a long plan is forgotten once it has ended long ago, not while it goes on; limited tokens see what is left',
  async (t) => {
    const fixture = make(t, { revisions: 1, maxBytes: 1 });
    const steps = Array.from({ length: 100 }, (_, i) => ({ setWeight: i % 100 })).flatMap((step) => [
      step,
      { pause: {} },
    ]);
    const command = {
      kind: 'release.create',
      services: [app],
      body: { to: 'green', steps },
      dryRun: false,
      single: true,
    } as const;
    const { body } = fixture.must(command);
    const { id } = body as { id: string };
    const other = 'other.example.com';
    fixture.must({ kind: 'service.put', name: other, body: bluegreen(1, 1) });
    const active = fixture.must({ ...command, services: [other] }).body as { id: string };
    fixture.must({ kind: 'rollback', name: app });
    for (let i = 0; i < 3; i++) fixture.must({ kind: 'service.put', name: app, body: large(i) });
    fixture.forget();
    t.match(
      fixture.store.release(id),
      { state: 'aborted', steps: [], forgotten: true },
      'its plan as well, since it ended',
    );
    t.match(fixture.queries.release(id, undefined, everything), { body: { forgotten: true } });
    t.match(fixture.execute({ kind: 'release.retry', id }), { code: 'revision_forgotten', status: 410 });
    t.equal(fixture.store.release(active.id)?.steps.length, steps.length, 'one that goes on is whole');
    const limited = new Grant(fixture.store, { services: [app], zones: [] });
    const page = fixture.queries.revisions(0, 100, false, limited) as Page;
    t.ok(page.items.length > 3);
  },
);

t.test('nothing is kept for what changed nothing, and of replies only so much for a token', async (t) => {
  const fixture = withService(makeEngine(t));
  const keyed = (key: string) => ({ idempotency: { key, token: 'ci', bodyHash: 'h' } });
  const steps = [{ setWeight: 50 }, { pause: {} }];
  for (let i = 0; i < 100; i++) {
    const body = { to: 'green', steps };
    fixture.must({ kind: 'release.create', services: [app], body, dryRun: true, single: true }, keyed(`dry-${i}`));
    fixture.must({ kind: 'weights.put', name: app, weights: { blue: 100, green: 0 } }, keyed(`same-${i}`));
    fixture.code({ kind: 'weights.put', name: app, weights: { blue: 0, green: 0 } }, keyed(`refused-${i}`));
  }
  t.equal(fixture.store.kept.replyBytes, 0);
  t.equal(fixture.store.lastRevision, 2);
  const MIB = 2 ** 20;
  for (let i = 0; i < 10; i++) {
    const shift = {
      revision: 3 + i,
      atMs: NOON_MS + i,
      actor: 'ci',
      kind: 'shift',
      summary: '',
      subjects: [],
    } as const;
    const reply = { token: 'ci', key: `k${i}`, bodyHash: 'h', outcome: 'x'.repeat(MIB), atMs: NOON_MS + i };
    t.equal(fixture.store.commit({ revision: shift, changes: [], reply }, []), undefined);
  }
  t.ok(fixture.store.kept.replyBytes <= 4 * MIB);
  t.ok(fixture.store.keptReply('ci', 'k9', NOON_MS), 'the newest is there');
  t.equal(fixture.store.keptReply('ci', 'k0', NOON_MS), undefined);
  fixture.close();
  const database = new Sqlite(join(fixture.folder, 'teal.db'));
  const { sum } = database.prepare('SELECT sum(length(outcome) + length(key)) AS sum FROM idempotency').get() as {
    sum: number;
  };
  const { bytes } = database.prepare('SELECT bytes FROM idempotency_size').get() as { bytes: number };
  t.equal(bytes, sum, 'the count is right');
  t.same(database.pragma('foreign_key_check'), []);
  database.close();
});

t.test('the setting, the metric and the hash are what the pages say', async (t) => {
  t.match(readFileSync('config/teal.yaml', 'utf8'), /contentRevisions: 10000/);
  const fixture = make(t, { revisions: 10, maxBytes: 2 ** 30 });
  fixture.must({ kind: 'service.put', name: app, body: large(1) });
  fixture.close();
  const database = new Sqlite(join(fixture.folder, 'teal.db'));
  const rows = database.prepare('SELECT hash, body FROM texts').all() as { hash: string; body: string }[];
  t.equal(rows.length, 1);
  for (const { hash, body } of rows) t.equal(hash, createHash('sha256').update(body).digest('hex'));
  database.close();
});
