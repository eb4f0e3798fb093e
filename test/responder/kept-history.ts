/** Random histories of messages and changes, answered with and without what is kept: every byte and every count the same. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Test } from 'tap';
import type { Responder } from '../../src/responder/answer.ts';
import { Client } from '../../src/responder/client.ts';
import { Cookies } from '../../src/responder/cookies.ts';
import type { ResponderOptions } from '../../src/responder/options.ts';
import { createRateLimit } from '../../src/responder/rate-limit.ts';
import type { TableChange } from '../../src/table/changes.ts';
import { COUNTER, POOL_COUNTER } from '../../src/table/counters.ts';
import type { RRsetSigner } from '../../src/table/rrset-signer.ts';
import { UDP_CLASSIC_BYTES } from '../../src/wire/constants.ts';
import { COOKIE_BYTES } from '../../src/wire/edns.ts';
import { dataViewOf } from '../../src/wire/word-copy.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { runs } from '../fixtures/runs.ts';
import { defaultOptions, type makeTable } from '../fixtures/table.ts';

const START_MS = 1_795_500_000_000;
/** Room for a message with the longest name, and what another one has left behind it. */
const STRIDE = 320;
const BATCH = 8;
const ADDITIONAL_COUNT_AT = 11;
const UNTOUCHED = 0xa5;
/** More than any reply takes. */
const REPLY_BYTES = 4096;
const untouched = Buffer.alloc(REPLY_BYTES, UNTOUCHED);
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

/** Of the worlds whose cookies these are. */
const cookieSecrets: readonly Uint8Array[] = [Uint8Array.from({ length: 16 }, (_, i) => i)];

/** The cookie that such a world gave a client so many seconds before the histories begin, in hex. */
export function cookieOf(client: Uint8Array, ageSeconds: number): string {
  const cookie = new Uint8Array(COOKIE_BYTES);
  const asking = new Client();
  asking.set(client, 0, client.length);
  const random = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, client.at(-1) ?? 0);
  new Cookies(cookieSecrets).write(cookie, 0, random, 0, asking, START_MS / 1000 - ageSeconds);
  return Buffer.from(cookie).toString('hex');
}

/**
 * OPT records by client with a whole cookie: good, so old that it is renewed or no longer good, and wrong; with DO or
 * without; alone, beside an option that nobody knows, NSID or a client's subnet, twice, beside another good one or a
 * client's part of one, within that unknown option, and with more bytes behind it.
 */
export const withCookies: fc.Arbitrary<(client: Uint8Array) => string> = fc
  .record({
    ageSeconds: fc.constantFrom(0, 0, 0, 0, 60, 1800, 3000, 3600, 5000),
    isWrong: fc.constantFrom(false, false, false, false, true),
    flags: fc.constantFrom('0000', '0000', '0000', '8000'),
    form: fc.constantFrom(...'c c c c c c c c uc cu cn nc cs sc cc oc pc w ow l'.split(' ')),
  })
  .map(({ ageSeconds, isWrong, flags, form }) => (client) => {
    const good = `000a0018${cookieOf(client, ageSeconds)}`;
    const cookie = isWrong ? `${good.slice(0, -2)}${good.endsWith('00') ? '01' : '00'}` : good;
    const subnet = '000800070001180033cc01';
    const long = `000a0020${cookie.slice(8)}0102030405060708`;
    const other = { o: `000a0018${cookieOf(client, 1)}`, p: '000a00080102030405060709' };
    const within = `fde9001c${cookie}`;
    const options = { ...other, c: cookie, u: 'fde90000', n: '00030000', s: subnet, w: within, l: long };
    const data = [...form].map((each) => options[each as keyof typeof options]).join('');
    return `00002904d00000${flags}${(data.length / 2).toString(16).padStart(4, '0')}${data}`;
  });

/** The same, and those without cookies or with a client's part of one. */
export const withOptions: fc.Arbitrary<(client: Uint8Array) => string> = fc.oneof(
  fc.constantFrom(...EDNS).map((edns) => () => edns),
  withCookies,
);

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

/** A memory for the messages of a batch, as a transport has one: what is asked out of it may be kept. */
export function messageMemory(): Uint8Array {
  const memory = new Uint8Array(BATCH * STRIDE + 3).fill(UNTOUCHED);
  dataViewOf(memory);
  return memory;
}

/**
 * The answers to a batch; `memory`: see there; undefined: nothing is kept. Throws where anything is written behind the
 * room for the longest reply to a message.
 */
export function answers(
  responder: Responder,
  batch: readonly Ask[],
  memory: Uint8Array | undefined,
  meanwhile: () => void = () => {},
): string[] {
  const reply = Buffer.alloc(REPLY_BYTES);
  for (const [i, { query, client }] of batch.entries()) {
    const start = memory === undefined ? 0 : i * STRIDE + 3;
    memory?.set(query, start);
    responder.client.set(client, 0, client.length);
    responder.read(i, memory ?? query, start, start + query.length);
  }
  responder.lookAhead(batch.length);
  return batch.map(({ query }, i) => {
    if (i === batch.length >> 1) meanwhile();
    reply.fill(UNTOUCHED);
    const length = responder.reply(i, reply, 0, true);
    const room = query[ADDITIONAL_COUNT_AT] === 0 ? UDP_CLASSIC_BYTES : defaultOptions.udpMaxBytes;
    if (!reply.subarray(room).equals(untouched.subarray(room))) throw new Error(`written behind ${room} bytes`);
    return reply.toString('hex', 0, length);
  });
}

/** How a responder is set up that passes so many answers a second to each network. */
export function limitedTo(responsesPerSecond: number): Partial<ResponderOptions> {
  const limit = { responsesPerSecond, slip: 2, ipv4PrefixLength: 24, ipv6PrefixLength: 56, exempt: [] };
  return { nsid: 'x', rateLimit: createRateLimit(limit, 1), cookieSecrets };
}

/** All that a world has counted, of which nothing is 0. */
function counted({ counters }: ReturnType<typeof makeTable>): unknown {
  const lines = Array.from({ length: COUNTER.FIRST_POOL + POOL_COUNTER.SIZE * POOLS }, (_, counter) => [
    counter,
    counters.of(0, counter),
  ]).filter(([, count]) => count !== 0);
  return lines;
}

/** Signatures that are no such thing, and so short that their answers would have room among those that are kept. */
export const shortSigner: RRsetSigner = {
  sign: (owner, type, ttlSeconds, rdata) => {
    const hash = createHash('sha256').update(owner).update(`${type} ${ttlSeconds}`);
    for (const data of rdata) hash.update(data);
    return [new Uint8Array(hash.digest().subarray(0, 8))];
  },
};

interface Histories {
  readonly asks: fc.Arbitrary<Ask>;
  readonly changes: fc.Arbitrary<TableChange[]>;
  makeWorld(responder: Partial<ResponderOptions>): ReturnType<typeof makeTable>;
  /** Different messages of a history at most. */
  readonly messages?: number;
  /** Steps without a change for each one with a change. */
  readonly quiet?: number;
}

/** Counts the names that a responder looks up from here on; the function says how many so far. */
export function countLookups({ lookup }: Responder): () => number {
  const find = lookup.find.bind(lookup);
  let count = 0;
  lookup.find = (...question) => {
    count++;
    return find(...question);
  };
  return () => count;
}

/** What was done without. */
interface Spared {
  /** Answers that came from those that are kept. */
  readonly given: number;
  /** Names that were looked up less. */
  readonly spared: number;
}

/** Tests random histories where the rate limit passes nearly all, and where it bites; `useOf`: what shows that they show much. */
export function testHistories(
  t: Test,
  meanwhile: string,
  histories: Histories & { useOf(spared: Spared): number; readonly useMin: number },
): void {
  const { useOf, useMin } = histories;
  for (const [what, responsesPerSecond, least] of [
    [`as if nothing were kept, while ${meanwhile}`, 1000, useMin],
    ['the same where the rate limit bites', 5, 20],
  ] as const) {
    t.test(what, (t) => {
      const use = useOf(compareHistories(t, histories, responsesPerSecond));
      t.ok(use > least, `${use}`);
      t.end();
    });
  }
}

function compareHistories(t: Test, histories: Histories, responsesPerSecond: number): Spared {
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
      const worlds = [makeWorld(limitedTo(responsesPerSecond)), makeWorld(limitedTo(responsesPerSecond))] as const;
      const lookups = worlds.map(({ responder }) => countLookups(responder)) as [() => number, () => number];
      const memory = messageMemory();
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
    { numRuns: runs(60) },
  );
  return { given, spared };
}
