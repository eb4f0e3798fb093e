/** The sample of resolvers, held against exact counts: for few resolvers exact, for many within the error that is said. */
import t from 'tap';
import { estimateResolvers } from '../../src/model/resolver-estimates.ts';
import { PLAN, POOL } from '../../src/table/layout.ts';
import { keySample, RESOLVER_BYTES, ResolverSample, readSightings, rekeySample } from '../../src/table/resolvers.ts';
import { mulberry32 } from '../fixtures/mutate.ts';

const NOON_S = Date.UTC(2026, 10, 24, 12) / 1000;
const POOLS_AT = 100;

/** Some workers, and plans of services with two pools each; the ids of service n's pools are 10 n + 1 and 10 n + 2. */
function makeWorkers(workers: number, key = 7) {
  const memories = Array.from({ length: workers }, () => new SharedArrayBuffer(RESOLVER_BYTES));
  for (const memory of memories) keySample(memory, key);
  const samples = memories.map((memory) => new ResolverSample(memory));
  return {
    count(
      worker: number,
      service: number,
      pool: number,
      client: Uint8Array,
      atSeconds: number,
      drainingSince = 0,
    ): void {
      const table = new Int32Array(POOLS_AT + POOL.WORDS);
      table[PLAN.SERVICE] = service;
      table[PLAN.TTL] = 5;
      table[PLAN.DRAINING_SINCE] = drainingSince;
      table[POOLS_AT + POOL.ID] = 10 * service + pool + 1;
      const sample = samples[worker];
      sample.nowSeconds = atSeconds;
      sample.count(table, 0, POOLS_AT, { bytes: client, at: 0, length: client.length, addressHash: 0 });
    },
    rekey: (other: number) => memories.map((memory) => rekeySample(memory, other)),
    memories,
    read: (service: number) => readSightings(memories, [10 * service + 1, 10 * service + 2]),
    estimate(service: number, drainingSince: (number | undefined)[] = [undefined, undefined]) {
      return estimateResolvers(this.read(service), { drainingSince, sinceSeconds: 0 });
    },
  };
}

function ipv4(number: number): Uint8Array {
  return Uint8Array.of(10, number >>> 16, number >>> 8, number);
}

function ipv6(number: number): Uint8Array {
  return Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, number >>> 16, number >>> 8, 0, 0, 0, 0, 0, 0, 0, 0, number);
}

t.test('few resolvers are counted exactly, whichever workers they meet', async (t) => {
  const random = mulberry32(1);
  const workers = makeWorkers(3);
  const exact = [0, 1].map(() => ({ got: new Set<number>(), notBack: new Set<number>() }));
  const last = new Map<number, { pool: number; at: number }>();
  for (let i = 0; i < 20_000; i++) {
    const client = Math.floor(random() * 1000);
    const pool = random() < 0.2 ? 1 : 0;
    const at = NOON_S + i;
    workers.count(Math.floor(random() * 3), 1, pool, client % 2 === 0 ? ipv4(client) : ipv6(client), at);
    exact[pool]?.got.add(client);
    last.set(client, { pool, at });
  }
  for (const [client, { pool }] of last) exact[pool]?.notBack.add(client);
  t.equal(workers.read(1).level, 0);
  for (const [pool, estimate] of workers.estimate(1).entries()) {
    const { got, notBack } = exact[pool] as (typeof exact)[number];
    t.match(estimate, { distinct: got.size, notBack: notBack.size, errorPercent: 0, late: undefined });
  }
  t.same(
    workers.estimate(2).map(({ distinct }) => distinct),
    [0, 0],
    'another service has none of them',
  );
});

t.test('many resolvers are estimated within the error that is said, in the same memory', async (t) => {
  for (const [key, many, few] of [
    [1, 200_000, 3000],
    [2, 60_000, 1000],
    [3, 20_000, 500],
  ] as const) {
    const workers = makeWorkers(2, key);
    for (let client = 0; client < many; client++) {
      workers.count(client % 2, 1, 0, ipv4(client), NOON_S);
      if (client % 4 === 0) workers.count(1, 1, 1, ipv4(client), NOON_S + 1);
      if (client % Math.floor(many / few) === 0) workers.count(0, 2, 0, ipv6(client), NOON_S);
    }
    const { level } = workers.read(1);
    t.ok(level > 0, `level ${level}`);
    const [blue, green] = workers.estimate(1);
    const [other] = workers.estimate(2);
    const exact: [number, { distinct: number; errorPercent: number } | undefined][] = [
      [many, blue],
      [many / 4, green],
      [Math.ceil(many / Math.floor(many / few)), other],
    ];
    for (const [truth, estimate] of exact) {
      const { distinct = 0, errorPercent = 0 } = estimate ?? {};
      // Four standard errors: seeded, so that it holds once and for all.
      t.ok(Math.abs(distinct - truth) <= (2 * errorPercent * truth) / 100, `${distinct} ± ${errorPercent}%: ${truth}`);
      t.ok(errorPercent > 0);
    }
    t.ok((blue?.errorPercent ?? 100) < 5, 'a large service is known well');
    const back = Math.abs((blue?.notBack ?? 0) - (3 / 4) * many);
    t.ok(back <= (2 * (green?.errorPercent ?? 0) * many) / 100, `${blue?.notBack} have not come back from blue`);
  }
});

for (const [when, beginS] of [
  ['now', NOON_S],
  // When seconds have a bit more than a signed word has for them.
  ['on 2038-01-19, and the drain begins as it turns', 2 ** 31 - 100],
  ['after that', 2 ** 31],
] as const)
  t.test(`who comes back only after the answer has expired is late: ${when}`, async (t) => {
    const workers = makeWorkers(2);
    const since = beginS + 100;
    const ask = (client: number, worker: number, pool: number, second: number) =>
      workers.count(worker, 1, pool, ipv4(client), beginS + second, second >= 100 ? since : 0);
    // Client 1 comes back in time, 2 late, 3 never, 4 in time at one worker and again at another, 5 had green before.
    for (const client of [1, 2, 3, 4, 5]) ask(client, 0, 0, 98);
    ask(5, 1, 1, 50);
    ask(1, 0, 1, 104);
    ask(2, 1, 1, 130);
    ask(4, 1, 1, 103);
    ask(4, 0, 1, 150);
    ask(5, 1, 1, 140);
    const [blue, green] = workers.estimate(1, [since, undefined]);
    t.match(blue, { distinct: 5, notBack: 1, late: 2 });
    t.match(green, { distinct: 4, notBack: 4, late: undefined });
    t.equal(workers.estimate(1, [since - 1, since])[0]?.late, undefined, 'another pool began to drain later');
  });

t.test('networks are /24 and /56, and a resolver counts once a second', async (t) => {
  const workers = makeWorkers(1);
  for (let i = 0; i < 5; i++) workers.count(0, 1, 0, ipv4(0x0102_00 + i), NOON_S + i);
  for (let i = 0; i < 9; i++) workers.count(0, 1, 0, ipv4(0x0102_09), NOON_S + 10);
  for (let i = 0; i < 3; i++) workers.count(0, 1, 0, ipv6(0x4455_66 + i), NOON_S + i);
  t.same(workers.estimate(1)[0]?.networks, [
    { network: Uint8Array.of(10, 1, 2), answers: 6 },
    { network: Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0x44, 0x55), answers: 3 },
  ]);
});

t.test('a resolver that asks for a thousand services is noted once a second for each', async (t) => {
  const workers = makeWorkers(1);
  const services = Array.from({ length: 1000 }, (_, i) => i + 1);
  const rounds = 10;
  for (let round = 0; round < rounds; round++) {
    for (const service of services) {
      for (const pool of [0, 1]) workers.count(0, service, pool, ipv4(1), NOON_S);
    }
  }
  const noted = services.flatMap((service) => workers.read(service).seen.map(({ answers }) => answers));
  t.equal(noted.length, 2 * services.length);
  // With one pair in each place 6% would be noted ten times.
  const again = noted.filter((answers) => answers > 1).length;
  t.ok(again <= noted.length / 50, `${again} were noted more than once`);
});

t.test('of two that share a place neither is noted again while both ask by turns', async (t) => {
  const memory = new SharedArrayBuffer(RESOLVER_BYTES);
  keySample(memory, 7);
  const sample = new ResolverSample(memory);
  sample.nowSeconds = NOON_S;
  const table = new Int32Array(POOLS_AT + POOL.WORDS);
  // Pools whose ids agree in their low bits share a place, whatever the resolver.
  const ids = [4, 8];
  for (let turn = 0; turn < 20; turn++) {
    table[POOLS_AT + POOL.ID] = ids[turn % 2] as number;
    sample.count(table, 0, POOLS_AT, { bytes: ipv4(1), at: 0, length: 4, addressHash: 0 });
  }
  t.same(
    readSightings([memory], ids).seen.map(({ answers }) => answers),
    [1, 1],
  );
});

t.test('one resolver that asks for everything does not take the room of the others', async (t) => {
  const workers = makeWorkers(1);
  for (let service = 1; service <= 100_000; service++) workers.count(0, service, 0, ipv4(1), NOON_S);
  const { level } = workers.read(1);
  t.ok(level > 0 && level < 6, `level ${level}`);
});

t.test('by the same key two servers see the same resolvers, whatever key they began with', async (t) => {
  const [one, other] = [makeWorkers(2, 0x5bd1e995), makeWorkers(2, 0x1b873593)];
  const resolversOf = (workers: typeof one) => workers.read(1).seen.map(({ resolver }) => resolver);
  const askAll = (): void => {
    for (const workers of [one, other]) {
      for (let client = 0; client < 20; client++) workers.count(client % 2, 1, 0, ipv4(client), NOON_S);
    }
  };
  askAll();
  t.equal(new Set([...resolversOf(one), ...resolversOf(other)]).size, 40, 'keys of their own: nobody is known');
  t.same([...one.rekey(99), ...other.rekey(99)], [true, true, true, true]);
  t.same(resolversOf(one), [], 'what was seen by another key is of nobody');
  // A worker that sees nobody goes on having what it had, which is not read.
  one.count(0, 1, 0, ipv4(0), NOON_S);
  t.equal(resolversOf(one).length, 1);
  askAll();
  t.equal(new Set([...resolversOf(one), ...resolversOf(other)]).size, 20);
  t.same(one.rekey(99), [true, true], 'said twice it changes nothing');
  t.equal(resolversOf(one).length, 20);
});

t.test('a sample that was thinned begins anew with all under another key', async (t) => {
  const workers = makeWorkers(1);
  for (let client = 0; client < 60_000; client++) workers.count(0, 1, 0, ipv4(client), NOON_S);
  t.ok(workers.read(1).level > 0);
  workers.rekey(99);
  workers.count(0, 1, 0, ipv4(1), NOON_S);
  t.same([workers.read(1).level, workers.read(1).seen.length], [0, 1]);
});

t.test('a worker of an earlier version, which reads its key once, is not given another', async (t) => {
  const workers = makeWorkers(1);
  workers.count(0, 1, 0, ipv4(1), NOON_S);
  // Such a one writes no key beside its entries.
  const head = new Int32Array(workers.memories[0] as SharedArrayBuffer);
  head[2] = 0;
  t.same(workers.rekey(99), [false]);
  t.equal(workers.read(1).seen.length, 1, 'what it sees goes on counting');
});

t.test('who was looked ahead to by the key of before is counted by the one in force', async (t) => {
  for (const isRekeyedFirst of [true, false]) {
    const memory = new SharedArrayBuffer(RESOLVER_BYTES);
    keySample(memory, 0x5bd1e995);
    const sample = new ResolverSample(memory);
    const table = new Int32Array(POOLS_AT + POOL.WORDS);
    table[POOLS_AT + POOL.ID] = 1;
    sample.nowSeconds = NOON_S;
    // As a responder does: it looks ahead to all of a batch, then counts each, and remembers what it made of an address.
    const ask = (isRekeyedBetween: boolean): void => {
      const client = { bytes: ipv4(1), at: 0, length: 4, addressHash: 0 };
      sample.leadTo(0, table, 0, client);
      sample.lookAhead(1);
      if (isRekeyedBetween) rekeySample(memory, 0x1b873593);
      sample.count(table, 0, POOLS_AT, client);
    };
    if (isRekeyedFirst) rekeySample(memory, 0x1b873593);
    ask(!isRekeyedFirst);
    ask(false);
    t.equal(readSightings([memory], [1]).seen.length, 1, isRekeyedFirst ? 'before' : 'in between');
  }
});
