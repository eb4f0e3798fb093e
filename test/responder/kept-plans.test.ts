/** Answers by weight that are kept are drawn and counted as those that are not: of services of all shapes, which change. */
import fc from 'fast-check';
import t from 'tap';
import type { ResponderOptions } from '../../src/responder/options.ts';
import type { TableChange } from '../../src/table/changes.ts';
import { NO_SIGNERS } from '../../src/table/rrset-signer.ts';
import { apply, makeTable, rrset, service, zone } from '../fixtures/table.ts';
import { type Ask, buildAsk, EDNS, shortSigner, testHistories, withCookies, withOptions } from './kept-history.ts';

type Shape = Parameters<typeof service>[2];
type More = Parameters<typeof service>[3];

/** Targets by number: from 100 on of IPv6. */
const target = (n: number): string => (n < 100 ? `192.0.2.${n}` : `2001:db8::${n}`);

/** Of a service: a weight and targets for each pool. */
const SHAPES: Readonly<Record<string, readonly [Shape, More?]>> = {
  two: [{ blue: [70, target(1)], green: [30, target(2)] }],
  one: [{ only: [1, target(3), target(103)] }],
  three: [{ a: [1, target(4)], b: [1, target(5)], c: [1, target(6)] }],
  off: [{ a: [0, target(7)], b: [5, target(8)], c: [0, target(9), target(10)] }],
  several: [{ blue: [50, target(11), target(12)], green: [50, target(13)] }],
  split: [{ blue: [50, target(14)], green: [50, target(114)] }],
  six: [{ blue: [50, target(115)], green: [50, target(116)] }],
  both: [{ blue: [50, target(17), target(117)], green: [50, target(18), target(118)] }],
  many: [Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name, n) => [name, [n, target(20 + n)]]))],
  host: [{ blue: [1, 'two.example.test'], green: [1, 'elsewhere.invalid'] }, { kind: 'host' }],
  sticky: [{ blue: [50, target(31)], green: [50, target(32)] }, { pick: 'sticky' }],
  pins: [{ blue: [50, target(33)], green: [50, target(34)] }, { pins: [{ network: '192.0.1.0/24', pool: 'green' }] }],
  '*.wild': [{ blue: [50, target(35)], green: [50, target(36)] }],
};
const ZONES = ['example.test', 'signed.test'] as const;
const NAMES = [
  ...Object.keys(SHAPES).filter((name) => !name.startsWith('*')),
  'green.two',
  'x.wild',
  'y.wild',
  'alias',
];

const asks: fc.Arbitrary<Ask> = fc
  .record({
    name: fc.constantFrom('two', 'both', 'three', ...NAMES),
    zone: fc.constantFrom(...ZONES),
    type: fc.constantFrom(1, 1, 1, 28, 28, 5, 255, 65),
    edns: fc.oneof(
      fc.constantFrom('', EDNS[3]).map((edns) => () => edns),
      withCookies,
      withOptions,
    ),
    flags: fc.constantFrom(0x0100, 0x0100, 0),
    client: fc.nat(5),
    among: fc.constantFrom(1, 1, 1, 1, 255),
  })
  .map(({ name, zone, type, edns, flags, client: n, among }) => {
    const client = Uint8Array.of(192, 0, n % 3, n < 3 ? 1 : 2);
    return { query: buildAsk(`${name}.${zone}`, type, edns(client), flags, among), client };
  });

/** Weights, a pool that is not up or is forced, one target or two of one pool, another TTL. */
const changes: fc.Arbitrary<TableChange[]> = fc
  .record({
    name: fc.constantFrom('two', 'both', 'three', ...Object.keys(SHAPES)),
    zone: fc.constantFrom(...ZONES),
    weights: fc.array(fc.constantFrom(0, 1, 50, 65_535), { minLength: 7, maxLength: 7 }),
    target: fc.nat(3),
    isUnhealthy: fc.boolean(),
    ttlSeconds: fc.constantFrom(5, 5, 60),
  })
  .map(({ name, zone, weights, target: n, isUnhealthy, ttlSeconds }) => {
    const [shape, more] = SHAPES[name] as (typeof SHAPES)[string];
    const pools = Object.entries(shape).map(([pool, [, ...targets]], i): [string, Shape[string]] => {
      const weight = i === 0 && weights.every((each) => each === 0) ? 1 : (weights[i] as number);
      if (i > 0 || n === 0 || more?.kind === 'host') return [pool, [weight, ...targets]];
      return [pool, [weight, target(40 + n), ...(n === 1 ? targets : [])]];
    });
    if (pools.every(([, [weight]]) => weight === 0)) (pools[0] as [string, Shape[string]])[1][0] = 1;
    const change = service(zone, `${name}.${zone}`, Object.fromEntries(pools), { ...more, ttlSeconds });
    if (!isUnhealthy || change.op !== 'putService') return [change];
    // As health makes it: what is not up has no weight.
    const marked = change.service.pools.map((pool) => (pool.weight === 0 ? { ...pool, isUnhealthy } : pool));
    return [{ ...change, service: { ...change.service, pools: marked } }];
  });

function makeWorld(responder: Partial<ResponderOptions>) {
  const made = makeTable({ initialBytes: 2 ** 16, responder });
  made.table.signWith({ ...NO_SIGNERS, of: (name) => (name === 'signed.test' ? shortSigner : undefined) });
  for (const name of ZONES) {
    apply(
      made.table,
      zone(name),
      rrset(name, `alias.${name}`, 'CNAME', 300, `two.${name}.`),
      rrset(name, `two.${name}`, 'TXT', 300, '"beside"'),
      ...Object.entries(SHAPES).map(([label, [pools, more]]) => service(name, `${label}.${name}`, pools, more)),
    );
  }
  return made;
}

testHistories(t, 'services change', { asks, changes, makeWorld, useOf: ({ given }) => given, useMin: 100 });
