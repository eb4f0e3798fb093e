/** Four eyes: proposals that wait for somebody else, and steps that want an approval. */
import fc from 'fast-check';
import t from 'tap';
import type { Proposed } from '../../../src/model/proposed.ts';
import { bluegreen } from '../../fixtures/engine.ts';
import { runs } from '../../fixtures/runs.ts';
import { app, approve, HOUR, makeWorld, other, release, shift } from './world.ts';

t.test('a shift of a service that wants approval moves nothing until somebody else agrees', async (t) => {
  const world = makeWorld(t);
  const id = world.propose('alice', shift(100), { why: { reason: 'Cut-over' } });
  t.match(world.proposal(id), {
    state: 'waiting',
    reason: 'approval_needed',
    askedBy: 'alice',
    message: 'Waits for approval by somebody else than alice.',
  });
  t.equal(world.green(), 0);
  t.match(world.say('alice', approve(id)), { code: 'approval_own', detail: /asked for by alice: somebody else/ });
  const answered = world.say('bob', approve(id));
  t.match(answered, { body: { state: 'done', approved: { by: 'bob' } } });
  t.equal(world.green(), 100);
  const [revision] = world.fixture.store.history('service', app, 99, 1);
  t.match(revision, {
    kind: 'shift',
    actor: 'bob',
    reason: 'Cut-over',
    summary: 'app.example.com blue 100→0 green 0→100, as asked for by alice and approved by bob',
  });
  t.match(world.proposal(id), { state: 'done', outcome: revision?.revision });
});

t.test('by every way that moves traffic forward', async (t) => {
  const world = makeWorld(t);
  const put = { kind: 'weights.put', name: app, weights: { blue: 0, green: 1 } } as const;
  t.match(world.say('alice', put), { isPending: true });
  t.match(world.say('alice', release()), { isPending: true });
  t.equal(world.code('alice', { kind: 'service.put', name: app, body: bluegreen(0, 1) }), 'approval_needed');
  const pins = [{ network: '0.0.0.0/0', pool: 'green' }];
  t.equal(
    world.code('alice', { kind: 'service.put', name: app, body: bluegreen(100, 0, { pins }) }),
    'approval_needed',
  );
  t.match(
    world.say('alice', { kind: 'shift', services: { [app]: { blue: 1, green: 1 }, [other]: { blue: 1, green: 1 } } }),
    { isPending: true },
    'one of several is enough',
  );
  t.same([world.green(), world.green(other)], [0, 0]);
  t.notMatch(world.say('alice', shift(5, other)), { isPending: true });
  t.equal(world.code('alice', shift(101)), 'weights_invalid', 'what is refused is not proposed');
  t.equal(world.code('alice', shift(0)), 'none', 'what changes nothing is not either');
});

t.test('what takes back needs nobody', async (t) => {
  const world = makeWorld(t);
  const id = world.propose('alice', release());
  world.fixture.must(approve(id), { actor: 'bob' });
  t.equal(world.green(), 10);
  t.equal(world.code('alice', { kind: 'health.force', name: app, pool: 'green', body: { state: 'down' } }), 'none');
  const made = world.proposal(id).outcome;
  t.equal(world.code('alice', { kind: 'release.abort', id: String(made) }), 'none');
  t.equal(world.green(), 0);
  t.equal(world.code('alice', { kind: 'release.retry', id: String(made) }), 'approval_needed', 'beginning again does');
  const again = world.propose('alice', shift(50));
  world.fixture.must(approve(again), { actor: 'bob' });
  t.equal(world.code('alice', { kind: 'rollback', name: app }), 'none');
  t.equal(world.green(), 0);
});

t.test('two approve at once: one is recorded, and the other is told who', async (t) => {
  const world = makeWorld(t);
  const id = world.propose('alice', shift(100));
  world.fixture.must(approve(id), { actor: 'bob' });
  t.match(world.say('carol', approve(id)), {
    code: 'proposal_state',
    detail: /bob approved it at 2026-11-24 12:00:00 UTC/,
  });
  const last = world.fixture.store.lastRevision;
  t.equal(world.code('bob', approve(id)), 'none', 'said twice it changes nothing more');
  t.equal(world.fixture.store.lastRevision, last);
  t.match(world.proposal(id), { approved: { by: 'bob' } });
});

t.test('an approval of what has changed meanwhile is void, and says what changed', async (t) => {
  const world = makeWorld(t);
  world.stop();
  const id = world.propose('alice', shift(100));
  const targets = { blue: { targets: ['192.0.2.10'] }, green: { targets: ['192.0.2.66'] } };
  world.fixture.must({ kind: 'service.put', name: app, body: { pools: targets } }, { actor: 'mallory' });
  t.match(world.say('bob', approve(id)), {
    code: 'approval_void',
    detail: /the service app\.example\.com was changed in revision \d+ by mallory/,
  });
  t.equal(world.green(), 0);
  t.equal(world.fixture.store.service(app)?.approval, 'required', 'a PUT that does not say so takes no eyes away');
  world.start();
  await world.clock.pass(1);
  t.match(world.proposal(id), { state: 'ended', reason: 'approval_void', message: /by mallory\. Propose it anew\.$/ });
  const stale = world.propose('alice', shift(100));
  t.equal(world.code('bob', { kind: 'proposal.approve', id: stale, revision: 1 }), 'approval_void');
});

t.test('a forced state that ends by itself voids nothing that was looked at while it was in force', async (t) => {
  const world = makeWorld(t);
  const { store } = world.fixture;
  const forced = world.fixture.must({ kind: 'health.force', name: app, pool: 'blue', body: { state: 'down' } });
  const gate = [{ setWeight: 10 }, { pause: { approval: {} } }, { setWeight: 100 }];
  const begun = world.fixture.must(release([other], gate), { actor: 'alice' });
  const forcedOther = world.fixture.must({ kind: 'health.force', name: other, pool: 'blue', body: { state: 'down' } });
  const planned = world.propose('alice', shift(60, app, '2026-11-24T15:00'));
  const id = world.propose('alice', shift(100));
  const seen = store.lastRevision;
  for (const [name, { revision }] of [[app, forced] as const, [other, forcedOther] as const]) {
    world.fixture.must({ kind: 'health.expire', name, revisions: [revision] }, { actor: 'teal' });
    t.equal(store.service(name)?.forced, undefined);
    t.equal(store.service(name)?.revision, revision, 'and the service is at the revision that somebody made');
  }
  t.ok(store.lastRevision > seen, 'though the log has the end');
  await world.clock.pass(1);
  t.match(world.proposal(planned), { state: 'waiting' });
  t.equal(world.code('bob', { kind: 'release.approve', id: String(begun.revision), revision: seen }), 'none');
  t.equal(world.green(other), 100);
  world.fixture.must(approve(id), { actor: 'bob' });
  t.equal(world.green(), 100);
});

t.test('it is withdrawn or refused, and never done then', async (t) => {
  const world = makeWorld(t);
  const own = world.propose('alice', shift(100));
  t.equal(world.code('alice', { kind: 'proposal.cancel', id: own }), 'none');
  t.match(world.proposal(own), { state: 'ended', reason: 'canceled', message: 'Withdrawn by alice.' });
  const id = world.propose('alice', shift(100));
  world.fixture.must({ kind: 'proposal.cancel', id }, { actor: 'bob' });
  t.match(world.proposal(id), { message: 'Refused by bob.' });
  t.equal(world.code('bob', approve(id)), 'proposal_state');
  t.equal(world.code('bob', { kind: 'proposal.cancel', id }), 'none', 'said twice it changes nothing more');
  t.equal(world.code('bob', approve('99')), 'proposal_unknown');
});

t.test('whoever turns four eyes off is in the log', async (t) => {
  const world = makeWorld(t);
  const put = { kind: 'service.put', name: app, body: bluegreen(100, 0, { approval: 'none' }) } as const;
  t.equal(world.code('alice', put), 'none');
  t.match(world.fixture.store.history('service', app, 99, 1), [{ summary: /whose shifts no longer want approval$/ }]);
  t.notMatch(world.say('alice', shift(5)), { isPending: true });
});

const gated = [{ setWeight: 10 }, { pause: { approval: { by: 'other' } } }, { setWeight: 100 }];

t.test('a step that wants an approval is left by somebody else only', async (t) => {
  const world = makeWorld(t);
  const { store } = world.fixture;
  const made = world.fixture.must(release([other], gated), { actor: 'alice' });
  const id = String(made.revision);
  const seen = () => store.lastRevision;
  t.match(store.release(id), {
    state: 'paused',
    reason: 'approval_needed',
    message: 'Step 2 of 3 waits for approval by somebody else than alice.',
  });
  const say = (actor: string, revision = seen()) => world.say(actor, { kind: 'release.approve', id, revision });
  for (const full of [false, true]) {
    t.equal(world.code('bob', { kind: 'release.promote', id, full }), 'approval_needed', `promote, full ${full}`);
  }
  t.match(say('alice'), { code: 'approval_own' });
  t.match(say('bob', 1), { code: 'approval_void', detail: /it moved on in revision \d+ by alice/ });
  world.fixture.must({ kind: 'release.pause', id }, { actor: 'alice' });
  t.match(say('bob'), { code: 'release_state', detail: /resume comes before/ });
  world.fixture.must({ kind: 'release.promote', id, full: false }, { actor: 'alice' });
  t.match(store.release(id), { reason: 'approval_needed' }, 'a pause on request is no way around it');
  const before = seen();
  t.match(say('bob', before), { body: { state: 'completed', approvals: [{ stepIndex: 1, by: 'bob' }] } });
  t.equal(world.green(other), 100);
  t.match(say('carol', before), { code: 'approval_void', detail: /^Step 2 of the release \d+ was approved by bob at/ });
  const last = seen();
  t.notMatch(say('bob', before), { code: String }, 'said twice it changes nothing more');
  t.equal(seen(), last);
});

t.test('what it would move to has changed: the approval is void', async (t) => {
  const world = makeWorld(t);
  const id = String(world.fixture.must(release([other], gated), { actor: 'alice' }).revision);
  const looked = world.fixture.store.lastRevision;
  const pools = { blue: { targets: ['192.0.2.10'] }, green: { targets: ['192.0.2.66'] } };
  world.fixture.must({ kind: 'service.put', name: other, body: { pools } }, { actor: 'mallory' });
  t.match(world.say('bob', { kind: 'release.approve', id, revision: looked }), {
    code: 'approval_void',
    detail: /the service other\.example\.com was changed in revision \d+ by mallory/,
  });
  const now = world.fixture.store.lastRevision;
  t.match(world.say('bob', { kind: 'release.approve', id, revision: now }), { body: { state: 'completed' } });
});

t.test('whoever begins a release again has asked for it too', async (t) => {
  const world = makeWorld(t);
  const id = String(world.fixture.must(release([other], gated), { actor: 'alice' }).revision);
  world.fixture.must({ kind: 'release.abort', id }, { actor: 'alice' });
  world.fixture.must({ kind: 'release.retry', id }, { actor: 'bob' });
  const say = (actor: string) =>
    world.code(actor, { kind: 'release.approve', id, revision: world.fixture.store.lastRevision });
  t.equal(say('alice'), 'approval_own');
  t.equal(say('bob'), 'approval_own');
  t.equal(say('carol'), 'none');
});

t.test('of a release that was proposed, whoever proposed it has asked, not who approved', async (t) => {
  const world = makeWorld(t);
  const id = world.propose('alice', release([app], gated));
  world.fixture.must(approve(id), { actor: 'bob' });
  const made = String(world.proposal(id).outcome);
  const revision = world.fixture.store.lastRevision;
  t.equal(world.code('alice', { kind: 'release.approve', id: made, revision }), 'approval_own');
  t.equal(world.code('bob', { kind: 'release.approve', id: made, revision }), 'none');
});

t.test('whatever is said in whatever order: nothing moves that one person alone wanted', async (t) => {
  const persons = fc.constantFrom('alice', 'bob');
  const word = fc.record({
    who: persons,
    what: fc.constantFrom('shift', 'release', 'approve', 'cancel', 'put', 'pass', 'kill'),
    green: fc.integer({ min: 1, max: 99 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 5, maxLength: 15 }), async (words) => {
      const world = makeWorld(t);
      for (const { who, what, green } of words) {
        const id = world.fixture.store.proposals(0, 100).at(-1)?.id ?? '1';
        const before = world.green();
        if (what === 'shift') world.say(who, shift(green, app, green > 60 ? '2026-11-24T14:00' : undefined));
        else if (what === 'release') world.say(who, release());
        else if (what === 'approve') world.say(who, approve(id));
        else if (what === 'cancel') world.say(who, { kind: 'proposal.cancel', id });
        else if (what === 'put')
          world.say(who, { kind: 'service.put', name: app, body: { ttlSeconds: green, pools: poolsOf() } as never });
        else if (what === 'pass') await world.clock.pass(HOUR);
        else world.restart(green);
        if (world.green() === before) continue;
        const [revision] = world.fixture.store.history('service', app, 9999, 1);
        const subject = revision?.subjects.find(({ kind }) => kind === 'proposal');
        const { askedBy, approved } = (subject?.after ?? {}) as Partial<Pick<Proposed, 'askedBy' | 'approved'>>;
        if (approved === undefined || approved.by === askedBy) throw new Error(JSON.stringify(revision));
      }
      world.stop();
      world.fixture.close();
    }),
    { numRuns: runs(12) },
  );
});

const poolsOf = () => ({ blue: { targets: ['192.0.2.10'] }, green: { targets: ['192.0.2.20'] } });
