/** The words that workers count in. */
import t from 'tap';
import { COUNTER, POOL_COUNTER, typeCounter, typeCounters } from '../../src/table/counters.ts';
import { RESOLVER_BYTES } from '../../src/table/resolvers.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { apply, askBytes, makeTable, rrset, zone } from '../fixtures/table.ts';

t.test('every type has one counter, and none shares a word with something else', async (t) => {
  const counters = typeCounters.map(([, counter]) => counter);
  t.equal(new Set(counters).size, counters.length);
  t.ok(Math.min(...counters) > COUNTER.LIMITED);
  t.ok(Math.max(...counters) < COUNTER.FIRST_POOL);
  t.equal(COUNTER.FIRST_POOL % POOL_COUNTER.SIZE, 0);
  t.equal(
    (RESOLVER_BYTES + 8 * COUNTER.FIRST_POOL) % 64,
    0,
    "two pools' lines begin where one of the processor's does",
  );
  const byType = new Map(typeCounters);
  for (let type = 0; type < 65536; type++) {
    const own = byType.get(type) ?? byType.get(undefined);
    if (typeCounter(type) !== own) t.fail(`type ${type} counts at ${typeCounter(type)}, not ${own}`);
  }
});

t.test('an answer counts once, under the type that was asked for', async (t) => {
  const { table, counters, responder } = makeTable();
  apply(table, zone('example.test'), rrset('example.test', 'www.example.test', 'A', 60, '192.0.2.1'));
  const asked = { A: 3, AAAA: 2, HTTPS: 1, ANY: 2, CAA: 1, TYPE65280: 2 };
  for (const [type, times] of Object.entries(asked)) {
    const code =
      type === 'TYPE65280' ? 65280 : type === 'HTTPS' ? 65 : type === 'ANY' ? 255 : type === 'CAA' ? 257 : type;
    for (let i = 0; i < times; i++) askBytes(responder, buildQuery({ name: 'www.example.test', type: code }));
  }
  // Two questions cannot be read (RFC 9619 §4), and a response gets no answer.
  const two = buildQuery({ name: 'www.example.test' });
  two.writeUInt16BE(2, 4);
  askBytes(responder, two);
  askBytes(responder, buildQuery({ name: 'www.example.test', flags: 0x8000 }));
  const counted = (type: number): number => counters.of(0, typeCounter(type));
  t.same([1, 28, 65, 255, 257, 65280, 0].map(counted), [3, 2, 1, 2, 1, 2, 1]);
  const all = typeCounters.reduce((sum, [, counter]) => sum + counters.of(0, counter), 0);
  t.equal(all, counters.of(0, COUNTER.ANSWERS));
  t.equal(counters.of(0, COUNTER.DROPPED), 1);
});
