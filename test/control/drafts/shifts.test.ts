/** Shifts and rollbacks: what is acknowledged is answered, and one call goes back. */
import t from 'tap';
import type { ServiceBody } from '../../../src/model/service.ts';
import { bluegreen, makeEngine, NOON_MS, withService } from '../../fixtures/engine.ts';
import { countQuestions } from '../../fixtures/questions.ts';

const app = 'app.example.com';

t.test('a shift is answered from the moment it is acknowledged', async (t) => {
  const fixture = withService(makeEngine(t));
  t.same(fixture.ask(app), ['192.0.2.10']);
  const outcome = fixture.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 100 } });
  t.same(outcome, {
    revision: 3,
    created: false,
    replayed: false,
    body: { revision: 3, weights: { blue: 0, green: 100 }, shares: { blue: 0, green: 1 } },
  });
  t.same(fixture.ask(app), ['192.0.2.20']);
});

t.test('a shift does not raise the serial, a change of the service does', async (t) => {
  const fixture = withService(makeEngine(t));
  const serial = () => (fixture.queries.zone('example.com') as { body: { serial: number } }).body.serial;
  t.equal(serial(), 2);
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } });
  t.equal(serial(), 2);
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(1, 1, { ttlSeconds: 9 }) });
  t.equal(serial(), 4);
});

t.test('several services shift in one revision, or none of them', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must({ kind: 'service.put', name: 'api.example.com', body: bluegreen(1, 0) });
  const both = { 'APP.example.com.': { blue: 0, green: 1 }, 'api.example.com': { blue: 0, green: 1 } };
  const { revision, body } = fixture.must({ kind: 'shift', services: both });
  t.equal(revision, 4);
  t.match(body, {
    revision: 4,
    services: { [app]: { weights: { green: 1 } }, 'api.example.com': { shares: { green: 1 } } },
  });
  t.same([fixture.ask(app), fixture.ask('api.example.com')], [['192.0.2.20'], ['192.0.2.20']]);
  const bad = { [app]: { blue: 1, green: 0 }, 'api.example.com': { blue: 0, green: 0 } };
  t.equal(fixture.code({ kind: 'shift', services: bad }), 'weights_all_zero');
  t.same(fixture.ask(app), ['192.0.2.20']);
  t.equal(fixture.store.lastRevision, 4);
  const twice = { [app]: { blue: 1, green: 0 }, 'App.Example.com': { blue: 1, green: 1 } };
  t.equal(fixture.code({ kind: 'shift', services: twice }), 'body_invalid');
  t.equal(fixture.code({ kind: 'shift', services: {} }), 'body_invalid');
});

t.test('weights that cannot be are refused, each with its code', async (t) => {
  const fixture = withService(makeEngine(t));
  const code = (weights: Record<string, number>) => fixture.code({ kind: 'weights.put', name: app, weights });
  t.equal(code({ blue: 0, green: 0 }), 'weights_all_zero');
  t.equal(code({ blue: 1 }), 'pools_mismatch');
  t.equal(code({ blue: 1, green: 1, red: 1 }), 'pools_mismatch');
  t.equal(code({}), 'pools_mismatch');
  for (const weight of [-1, 65536, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
    t.equal(code({ blue: weight, green: 1 }), 'weights_invalid', `${weight}`);
  }
  t.equal(code({ blue: 65535, green: 0 }), 'none');
  t.equal(fixture.code({ kind: 'weights.put', name: 'x.example.com', weights: {} }), 'service_unknown');
});

t.test('a shift to the weights in force makes no revision', async (t) => {
  const fixture = withService(makeEngine(t));
  const outcome = fixture.must({ kind: 'weights.put', name: app, weights: { blue: 100, green: 0 } });
  t.match(outcome, { revision: 2, body: { revision: 2 } });
  t.equal(fixture.store.lastRevision, 2);
});

t.test('a weight of -0 is 0', async (t) => {
  const fixture = withService(makeEngine(t));
  t.match(fixture.must({ kind: 'weights.put', name: app, weights: { blue: 100, green: -0 } }), { revision: 2 });
  const body = {
    pools: { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: -0, targets: ['192.0.2.2'] } },
  };
  fixture.must({ kind: 'service.put', name: app, body });
  t.match(fixture.must({ kind: 'service.put', name: app, body }), { revision: 3 }, 'the same again');
});

t.test('rollback goes back before the last shift; said twice it changes nothing more', async (t) => {
  const fixture = withService(makeEngine(t));
  t.equal(fixture.code({ kind: 'rollback', name: app }), 'nothing_to_roll_back');
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 90, green: 10 } });
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 100 } });
  const first = fixture.must({ kind: 'rollback', name: app });
  t.match(first, { revision: 5, body: { revision: 5, weights: { blue: 90, green: 10 } } });
  const second = fixture.must({ kind: 'rollback', name: app });
  t.match(second, { revision: 5, body: { revision: 5, weights: { blue: 90, green: 10 } } });
  t.equal(fixture.store.lastRevision, 5);
  t.match(fixture.store.revision(5), { kind: 'rollback', summary: /rolled back to revision 3: .*blue 0→90/ });
});

t.test('weights that were written with the service are a shift that is rolled back like one', async (t) => {
  const fixture = withService(makeEngine(t));
  const write = (body: object) => fixture.must({ kind: 'service.put', name: app, body: body as ServiceBody });
  const back = () => fixture.must({ kind: 'rollback', name: app }).body;
  write(bluegreen(60, 40));
  t.match(back(), { weights: { blue: 100, green: 0 } }, 'the first shift there is');
  t.match(back(), { revision: 4, weights: { blue: 100, green: 0 } }, 'said twice it changes nothing more');
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 10, green: 90 } });
  write(bluegreen(0, 1));
  t.match(back(), { weights: { blue: 10, green: 90 } }, 'not to before an earlier shift');
  t.match(fixture.store.revision(7), { kind: 'rollback', summary: /rolled back to revision 5: / });
  // Other targets, and a pool that comes and goes without traffic, move none: the last shift is the one before them.
  const { pools } = bluegreen(10, 90);
  write({ pools: { ...pools, green: { targets: ['192.0.2.99'] } } });
  write({ pools: { ...pools, red: { weight: 0, targets: ['192.0.2.30'] } } });
  write({ pools });
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } });
  for (const name of ['red', 'constructor'])
    write({ pools: { ...bluegreen(1, 1).pools, [name]: { weight: 0, targets: ['192.0.2.30'] } } });
  write(bluegreen(1, 1));
  t.match(back(), { weights: { blue: 10, green: 90 } });
  write({ pools: { ...pools, red: { weight: 5, targets: ['192.0.2.30'] } } });
  t.equal(fixture.code({ kind: 'rollback', name: app }), 'pools_changed', 'one that takes traffic is another service');
});

t.test('rollback to a revision restores the weights that were in force then', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 90, green: 10 } });
  fixture.must({
    kind: 'zone.put',
    zone: 'example.org',
    body: { nameservers: ['ns.example.org'], hostmaster: 'h.example.org' },
  });
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 7 } });
  t.match(fixture.must({ kind: 'rollback', name: app, revision: 4 }).body, { weights: { blue: 90, green: 10 } });
  t.match(fixture.must({ kind: 'rollback', name: app, revision: 2 }).body, { weights: { blue: 100, green: 0 } });
  t.match(fixture.must({ kind: 'rollback', name: app, revision: 5 }).body, { weights: { blue: 0, green: 7 } });
  t.equal(fixture.code({ kind: 'rollback', name: app, revision: 1 }), 'revision_unknown', 'before it was made');
  const future = fixture.execute({ kind: 'rollback', name: app, revision: 99 });
  t.match(future, { code: 'revision_unknown', detail: 'There is no revision 99 yet.' });
});

t.test('rollback does not reach past a change of the pools, nor into an earlier life of the name', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } });
  const { pools } = bluegreen(1, 1);
  fixture.must({
    kind: 'service.put',
    name: app,
    body: { pools: { ...pools, red: { weight: 1, targets: ['192.0.2.30'] } } },
  });
  t.equal(fixture.code({ kind: 'rollback', name: app }), 'pools_changed');
  fixture.must({ kind: 'service.delete', name: app });
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(5, 5) });
  t.equal(fixture.code({ kind: 'rollback', name: app }), 'nothing_to_roll_back');
});

t.test('If-Match: a stale revision is refused, and of two that race one wins', async (t) => {
  const fixture = withService(makeEngine(t));
  const shift = (green: number, ifMatch: number[]) =>
    fixture.code({ kind: 'weights.put', name: app, weights: { blue: 1, green } }, { ifMatch });
  t.equal(shift(1, [1]), 'revision_stale');
  t.equal(shift(1, [2]), 'none');
  t.equal(shift(2, [2]), 'revision_stale', 'the second of two that read revision 2');
  t.equal(shift(2, [2, 3]), 'none');
  t.equal(
    fixture.code({ kind: 'service.put', name: 'new.example.com', body: bluegreen(1, 1) }, { ifMatch: 'any' }),
    'revision_stale',
  );
});

t.test('the same Idempotency-Key replays the reply for 24 hours, across a restart', async (t) => {
  const first = withService(makeEngine(t));
  const idempotency = { key: 'k1', token: 'admin', bodyHash: 'h1' };
  const command = { kind: 'shift', services: { [app]: { blue: 0, green: 1 } } } as const;
  const reply = first.must(command, { idempotency });
  t.same(first.must(command, { idempotency }), { ...reply, replayed: true });
  t.equal(first.code(command, { idempotency: { ...idempotency, bodyHash: 'h2' } }), 'idempotency_key_reused');
  t.equal(
    first.must(command, { idempotency: { ...idempotency, token: 'other' } }).replayed,
    false,
    "another token's key",
  );
  first.close();
  const second = makeEngine(t, { folder: first.folder });
  t.same(second.must(command, { idempotency }), { ...reply, replayed: true });
  t.equal(second.store.lastRevision, 3);
  const later = second.must(command, { idempotency, atMs: NOON_MS + 24 * 3600 * 1000 + 1 });
  t.equal(later.replayed, false);
});

t.test('a refused command keeps no reply: the same key may succeed later', async (t) => {
  const fixture = withService(makeEngine(t));
  const idempotency = { key: 'k', token: 'admin', bodyHash: 'h' };
  t.equal(fixture.code({ kind: 'rollback', name: app }, { idempotency }), 'nothing_to_roll_back');
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } });
  t.equal(fixture.code({ kind: 'rollback', name: app }, { idempotency }), 'none');
});

t.test('a shift reads each of its services once', async (t) => {
  const fixture = withService(makeEngine(t));
  const names = Array.from({ length: 40 }, (_, i) => `s${i}.example.com`);
  for (const name of names) fixture.must({ kind: 'service.put', name, body: bluegreen(1, 0) });
  const asked = countQuestions(fixture.store, ['service']);
  const services = Object.fromEntries(names.map((name) => [name, { blue: 0, green: 1 }]));
  fixture.must({ kind: 'shift', services });
  t.equal(asked(), names.length);
  t.same(fixture.ask('s39.example.com'), ['192.0.2.20']);
});
