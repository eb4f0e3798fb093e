/** A short run of every target, and the fuzzer itself: it finds what is there to find, and says how to find it again. */
import t from 'tap';
import { Query } from '../../src/wire/message.ts';
import { buildQuery, type Reply } from '../fixtures/dns-client.ts';
import { askBytes, makeTable } from '../fixtures/table.ts';
import { Coverage } from './coverage.ts';
import { type FuzzTarget, fuzz } from './fuzzer.ts';
import { mutateBytes } from './mutations.ts';
import { judge, judgeAgreement } from './targets/judge.ts';
import { fillRichTable } from './targets/rich-table.ts';
import { targets } from './targets.ts';

/** Seconds even on a slow machine; .ci/run takes a minute, long runs as long as one likes. */
const EXECUTIONS = 10_000;

for (const [name, make] of Object.entries(targets)) {
  t.test(`${name}: ${EXECUTIONS} executions`, async (t) => {
    const { executions, failure } = fuzz(make(), { seed: 1, executionsMax: EXECUTIONS });
    if (failure !== undefined) t.comment(Buffer.from(failure.input).toString('hex'));
    t.equal(failure?.error.stack, undefined);
    t.equal(executions, EXECUTIONS);
  });
}

t.test('a fault is found, and found again from its seed', async (t) => {
  const target: FuzzTarget = {
    corpus: [Uint8Array.of(1, 2, 3, 4)],
    mutate: mutateBytes,
    check(input) {
      if (input[0] === 0xff && input.length > 6) throw new Error('found');
    },
  };
  const first = fuzz(target, { seed: 7, executionsMax: 1_000_000 });
  t.match(first.failure?.error, { message: 'found' });
  t.equal(first.failure?.input[0], 0xff);
  const second = fuzz(target, { seed: 7, executionsMax: 1_000_000 });
  t.same(second.failure?.input, first.failure?.input);
  t.equal(second.executions, first.executions);
});

t.test('an input that reaches new code is kept, and leads to what lies behind it', async (t) => {
  // Only behind a good OPT record, which nothing in the corpus has, lies what is looked for.
  const opt = Buffer.from([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
  const plain = buildQuery({ name: 'a', type: 'A' });
  const query = new Query(new Uint8Array(256), new Uint8Array(129));
  const target: FuzzTarget = {
    corpus: [plain],
    mutate: (input, draw) => {
      if (input.length === plain.length && draw(7000) === 0) {
        const longer = Buffer.concat([plain, opt]);
        longer[11] = 1;
        return longer;
      }
      return mutateBytes(input, draw);
    },
    check(input) {
      query.parse(input, 0, input.length);
      if (query.edns.present && query.edns.version === 7) throw new Error('found');
    },
  };
  const { failure, corpus } = fuzz(target, { seed: 1, executionsMax: 500_000 });
  t.match(failure?.error, { message: 'found' });
  t.ok(corpus > 1, `corpus of ${corpus}`);
});

t.test('coverage: what ran for the first time is fresh, and no more when it has run before', async (t) => {
  const coverage = new Coverage();
  coverage.start();
  coverage.fresh(true);
  const { table, responder } = makeTable();
  fillRichTable(table);
  const query = buildQuery({ name: 'alias.example.test', type: 'A' });
  askBytes(responder, query);
  t.ok(coverage.fresh(true) > 0);
  // Memory that is met again, an answer that is kept, and one that is given from there take ways of their own.
  for (let times = 2; times <= 4; times++) askBytes(responder, query);
  coverage.fresh(true);
  askBytes(responder, query);
  t.equal(coverage.fresh(true), 0);
  askBytes(responder, buildQuery({ name: 'x.wild.example.test', type: 'A' }));
  t.ok(coverage.fresh(false) > 0, 'the wildcard');
  coverage.stop();
});

t.test('the judge of replies takes what is right and refuses each wrong', async (t) => {
  const { table, responder } = makeTable();
  fillRichTable(table);
  const query = buildQuery({ id: 0x1234, name: 'WWW.example.test', type: 'A' });
  const right = askBytes(responder, query) as Buffer;
  t.doesNotThrow(() => judge(query, right, true, 1232));

  const setBits = (at: number, bits: number): Buffer => {
    const copy = Buffer.from(right);
    copy[at] ^= bits;
    return copy;
  };
  const wrongs: readonly [string, Buffer | undefined][] = [
    ['no reply', undefined],
    ['another ID', setBits(0, 1)],
    ['no QR', setBits(2, 0x80)],
    ['another opcode', setBits(2, 0x08)],
    ['RD from nowhere', setBits(2, 0x01)],
    ['RA', setBits(3, 0x80)],
    ['SERVFAIL', setBits(3, 2)],
    ['NXDOMAIN without SOA', setBits(3, 3)],
    ['the case of the question', setBits(13, 0x20)],
    ['a count too many', setBits(7, 4)],
    ['a byte too many', Buffer.concat([right, Buffer.alloc(1)])],
    ['no question', Buffer.concat([right.subarray(0, 4), Buffer.alloc(8)])],
  ];
  for (const [name, reply] of wrongs) t.throws(() => judge(query, reply, true, 1232), name);

  const reply = judge(query, right, true, 1232) as Reply;
  t.doesNotThrow(() => judgeAgreement(reply, { ...reply, answers: reply.answers.toReversed() }), 'rotated');
  t.throws(() => judgeAgreement(reply, { ...reply, answers: reply.answers.slice(1) }), 'over UDP other than over TCP');
  t.throws(() => judgeAgreement(reply, { ...reply, aa: false }));

  const big = buildQuery({ name: 'huge.example.test', type: 'TXT' });
  t.throws(() => judge(big, askBytes(responder, big, false), true, 1232), /bytes where 512 are allowed/);
  t.throws(() => judge(big, askBytes(responder, big, true), false, 1232), /truncated over TCP/);
  const response = Buffer.from(query);
  response[2] |= 0x80;
  t.throws(() => judge(response, right, true, 1232), /a reply to a response/);
  t.throws(() => judge(query.subarray(0, 11), right, true, 1232), /a reply to less than a header/);
});
