/** What becomes of a release, told word by word, and for any sequence of commands, waits, restarts and clock jumps. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Problem } from '../../src/model/errors.ts';
import { isActive, type Release, remainingMs, type Step } from '../../src/model/release.ts';
import type { GateOutcome } from '../../src/model/release-analysis.ts';
import { warningsOf } from '../../src/model/release-messages.ts';
import { beginRelease } from '../../src/model/release-progress.ts';
import { type TransitionCommand, transition } from '../../src/model/release-transition.ts';
import type { Service } from '../../src/model/service.ts';
import { runs } from '../fixtures/runs.ts';

const NOON_MS = Date.UTC(2026, 10, 24, 12);

function service(more: Partial<Service> = {}): Service {
  const pools = [
    { name: 'blue', weight: 100, targets: ['192.0.2.1'] },
    { name: 'green', weight: 0, targets: ['192.0.2.2'] },
  ];
  return {
    name: 'app.example.com',
    zone: 'example.com',
    kind: 'addresses',
    ttlSeconds: 5,
    pick: 'random',
    salt: '0'.repeat(32),
    pins: [],
    previewNames: true,
    pools,
    revision: 1,
    ...more,
  };
}

function begin(steps: readonly Step[], ...services: Service[]): Release {
  const all = services.length === 0 ? [service()] : services;
  return beginRelease({ id: '7', to: 'green', steps, createdAtMs: NOON_MS, services: all }, NOON_MS);
}

function must(release: Release, command: TransitionCommand): Release {
  const next = transition(release, command, NOON_MS);
  if (next instanceof Problem) throw new Error(next.detail);
  return next;
}

const promote = { verb: 'promote', full: false } as const;
const full = { verb: 'promote', full: true } as const;
const pause = { verb: 'pause' } as const;
const resume = { verb: 'resume' } as const;
const elapse = { verb: 'elapse' } as const;
const abort = { verb: 'abort', reason: 'abort_requested', message: 'Asked for.' } as const;
const judge = (outcome: GateOutcome) => ({ verb: 'judge', outcome, message: 'errors failed: 0.2' }) as const;
/** `ci` has asked for what is begun in random histories. */
const approve = (name: string) => ({ verb: 'approve', by: { name }, seen: 1 }) as const;
const gate: Step = { analysis: { metrics: [{ name: 'errors', web: { url: 'http://example.com' } }] } };
const green = ({ services }: Release): (number | undefined)[] => services.map(({ weights }) => weights.green);

t.test('a canary: the first step at once, then what each pause and gate lets through', async (t) => {
  const steps = [
    { setWeight: 10 },
    { pause: { duration: '5m' } },
    gate,
    { setWeight: 50 },
    { pause: {} },
    { setWeight: 100 },
  ];
  let release = begin(steps);
  t.match(release, { state: 'paused', reason: 'pause_step', stepIndex: 1, wait: { kind: 'pause', seconds: 300 } });
  t.same(green(release), [10]);
  release = must(release, elapse);
  t.match(release, { state: 'progressing', reason: 'analysis_running', stepIndex: 2 });
  t.equal(must(release, elapse), release, 'time alone does not end an analysis');
  release = must(release, judge('passed'));
  t.match(release, { state: 'paused', stepIndex: 4, wait: { kind: 'promotion', seconds: null } });
  t.same(green(release), [50]);
  t.equal(must(release, elapse), release, 'nor a pause without an end');
  release = must(release, promote);
  t.match(release, { state: 'completed', reason: 'steps_done', stepIndex: 6, wait: null });
  t.same(green(release), [100]);
  t.match(transition(release, abort, NOON_MS), { code: 'release_state' });
});

t.test('steps without a pause between them are shifts of their own', async (t) => {
  let release = begin([{ setWeight: 10 }, { setWeight: 20 }, { setWeight: 30 }]);
  t.match(release, { state: 'progressing', reason: 'step_due', wait: { kind: 'turn', seconds: 0 } });
  t.same(green(release), [10]);
  release = must(release, elapse);
  t.same(green(release), [20]);
  release = must(release, elapse);
  t.same(green(release), [30]);
  t.equal(release.state, 'completed', 'below 100 it ends there');
});

t.test('a failed analysis restores the weights by itself', async (t) => {
  const release = must(begin([{ setWeight: 10 }, gate, { setWeight: 100 }]), judge('failed'));
  t.match(release, { state: 'aborted', reason: 'analysis_failed', message: /^errors failed: 0\.2\./, wait: null });
  t.same(release.services[0]?.weights, { blue: 100, green: 0 });
});

t.test('an inconclusive analysis pauses until a person decides', async (t) => {
  const running = begin([{ setWeight: 10 }, gate, { setWeight: 100 }]);
  const paused = must(running, judge('inconclusive'));
  t.match(paused, {
    state: 'paused',
    reason: 'analysis_inconclusive',
    message: /^errors failed: 0\.2\. Step 2 of 3, an analysis, was inconclusive: promote/,
    stepIndex: 1,
    wait: { kind: 'inconclusive', seconds: null },
  });
  t.same(green(paused), [10], 'the weights stay');
  for (const command of [elapse, pause, judge('passed'), judge('failed')]) t.equal(must(paused, command), paused);
  t.match(must(paused, promote), { state: 'completed', services: [{ weights: { green: 100 } }] });
  t.match(must(paused, full), { state: 'completed', services: [{ weights: { green: 100 } }] });
  t.match(must(paused, abort), { state: 'aborted', services: [{ weights: { green: 0 } }] });
  t.match(must(paused, resume), { state: 'progressing', reason: 'analysis_running', stepIndex: 1 }, 'measured again');
});

t.test('promote leaves any pause, and nothing else unless it is full', async (t) => {
  const steps = [
    { setWeight: 10 },
    { pause: { duration: 60 } },
    gate,
    { setWeight: 50 },
    { pause: {} },
    { setWeight: 80 },
  ];
  const paused = begin(steps);
  const running = must(paused, promote);
  t.match(running, { reason: 'analysis_running' }, 'a timed pause is left early');
  t.match(transition(running, promote, NOON_MS), { code: 'release_state' }, 'an analysis is not');
  t.match(must(must(running, pause), promote), { reason: 'analysis_running', held: false }, 'a pause of a person is');
  const done = must(running, full);
  t.match(done, { state: 'completed', stepIndex: 6 });
  t.same(green(done), [80], 'to the weight of the last step');
});

t.test('pause and resume: what was waited for begins anew', async (t) => {
  const steps = [{ setWeight: 10 }, { pause: { duration: 60 } }, { setWeight: 100 }];
  const release = begin(steps);
  t.match(transition(release, resume, NOON_MS), { code: 'release_state', detail: /promote/ });
  const held = must(release, pause);
  t.match(held, { state: 'paused', reason: 'pause_requested', held: true });
  t.equal(must(held, pause), held, 'said twice it changes nothing');
  t.equal(must(held, elapse), held, 'time does not pass');
  const later = transition(held, resume, NOON_MS + 500_000) as Release;
  t.match(later, {
    state: 'paused',
    reason: 'pause_step',
    held: false,
    wait: { startedAtMs: NOON_MS + 500_000, seconds: 60 },
  });
  t.match(must(held, promote), { state: 'completed' }, 'promote leaves both pauses');
  const analysis = must(begin([{ setWeight: 1 }, gate]), pause);
  t.equal(must(analysis, judge('failed')), analysis, 'a verdict that comes too late is none');
});

t.test('abort restores, retry begins again from the weights of now', async (t) => {
  const release = must(begin([{ setWeight: 10 }, { pause: {} }, { setWeight: 100 }]), promote);
  t.equal(release.state, 'completed');
  const aborted = must(begin([{ setWeight: 10 }, { pause: {} }]), abort);
  t.match(aborted, { state: 'aborted', reason: 'abort_requested', services: [{ weights: { blue: 100, green: 0 } }] });
  t.equal(must(aborted, abort), aborted);
  for (const command of [promote, full, pause, resume, elapse, judge('passed')])
    t.match(transition(aborted, command, NOON_MS), { code: 'release_state' });
  const pools = [
    { name: 'blue', weight: 60, targets: [] },
    { name: 'green', weight: 20, targets: [] },
    { name: 'red', weight: 20, targets: [] },
  ];
  const again = must(aborted, { verb: 'retry', services: [service({ pools })] });
  t.match(again, { id: '7', state: 'paused', stepIndex: 1, services: [{ before: { blue: 60, green: 20, red: 20 } }] });
  t.same(again.services[0]?.weights, { blue: 27, green: 4, red: 9 });
  t.match(transition(again, { verb: 'retry', services: [service()] }, NOON_MS), { code: 'release_state' });
});

t.test('the TTL is lowered before the first step and restored after the last', async (t) => {
  const slow = service({ ttlSeconds: 300, release: { ttlSeconds: 5 } });
  let release = begin(
    [{ setWeight: 10 }, { pause: { duration: 2 } }, { setWeight: 100 }],
    slow,
    service({ name: 'api.example.com' }),
  );
  t.match(release, {
    state: 'progressing',
    reason: 'ttl_lowering',
    stepIndex: 0,
    wait: { kind: 'lowering', seconds: 301 },
  });
  t.same(green(release), [0, 0], 'no step before the old answers have expired');
  t.same(
    release.services.map(({ ttlSeconds }) => ttlSeconds),
    [5, 5],
  );
  release = must(release, elapse);
  t.match(release, { wait: { kind: 'pause', seconds: 5 }, message: /pause of 5 s, lengthened from 2 s/ });
  t.same(green(release), [10, 10], 'both moved');
  release = must(release, elapse);
  t.match(release, { state: 'progressing', reason: 'ttl_settling', stepIndex: 3, wait: { seconds: 6 } });
  t.same(green(release), [100, 100]);
  t.match(must(release, elapse), { state: 'completed' });
  t.match(must(release, abort), { state: 'aborted', services: [{ weights: { green: 0 } }, { weights: { green: 0 } }] });
  t.equal(must(release, full), release, 'there is nothing left to skip');
});

t.test('a TTL that is low already, or higher in releases than outside, needs no choreography', async (t) => {
  for (const release of [{ ttlSeconds: 5 }, { ttlSeconds: 60 }]) {
    t.match(begin([{ setWeight: 100 }], service({ release })), { state: 'completed' });
  }
});

t.test('short and long TTLs are warned of, with reasons', async (t) => {
  const of = (ttlSeconds: number) => warningsOf(begin([{ setWeight: 1 }], service({ ttlSeconds })));
  t.match(of(4), [{ code: 'ttl_short', message: /Chromium/ }]);
  t.match(of(301), [{ code: 'ttl_long', message: /LANMAN/ }]);
  t.same([of(5), of(300)], [[], []]);
});

t.test('what is left of a wait after a restart, whatever the clock says', async (t) => {
  const wait = { kind: 'pause', startedAtMs: NOON_MS, seconds: 60 } as const;
  t.equal(remainingMs(wait, NOON_MS + 20_000), 40_000);
  t.equal(remainingMs(wait, NOON_MS - 1e9), 60_000, 'set back: not longer than it was');
  t.equal(remainingMs(wait, NOON_MS + 1e9), 0, 'set forward: over');
  t.equal(remainingMs({ ...wait, seconds: null }, NOON_MS + 1e9), Number.POSITIVE_INFINITY);
});

const three = [
  service({ ttlSeconds: 60, release: { ttlSeconds: 5 } }),
  ...['api', 'web'].map((label) => service({ name: `${label}.example.com` })),
];

/** What may happen to a release. `elapse` comes late, early or twice; a restart and a jump only matter to the runner. */
const anyCommand: fc.Arbitrary<TransitionCommand> = fc.constantFrom(
  promote,
  full,
  pause,
  resume,
  abort,
  elapse,
  elapse,
  elapse,
  judge('passed'),
  judge('passed'),
  judge('failed'),
  judge('inconclusive'),
  approve('ci'),
  approve('ops'),
  approve('ops'),
  {
    verb: 'retry' as const,
    services: three,
  },
);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map((setWeight) => ({ setWeight })),
  fc.constantFrom<Step>(
    ...[{ pause: {} }, { pause: { duration: 1 } }, { pause: { duration: '1m' } }],
    ...[{ pause: { approval: { by: 'other' } } } as const, { drain: {} }, gate, gate],
  ),
);
/** A command, how far the clock is off, and whether a freeze is on. */
const told = fc.tuple(
  anyCommand,
  fc.integer({ min: -1e9, max: 1e9 }),
  fc.nat(3).map((n) => n === 0),
);
const anySteps = fc
  .array(anyStep, { minLength: 1, maxLength: 6 })
  .filter((steps) => steps.some(({ setWeight }) => setWeight !== undefined));

/** Whether a command, given where the release stands, may leave a step that it waits at. */
function mayLeave(step: Step, command: TransitionCommand, { wait }: Release): boolean {
  if (step.pause?.approval !== undefined) return command.verb === 'approve' && command.by.name !== 'ci';
  if (command === full || step.setWeight !== undefined) return true;
  if (step.analysis !== undefined)
    return (
      (command.verb === 'judge' && command.outcome === 'passed') ||
      (wait?.kind === 'inconclusive' && command === promote)
    );
  if (step.pause !== undefined && step.pause.duration === undefined) return command === promote;
  return command === elapse || (command === promote && step.pause !== undefined);
}

const freeze = { words: 'by the freeze of the night, until it is lifted', untilMs: undefined };
/** Whether it is refused before it comes here, or passed on with an override, while a freeze is on. */
const isGuarded = (command: TransitionCommand): boolean => command === full || command.verb === 'retry';

t.test('for any sequence of commands', async () => {
  const restored = { blue: 100, green: 0 };
  fc.assert(
    fc.property(anySteps, fc.array(told), (steps, commands) => {
      let release: Release = { ...begin(steps, ...three), askedBy: ['ci'] };
      const planned = new Set([0, ...steps.flatMap(({ setWeight }) => setWeight ?? [])]);
      for (const [command, jumpMs, isFrozen] of commands) {
        const next = transition(release, command, NOON_MS + jumpMs, isFrozen ? freeze : undefined);
        if (next instanceof Problem) continue;
        if (isFrozen && !isGuarded(command) && next.state !== 'aborted')
          assert.deepEqual(green(next), green(release), 'nothing moves forward while it is frozen');
        const [one, ...others] = next.services;
        for (const other of others) assert.deepEqual(one?.weights, other.weights, 'services move together');
        assert(planned.has(one?.weights.green ?? -1), `${one?.weights.green} is a weight of the steps`);
        assert(
          Object.values(one?.weights ?? {}).some((weight) => weight > 0),
          'not all zero',
        );
        if (next.state === 'aborted') assert.deepEqual(one?.weights, restored, 'an abort restores');
        assert.equal(next.wait === null, !isActive(next), 'who goes on waits for something');
        assert.equal(next.held, next.reason === 'pause_requested', 'the reason is the true one');
        if (release.wait?.kind === 'inconclusive' && next.stepIndex > release.stepIndex)
          assert.equal(command.verb, 'promote', 'only a person leaves what was inconclusive');
        if (command.verb !== 'retry') {
          assert(next.stepIndex >= release.stepIndex, 'no step twice');
          const left = steps.slice(release.stepIndex, next.stepIndex);
          for (const step of left)
            assert(mayLeave(step, command, release), `${JSON.stringify(step)} was left by ${JSON.stringify(command)}`);
          const taken = steps
            .slice(release.stepIndex, next.stepIndex)
            .filter(({ setWeight }) => setWeight !== undefined);
          assert(taken.length <= 1 || command === full, 'one shift at a time');
        }
        release = next;
      }
    }),
    { numRuns: runs(1000) },
  );
});
