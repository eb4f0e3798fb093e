/** Sticky: a client's network keeps its pool, moves only to the pool that grows, and shares are as the weights say. */
import fc from 'fast-check';
import t from 'tap';
import type { Responder } from '../../src/responder/answer.ts';
import { CHI_SQUARE_LIMIT, chiSquare } from '../fixtures/chi-square.ts';
import { makeAsk, network4, network6 } from '../fixtures/networks.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, makeTable, service, zone } from '../fixtures/table.ts';

const NAME = 'app.a.test';

/** Pool i of the names in order has the targets 192.0.2.i and 2001:db8::i, wherever it stands. */
function sticky(weights: Readonly<Record<string, number>>, more: { name?: string; salt?: string } = {}) {
  const inOrder = Object.keys(weights).sort();
  const pools = Object.entries(weights).map(([pool, weight]): [string, [number, ...string[]]] => {
    const n = inOrder.indexOf(pool) + 1;
    return [pool, [weight, `192.0.2.${n}`, `2001:db8::${n}`]];
  });
  const { name = NAME, ...rest } = more;
  return service('a.test', name, Object.fromEntries(pools), { pick: 'sticky', ...rest });
}

function stickyTable(...changes: ReturnType<typeof sticky>[]) {
  const made = makeTable();
  apply(made.table, zone('a.test'), ...changes);
  made.responder.enter(1000);
  return made;
}

/** One row a step: the pool of each network. */
type Seen = readonly (readonly number[])[];

/**
 * What is wrong with how networks moved while the weight of the pool `to` first grew and then shrank: each may go there
 * once and come back once, and nowhere else.
 */
function wrongMoves(seen: Seen, to: number): number {
  let wrong = 0;
  for (let network = 0; network < seen[0].length; network++) {
    const moves = seen.slice(1).filter((row, step) => row[network] !== seen[step][network]);
    const others = seen.map((row) => row[network]).filter((pool) => pool !== to);
    if (moves.length > 2 || new Set(others).size > 1) wrong++;
  }
  return wrong;
}

/** What each network gets at each step. */
function shiftThrough(
  steps: readonly Record<string, number>[],
  networks: readonly Uint8Array[],
  type: 'A' | 'AAAA',
  saltOf?: (step: number) => string,
): number[][] {
  const { table, responder } = stickyTable(sticky(steps[0]));
  const ask = makeAsk(responder, NAME, type);
  return steps.map((weights, step) => {
    apply(table, sticky(weights, saltOf && { salt: saltOf(step) }));
    responder.enter(1000);
    return networks.map(ask);
  });
}

const NETWORKS = 100_000;
const four = Array.from({ length: NETWORKS }, (_, n) => network4(n));
const six = Array.from({ length: NETWORKS }, (_, n) => network6(n));
const greens = [0, 10, 50, 100, 0];
const [BLUE, GREEN] = [1, 2];

for (const [what, networks] of [
  ['IPv4', four],
  ['IPv6', six],
] as const) {
  t.test(`${NETWORKS} ${what} networks through green 0 → 10 → 50 → 100 → 0`, (t) => {
    t.equal(new Set(networks.map(String)).size, NETWORKS, 'they differ');
    const steps = greens.map((green) => ({ blue: 100 - green, green }));
    const seen = shiftThrough(steps, networks, 'A');
    t.equal(wrongMoves(seen, GREEN), 0, 'each moves at most once each way');
    for (const [step, green] of greens.entries()) {
      const count = seen[step].filter((pool) => pool === GREEN).length;
      if (green === 0 || green === 100) {
        t.equal(count, green === 0 ? 0 : NETWORKS, `all of them at ${green}`);
        continue;
      }
      const expected = (NETWORKS * green) / 100;
      const chi = chiSquare([count, NETWORKS - count], [expected, NETWORKS - expected]);
      t.ok(chi < CHI_SQUARE_LIMIT[1], `${count} at green ${green}: within chance`);
    }
    t.same(shiftThrough(steps, networks, 'AAAA'), seen, 'A and AAAA of one network agree');
    t.end();
  });
}

t.test('the order of the pools does not matter, so that green may stand before blue', (t) => {
  const networks = four.slice(0, 5000);
  const seen = shiftThrough(
    greens.map((green) => ({ green, blue: 100 - green })),
    networks,
    'A',
  );
  t.same(
    seen,
    shiftThrough(
      greens.map((green) => ({ blue: 100 - green, green })),
      networks,
      'A',
    ),
  );
  t.equal(wrongMoves(seen, GREEN), 0);
  t.end();
});

t.test('rules that are not sticky are caught', (t) => {
  const networks = four.slice(0, 5000);
  const hash = (network: Uint8Array): number =>
    Math.imul(network[0] * 65536 + network[1] * 256 + network[2], 2654435761);
  const share = (network: Uint8Array): number => (hash(network) >>> 0) / 2 ** 32;
  const rules: Record<string, (network: Uint8Array, green: number, step: number) => number> = {
    'a draw each time': (_, green) => (Math.random() * 100 < green ? GREEN : BLUE),
    'green above at one step, below at the next': (network, green, step) =>
      (step % 2 === 0 ? share(network) < green / 100 : share(network) >= 1 - green / 100) ? GREEN : BLUE,
  };
  for (const [name, rule] of Object.entries(rules)) {
    const seen = greens.map((green, step) => networks.map((network) => rule(network, green, step)));
    t.ok(wrongMoves(seen, GREEN) > 0, name);
  }
  const steps = greens.map((green) => ({ blue: 100 - green, green }));
  const resalted = shiftThrough(steps, networks, 'A', (step) => String(step).repeat(32));
  t.ok(wrongMoves(resalted, GREEN) > 0, 'another salt at each step');
  t.equal(
    wrongMoves(
      greens.map((green) => networks.map((network) => (share(network) < green / 100 ? GREEN : BLUE))),
      GREEN,
    ),
    0,
    'a threshold is right',
  );
  t.end();
});

t.test('with three pools none moves between those whose proportions stay', (t) => {
  const networks = four.slice(0, 30_000);
  // Alphabetical: blue 1, green 2, red 3.
  const steps = [
    { blue: 60, red: 30, green: 0 },
    { blue: 54, red: 27, green: 9 },
    { blue: 30, red: 15, green: 45 },
    { blue: 0, red: 0, green: 90 },
    { blue: 60, red: 30, green: 0 },
  ];
  const seen = shiftThrough(steps, networks, 'A');
  t.equal(wrongMoves(seen, GREEN), 0);
  for (const [step, { blue, green, red }] of steps.entries()) {
    const weights = [blue, green, red];
    const counts = [1, 2, 3].map((pool) => seen[step].filter((got) => got === pool).length);
    const used = weights.flatMap((weight, i) => (weight > 0 ? [i] : []));
    for (const [i, weight] of weights.entries()) if (weight === 0) t.equal(counts[i], 0);
    if (used.length < 2) continue;
    const expected = used.map((i) => (networks.length * weights[i]) / 90);
    const chi = chiSquare(
      used.map((i) => counts[i]),
      expected,
    );
    t.ok(chi < CHI_SQUARE_LIMIT[used.length - 1], `${counts} at ${weights}`);
  }
  t.end();
});

t.test('a pool that comes with weight 0, or goes from it, moves nobody', (t) => {
  const networks = four.slice(0, 2000);
  const [two, three, back] = shiftThrough(
    [
      { blue: 70, green: 30 },
      { blue: 70, green: 30, zulu: 0 },
      { blue: 70, green: 30 },
    ],
    networks,
    'A',
  );
  t.same(three, two);
  t.same(back, two);
  t.end();
});

t.test('any weights: a pool that grows takes networks from others, and gives none away', (t) => {
  const networks = four.slice(0, 300);
  const weight = fc.integer({ min: 0, max: 65535 });
  fc.assert(
    fc.property(fc.array(weight, { minLength: 2, maxLength: 16 }), fc.nat(15), weight, (weights, which, more) => {
      const grown = which % weights.length;
      const name = (i: number): string => `p${String(i).padStart(2, '0')}`;
      const named = (list: readonly number[]) => Object.fromEntries(list.map((value, i) => [name(i), value]));
      const after = weights.map((value, i) => (i === grown ? Math.min(65535, value + more) : value));
      if (weights.every((value) => value === 0) || after.every((value) => value === 0)) return;
      const [one, other] = shiftThrough([named(weights), named(after)], networks, 'A');
      for (const [i, pool] of other.entries()) {
        if (after[pool - 1] === 0) throw new Error(`network ${i} is answered from a pool of weight 0`);
        if (pool !== one[i] && pool - 1 !== grown) throw new Error(`network ${i} moved from ${one[i]} to ${pool}`);
      }
    }),
    { numRuns: runs(60) },
  );
  t.end();
});

t.test('two services choose as if they knew nothing of each other, unless they share a salt', (t) => {
  const half = { blue: 50, green: 50 };
  const { responder } = stickyTable(
    sticky(half),
    sticky(half, { name: 'other.a.test', salt: '00112233445566778899aabbccddeeff' }),
    sticky(half, { name: 'twin.a.test' }),
  );
  const ask = (name: string): number[] => four.map(makeAsk(responder, name, 'A'));
  const [app, other, twin] = [NAME, 'other.a.test', 'twin.a.test'].map(ask);
  t.same(twin, app);
  const counts = [0, 0, 0, 0];
  app.forEach((pool, i) => {
    counts[2 * (pool - 1) + other[i] - 1]++;
  });
  t.ok(chiSquare(counts, new Array<number>(4).fill(NETWORKS / 4)) < CHI_SQUARE_LIMIT[3], String(counts));
  t.end();
});

/** Pools of a client's network by each way to learn of it. */
function poolsOf(responder: Responder, client: Uint8Array, ways: readonly (number | undefined)[]): Set<number> {
  return new Set(
    ways.flatMap((bits) => (['A', 'AAAA'] as const).map((type) => makeAsk(responder, NAME, type, bits)(client))),
  );
}

t.test('the network is that of ECS where it is sent, and its host part does not matter', (t) => {
  const { responder } = stickyTable(sticky({ blue: 50, green: 50 }));
  for (let n = 0; n < 200; n++) {
    const hosts = [1, 77, 255].map((host) => Uint8Array.of(...network4(n).subarray(0, 3), host));
    t.equal(new Set(hosts.flatMap((host) => [...poolsOf(responder, host, [24, 25, 32, undefined])])).size, 1);
    const six = network6(n).map((byte, i) => (i >= 7 ? n & 0xff : byte));
    t.equal(poolsOf(responder, six, [56, 64, 128, undefined]).size, 1);
  }
  t.end();
});

t.test('what is chosen for a network never changes: these are the answers of every release of Teal', (t) => {
  const { responder } = stickyTable(sticky({ blue: 50, green: 30, red: 20 }));
  const chosen = (networks: readonly Uint8Array[]): string =>
    networks
      .slice(0, 32)
      .map(makeAsk(responder, NAME, 'A'))
      .join('');
  t.equal(chosen(four), '13121121123311213212311222212121');
  t.equal(chosen(six), '11133233231231111131123211121222');
  t.end();
});
