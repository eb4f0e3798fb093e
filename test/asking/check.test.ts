/** Hostile replies: what is no reply is passed over, what is none that can be read is told, and no parser is held up. */
import fc from 'fast-check';
import t from 'tap';
import { answerOf } from '../../src/asking/ask.ts';
import { checkReply, isReplyTo } from '../../src/asking/check.ts';
import { runs } from '../fixtures/runs.ts';

const question = Buffer.from([3, 97, 112, 112, 4, 116, 101, 115, 116, 0, 0, 1, 0, 1]);
const asked = { id: 0x1234, question };

function message(counts: [number, number, number, number], ...parts: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(asked.id, 0);
  header.writeUInt16BE(0x8180, 2);
  for (const [i, count] of counts.entries()) header.writeUInt16BE(count, 4 + 2 * i);
  return Buffer.concat([header, ...parts]);
}

/** A record at the name of the question, unless it brings its own. */
function record(type: number, data: Uint8Array, name: Uint8Array = Uint8Array.of(0xc0, 12)): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(60, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, fixed, data]);
}

const address = record(1, Uint8Array.of(192, 0, 2, 1));
const tooMany = Buffer.alloc(12, 0xff);
const faults: readonly [what: string, message: Buffer, fault: RegExp][] = [
  ['a header whose counts are all 65,535', tooMany, /ends within/],
  ['less than a header', Buffer.alloc(11), /shorter than a header/],
  ['records that are not there', message([1, 9, 0, 0], question, address), /ends within/],
  ['a record that ends too early', message([1, 1, 0, 0], question, address.subarray(0, -1)), /ends within a record/],
  ['bytes behind the end', message([1, 1, 0, 0], question, address, Buffer.alloc(9)), /behind its last record/],
  ['an address of five bytes', message([1, 1, 0, 0], question, record(1, Buffer.alloc(5))), /wrong length/],
  ['an IPv6 address of an odd length', message([1, 1, 0, 0], question, record(28, Buffer.alloc(15))), /wrong length/],
  ['a name that points at itself', message([1, 1, 0, 0], question, record(5, Uint8Array.of(0xc0, 38))), /lead back/],
  [
    'a name that points ahead',
    message([1, 1, 0, 0], question, record(1, Buffer.alloc(4), Uint8Array.of(0xc0, 99))),
    /lead back/,
  ],
  [
    'a name that points into the header',
    message([1, 1, 0, 0], question, record(2, Uint8Array.of(0xc0, 2))),
    /lead back/,
  ],
  [
    'a label of a reserved kind',
    message([1, 1, 0, 0], question, record(5, Uint8Array.of(0x41, 0, 0))),
    /a name that is none/,
  ],
  [
    'a name that goes on for ever',
    message([1, 1, 0, 0], question, record(5, Buffer.alloc(400, 1))),
    /a name that is none/,
  ],
  ['a name longer than its record', message([1, 1, 0, 0], question, record(5, Uint8Array.of(1))), /ends within a name/],
  [
    'a name shorter than its record',
    message([1, 1, 0, 0], question, record(5, Uint8Array.of(0, 0))),
    /length is not that/,
  ],
];

for (const [what, bytes, fault] of faults) {
  t.test(what, async (t) => {
    t.match(checkReply(bytes), fault);
    t.throws(() => answerOf(bytes), /cannot be read/);
  });
}

t.test('pointers to pointers, as many as 64 KiB hold, are not followed for each record', async (t) => {
  // Each record's name leads through the names of all records before it.
  const records: Buffer[] = [];
  let at = 12 + question.length;
  let last = 12;
  while (at < 16_000) {
    const one = record(1, Buffer.alloc(4), Uint8Array.of(0xc0 | (last >> 8), last & 0xff));
    records.push(one);
    last = at;
    at += one.length;
  }
  t.match(checkReply(message([1, records.length, 0, 0], question, ...records)), /more names than a message needs/);
});

t.test('an honest answer is read, with options of any length in its OPT record', async (t) => {
  const cookie = Uint8Array.of(0, 10, 0, 24, ...Buffer.alloc(24, 7));
  const opt = record(41, cookie, Uint8Array.of(0));
  const mx = record(15, Uint8Array.of(0, 10, 4, 109, 97, 105, 108, 0xc0, 12));
  const soa = record(6, Buffer.concat([Uint8Array.of(0xc0, 12, 0xc0, 12), Buffer.alloc(20)]));
  const answer = answerOf(message([1, 2, 1, 1], question, address, mx, soa, opt));
  t.match(answer, { rcode: 0, hasOpt: true });
  t.match(answer.answers, [{ address: '192.0.2.1', ttl: 60 }, { exchange: 'mail.app.test' }]);
  t.equal(answer.authorities.length, 1);
});

t.test('what is a reply to what was asked', async (t) => {
  const good = message([1, 0, 0, 0], question);
  t.ok(isReplyTo(asked, good));
  const changed = (at: number, value: number): Buffer => {
    const other = Buffer.from(good);
    other[at] = value;
    return other;
  };
  t.ok(isReplyTo(asked, changed(13, 0x41)), 'letters in another case are the same name');
  t.notOk(isReplyTo(asked, changed(0, 0)), 'another ID');
  t.notOk(isReplyTo(asked, changed(2, 0)), 'a query');
  t.notOk(isReplyTo(asked, changed(5, 2)), 'two questions');
  t.notOk(isReplyTo(asked, changed(13, 0x62)), 'another name');
  t.notOk(isReplyTo(asked, changed(23, 28)), 'another type');
  t.notOk(isReplyTo(asked, good.subarray(0, 20)), 'cut off');
  t.notOk(isReplyTo(asked, tooMany));
});

t.test('whatever bytes come, the check ends with a value, and what it lets through is parsed', async (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 600 }),
      fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
      (bytes, counts) => {
        const whole = message(counts as [number, number, number, number], question, bytes);
        const checked = checkReply(whole);
        if (typeof checked !== 'string') answerOf(whole);
        return true;
      },
    ),
    { numRuns: runs(2000) },
  );
  t.pass();
});
