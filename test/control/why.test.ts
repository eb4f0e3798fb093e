/** Why, on the way from a command to whoever is told: by releases that go on by themselves, by webhooks, and not beyond a token's reach. */
import t from 'tap';
import type { Outcome } from '../../src/control/commands/command.ts';
import { dataOf, eventsOf } from '../../src/control/events/event.ts';
import { Grant } from '../../src/control/grant.ts';
import { messageFor } from '../../src/control/webhooks/message.ts';
import type { Revision } from '../../src/model/revision.ts';
import type { Webhook } from '../../src/model/webhook.ts';
import { makeEngine, withService } from '../fixtures/engine.ts';
import { api, app, makeWorld, type ReleaseWorld } from './releases/world.ts';

const why = { reason: '4.2.0, of ticket OPS-7', links: ['https://ci.example.com/runs/981'] };

const saidOf = ({ kind, actor, reason, links }: Revision) => ({ kind, actor, reason, links });
const log = ({ fixture }: ReleaseWorld) => fixture.store.revisions(3, 100).map(saidOf);

t.test('the steps that a release takes by itself are taken for what it was made for', async (t) => {
  const world = makeWorld(t);
  const { clock } = world;
  const told = (context: object) => ({ atMs: clock.wallMs(), ...context });
  const steps = [{ setWeight: 10 }, { pause: { duration: 60 } }, { setWeight: 50 }, { pause: {} }, { setWeight: 100 }];
  const command = { kind: 'release.create', services: [app], body: { to: 'green', steps }, dryRun: false } as const;
  const id = String(world.fixture.must({ ...command, single: true }, told({ why })).revision);
  await clock.pass(30);
  world.restart();
  await clock.pass(40);
  t.equal(world.green(), 50);
  world.fixture.must({ kind: 'release.promote', id, full: false }, told({ why: { reason: 'QA is content' } }));
  await clock.pass(60);
  t.equal(world.release(id).state, 'completed');
  const said = log(world);
  t.same(said[0], { kind: 'release.create', actor: 'test', ...why });
  t.ok(said.filter(({ actor }) => actor === 'teal').length >= 1);
  for (const each of said) {
    const expected = each.kind === 'release.promote' ? { reason: 'QA is content', links: undefined } : why;
    t.match(each, expected, each.kind);
  }
  const before = said.length;
  world.fixture.must({ kind: 'rollback', name: app }, told({ why: { reason: 'Errors' } }));
  t.same(log(world)[before], { kind: 'rollback', actor: 'test', reason: 'Errors', links: undefined });
  world.fixture.must({ kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } }, told({}));
  t.same(log(world)[before + 1], { kind: 'shift', actor: 'test', reason: undefined, links: undefined });
});

t.test('what a gate takes back is taken back for what it was made for, and says so', async (t) => {
  const world = makeWorld(t);
  world.answer = () => ({ outcome: 'failed', message: 'no' });
  const steps = [{ setWeight: 10 }, { analysis: { metrics: [{ name: 'a', web: { url: 'https://a.test/' } }] } }];
  const body = { to: 'green', steps };
  const command = { kind: 'release.create', services: [app], body, dryRun: false, single: true } as const;
  world.fixture.must(command, { atMs: world.clock.wallMs(), why });
  await world.clock.pass(30);
  const last = world.fixture.store.revisions(0, 100).at(-1) as Revision;
  t.match(last, { kind: 'release.step', actor: 'teal', summary: /aborted/, ...why });
});

const hook: Webhook = {
  name: 'chat',
  url: 'https://chat.test/',
  triggers: ['on-revision', 'on-release-started'],
  since: 0,
  revision: 0,
} as never;

t.test('webhooks are sent it, with a revision and with what it did to a release', async (t) => {
  const fixture = withService(makeEngine(t));
  const { revision } = fixture.must({ kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } }, { why });
  const body = { to: 'green', preset: 'AllAtOnce' };
  const create = { kind: 'release.create', services: [app], body, dryRun: false, single: true } as const;
  const release = fixture.must(create, { why });
  const sent = (of: number) =>
    eventsOf(fixture.store.revision(of) as Revision, fixture.store).map((event) => {
      const { body = '{}' } = messageFor(event, hook, fixture.store) ?? {};
      return JSON.parse(body);
    });
  t.match(sent(revision)[0], { type: 'on-revision', data: { kind: 'shift', ...why } });
  const started = sent(release.revision).find(({ type }) => type === 'on-release-started');
  t.match(started, { data: { trigger: 'on-release-started', ...why, release: { why } } });
});

t.test('whoever may see a part of a change is not told what was said of all of it', async (t) => {
  const world = makeWorld(t);
  const { fixture } = world;
  const secret = { reason: 'api.example.com is on fire', links: ['https://tickets.test/api'] };
  const weights = { blue: 1, green: 1 };
  const shift = fixture.must({ kind: 'shift', services: { [app]: weights, [api]: weights } }, { why: secret });
  const create = { kind: 'release.create', services: [app, api], dryRun: false, single: false } as const;
  const body = { to: 'green', steps: [{ setWeight: 90 }, { pause: {} }] };
  const release = fixture.must({ ...create, body }, { why: secret });
  const toldTo = ({ revision }: Outcome, services: string[] | undefined) => {
    const grant = new Grant(fixture.store, services && { services, zones: [] });
    const events = eventsOf(fixture.store.revision(revision) as Revision, fixture.store);
    return JSON.stringify(events.map((event) => dataOf(event, grant)));
  };
  for (const outcome of [shift, release]) {
    t.match(toldTo(outcome, undefined), /on fire.*tickets/);
    t.match(toldTo(outcome, [app, api]), /on fire.*tickets/);
    t.match(toldTo(outcome, [app]), /app\.example\.com/);
    t.notMatch(toldTo(outcome, [app]), /on fire|tickets/);
  }
});
