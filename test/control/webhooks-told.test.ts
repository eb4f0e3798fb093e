/** What webhooks are told of the nodes of a fleet, and what is counted of them. */
import t from 'tap';
import type { SignaturesTrigger } from '../../src/model/dnssec/triggers.ts';
import { fine, makeWebhookWorld } from '../fixtures/webhooks.ts';

t.test('the node that leads tells of nodes, and of what it saw before only its last seconds', async (t) => {
  const world = makeWebhookWorld(t, 'a-log');
  const { clock, fixture } = world;
  world.hook({ triggers: ['on-node-lost', 'on-node-back'] });
  world.hook({ triggers: ['on-revision'] }, 'revisions');
  world.hook({ triggers: ['on-node-lost'], services: ['*.example.com'] }, 'narrow');
  const since = fixture.store.lastRevision;
  const well = { node: 'ns1', standing: 'live', current: true, leader: 'ns1', changes: ['nodes_silent'] } as const;
  const see = (silent: string[], lost: string[], back: string[]): void =>
    world.events.addNode({ ...well, behind: [], silent, lost, back }, clock.wallMs());
  const told = () =>
    world.sent.filter(({ url }) => !url.includes('revisions')).map(({ body }) => [body.type, body.data]);
  see(['ns3'], ['ns3'], []);
  await clock.pass(1);
  t.match(told(), [['on-node-lost', { node: 'ns1', silent: ['ns3'], lost: ['ns3'] }]], 'right after it was made');
  see(['ns3'], [], []);
  see([], [], ['ns3']);
  await clock.pass(1);
  t.match(told().slice(1), [['on-node-back', { silent: [], back: ['ns3'] }]]);
  t.equal(told().length, 2);
  t.equal(fixture.store.lastRevision, since, 'no revision is made of it');

  // Another node led meanwhile, and told; then it went.
  world.dispatcher.stop();
  see(['ns2'], ['ns2'], []);
  see([], [], ['ns2']);
  await clock.pass(60);
  see(['ns4'], ['ns4'], []);
  await clock.pass(10);
  world.dispatcher.start(new Map([['hook', `${since}`]]));
  await clock.pass(1);
  t.match(told().slice(2), [['on-node-lost', { lost: ['ns4'] }]]);
  t.equal(told().length, 3);
});

t.test('what waits and what became of the rest is counted, of webhooks that are there, by who sends', async (t) => {
  const world = makeWebhookWorld(t);
  const { clock, fixture } = world;
  const of = () => world.dispatcher.measured();
  t.same(of(), []);
  world.hook();
  world.hook({}, 'other');
  const none = { waiting: 0, dead: 0, oldestMs: 0, queued: 0, sent: { delivered: 0, retried: 0, failed: 0 } };
  await clock.pass(0);
  const before = of();
  t.same(
    before.map(({ webhook }) => webhook),
    ['hook', 'other'],
  );
  world.answer = (count) => (count % 2 === 0 ? fine : { status: 500, body: '' });
  world.shift(3);
  await clock.pass(0);
  const [one, two] = of();
  t.same([one?.waiting, two?.waiting].sort(), [0, 1]);
  t.equal(one?.queued, (before[0]?.queued ?? 0) + 1);
  await clock.pass(2);
  const failing = of().find(({ waiting }) => waiting === 1);
  t.match(failing, { oldestMs: 2000, sent: { retried: 1, failed: 0 } });
  world.answer = () => ({ status: 410, body: '' });
  await clock.pass(10);
  t.match(
    of().find(({ dead }) => dead === 1),
    { waiting: 0, oldestMs: 0, sent: { retried: 1, failed: 1 } },
  );
  fixture.must({ kind: 'webhook.delete', name: 'hook' });
  t.same(
    of().map(({ webhook }) => webhook),
    ['other'],
  );
  world.hook();
  t.match(
    of().find(({ webhook }) => webhook === 'hook'),
    { ...none, webhook: 'hook' },
    'one that is made anew begins at 0',
  );
  world.dispatcher.stop();
  t.same(of(), [], 'another node of the fleet sends');
});

t.test(
  'the end of signatures that were made elsewhere is told to who has the zone, and of services only to nobody',
  async (t) => {
    const world = makeWebhookWorld(t);
    const { clock, fixture } = world;
    world.hook({ triggers: ['on-signatures-ending', 'on-signatures-ended'] });
    world.hook({ triggers: ['on-signatures-ending'], services: ['*.example.com'] }, 'narrow');
    const { lastRevision } = fixture.store;
    const see = (trigger: SignaturesTrigger): void => {
      const message = 'example.com: it ends; whoever signs the zone has to send it again.';
      world.events.addSignatures({ trigger, zone: 'example.com', endsSeconds: 1_800_000_000, message }, clock.wallMs());
    };
    for (const trigger of ['on-signatures-ending', 'on-signatures-renewed', 'on-signatures-ended'] as const)
      see(trigger);
    await clock.pass(1);
    const data = { zone: 'example.com', ends: '2027-01-15T08:00:00.000Z', message: /send it again/ };
    t.match(
      world.sent.map(({ body }) => [body.type, body.data]),
      [
        ['on-signatures-ending', data],
        ['on-signatures-ended', data],
      ],
    );
    t.equal(world.sent.length, 2);
    t.equal(fixture.store.lastRevision, lastRevision, 'no revision is made of it');
  },
);
