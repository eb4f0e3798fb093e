/** The dispatcher on a clock moved by hand: order, retries, what is dead, what a restart loses (nothing). */
import { createHmac } from 'node:crypto';
import t from 'tap';
import type { Reply } from '../../src/control/outbound/outbound.ts';
import { ATTEMPTS_MAX } from '../../src/model/webhook.ts';
import { DEAD_MAX, PENDING_MAX } from '../../src/store/deliveries.ts';
import { bluegreen } from '../fixtures/engine.ts';
import { setReadOnly } from '../fixtures/store.ts';
import { fine, makeWebhookWorld, type Sent, secret } from '../fixtures/webhooks.ts';

const revisions = (sent: readonly Sent[]) => sent.map(({ body }) => body.data.revision);

t.test('a webhook is told of what comes after it, in order, signed', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook();
  const [first, second] = [world.shift(5), world.shift(6)];
  await world.clock.pass(1);
  t.same(revisions(world.sent), [first, second]);
  const [{ url, headers, text, body }] = world.sent as [Sent];
  t.equal(url, 'https://hook.test/');
  t.match(body, {
    type: 'on-revision',
    timestamp: '2026-11-24T12:00:00.000Z',
    data: { kind: 'shift', services: ['app.example.com'] },
  });
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = headers;
  t.match(id, /^msg_[\w-]{20}$/);
  t.equal(Math.abs(Number(at) * 1000 - world.clock.wallMs()) < 2000, true, 'Unix time, seconds');
  t.equal(signature, `v1,${createHmac('sha256', Buffer.alloc(32, 7)).update(`${id}.${at}.${text}`).digest('base64')}`);
  t.same(world.list(), [], 'nothing waits');
});

t.test('it is told of its triggers and services only', async (t) => {
  const world = makeWebhookWorld(t);
  world.fixture.must({ kind: 'service.put', name: 'api.example.com', body: bluegreen(100, 0) });
  world.hook({ triggers: ['on-release-started', 'on-release-completed'], services: ['app.example.com'] });
  world.shift(5);
  for (const name of ['api.example.com', 'app.example.com']) {
    const body = { to: 'green', preset: 'AllAtOnce' };
    world.fixture.must({ kind: 'release.create', services: [name], body, dryRun: false, single: true });
  }
  await world.clock.pass(1);
  t.match(world.sent, [
    { body: { type: 'on-release-started', data: { services: ['app.example.com'] } } },
    { body: { type: 'on-release-completed', data: { release: { state: 'completed' } } } },
  ]);
  t.equal(world.sent.length, 2);
});

t.test('what failed is tried again, later each time, and holds up no other; then it is dead', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook();
  const bad = world.shift(5);
  world.answer = () => (world.sent.at(-1)?.body.data.revision === bad ? { status: 500, body: '' } : fine);
  const good = world.shift(6);
  await world.clock.pass(1);
  t.same(revisions(world.sent), [bad, good]);
  t.match(world.list(), [{ state: 'pending', attempts: 1, error: 'answered 500, not 2xx' }]);
  await world.clock.pass(3);
  t.equal(world.sent.length, 2);
  await world.clock.pass(3);
  t.equal(world.sent.length, 3);
  const ids = new Set(
    world.sent.filter(({ body }) => body.data.revision === bad).map(({ headers }) => headers['webhook-id']),
  );
  t.equal(ids.size, 1, 'under the same id');
  await world.clock.pass(30 * 3600);
  t.equal(world.sent.length, 1 + ATTEMPTS_MAX);
  t.match(world.list(), [{ state: 'dead', attempts: ATTEMPTS_MAX }]);
  t.match(world.log, [{ webhook: 'hook', attempts: ATTEMPTS_MAX }]);

  world.answer = () => fine;
  const [dead] = world.list('dead');
  t.match(world.dispatcher.redeliver('hook', dead?.id as string), { state: 'pending', attempts: 0 });
  await world.clock.pass(1);
  t.equal(world.sent.length, 2 + ATTEMPTS_MAX);
  t.same(world.list(), []);
  t.match(world.dispatcher.redeliver('hook', dead?.id as string), { code: 'delivery_unknown' });
  t.match(world.dispatcher.redeliver('none', 'x'), { code: 'webhook_unknown' });
});

t.test('a receiver that is gone by its own word is not asked again', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook();
  world.answer = () => ({ status: 410, body: '' });
  world.shift(5);
  await world.clock.pass(3600);
  t.equal(world.sent.length, 1);
  t.match(world.list(), [{ state: 'dead', error: 'answered 410, not 2xx' }]);
});

t.test('a receiver that says when to come again is left alone until then, by all that waits for it', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook();
  const told = [5, 6, 7].map((blue) => world.shift(blue));
  world.answer = () => ({ status: 429, body: '', retryAfter: '3600' });
  await world.clock.pass(3599);
  t.equal(world.sent.length, 1, 'the second one is not refused in its turn');
  world.answer = () => fine;
  await world.clock.pass(2);
  t.same(revisions(world.sent), [told[0], told[1], told[2], told[0]]);
  t.same(world.list(), []);

  world.answer = () => ({ status: 503, body: '', retryAfter: '1' });
  const next = world.shift(8);
  await world.clock.pass(4);
  t.equal(world.sent.length, 5, 'no earlier than without it');
  world.answer = () => ({ status: 503, body: '', retryAfter: '9'.repeat(30) });
  await world.clock.pass(2);
  t.equal(world.sent.length, 6);
  world.answer = () => fine;
  const [waiting] = world.list();
  world.dispatcher.redeliver('hook', waiting?.id as string);
  await world.clock.pass(1);
  t.equal(world.sent.at(-1)?.body.data.revision, next, 'a person is not held back');

  world.answer = () => ({ status: 429, body: '', retryAfter: 'Tue, 24 Nov 2099 12:00:00 GMT' });
  world.shift(9);
  await world.clock.pass(1);
  world.answer = () => fine;
  world.hook({ url: 'https://other.test/' });
  await world.clock.pass(1);
  t.equal(world.sent.at(-1)?.url, 'https://other.test/', 'what another receiver asked for is not asked of this one');
});

t.test('what waits while its webhook is changed is sent as the webhook is then', async (t) => {
  const world = makeWebhookWorld(t);
  world.fixture.must({ kind: 'service.put', name: 'api.example.com', body: bluegreen(100, 0) });
  world.hook({ template: '{"bad":"{revision}"}' });
  world.answer = () => ({ status: 500, body: '' });
  const told = [world.shift(5), world.shift(6, 'api.example.com')];
  await world.clock.pass(1);
  t.equal(world.sent[0]?.text, `{"bad":"${told[0]}"}`);
  const since = async (more: object) => {
    const { length } = world.sent;
    world.hook(more);
    // The first of the failed ones comes again.
    for (const { id } of world.list()) world.dispatcher.redeliver('hook', id);
    await world.clock.pass(1);
    return world.sent.slice(length).map(({ text }) => text);
  };
  const own = (texts: string[]) => texts.slice(0, 2);
  t.same(
    own(await since({ template: '{"good":"{revision}"}' })),
    told.map((revision) => `{"good":"${revision}"}`),
  );
  t.match(own(await since({ kind: 'slack', secret: undefined })), [/^{"text":.*"blocks":/, /^{"text":.*"blocks":/]);
  t.match(own(await since({})), [/^{"type":"on-revision"/, /^{"type":"on-revision"/]);
  // A trigger that was taken away is for what comes.
  world.answer = () => fine;
  const narrow = await since({ triggers: ['on-release-started'], services: ['api.example.com'] });
  t.equal(narrow.length, 1);
  t.match(narrow[0], `"revision":${told[1]}`);
  t.notMatch(narrow[0], 'app.example.com');
  t.match(world.list()[0], { state: 'pending', error: /told of none of the services/ });
});

t.test('one that hangs holds up no other, nor the changes', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook({}, 'hangs');
  world.hook({}, 'quick');
  world.answer = () => (world.sent.at(-1)?.url === 'https://hangs.test/' ? new Promise<Reply>(() => {}) : fine);
  const told = [5, 6, 7].map((blue) => world.shift(blue));
  await world.clock.pass(1);
  // The first webhook is told of the second one too.
  t.same(revisions(world.sent.filter(({ url }) => url === 'https://quick.test/')), told);
  t.equal(world.sent.filter(({ url }) => url === 'https://hangs.test/').length, 1, 'one request at a time');
});

t.test('a restart at any moment loses nothing', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook();
  world.answer = () => new Promise<Reply>(() => {});
  const told = [world.shift(5)];
  await world.clock.pass(1);
  t.equal(world.sent.length, 1, 'on its way when the process ends');
  told.push(world.shift(6), world.shift(7));
  // Those two are revisions, and in no queue yet.
  world.answer = () => fine;
  const [first] = world.sent as [Sent];
  world.restart();
  await world.clock.pass(1);
  t.same(revisions(world.sent.slice(1)), told);
  t.equal(world.sent[1]?.headers['webhook-id'], first.headers['webhook-id'], 'what is sent again has the same id');
  world.restart();
  await world.clock.pass(1);
  t.equal(world.sent.length, 4, 'what was delivered is not sent again');
});

t.test('a store that cannot be written stops nothing for good', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook();
  const told = world.shift(5);
  setReadOnly(world.fixture.store, true);
  await world.clock.pass(10);
  t.same(world.sent, []);
  setReadOnly(world.fixture.store, false);
  await world.clock.pass(10);
  t.same(revisions(world.sent), [told]);
});

t.test('queue and list of the dead are bounded', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook();
  const add = (count: number, from: number) => {
    const deliveries = Array.from({ length: count }, (_, i) => ({
      id: `msg_${from + i}`,
      webhook: 'hook',
      trigger: 'on-revision',
      event: '1',
      body: '{}',
      createdAtMs: 0,
    }));
    t.equal(world.fixture.store.deliveries.add(deliveries, '1'), undefined);
  };
  add(PENDING_MAX + DEAD_MAX + 5, 0);
  t.equal(world.list('pending').length, PENDING_MAX);
  t.equal(world.list('dead').length, DEAD_MAX);
  t.match(
    world.list('dead')[0],
    { id: `msg_${PENDING_MAX + 5}`, error: /others were waiting/ },
    'the oldest have gone',
  );
});

t.test('one that is deleted is told no more, and nothing waits for it', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook();
  world.answer = () => ({ status: 500, body: '' });
  world.shift(5);
  await world.clock.pass(1);
  world.fixture.must({ kind: 'webhook.delete', name: 'hook' });
  t.same(world.list(), []);
  await world.clock.pass(3600);
  t.equal(world.sent.length, 1);
});

t.test('who leads a fleet next goes on where the last one was, under the same ids', async (t) => {
  const world = makeWebhookWorld(t, 'the log');
  world.hook();
  world.hook({}, 'slow');
  const first = world.shift(5);
  await world.clock.pass(1);
  world.answer = () => (world.sent.at(-1)?.url === 'https://slow.test/' ? { status: 500, body: '' } : fine);
  const second = world.shift(6);
  await world.clock.pass(1);
  const progress = world.dispatcher.progress();
  t.same([...progress].sort(), [
    ['hook', String(second)],
    ['slow', `${second - 1}.999`],
  ]);
  const idsOf = (revision: number): (string | undefined)[] =>
    world.sent.filter(({ body }) => body.data.revision === revision).map(({ headers }) => headers['webhook-id']);
  const [ofHook, ofSlow] = idsOf(second);
  t.not(ofHook, ofSlow, 'each webhook has its own');

  // Another node sends them meanwhile, and comes further; then this one leads again.
  world.dispatcher.stop();
  const third = world.shift(7);
  world.sent.length = 0;
  world.answer = () => fine;
  await world.clock.pass(600);
  t.same(world.sent, [], 'who does not lead sends nothing');
  world.dispatcher.start(new Map([...progress, ['slow', String(second)]]));
  await world.clock.pass(600);
  t.same(
    world.sent.map(({ url, body }) => [url, body.data.revision]),
    [
      ['https://hook.test/', third],
      ['https://slow.test/', third],
    ],
    'what waited here was delivered by the other',
  );

  // One that led and could not say how far it came: all of it again, which receivers know by its ids.
  world.dispatcher.stop();
  world.sent.length = 0;
  world.dispatcher.start(new Map());
  await world.clock.pass(600);
  t.same(new Set(world.sent.map(({ body }) => body.data.revision)), new Set([first - 1, first, second, third]));
  t.same(new Set(idsOf(second)), new Set([ofHook, ofSlow]));
});

t.test('each kind is told in its own words, and a test tells of nothing', async (t) => {
  const world = makeWebhookWorld(t);
  const key = 'R0'.repeat(16);
  world.hook({ kind: 'slack', secret: undefined }, 'slack');
  world.hook({ kind: 'pagerduty', secret: key }, 'pager');
  world.hook({ template: '{"note":"{summary}"}' }, 'own');
  world.hook({ kind: 'email', url: 'mailto:a@example.com', secret: undefined }, 'mail');
  world.shift(5);
  await world.clock.pass(1);
  const sentTo = (name: string) => world.sent.filter(({ url }) => url === `https://${name}.test/`);
  t.match(sentTo('slack'), [{ headers: { 'content-type': 'application/json' }, body: { attachments: [Object] } }]);
  t.notOk('webhook-signature' in (sentTo('slack')[0]?.headers ?? {}));
  t.match(sentTo('pager'), [{ body: { routing_key: key, event_action: 'trigger', dedup_key: String } }]);
  t.match(sentTo('own').at(-1), { headers: { 'webhook-signature': /^v1,/ }, body: { note: /app\.example\.com blue/ } });
  t.match(world.list('pending', 'mail'), [{ error: /the settings have no mail server \(mail\.host\)/, attempts: 1 }]);
  t.notMatch(JSON.stringify(world.list(undefined, 'pager')), key);

  const before = world.sent.length;
  t.same(await world.dispatcher.test('slack'), { error: undefined });
  t.match(world.sent.slice(before), [{ url: 'https://slack.test/', body: { text: 'A test' } }]);
  t.match(await world.dispatcher.test('mail'), { error: /mail\.host/ });
  t.match(await world.dispatcher.test('none'), { code: 'webhook_unknown' });
  world.answer = () => ({ status: 404, body: '' });
  t.match(await world.dispatcher.test('pager'), { error: 'answered 404, not 2xx' });
  t.same(world.list(undefined, 'pager'), [], 'a test waits in no queue');
});

t.test('secrets are of a kind: another kind begins without', async (t) => {
  const world = makeWebhookWorld(t);
  const secretOf = () => world.fixture.store.webhook('hook')?.secret;
  world.hook();
  t.equal(secretOf(), secret);
  world.hook({ kind: 'teams', secret: undefined });
  t.equal(secretOf(), '');
  const put = (body: object) =>
    world.fixture.execute({
      kind: 'webhook.put',
      name: 'hook',
      body: { url: 'https://hook.test/', triggers: ['on-revision'], ...body },
      freshSecret: secret,
    });
  t.match(put({ kind: 'pagerduty' }), { code: 'webhook_invalid', pointer: '/secret' });
  world.hook({ kind: 'pagerduty', secret: 'R1'.repeat(16) });
  t.match(put({ kind: 'pagerduty', triggers: ['on-release-aborted'] }), { created: false }, 'which stays');
  t.equal(secretOf(), 'R1'.repeat(16));
});

t.test(
  'a fault in an attempt is a failure like any other: the webhook goes on, and what failed is tried again',
  async (t) => {
    const world = makeWebhookWorld(t);
    world.hook();
    world.answer = () => {
      throw new Error('thrown by the test');
    };
    const first = world.shift(5);
    await world.clock.pass(1);
    t.match(world.list(), [{ attempts: 1, error: 'could not be asked: thrown by the test' }]);
    t.equal(world.log.length, 1, 'it is a fault of ours, and is told');
    world.answer = () => fine;
    const second = world.shift(6);
    await world.clock.pass(10);
    t.same(revisions(world.sent), [first, second, first]);
    t.same(world.list(), []);
  },
);
