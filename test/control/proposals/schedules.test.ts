/** What is proposed for a later time: done then, once, or not at all, and told why. */
import t from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import type { Problem } from '../../../src/model/errors.ts';
import { bluegreen } from '../../fixtures/engine.ts';
import { setReadOnly } from '../../fixtures/store.ts';
import { app, approve, HOUR, makeWorld, other, release, shift } from './world.ts';

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
    ['2027-02-30T10:00:00Z'],
    ['2027-04-31T10:00+02:00', 'Europe/Berlin'],
    ['2027-02-28T24:00Z'],
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

t.test(
  'what was looked at is what is planned: what changed before is refused, what changes after makes it void',
  async (t) => {
    const world = makeWorld(t);
    const seen = () => ({ [other]: world.fixture.store.service(other)?.revision as number });
    const looked = seen();
    const change = (ttlSeconds: number) =>
      world.fixture.must(
        { kind: 'service.put', name: other, body: bluegreen(100, 0, { ttlSeconds }) },
        { actor: 'carol' },
      );
    const at = '2026-11-24T14:00';
    const steps = [{ setWeight: 10 }, { pause: {} }];
    const kinds = {
      shift: shift(100, other, at),
      release: { ...release([other], steps), schedule: { at, timeZone: 'UTC' } },
    };
    for (const [what, command] of Object.entries(kinds)) {
      const told = seen();
      change(what === 'shift' ? 9 : 11);
      const refused = world.say('alice', { ...command, seen: told } as Command);
      t.match(await refused, { code: 'revision_stale', conflict: other, pointer: `/seen/${other}` }, what);
      t.match(
        ((await refused) as Problem).detail,
        /was changed in revision \d+ by carol, and was looked at in revision/,
      );
      const id = world.propose('alice', { ...command, seen: seen() } as Command);
      t.equal(world.proposal(id).state, 'scheduled', what);
      change(what === 'shift' ? 10 : 12);
      await world.clock.pass(1);
      t.match(world.proposal(id), {
        state: 'ended',
        reason: 'approval_void',
        message: /^Not done: .* by carol\. Propose/,
      });
    }
    await world.clock.pass(2 * HOUR);
    t.equal(world.green(other), 0, 'none of it was done');
    // Now as well as later, and of a service that wants a second person.
    t.equal(world.code('alice', { ...shift(50, other), seen: looked } as Command), 'revision_stale');
    t.equal(world.code('alice', { ...shift(50, app), seen: { [app]: 1 } } as Command), 'revision_stale');
    // Of what it does not move nothing is said.
    t.equal(world.code('alice', { ...shift(50, other), seen: { ...seen(), [app]: 1 } } as Command), 'body_invalid');
    t.equal(
      world.code('alice', { ...shift(50, other), seen: { 'OTHER.example.com.': seen()[other] } } as Command),
      'none',
    );
  },
);
