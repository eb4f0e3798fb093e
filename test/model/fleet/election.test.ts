/** Who leads a fleet: one by its epoch, until it cannot renew its lease; and how far webhooks are goes on with it. */
import t from 'tap';
import {
  deposing,
  encodeLeader,
  isLeadersOwn,
  isSilentLeader,
  LEASE_SECONDS,
  type LeaderRecord,
  type LeaderSeen,
  leadershipIn,
  parseLeader,
  progressIn,
  reporting,
  seeLeader,
  standing,
} from '../../../src/model/fleet/election.ts';
import { LEADER_KEY } from '../../../src/model/fleet/keys.ts';
import { bytesOf, Unreadable } from '../../../src/model/fleet/records.ts';
import { SimulatedEngine } from './simulation/engine.ts';
import { World } from './simulation/world.ts';

const one: LeaderRecord = { node: 'ns1', incarnation: 'one' };
const two: LeaderRecord = { node: 'ns2', incarnation: 'two' };

t.test('one leads, the other does when its key is gone, and both know it', async (t) => {
  const engine = new SimulatedEngine(new World(1));
  const first = leadershipIn(engine.transact(standing(one, 'lease 1')).found, one, 1000);
  t.equal(first?.epoch, engine.get(LEADER_KEY)?.createdAt);
  t.ok(first !== undefined && first.untilMs > 1000 && first.untilMs < 1000 + LEASE_SECONDS * 1000);
  t.equal(leadershipIn(engine.transact(standing(two, 'lease 2')).found, two, 1000), undefined);
  t.same(parseLeader(engine.get(LEADER_KEY)?.value ?? bytesOf('')), one);
  if (first === undefined) return;

  t.ok(
    engine.transact(
      reporting(
        first,
        new Map([
          ['ci', '17.1'],
          ['b.c', '4'],
        ]),
        { leader: one, lease: 'lease 1' },
      ),
    ).succeeded,
  );
  engine.expire(LEADER_KEY);
  const { found } = engine.transact(standing(two, 'lease 2'));
  t.ok((leadershipIn(found, two, 2000)?.epoch ?? 0) > first.epoch);
  t.same([...progressIn(found)].sort(), [
    ['b.c', '4'],
    ['ci', '17.1'],
  ]);

  const late = engine.transact(reporting(first, new Map([['ci', '99']]), { leader: one, lease: 'x' }));
  t.notOk(late.succeeded, 'who led before moves no cursor');
  t.equal(leadershipIn(late.found, one, 3000), undefined);
});

t.test('a leader whose lease never ends is found out by its silence, and one that reports is not', async (t) => {
  const engine = new SimulatedEngine(new World(1));
  const first = leadershipIn(engine.transact(standing(one, 'lease 1')).found, one, 0);
  if (first === undefined) throw new Error('nobody leads');
  let seen: LeaderSeen | undefined;
  const look = (nowMs: number): boolean => {
    const reply = engine.transact(standing(two, 'lease 2'));
    seen = reply.succeeded ? undefined : seeLeader(seen, reply.found, nowMs);
    return seen !== undefined && isSilentLeader(seen, nowMs);
  };
  for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) {
    t.equal(engine.transact(reporting(first, new Map(), { leader: one, lease: 'lease 1' })).succeeded, true);
    t.notOk(look(nowMs), `it reports, at ${nowMs}`);
  }
  t.equal(leadershipIn(engine.get(LEADER_KEY) ? [engine.get(LEADER_KEY) as never] : [], one, 0)?.epoch, first.epoch);
  t.notOk(look(100_000), 'who was away for long looks again before it judges');
  seen = undefined;
  const silent = Array.from({ length: 10 }, (_, second) => look(200_000 + second * 1000));
  t.ok(silent.indexOf(true) >= LEASE_SECONDS && silent.indexOf(true) < 8, `after ${silent.indexOf(true)} s`);
  if (seen === undefined) throw new Error('nobody was seen');

  engine.transact(reporting(first, new Map(), { leader: one, lease: 'lease 1' }));
  t.notOk(engine.transact(deposing(seen)).succeeded, 'it was alive after all');
  look(300_000);
  t.ok(engine.transact(deposing(seen)).succeeded);
  t.notOk(engine.transact(reporting(first, new Map(), { leader: one, lease: 'lease 1' })).succeeded, 'it hears of it');
  t.ok((leadershipIn(engine.transact(standing(two, 'lease 2')).found, two, 0)?.epoch ?? 0) > first.epoch);
});

t.test('a process that comes back as the same node does not lead by the key of the one before it', async (t) => {
  const engine = new SimulatedEngine(new World(1));
  const { found } = engine.transact(standing(one, 'lease'));
  t.equal(leadershipIn(found, { ...one, incarnation: 'again' }, 0), undefined);
});

t.test('what is not ours is refused with words', async (t) => {
  for (const bad of ['', '{}', '{"form":1}', '{"form":1,"node":"ns1"}', '{"form":2,"node":"ns1","incarnation":"a"}']) {
    t.ok(parseLeader(bytesOf(bad)) instanceof Unreadable, bad);
    const found = [{ key: LEADER_KEY, value: bytesOf(bad), changedAt: 1, createdAt: 1 }];
    t.equal(leadershipIn(found, one, 0), undefined);
  }
  t.same(parseLeader(encodeLeader(one)), one);
  t.same([...progressIn([{ key: 'hook/x', value: new Uint8Array([0xff]), changedAt: 1, createdAt: 1 }])], []);
});

t.test("steps of releases and ends of forced states are the leader's own, and nothing that people do", async (t) => {
  t.ok(isLeadersOwn('release.step'));
  t.ok(isLeadersOwn('health.expire'));
  t.ok(isLeadersOwn('dnssec.step'));
  t.ok(isLeadersOwn('dnssec.vouch'));
  for (const kind of ['shift', 'rollback', 'release.promote', 'release.abort', 'health.force', 'dnssec.roll'])
    t.notOk(isLeadersOwn(kind));
});
