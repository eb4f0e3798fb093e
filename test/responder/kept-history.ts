/** Random histories of messages and changes, answered with and without what is kept: every byte and every count the same. */
import fc from 'fast-check';
import type { Test } from 'tap';
import type { Responder } from '../../src/responder/answer.ts';
import type { TableChange } from '../../src/table/changes.ts';
import { COUNTER, POOL_COUNTER } from '../../src/table/counters.ts';
import { dataViewOf } from '../../src/wire/word-copy.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import type { makeTable } from '../fixtures/table.ts';

const START_MS = 1_795_500_000_000;
/** Room for a message, and what another one has left behind it. */
const STRIDE = 200;
const BATCH = 8;
/** More pools than any history makes, with their counters and ids. */
const POOLS = 400;

export interface Ask {
  readonly query: Uint8Array;
  readonly client: Uint8Array;
}

/** Without OPT, with a plain one of two sizes, with DO, a cookie, NSID, a client's subnet, and an option that nobody knows. */
export const EDNS = [
  '',
  '00002904d0000000000000',
  '0000290200000000000000',
  '00002904d0000080000000',
  '00002904d000000000000c000a00080102030405060708',
  '00002904d000000000000400030000',
  '00002904d000000000000b000800070001180033cc01',
  '00002904d0000000000004fde90000',
] as const;

/** A query with the bytes of an OPT record in hex; `class`: of the question. */
export function buildAsk(name: string, type: number, edns: string, flags: number, among = 1): Uint8Array {
  const plain = buildQuery({ id: 0, name, type });
  const query = new Uint8Array(Buffer.concat([plain, Buffer.from(edns, 'hex')]));
  query[2] = flags >> 8;
  query[3] = flags & 0xff;
  query[plain.length - 1] = among;
  query[11] = edns === '' ? 0 : 1;
  // The client may ask by a name in any case.
  if (name.startsWith('WwW')) query.set(Buffer.from('WwW'), 13);
  return query;
}

/** The answers to a batch; `memory`: all messages are of one, as a transport's are, so that answers are kept. */
export function answers(
  responder: Responder,
  batch: readonly Ask[],
  memory: Uint8Array | undefined,
  meanwhile: () => void = () => {},
): string[] {
  const reply = new Uint8Array(4096);
  for (const [i, { query, client }] of batch.entries()) {
    const start = memory === undefined ? 0 : i * STRIDE + 3;
    memory?.set(query, start);
    responder.client.set(client, 0, client.length);
    responder.read(i, memory ?? query, start, start + query.length);
  }
  responder.lookAhead(batch.length);
  return batch.map((_, i) => {
    if (i === batch.length >> 1) meanwhile();
    return Buffer.from(reply.subarray(0, responder.reply(i, reply, 0, true))).toString('hex');
  });
}

/** All that a world has counted, of which nothing is 0. */
function counted({ counters }: ReturnType<typeof makeTable>): unknown {
  const lines = Array.from({ length: COUNTER.FIRST_POOL + POOL_COUNTER.SIZE * POOLS }, (_, counter) => [
    counter,
    counters.of(0, counter),
  ]).filter(([, count]) => count !== 0);
  return lines;
}

interface Histories {
  readonly asks: fc.Arbitrary<Ask>;
  readonly changes: fc.Arbitrary<TableChange[]>;
  makeWorld(): ReturnType<typeof makeTable>;
  /** Different messages of a history at most. */
  readonly messages?: number;
  /** Steps without a change for each one with a change. */
  readonly quiet?: number;
}

/** Counts the names that a responder looks up. */
function countLookups({ lookup }: Responder): () => number {
  const find = lookup.find.bind(lookup);
  let count = 0;
  lookup.find = (...question) => {
    count++;
    return find(...question);
  };
  return () => count;
}

/** How many answers of random histories came from those that are kept, and how many names were looked up less. */
export function compareHistories(t: Test, histories: Histories): { given: number; spared: number } {
  const { asks, changes, makeWorld, messages = 12, quiet = 1 } = histories;
  let given = 0;
  let spared = 0;
  const change = fc.oneof(
    { weight: quiet, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.record({ changes, isPublished: fc.boolean(), isFirst: fc.boolean() }) },
  );
  const step = fc.record({ picks: fc.array(fc.nat(99), { minLength: 1, maxLength: BATCH, size: 'max' }), change });
  const history = fc.record({
    pool: fc.array(asks, { minLength: messages >> 1, maxLength: messages, size: 'max' }),
    steps: fc.array(step, { minLength: 10, maxLength: 40 }),
  });
  fc.assert(
    fc.property(history, ({ pool, steps }) => {
      const worlds = [makeWorld(), makeWorld()] as const;
      const lookups = worlds.map(({ responder }) => countLookups(responder)) as [() => number, () => number];
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
          // Seen by the next batch, and not by this one.
          const meanwhile = (): void => {
            if (change === null) return;
            const problem = table.prepare(change.changes);
            if (problem !== undefined) throw new Error(problem.detail);
            if (change.isPublished) table.publish();
          };
          responder.enter(START_MS + 20 * turn);
          if (change?.isFirst === true) meanwhile();
          const given = answers(responder, batch, which === 0 ? undefined : memory, () => {
            if (change?.isFirst === false) meanwhile();
          });
          responder.leave();
          if (change?.isPublished === false) table.takeBack();
          return given;
        });
        t.same(both[1], both[0]);
      });
      t.same(counted(worlds[1]), counted(worlds[0]));
      const ids = Array.from({ length: POOLS }, (_, id) => id);
      t.same(worlds[1].counters.sightings(ids), worlds[0].counters.sightings(ids));
      t.equal(worlds[0].responder.kept.given, 0);
      given += worlds[1].responder.kept.given;
      spared += lookups[0]() - lookups[1]();
    }),
    { numRuns: 60 },
  );
  return { given, spared };
}
