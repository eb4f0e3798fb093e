/** Counts of several nodes are one report: sums, the latest expiry, whoever was seen; and nobody is drained while one is behind. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import {
  COUNTS_FRESH_MS,
  type CountedPool,
  type HeardCounts,
  mergeCounts,
  mergePools,
  notCounted,
  type ServiceCounts,
  steadied,
} from '../../../src/model/fleet/counts.ts';
import {
  ASKED_MAX,
  COUNTS_MAX_BYTES,
  encodeAsked,
  encodeCounts,
  encodeFitting,
  parseAsked,
  parseCounts,
} from '../../../src/model/fleet/counts-form.ts';
import { ackKey, memberKey } from '../../../src/model/fleet/keys.ts';
import { bytesOf, encodeMember, encodeRevision, Unreadable } from '../../../src/model/fleet/records.ts';
import { emptyView, type View, withStored } from '../../../src/model/fleet/view.ts';
import { runs } from '../../fixtures/runs.ts';

const NOW_MS = 1_800_000_000_000;
const none: CountedPool = {
  ...{ answers: 0, answersBefore: 0, lastAtMs: 0, lastTtlSeconds: 0, expiresAtMs: 0, heldUntilMs: 0 },
};
const counts = (pools: Record<string, CountedPool>, isSettled = true): ServiceCounts => ({
  ...{ isSettled, pools, order: Object.keys(pools), sightings: { level: 0, seen: [] } },
});

function viewOf(acks: Readonly<Record<string, number>>, out: readonly string[] = []): View {
  const stored = Object.entries(acks).flatMap(([node, revision], i) => {
    const state = out.includes(node) ? ('out' as const) : ('live' as const);
    const place = { changedAt: i + 1, createdAt: i + 1 };
    return [
      { key: memberKey(node), value: encodeMember({ state, incarnation: node, version: '1' }), ...place },
      { key: ackKey(node), value: encodeRevision(revision), ...place },
    ];
  });
  return withStored(emptyView, stored);
}

t.test('answers are summed, and the latest counts', async (t) => {
  const one = { ...none, answers: 5, answersBefore: 2, lastAtMs: 100, lastTtlSeconds: 60, expiresAtMs: 60_100 };
  const other = {
    ...none,
    answers: 7,
    answersBefore: 1,
    lastAtMs: 200,
    lastTtlSeconds: 5,
    expiresAtMs: 5200,
    heldUntilMs: 9,
  };
  t.same(mergePools([one, other]), {
    ...{ answers: 12, answersBefore: 3, lastAtMs: 200, lastTtlSeconds: 5, expiresAtMs: 60_100, heldUntilMs: 9 },
  });
  t.same(mergePools([]), none);
});

t.test('merging is the same in any order, and nothing expires earlier by it', async () => {
  const pool = fc.record({
    ...{ answers: fc.nat(1e6), answersBefore: fc.nat(1e6), lastTtlSeconds: fc.nat(86_400) },
    ...{ lastAtMs: fc.nat(1e9), expiresAtMs: fc.nat(1e9), heldUntilMs: fc.nat(1e9) },
  });
  fc.assert(
    fc.property(fc.uniqueArray(pool, { minLength: 1, selector: ({ lastAtMs }) => lastAtMs }), (pools) => {
      const merged = mergePools(pools);
      return (
        isDeepStrictEqual(merged, mergePools(pools.toReversed())) &&
        pools.every((each) => each.expiresAtMs <= merged.expiresAtMs && each.heldUntilMs <= merged.heldUntilMs)
      );
    }),
    { numRuns: runs(100) },
  );
});

t.test('pools are told apart by name, resolvers by the level of whoever watches the fewest', async (t) => {
  const seen = (resolver: number, pool: number) => ({
    ...{ resolver, pool, lastAtSeconds: 9, ttlSeconds: 5, firstAtSeconds: 0, answers: 1, network: new Uint8Array(4) },
  });
  const few = 0x0f000000;
  const many = 0x7f000000;
  const one = { ...counts({ blue: none, green: none }), sightings: { level: 0, seen: [seen(few, 0), seen(many, 1)] } };
  const other = { ...counts({ green: none, blue: none }), sightings: { level: 2, seen: [seen(few, 0)] } };
  const merged = mergeCounts(['blue', 'green'], [one, other]);
  t.equal(merged.sightings.level, 2);
  t.same(
    merged.sightings.seen.map(({ resolver, pool }) => [resolver, pool]),
    [
      [few, 0],
      [few, 1],
    ],
  );
  t.equal(mergeCounts(['blue'], [one, { ...other, isSettled: false }]).isSettled, false);
});

t.test('a node that is behind, silent, unsettled or out keeps everything from being drained', async (t) => {
  const view = viewOf({ ns1: 17, ns2: 17, ns3: 16, ns4: 17 }, ['ns4']);
  const heard = (more: Partial<HeardCounts['counts']> = {}, heardAtMs = 1000): HeardCounts => ({
    ...{ heardAtMs, counts: { revision: 17, services: new Map([['app', counts({ blue: none })]]), ...more } },
  });
  const asked = { service: 'app', revision: 17, nowMs: 1000 };
  const all = new Map([
    ['ns2', heard()],
    ['ns3', heard()],
    ['ns4', heard()],
  ]);
  t.same(notCounted(view, 'ns1', all, asked), ['ns3'], 'who is out and counts is counted');
  t.same(notCounted(view, 'ns1', all, { ...asked, revision: 16 }), []);
  t.same(notCounted(view, 'ns1', new Map(), { ...asked, revision: 16 }), ['ns2', 'ns3', 'ns4']);
  t.same(notCounted(view, 'ns1', all, { ...asked, revision: 16, nowMs: 1000 + COUNTS_FRESH_MS }), [
    'ns2',
    'ns3',
    'ns4',
  ]);
  all.set('ns2', heard({ revision: 15 }));
  t.same(notCounted(view, 'ns1', all, { ...asked, revision: 16 }), ['ns2'], 'it counted before the revision');
  all.set('ns2', heard({ services: new Map([['app', counts({ blue: none }, false)]]) }));
  t.same(notCounted(view, 'ns1', all, { ...asked, revision: 16 }), ['ns2'], 'a worker may answer by earlier weights');
  all.set('ns2', heard({ services: new Map() }));
  t.same(notCounted(view, 'ns1', all, { ...asked, revision: 16 }), ['ns2'], 'it says nothing of the service');
});

t.test('what is published is read by another clock, and nothing is earlier than it was', async (t) => {
  const pool = {
    answers: 7,
    answersBefore: 3,
    lastAtMs: NOW_MS - 1500,
    lastTtlSeconds: 5,
    expiresAtMs: NOW_MS + 3500,
    heldUntilMs: 0,
  };
  const sighting = {
    ...{ resolver: -5, pool: 0, lastAtSeconds: NOW_MS / 1000 - 2, ttlSeconds: 5, firstAtSeconds: 0, answers: 2 },
    network: new Uint8Array([192, 0, 2, 3]),
  };
  const service = { ...counts({ blue: pool }), sightings: { level: 3, seen: [sighting] } };
  const value = encodeCounts({ revision: 17, services: new Map([['app', service]]) }, NOW_MS);
  if (value === undefined) throw new Error('it is small');
  const otherMs = NOW_MS + 86_400_000;
  const parsed = parseCounts(value, otherMs);
  if (parsed instanceof Unreadable) throw new Error(parsed.words);
  t.equal(parsed.revision, 17);
  t.match(parsed.services.get('app'), {
    isSettled: true,
    order: ['blue'],
    pools: { blue: { ...pool, lastAtMs: otherMs - 1500, expiresAtMs: otherMs + 3500 } },
    sightings: { level: 3, seen: [{ ...sighting, lastAtSeconds: otherMs / 1000 - 2 }] },
  });
  const large = new Map(Array.from({ length: 3000 }, (_, i) => [`service-${i}.example`, service]));
  t.equal(encodeCounts({ revision: 17, services: large }, NOW_MS), undefined, `above ${COUNTS_MAX_BYTES} bytes`);
});

t.test('what somebody else put there is refused with words', async (t) => {
  const good = {
    form: 1,
    revision: 1,
    services: [['app', { settled: true, order: ['a'], pools: [], level: 0, seen: [] }]],
  };
  t.notOk(parseCounts(bytesOf(JSON.stringify(good)), NOW_MS) instanceof Unreadable);
  const [, app] = good.services[0] as [string, object];
  const withApp = (more: object): object => ({ ...good, services: [['app', { ...app, ...more }]] });
  const bad = [
    ...[{}, { ...good, form: 2 }, { ...good, revision: -1 }, { ...good, services: {} }, { ...good, services: [1] }],
    ...[{ ...good, services: [['', app]] }, { ...good, services: [['x'.repeat(2000), app]] }, withApp({ settled: 1 })],
    ...[withApp({ order: [7] }), withApp({ pools: [['a', {}]] }), withApp({ level: 33 }), withApp({ seen: [[]] })],
    ...[withApp({ seen: [[1, 1, 0, 0, null, 1, []]] }), withApp({ seen: [[2 ** 40, 0, 0, 0, null, 1, []]] })],
    withApp({ seen: [[1, 0, 0, 0, null, 1, [256]]] }),
  ];
  for (const each of bad) {
    t.ok(parseCounts(bytesOf(JSON.stringify(each)), NOW_MS) instanceof Unreadable, JSON.stringify(each).slice(0, 90));
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.json(), (bytes, json) => {
      parseCounts(bytes, NOW_MS);
      parseCounts(bytesOf(`{"form":1,"revision":1,"services":[["a",${json}]]}`), NOW_MS);
    }),
    { numRuns: runs(100) },
  );
});

t.test('what is told fits: of fewer resolvers, told apart by level, and of all answers', async (t) => {
  const seen = Array.from({ length: 4000 }, (_, n) => ({
    ...{ resolver: Math.imul(n + 1, 0x9e3779b1) | 0, pool: 0, lastAtSeconds: 9, ttlSeconds: 5, firstAtSeconds: 0 },
    ...{ answers: 1, network: Uint8Array.of(192, 0, 2) },
  }));
  const one = { ...counts({ blue: { ...none, answers: 7 } }), sightings: { level: 0, seen } };
  const services = new Map([['app', one]]);
  for (const maxBytes of [COUNTS_MAX_BYTES, 32_768, 1000]) {
    const value = encodeFitting({ revision: 17, services }, NOW_MS, maxBytes);
    t.ok(value.length <= maxBytes);
    const told = parseCounts(value, NOW_MS);
    if (told instanceof Unreadable) throw new Error(told.words);
    const { pools, sightings } = told.services.get('app') as ServiceCounts;
    t.equal(pools.blue?.answers, 7);
    t.ok(sightings.seen.every(({ resolver }) => Math.clz32(resolver) >= sightings.level));
    const estimate = sightings.seen.length * 2 ** sightings.level;
    if (maxBytes > 30_000) t.ok(Math.abs(estimate - 4000) < 800, `about ${estimate}`);
  }
  const few = { ...one, sightings: { level: 0, seen: seen.slice(0, 20) } };
  const many = new Map(Array.from({ length: 60 }, (_, n) => [`app${n}`, few]));
  const value = parseCounts(encodeFitting({ revision: 17, services: many }, NOW_MS, 1000), NOW_MS);
  t.equal((value as HeardCounts['counts']).services.size, 60, 'who tells no counts holds up drains');
  const long = new Map(Array.from({ length: 900 }, (_, n) => [String(n).padStart(1000, 'a'), few]));
  const some = parseCounts(encodeFitting({ revision: 17, services: long }, NOW_MS, 1000), NOW_MS);
  t.ok((some as HeardCounts['counts']).services.size > 100);
});

t.test('who asks about too much, or nothing that can be read, asks nothing', async (t) => {
  t.same(parseAsked(encodeAsked(['app.example'])), ['app.example']);
  t.type(parseAsked(encodeAsked(Array.from({ length: ASKED_MAX + 1 }, String))), Unreadable);
  for (const text of ['', '[]', '{"form":1}', '{"form":1,"services":[7]}', '{"form":1,"services":[""]}']) {
    t.type(parseAsked(bytesOf(text)), Unreadable, text);
  }
});

t.test('the way of a message moves no time, an answer does', async (t) => {
  const told = (pool: Partial<CountedPool>) => ({
    ...{ revision: 17, services: new Map([['app', counts({ blue: { ...none, ...pool } })]]) },
  });
  const poolOf = (now: Partial<CountedPool>, nowMs: number) =>
    steadied(told(now), told({ answers: 5, lastAtMs: 1000, expiresAtMs: 6000 }), nowMs).services.get('app')?.pools.blue;
  t.match(poolOf({ answers: 5, lastAtMs: 1300, expiresAtMs: 6300 }, 3000), { lastAtMs: 1000, expiresAtMs: 6000 });
  t.match(poolOf({ answers: 5, lastAtMs: 900, expiresAtMs: 5900 }, 3000), { expiresAtMs: 5900 }, 'it was sooner');
  t.match(poolOf({ answers: 5, expiresAtMs: 90_000 }, 90_000), { expiresAtMs: 6000 }, 'what is over is over');
  t.match(poolOf({ answers: 6, lastAtMs: 1300, expiresAtMs: 6300 }, 3000), { lastAtMs: 1300, expiresAtMs: 6300 });
  t.match(poolOf({ answers: 5, expiresAtMs: 20_000 }, 3000), { expiresAtMs: 20_000 }, 'others than before');
});
