/** Webhooks: what one may be, and when a failed delivery is tried again. */
import fc from 'fast-check';
import t from 'tap';
import {
  ATTEMPTS_MAX,
  askedDelayMs,
  makeWebhook,
  retryDelayMs,
  secretKey,
  type Webhook,
  webhookBody,
} from '../../src/model/webhook.ts';
import { runs } from '../fixtures/runs.ts';

const body = { url: 'https://chat.example.com/hooks/T0P', triggers: ['on-release-aborted'] as const };

t.test('what is refused', async (t) => {
  const made = (more: object, name = 'chat') => makeWebhook(name, { ...body, ...more });
  const secret = `whsec_${'A'.repeat(32)}`;
  t.match(made({ secret, services: ['*.Example.com'] }), { services: ['*.example.com'], url: body.url });
  for (const name of ['', 'a b', '-a', 'a/b', 'x'.repeat(64)])
    t.match(made({}, name), { code: 'webhook_invalid' }, name);
  for (const url of ['', 'chat.example.com', 'ftp://a.test/', 'http://u:p@a.test/', 'javascript:0']) {
    t.match(made({ url }), { code: 'webhook_invalid', pointer: '/url' }, url);
  }
  t.match(made({ triggers: [] }), { code: 'webhook_invalid', pointer: '/triggers' });
  t.match(made({ services: ['a*'] }), { code: 'pattern_invalid', pointer: '/services/0' });
  for (const bad of ['', 'secret', secret.slice(0, -4), 'whsec_ä', `whsec_${'A'.repeat(88)}`, `${secret}=====`]) {
    t.match(made({ secret: bad }), { code: 'webhook_invalid', pointer: '/secret' }, bad);
  }
  t.equal(secretKey(secret)?.length, 24);
});

t.test('the log does not tell the path, which is often a secret', async (t) => {
  const webhook = { ...(makeWebhook('chat', body) as Webhook), since: 1, revision: 1 };
  t.same(webhookBody(webhook), { place: 'https://chat.example.com', triggers: ['on-release-aborted'] });
});

t.test('each wait is longer than the one before, up to six hours, and they differ', async (t) => {
  const delays = Array.from({ length: ATTEMPTS_MAX - 1 }, (_, i) => retryDelayMs(i + 1, 1) as number);
  t.same(
    delays.map((ms) => ms / 1000),
    [5, 20, 80, 320, 1280, 5120, 20_480, 21_600, 21_600],
  );
  t.equal(retryDelayMs(ATTEMPTS_MAX, 0), undefined, 'then it is enough');
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: ATTEMPTS_MAX - 1 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (n, chance) => {
        const whole = delays[n - 1];
        const ms = retryDelayMs(n, chance) as number;
        return ms >= whole / 2 && ms <= whole;
      },
    ),
    { numRuns: runs(100) },
  );
});

t.test('Retry-After is seconds or a date, and six hours at most', async (t) => {
  const nowMs = Date.parse('2026-11-24T12:00:00Z');
  const hours = 3_600_000;
  for (const [said, delayMs] of [
    ['0', 0],
    ['90', 90_000],
    ['21600', 6 * hours],
    ['21601', 6 * hours],
    ['9'.repeat(400), 6 * hours],
    ['Tue, 24 Nov 2026 12:01:30 GMT', 90_000],
    ['Tue, 24 Nov 2026 11:59:59 GMT', 0],
    ['Wed, 24 Nov 2027 12:00:00 GMT', 6 * hours],
    ['', 0],
    ['-5', 0],
    ['1.5', 0],
    ['2027', 1_000 * 2027],
    ['soon', 0],
  ] as const) {
    t.equal(askedDelayMs(said, nowMs), delayMs, said.slice(0, 40));
  }
});
