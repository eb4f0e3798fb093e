/** Four eyes and calendars: proposals that wait for somebody else or for their time, and steps that want an approval. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Command, CommandContext } from '../../../src/control/commands/command.ts';
import { ProposalRunner } from '../../../src/control/proposals/runner.ts';
import type { Proposed } from '../../../src/model/proposed.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { bluegreen, type EngineFixture, makeEngine, temporaryFolder, zoneBody } from '../../fixtures/engine.ts';
import { setReadOnly } from '../../fixtures/store.ts';

const app = 'app.example.com';
const other = 'other.example.com';
const HOUR = 3600;

/** An engine with a runner that can be killed; app wants a second person, other does not. */
function makeWorld(t: Test) {
  const folder = temporaryFolder(t);
  const clock = new TestClock();
  const lines: object[] = [];
  const log = { warn: (line: object) => lines.push(line), error: (line: object) => lines.push(line) };
  let runner: ProposalRunner;
  const start = (): EngineFixture => {
    const made = makeEngine(t, { folder, atMs: clock.wallMs() });
    runner = new ProposalRunner({ engine: made.engine, store: made.store, clock, log });
    runner.start();
    return made;
  };
  let fixture = start();
  fixture.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(100, 0, { approval: 'required' }) });
  fixture.must({ kind: 'service.put', name: other, body: bluegreen(100, 0) });
  const as = (actor: string, more: Partial<CommandContext> = {}) => ({ actor, atMs: clock.wallMs(), ...more });
  return {
    get fixture() {
      return fixture;
    },
    clock,
    lines,
    say: (actor: string, command: Command, more?: Partial<CommandContext>) => fixture.execute(command, as(actor, more)),
    code: (actor: string, command: Command, more?: Partial<CommandContext>) => fixture.code(command, as(actor, more)),
    /** Proposes what must succeed; its id. */
    propose(actor: string, command: Command, more?: Partial<CommandContext>): string {
      const outcome = fixture.must(command, as(actor, more));
      if (outcome.isPending !== true) throw new Error('it was done at once');
      return String(outcome.revision);
    },
    proposal: (id: string) => fixture.store.proposal(id) as Proposed,
    green: (name = app) => fixture.store.service(name)?.pools[1]?.weight,
    stop: () => runner.stop(),
    start: () => runner.start(),
    restart(downSeconds = 0) {
      runner.stop();
      clock.kill();
      fixture.close();
      clock.jump(downSeconds * 1000);
      fixture = start();
    },
  };
}

const shift = (green: number, name = app, at?: string): Command => ({
  kind: 'shift',
  services: { [name]: { blue: 100 - green, green } },
  ...(at !== undefined && { schedule: { at, timeZone: 'Europe/Berlin' } }),
});
const approve = (id: string): Command => ({ kind: 'proposal.approve', id });
const release = (services = [app], steps: object[] = [{ setWeight: 10 }, { pause: {} }, { setWeight: 100 }]): Command =>
  ({ kind: 'release.create', services, body: { to: 'green', steps }, dryRun: false, single: true }) as never;

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

t.test('a shift for a later time is done then, by the clock that was named', async (t) => {
  const world = makeWorld(t);
  const id = world.propose('alice', shift(100, other, '2026-11-24T14:00'), { why: { reason: 'Quiet hour' } });
  t.match(world.proposal(id), { state: 'scheduled', message: 'Is done at Tue 2026-11-24 14:00 Europe/Berlin.' });
  await world.clock.pass(HOUR - 1);
  t.equal(world.green(other), 0);
  await world.clock.pass(1);
  t.equal(world.green(other), 100);
  t.match(world.fixture.store.history('service', other, 99, 1), [
    { kind: 'shift', actor: 'teal', reason: 'Quiet hour', summary: /, as asked for by alice$/ },
  ]);
});

t.test('a server that was killed does it when it is back, once, or tells that it is too late', async (t) => {
  const world = makeWorld(t);
  const [one, two] = [
    world.propose('alice', shift(20, other, '2026-11-24T14:00')),
    world.propose('alice', release([app]), {}),
  ];
  world.restart(HOUR + 299);
  await world.clock.pass(1);
  t.equal(world.green(other), 20, 'five minutes are allowed');
  world.restart();
  const last = world.fixture.store.lastRevision;
  await world.clock.pass(HOUR);
  t.equal(world.fixture.store.lastRevision, last, 'once');
  t.equal(world.proposal(one).state, 'done');
  t.equal(world.proposal(two).state, 'waiting', 'what waits for somebody waits on');
  const late = world.propose('alice', shift(30, other, '2026-11-24T16:30'));
  world.restart(2 * HOUR);
  await world.clock.pass(1);
  t.match(world.proposal(late), { state: 'ended', reason: 'missed', message: /no server could, and .* is too late/ });
  t.equal(world.green(other), 20);
});

t.test('it is not done where a freeze is on then, the service was changed, or nobody approved in time', async (t) => {
  const world = makeWorld(t);
  const at = '2026-11-24T14:00';
  const approval = world.propose('alice', shift(100, app, at));
  const changed = world.propose('alice', shift(100, other, at));
  const freeze = (from: string) =>
    world.fixture.must({
      kind: 'freeze.put',
      name: 'stock',
      body: { timeZone: 'Europe/Berlin', windows: [{ from, to: 'Tue 18:00' }] },
    });
  freeze('Tue 17:00');
  t.equal(world.code('alice', shift(40, other, '2026-11-24T17:30')), 'frozen', 'what can be known is refused at once');
  t.equal(
    world.code('alice', shift(40, other, '2026-11-24T17:30'), { override: 'fire' }),
    'none',
    'an emergency can be planned too',
  );
  world.fixture.must({ kind: 'service.put', name: other, body: bluegreen(100, 0, { ttlSeconds: 9 }) });
  await world.clock.pass(1);
  t.match(world.proposal(changed), { state: 'ended', reason: 'approval_void' });
  const frozen = world.propose('alice', shift(50, other, at));
  freeze('Tue 13:30');
  await world.clock.pass(HOUR);
  t.match(world.proposal(frozen), { state: 'ended', reason: 'frozen', message: /^Not done: Traffic of other/ });
  t.match(world.proposal(approval), { state: 'ended', reason: 'missed', message: /nobody had approved it at Tue/ });
  t.same([world.green(), world.green(other)], [0, 0]);
});

t.test('one that is approved before its time is done at it', async (t) => {
  const world = makeWorld(t);
  const id = world.propose('alice', shift(100, app, '2026-11-24T14:00'));
  world.fixture.must(approve(id), { actor: 'bob' });
  t.match(world.proposal(id), { state: 'scheduled', approved: { by: 'bob' } });
  t.equal(world.green(), 0);
  await world.clock.pass(HOUR);
  t.equal(world.green(), 100);
});

t.test('times that are past, far, twice, never, or of no zone are refused', async (t) => {
  const world = makeWorld(t);
  const at = (text: string, timeZone?: string) =>
    world.code('alice', {
      kind: 'shift',
      services: { [other]: { blue: 1, green: 1 } },
      schedule: { at: text, ...(timeZone && { timeZone }) },
    });
  for (const [text, zone] of [
    ['2026-11-24T12:00:00Z'],
    ['2026-11-24T13:00', 'Europe/Berlin'],
    ['2027-12-24T12:00:00Z'],
    ['2027-03-28T02:30', 'Europe/Berlin'],
    ['2027-10-31T02:30', 'Europe/Berlin'],
    ['2026-12-01T10:00'],
    ['2026-12-01', 'Europe/Berlin'],
    ['2026-02-30T10:00', 'Europe/Berlin'],
    ['2026-12-01T10:00', 'Mars/Phobos'],
    ['tomorrow'],
    [''],
  ] as const) {
    t.equal(at(text, zone), 'schedule_invalid', `${text} ${zone ?? ''}`);
  }
  t.equal(at('2026-11-24T12:00:01Z'), 'none');
  t.equal(at('2027-10-31T02:30:00+01:00'), 'none', 'with an offset it comes once');
});

t.test('a store that refuses for a while costs no time that was planned', async (t) => {
  const world = makeWorld(t);
  const id = world.propose('alice', shift(100, other, '2026-11-24T14:00'));
  setReadOnly(world.fixture.store, true);
  await world.clock.pass(HOUR + 10);
  t.equal(world.green(other), 0);
  t.ok(world.lines.length > 0, 'it is told');
  setReadOnly(world.fixture.store, false);
  await world.clock.pass(2);
  t.equal(world.green(other), 100);
  t.equal(world.proposal(id).state, 'done');
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
    { numRuns: 12 },
  );
});

const poolsOf = () => ({ blue: { targets: ['192.0.2.10'] }, green: { targets: ['192.0.2.20'] } });
