/** The form of a service: what it reads it writes back, whatever the service has, and nothing that has no field is lost. */
import fc from 'fast-check';
import t from 'tap';
import { inserted, kindOf, metricKindOf, metricOf, moved, stepOf, withNumber } from '../../src/console/rules/gates.ts';
import { labelsOf, labelsText, linesOf, wordsOf } from '../../src/console/rules/lists.ts';
import { bodyOf, fieldsOf, fresh, poolsIn, withoutPool, withPool } from '../../src/console/rules/service-fields.ts';
import { triggersIn, triggerText } from '../../src/console/rules/triggers.ts';
import type { Service } from '../../src/contract/types.ts';
import { WebhookBody } from '../../src/contract/webhooks.ts';
import { runs } from '../fixtures/runs.ts';

const service = (more: object): Service =>
  ({
    ...{ name: 'app.test', zone: 'test', kind: 'addresses', ttlSeconds: 5, pick: 'random', salt: 'ab'.repeat(16) },
    ...{ pins: [], previewNames: true, labels: {}, shares: {}, revision: 7 },
    pools: { blue: { weight: 3, targets: ['192.0.2.1'] }, green: { weight: 1, targets: ['192.0.2.2', '2001:db8::1'] } },
    ...more,
  }) as unknown as Service;
const whole = { names: {}, hasWeights: false };

t.test('what was not touched is written back as it was', async (t) => {
  const http = {
    ...{ scheme: 'https', port: 8443, method: 'HEAD', path: '/up?x=1', host: 'h.test', expectStatus: [200, 204] },
    ...{ expectBody: 'all well', maxRedirects: 2, verifyCertificate: false, headers: { authorization: { set: true } } },
  };
  const check = fc.oneof(
    fc.constant({}),
    fc.record({
      health: fc.record(
        {
          http: fc.constant(http),
          intervalSeconds: fc.integer({ min: 1, max: 3600 }),
          quorum: fc.oneof(fc.constant('majority'), fc.integer({ min: 1, max: 50 })),
          probe: fc.constant({ '192.0.2.1': '192.0.2.9' }),
          rise: fc.integer({ min: 1, max: 10 }),
        },
        { requiredKeys: ['http'] },
      ),
    }),
    fc.constant({ health: { tcp: { port: 25 }, timeoutSeconds: 1, fall: 4 } }),
  );
  const rest = fc.record(
    {
      ttlSeconds: fc.nat(86_400),
      pick: fc.constantFrom('random', 'sticky'),
      previewNames: fc.boolean(),
      approval: fc.constantFrom('required', 'none'),
      release: fc.record({ ttlSeconds: fc.nat(100) }),
      pins: fc.constantFrom(
        [],
        [
          { network: '2001:db8::/32', pool: 'green' },
          { network: '0.0.0.0/0', pool: 'blue' },
        ],
      ),
      labels: fc.constantFrom({}, { team: 'web, and more', 'example.com/x': 'a=b' }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(check, rest, (health, more) => {
      const seen = service({ ...health, ...more });
      const body = bodyOf(seen, fieldsOf(seen), whole) as Record<string, unknown>;
      for (const key of [
        'ttlSeconds',
        'pick',
        'salt',
        'previewNames',
        'release',
        'pins',
        'labels',
        'health',
      ] as const) {
        const was = JSON.stringify(sorted(seen[key as keyof Service]));
        if (JSON.stringify(sorted(body[key])) !== was)
          throw new Error(`${key}: ${JSON.stringify(body[key])}, was ${was}`);
      }
    }),
    { numRuns: runs(100) },
  );
  t.same((bodyOf(service({}), fieldsOf(service({})), whole) as { pools: unknown }).pools, {
    blue: { targets: ['192.0.2.1'] },
    green: { targets: ['192.0.2.2', '2001:db8::1'] },
  });
});

/** By their keys: a member's place says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

t.test('pools come and go; only a new one has a weight', async (t) => {
  const seen = service({});
  const three = { ...withPool(fieldsOf(seen)), 'pools.pool-3.targets': '192.0.2.3' };
  t.same(poolsIn(three), ['blue', 'green', 'pool-3']);
  t.same((bodyOf(seen, three, { names: { 'pool-3': 'red' }, hasWeights: false }) as { pools: unknown }).pools, {
    blue: { targets: ['192.0.2.1'] },
    green: { targets: ['192.0.2.2', '2001:db8::1'] },
    red: { targets: ['192.0.2.3'], weight: 0 },
  });
  t.same(poolsIn(withoutPool(three, 'green')), ['blue', 'pool-3']);
  t.same(poolsIn(fresh), ['blue', 'green']);
});

t.test('lists as they are typed', async (t) => {
  t.same(wordsOf(' a, b\n c,,'), ['a', 'b', 'c']);
  t.same(linesOf('a b\n\n  c\n'), ['a b', 'c']);
  t.same(labelsOf('team=web\n a = b=c \nalone'), { team: 'web', a: 'b=c', alone: '' });
  t.equal(labelsText({ a: 'b=c', d: '' }), 'a=b=c\nd=');
});

t.test('steps and gates', async (t) => {
  for (const kind of ['setWeight', 'pause', 'wait', 'gates', 'drain'] as const)
    t.equal(kindOf(stepOf(kind, 'green')), kind);
  for (const kind of ['web', 'prometheus', 'health', 'samples'] as const) {
    t.equal(metricKindOf(metricOf(kind, 'green', [])), kind);
  }
  t.equal(metricOf('web', 'green', ['smoke', 'smoke-2']).name, 'smoke-3', 'names of gates differ');
  t.same(withNumber({ count: 3, metrics: [] }, 'count', ' '), { metrics: [] });
  t.same(withNumber({}, 'count', '0'), { count: 0 });
  t.same(withNumber({}, 'max', '0x10'), { max: Number.NaN }, 'what people do not mean by a number');
  t.same(inserted([1, 2], 1, 9), [1, 9, 2]);
  t.same(moved([1, 2, 3], 0, 1), [2, 1, 3]);
  t.same(
    [moved([1, 2], 0, -1), moved([1, 2], 1, 1)],
    [
      [1, 2],
      [1, 2],
    ],
    'at its end it stays',
  );
});

t.test('triggers are those that the server describes', async (t) => {
  const found = triggersIn({ components: { schemas: { WebhookBody } } });
  t.ok(found.includes('on-release-completed') && found.includes('on-revision') && found.length >= 12);
  t.same(triggersIn({}), []);
  t.equal(triggerText('on-analysis-run-failed'), 'analysis run failed');
});
