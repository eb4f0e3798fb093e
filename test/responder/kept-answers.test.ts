/** Answers that are kept as they were sent are what would have been answered, byte for byte, of the same generation. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Responder } from '../../src/responder/answer.ts';
import { createRateLimit } from '../../src/responder/rate-limit.ts';
import { dataViewOf } from '../../src/wire/word-copy.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { apply, makeTable, rrset, service, zone } from '../fixtures/table.ts';

const START_MS = 1_795_500_000_000;
/** Room for a message, and what another one has left behind it. */
const STRIDE = 200;
const BATCH = 8;

interface Ask {
  readonly query: Uint8Array;
  readonly client: Uint8Array;
}

/** Without OPT, with a plain one of two sizes, with DO, a cookie, NSID, a client's subnet, and an option that nobody knows. */
const EDNS = [
  '',
  '00002904d0000000000000',
  '0000290200000000000000',
  '00002904d0000080000000',
  '00002904d000000000000c000a00080102030405060708',
  '00002904d000000000000400030000',
  '00002904d000000000000b000800070001180033cc01',
  '00002904d0000000000004fde90000',
] as const;
const NAMES = ['www', 'WwW', 'two', 'app', 'x', 'gone', 'other.wild', 'sub.cut', 'mx', 'text', ''] as const;
const FLAGS = [0, 0x0100, 0x0110, 0x0020, 0x2800, 0x8000] as const;

const asks: fc.Arbitrary<Ask> = fc
  .record({
    id: fc.nat(65535),
    name: fc.constantFrom(...NAMES),
    type: fc.constantFrom(1, 1, 1, 28, 5, 15, 16, 255, 6),
    edns: fc.constantFrom(...EDNS),
    flags: fc.constantFrom(0x0100, 0x0100, 0x0100, ...FLAGS),
    network: fc.nat(2),
    class: fc.constantFrom(1, 1, 1, 1, 255, 3),
  })
  .map(({ id, name, type, edns, flags, network, class: among }) => {
    const plain = buildQuery({ id, name: name === '' ? 'example.test' : `${name}.example.test`, type });
    const query = new Uint8Array(Buffer.concat([plain, Buffer.from(edns, 'hex')]));
    query[2] = flags >> 8;
    query[3] = flags & 0xff;
    query[plain.length - 1] = among;
    query[11] = edns === '' ? 0 : 1;
    // The client may ask by a name in any case.
    if (name === 'WwW') query.set(Buffer.from('WwW'), 13);
    return { query, client: Uint8Array.of(192, 0, network, 1) };
  });

function makeWorld(responsesPerSecond: number) {
  const limit = { responsesPerSecond, slip: 2, ipv4PrefixLength: 24, ipv6PrefixLength: 56, exempt: [] };
  const made = makeTable({ initialBytes: 4096, responder: { nsid: 'x', rateLimit: createRateLimit(limit, 1) } });
  apply(
    made.table,
    zone('example.test'),
    rrset('example.test', 'www.example.test', 'A', 300, '192.0.2.80'),
    rrset('example.test', 'two.example.test', 'A', 300, '192.0.2.25', '192.0.2.26'),
    rrset('example.test', 'mx.example.test', 'MX', 300, '10 app.example.test.'),
    rrset('example.test', 'text.example.test', 'TXT', 300, `"${'y'.repeat(200)}"`),
    rrset('example.test', 'x.example.test', 'CNAME', 300, 'app.example.test.'),
    rrset('example.test', '*.wild.example.test', 'A', 300, '192.0.2.99'),
    rrset('example.test', 'cut.example.test', 'NS', 300, 'ns.elsewhere.test.'),
    service('example.test', 'app.example.test', { blue: [70, '192.0.2.1'], green: [30, '192.0.2.2'] }),
  );
  return made;
}

/** The answers to a batch; `memory`: all messages are of one, as a transport's are, so that answers are kept. */
function answers(responder: Responder, batch: readonly Ask[], memory: Uint8Array | undefined): string[] {
  const reply = new Uint8Array(4096);
  for (const [i, { query, client }] of batch.entries()) {
    const start = memory === undefined ? 0 : i * STRIDE + 3;
    memory?.set(query, start);
    responder.client.set(client, 0, client.length);
    responder.read(i, memory ?? query, start, start + query.length);
  }
  responder.lookAhead(batch.length);
  return batch.map((_, i) => Buffer.from(reply.subarray(0, responder.reply(i, reply, 0, true))).toString('hex'));
}

/** So many answers of random histories came from those that are kept. */
function compare(t: Test, responsesPerSecond: number): number {
  let given = 0;
  const change = fc.option(fc.record({ n: fc.nat(3), isPublished: fc.boolean() }), { freq: 3 });
  const step = fc.record({ picks: fc.array(fc.nat(99), { minLength: 1, maxLength: BATCH }), change });
  const history = fc.record({
    pool: fc.array(asks, { minLength: 1, maxLength: 12 }),
    steps: fc.array(step, { minLength: 10, maxLength: 40 }),
  });
  fc.assert(
    fc.property(history, ({ pool, steps }) => {
      const worlds = [makeWorld(responsesPerSecond), makeWorld(responsesPerSecond)] as const;
      const memory = new Uint8Array(BATCH * STRIDE + 3).fill(0xa5);
      dataViewOf(memory);
      steps.forEach(({ picks, change }, turn) => {
        const batch = picks.map((pick, at) => {
          const { query, client } = pool[pick % pool.length] as Ask;
          const own = Uint8Array.from(query);
          own[0] = turn;
          own[1] = at;
          return { query: own, client };
        });
        const both = worlds.map(({ table, responder }, which) => {
          responder.enter(START_MS + 20 * turn);
          if (change !== null) {
            const problem = table.prepare([
              rrset('example.test', 'www.example.test', 'A', 300, `192.0.2.${100 + change.n}`),
              ...(change.n === 0 ? [rrset('example.test', 'gone.example.test', 'A', 300, '192.0.2.7')] : []),
            ]);
            if (problem !== undefined) throw new Error(problem.detail);
            // Seen by the next batch, and not by this one.
            if (change.isPublished) table.publish();
          }
          const given = answers(responder, batch, which === 0 ? undefined : memory);
          responder.leave();
          if (change?.isPublished === false) table.takeBack();
          return given;
        });
        t.same(both[1], both[0]);
        for (let counter = 0; counter < 96; counter++)
          if (worlds[0].counters.of(0, counter) !== worlds[1].counters.of(0, counter)) t.fail(`counter ${counter}`);
      });
      t.equal(worlds[0].responder.kept.given, 0);
      given += worlds[1].responder.kept.given;
    }),
    { numRuns: 60 },
  );
  return given;
}

t.test('as if nothing were kept, while the table changes', (t) => {
  const given = compare(t, 1000);
  t.ok(given > 100, `${given} were given`);
  t.end();
});

t.test('the same where the rate limit bites', (t) => {
  const given = compare(t, 5);
  t.ok(given > 20, `${given} were given`);
  t.end();
});
