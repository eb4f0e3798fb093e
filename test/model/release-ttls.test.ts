/** TTLs that are written while a release goes on: the release keeps the weights, and waits for every answer that is out. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Problem } from '../../src/model/errors.ts';
import { isActive, type Release, type Step } from '../../src/model/release.ts';
import { beginRelease } from '../../src/model/release-progress.ts';
import { type TransitionCommand, transition } from '../../src/model/release-transition.ts';
import { loweredBy, withTtls } from '../../src/model/release-ttls.ts';
import type { Service } from '../../src/model/service.ts';
import { runs } from '../fixtures/runs.ts';
import { service as put } from '../fixtures/table.ts';

const NOON_MS = Date.UTC(2026, 10, 24, 12);
const app = 'app.example.com';

function service(ttlSeconds: number, lowered?: number): Service {
  const change = put('example.com', app, { blue: [100, '192.0.2.1'], green: [0, '192.0.2.2'] }, { ttlSeconds });
  assert(change.op === 'putService');
  return lowered === undefined ? change.service : { ...change.service, release: { ttlSeconds: lowered } };
}

const begin = (steps: readonly Step[], of: Service): Release =>
  beginRelease({ id: '7', to: 'green', steps, createdAtMs: NOON_MS, services: [of] }, NOON_MS);

t.test(
  'what is written is in force and stays; what a release lowers is lowered; other services are left alone',
  async (t) => {
    const release = begin([{ setWeight: 10 }, { pause: {} }], service(300, 5));
    t.equal(withTtls(release, service(300, 5), NOON_MS), release, 'nothing changed');
    t.equal(withTtls(release, { ...service(9), name: 'api.example.com' }, NOON_MS), release);
    t.match(withTtls(release, service(600, 5), NOON_MS).services, [{ steadyTtlSeconds: 600, ttlSeconds: 5 }]);
    t.equal(loweredBy(withTtls(release, service(600, 5), NOON_MS), app), 5);
    t.equal(loweredBy(withTtls(release, service(3, 5), NOON_MS), app), undefined, 'low already');
    t.equal(loweredBy(withTtls(release, service(600), NOON_MS), app), undefined, 'no longer to be lowered');
    const shorter = withTtls(begin([{ setWeight: 10 }, { pause: {} }], service(300)), service(5), NOON_MS + 1000);
    t.match(shorter.services, [{ ttlSeconds: 5, longerUntilMs: NOON_MS + 301_000 }]);
  },
);

const anySteps = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 100 }).map((setWeight): Step => ({ setWeight })),
      fc.constantFrom<Step>({ pause: {} }, { pause: { duration: 1 } }, { pause: { duration: 90 } }),
    ),
    { minLength: 2, maxLength: 8 },
  )
  .filter((steps) => steps.some(({ setWeight }) => setWeight !== undefined));
type Ttls = [seconds: number, lowered: number | undefined];

const anyTtls: fc.Arbitrary<Ttls> = fc.tuple(
  fc.constantFrom(0, 1, 5, 30, 300),
  fc.option(fc.constantFrom(0, 2, 5, 60), { nil: undefined }),
);
const anyTold: fc.Arbitrary<TransitionCommand['verb'] | Ttls> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<TransitionCommand['verb']>('elapse', 'promote', 'pause', 'resume', 'abort', 'retry'),
  },
  { weight: 2, arbitrary: anyTtls },
);

/** The most that a release may be told, with the time that passes before each. */
const anyStory = fc.array(fc.tuple(anyTold, fc.integer({ min: 0, max: 20_000 })), { maxLength: 40 });

/** The TTL that a release lowers is shortened for good while caches still hold the long one; then it begins again. */
const loweredThenShortened: [Step[], Ttls, [TransitionCommand['verb'] | Ttls, number][]] = [
  [{ setWeight: 0 }, { pause: { duration: 90 } }],
  [300, 0],
  [
    ['abort', 0],
    ['retry', 0],
    [[0, undefined], 0],
    ['abort', 0],
    ['retry', 0],
  ],
];

t.test('for any story: no pause that a step begins ends before the answers from before it have expired', async () => {
  fc.assert(
    fc.property(anySteps, anyTtls, anyStory, (steps, first, story) => {
      let written = service(...first);
      let release = begin(steps, written);
      let nowMs = NOON_MS;
      // When the last answer has expired that was given until now; those of before the release wait for `lowering`.
      let expiryMs = nowMs + inForce(release, written) * 1000;
      for (const [told, passedMs] of story) {
        const { wait } = release;
        nowMs += passedMs;
        // The runner is told by no one: it elapses a wait when its time is over.
        if (told === 'elapse' && wait?.seconds != null) nowMs = Math.max(nowMs, wait.startedAtMs + wait.seconds * 1000);
        expiryMs = Math.max(expiryMs, nowMs + inForce(release, written) * 1000);
        const next = typeof told === 'string' ? tell(release, told, written, nowMs) : undefined;
        if (typeof told !== 'string' && isActive(release)) {
          written = service(...told);
          const after = withTtls(release, written, nowMs);
          const { services, ...rest } = after;
          const { services: before, ...same } = release;
          assert.deepEqual(rest, same, 'nothing of its way changes');
          assert.deepEqual(services[0]?.weights, before[0]?.weights, 'nor a weight');
          assert.equal(services[0]?.steadyTtlSeconds, written.ttlSeconds);
          release = after;
        }
        if (next === undefined) continue;
        const isStep =
          next.wait?.kind === 'pause' && next.stepIndex > release.stepIndex && release.wait?.kind !== 'lowering';
        if (isStep && next.wait?.seconds != null) {
          const endsMs = next.wait.startedAtMs + next.wait.seconds * 1000;
          assert(endsMs >= expiryMs, `a pause until ${endsMs - NOON_MS}, with answers until ${expiryMs - NOON_MS}`);
        }
        release = next;
      }
      assert(inForce(release, written) <= written.ttlSeconds);
      if (!isActive(release))
        assert.equal(inForce(release, written), written.ttlSeconds, 'restored is what was written');
    }),
    { numRuns: runs(5000), examples: [loweredThenShortened] },
  );
});

function inForce(release: Release, written: Service): number {
  return loweredBy(release, app) ?? written.ttlSeconds;
}

function tell(release: Release, verb: TransitionCommand['verb'], written: Service, nowMs: number): Release | undefined {
  const commands: Partial<Record<TransitionCommand['verb'], TransitionCommand>> = {
    promote: { verb: 'promote', full: false },
    abort: { verb: 'abort', reason: 'abort_requested', message: 'Asked for.' },
    retry: { verb: 'retry', services: [written] },
  };
  const next = transition(release, commands[verb] ?? ({ verb } as TransitionCommand), nowMs);
  return next instanceof Problem ? undefined : next;
}
