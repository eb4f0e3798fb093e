/** When a pool is drained: held against every answer that it may have given, whatever was changed and killed meanwhile. */
import fc from 'fast-check';
import t from 'tap';
import {
  afterChange,
  COMMIT_MAX_SECONDS,
  DRAIN_MARGIN_SECONDS,
  drainMessage,
  drainOf,
  givenUpUntil,
  withHeld,
} from '../../src/model/drain.ts';
import { type Service, ttlInForce, withWeights } from '../../src/model/service.ts';
import { runs } from '../fixtures/runs.ts';

const NOON_MS = Date.UTC(2026, 10, 24, 12);
const never = { pinned: false, lastAtMs: 0, lastTtlSeconds: 0, expiresAtMs: 0, heldUntilMs: 0 };

function service(blue: number, ttlSeconds: number): Service {
  const pools = [
    { name: 'blue', weight: blue, targets: ['192.0.2.1'] },
    { name: 'green', weight: 1, targets: ['192.0.2.2'] },
  ];
  return {
    name: 'app.test',
    zone: 'test',
    kind: 'addresses',
    ttlSeconds,
    pick: 'random',
    salt: '0'.repeat(32),
    pins: [],
    previewNames: true,
    pools,
    revision: 1,
  };
}

t.test('the time is that of the last answer to expire, a margin later, to the second', async (t) => {
  const pool = { ...never, weight: 0, lastAtMs: NOON_MS, lastTtlSeconds: 5, expiresAtMs: NOON_MS + 5000 };
  const drainedAtMs = NOON_MS + (5 + DRAIN_MARGIN_SECONDS) * 1000;
  t.same(drainOf(pool, drainedAtMs - 1, true, 5), { drainedAtMs, drained: false, assumed: false });
  t.same(drainOf(pool, drainedAtMs, true, 5), { drainedAtMs, drained: true, assumed: false });
  t.equal(drainOf({ ...pool, expiresAtMs: NOON_MS + 5001 }, NOON_MS, true, 5).drainedAtMs, drainedAtMs + 1000);
  // The TTL was lowered from 300 to 5 before the last answer.
  t.equal(drainOf({ ...pool, expiresAtMs: NOON_MS + 250_000 }, NOON_MS, true, 5).drainedAtMs, NOON_MS + 252_000);
  t.same(drainOf({ ...pool, weight: 1 }, NOON_MS + 1e9, true, 5), {
    drainedAtMs: null,
    drained: false,
    assumed: false,
  });
  t.same(drainOf({ ...never, weight: 0 }, NOON_MS, true, 5), { drainedAtMs: null, drained: true, assumed: false });
});

t.test('while a worker may still answer by the old weights nothing is drained', async (t) => {
  const later = drainOf({ ...never, weight: 0 }, NOON_MS, false, 5);
  t.same(later, { drainedAtMs: NOON_MS + 7000, drained: false, assumed: false });
  const old = { ...never, weight: 0, lastAtMs: 1000, lastTtlSeconds: 9, expiresAtMs: 10_000 };
  t.match(drainOf(old, NOON_MS, false, 5), { drainedAtMs: NOON_MS + 11_000, drained: false });
});

t.test('a sentence for people', async (t) => {
  const say = (blue: object, nowMs = NOON_MS) =>
    drainMessage(
      { blue: { weight: 0, pinned: false, drainedAtMs: null, drained: true, assumed: false, ...blue } },
      nowMs,
    );
  const drainedAtMs = Date.UTC(2026, 10, 24, 14, 3, 20);
  const dns = 'existing connections are not ended by DNS';
  t.equal(say({ drainedAtMs, drained: false }), `blue is drained for caches that honour TTL at 14:03:20 UTC; ${dns}`);
  t.equal(say({ drainedAtMs }), `blue has been drained for caches that honour TTL since 14:03:20 UTC; ${dns}`);
  t.match(
    say({ drainedAtMs, drained: false, assumed: true }),
    /at 14:03:20 UTC \(answers that nobody counted are assumed/,
  );
  t.match(say({ drainedAtMs }, NOON_MS + 86_400_000), /since 2026-11-24 14:03:20 UTC;/);
  t.match(say({}), /^blue is drained: it has given no answer that a cache could hold;/);
  t.match(say({ pinned: true }), /^blue does not drain: networks are pinned to it;/);
  t.match(say({ weight: 1 }), /^No pool is draining/);
});

/** What may happen to a service, in turn. */
const happening = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 400_000 }) }),
  fc.record({ kind: fc.constant('weight' as const), blue: fc.integer({ min: 0, max: 1 }) }),
  fc.record({ kind: fc.constant('ttl' as const), seconds: fc.integer({ min: 0, max: 300 }) }),
  fc.record({ kind: fc.constant('answer' as const) }),
  fc.record({ kind: fc.constant('kill' as const) }),
);

/** Holds the report against the answers; `remember`: what a change leaves in the store. */
function neverTooEarly(remember: typeof afterChange) {
  return fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
    let nowMs = NOON_MS;
    let stored = service(1, 60);
    let counted = { ...never };
    let heldMs = 0;
    for (const each of happenings) {
      if (each.kind === 'pass') nowMs += each.ms;
      if (each.kind === 'weight')
        stored = remember(stored, withWeights(stored, { blue: each.blue, green: 1 }, 1), nowMs);
      if (each.kind === 'ttl') stored = remember(stored, { ...stored, ttlSeconds: each.seconds }, nowMs);
      const blue = stored.pools[0] as Service['pools'][number];
      if (each.kind === 'answer' && blue.weight > 0) {
        const ttl = ttlInForce(stored);
        heldMs = Math.max(heldMs, nowMs + ttl * 1000);
        const expiresAtMs = Math.max(counted.expiresAtMs, nowMs + ttl * 1000);
        counted = { ...counted, lastAtMs: nowMs, lastTtlSeconds: ttl, expiresAtMs };
      }
      if (each.kind === 'kill') {
        const loaded = withHeld(stored, stored, nowMs);
        counted = { ...never, heldUntilMs: loaded.pools[0]?.heldUntilMs ?? 0 };
      }
      const { drained, drainedAtMs } = drainOf({ ...counted, weight: blue.weight }, nowMs, true, ttlInForce(stored));
      if (blue.weight > 0) continue;
      if (drained && heldMs > nowMs) return false;
      if (heldMs > 0 && heldMs > nowMs && (drainedAtMs ?? 0) < heldMs) return false;
      // Nor later than what may have been in a cache at the worst.
      if (
        (drainedAtMs ?? 0) >
        Math.max(nowMs, heldMs, NOON_MS) + (300 + COMMIT_MAX_SECONDS + DRAIN_MARGIN_SECONDS + 1) * 1000
      )
        return false;
    }
    return true;
  });
}

t.test('never too early, whatever happens and however often the process is killed', async (t) => {
  fc.assert(neverTooEarly(afterChange), { numRuns: runs(2000) });
  t.throws(
    () =>
      fc.assert(
        neverTooEarly((_before, after) => after),
        { numRuns: runs(2000), endOnFailure: true },
      ),
    'the test can fail',
  );
});

t.test('rows stay small: what has expired is forgotten', async (t) => {
  const shifted = afterChange(service(1, 60), service(0, 60), NOON_MS);
  t.equal(shifted.pools[0]?.heldUntilMs, NOON_MS + (60 + COMMIT_MAX_SECONDS) * 1000);
  t.equal(shifted.weightsSinceMs, NOON_MS);
  const later = afterChange(shifted, shifted, NOON_MS + 100_000);
  t.notOk('heldUntilMs' in (later.pools[0] ?? {}));
  t.equal(later.weightsSinceMs, NOON_MS, 'the weights stayed');
});

t.test('what the clock of another node holds is not forgotten by one that is ahead of it', async (t) => {
  const HOUR_MS = 3_600_000;
  const other = { ...service(0, 60), pools: [{ name: 'blue', weight: 0, targets: ['192.0.2.99'] }] };
  const shifted = afterChange(service(1, 60), other, NOON_MS);
  // Ten seconds later, by a clock that is an hour ahead.
  const [atMs, nowMs] = [NOON_MS + HOUR_MS + 10_000, NOON_MS + 10_000];
  const held = { pools: [{ heldUntilMs: NOON_MS + 65_000 }], givenUp: [{ untilMs: NOON_MS + 65_000 }] };
  t.match(shifted, held);
  t.match(afterChange(shifted, other, atMs, nowMs), held);
  const forgotten = afterChange(shifted, other, atMs);
  t.notOk('givenUp' in forgotten || 'heldUntilMs' in (forgotten.pools[0] ?? {}), 'as if no other clock were known');
  const later = afterChange(shifted, other, atMs + 100_000, nowMs + 100_000);
  t.notOk('givenUp' in later || 'heldUntilMs' in (later.pools[0] ?? {}), 'and it is forgotten when it is over there');
});

const poolNames = ['blue', 'green', 'v1'];
const targets = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];

/** What may happen to pools and their targets, in turn: made, removed, renamed, and targets that move between them. */
const moving = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 200_000 }) }),
  fc.record({ kind: fc.constant('answer' as const), pool: fc.nat(2) }),
  fc.record({
    kind: fc.constant('put' as const),
    ttlSeconds: fc.integer({ min: 0, max: 300 }),
    pools: fc.uniqueArray(fc.record({ name: fc.nat(2), target: fc.nat(2), weight: fc.nat(1) }), {
      selector: ({ name }) => name,
      minLength: 2,
    }),
  }),
);

/** Holds what is said of each pool without weight against the answers that led to its target, whichever pool gave them. */
function neverTooEarlyByTarget(remember: typeof afterChange) {
  return fc.property(fc.array(moving, { maxLength: 30 }), (happenings) => {
    let nowMs = NOON_MS;
    let stored = service(1, 60);
    const counted = new Map<string, number>();
    const heldMs = new Map<string, number>();
    for (const each of happenings) {
      if (each.kind === 'pass') nowMs += each.ms;
      if (each.kind === 'put') {
        const pools = each.pools.map(({ name, target, weight }) => ({
          ...{ name: poolNames[name] as string, weight, targets: [targets[target] as string] },
        }));
        stored = remember(stored, { ...stored, ttlSeconds: each.ttlSeconds, pools }, nowMs);
        for (const name of poolNames) if (!pools.some((pool) => pool.name === name)) counted.delete(name);
      }
      const answering = each.kind === 'answer' ? stored.pools[each.pool] : undefined;
      if (answering !== undefined && answering.weight > 0) {
        const untilMs = nowMs + stored.ttlSeconds * 1000;
        const { name, targets } = answering;
        counted.set(name, Math.max(counted.get(name) ?? 0, untilMs));
        for (const target of targets) heldMs.set(target, Math.max(heldMs.get(target) ?? 0, untilMs));
      }
      for (const pool of stored.pools.filter(({ weight }) => weight === 0)) {
        const expiresAtMs = counted.get(pool.name) ?? 0;
        const heldUntilMs = givenUpUntil(stored, pool);
        const { drained } = drainOf({ ...never, weight: 0, expiresAtMs, heldUntilMs }, nowMs, true, stored.ttlSeconds);
        if (drained && pool.targets.some((target) => (heldMs.get(target) ?? 0) > nowMs && isAlone(stored, target)))
          return false;
      }
    }
    return true;
  });
}

/** Whoever has a target in several pools is told of each pool what it gave. */
function isAlone({ pools }: Service, target: string): boolean {
  return pools.filter((pool) => pool.targets.includes(target)).length === 1;
}

t.test('never too early, whatever pool a target was in when it was answered with', async (t) => {
  fc.assert(neverTooEarlyByTarget(afterChange), { numRuns: runs(2000) });
  t.throws(
    () =>
      fc.assert(
        neverTooEarlyByTarget((before, after, atMs) => {
          const { givenUp: _, ...forgotten } = afterChange(before, after, atMs);
          return forgotten;
        }),
        { numRuns: runs(2000), endOnFailure: true },
      ),
    'the test can fail',
  );
});

t.test(
  'targets that left their pools are forgotten when they have expired, and are never more than a bound',
  async (t) => {
    const moved = (last: number): Service => {
      const own = Array.from({ length: 32 }, (_, i) => `192.0.${last}.${i}`);
      return { ...service(1, 60), pools: [{ name: 'blue', weight: 1, targets: own }] };
    };
    let stored = moved(0);
    for (let i = 1; i < 100; i++) stored = afterChange(stored, moved(i), NOON_MS + i);
    const held = stored.givenUp?.flatMap(({ targets }) => targets) ?? [];
    t.equal(held.length, 1000);
    t.ok(held.includes('192.0.98.31'), 'the last are kept');
    t.notOk('givenUp' in afterChange(stored, stored, NOON_MS + 100_000));
  },
);
