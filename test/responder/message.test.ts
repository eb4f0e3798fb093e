/** The frame of a reply: header, question, OPT, and what is said to messages that are no good query. */
import fc from 'fast-check';
import t from 'tap';
import { buildOpt, buildQuery, decode, type QueryFields, type Reply } from '../fixtures/dns-client.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, askBytes, makeTable, rrset, zone } from '../fixtures/table.ts';

const { table, responder } = makeTable();
apply(table, zone('example.test'), rrset('example.test', 'www.example.test', 'A', 300, '192.0.2.80'));

function ask(query: QueryFields | Uint8Array): Reply {
  const bytes = query instanceof Uint8Array ? query : buildQuery(query);
  const reply = askBytes(responder, bytes);
  if (reply === undefined) throw new Error('no reply');
  return decode(reply);
}

t.test('the question comes back with its case, and the records are the same for every case', (t) => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 16n - 1n }), (bits) => {
      const name = Array.from('www.example.test', (char, i) => ((bits >> BigInt(i)) & 1n ? char.toUpperCase() : char));
      const reply = ask({ name: name.join('') });
      const [question, answer] = [reply.question[0].name, reply.answers[0]];
      return question === `${name.join('')}.` && answer.name === question && answer.data === '192.0.2.80';
    }),
    { numRuns: runs(100) },
  );
  t.end();
});

t.test('ID, opcode and RD are the client’s; AA, QR and no RA are ours', (t) => {
  const reply = ask({ id: 0xbeef, name: 'www.example.test', rd: true });
  t.match(reply, { id: 0xbeef, qr: true, aa: true, tc: false, rd: true, ra: false, ad: false, cd: false, rcode: 0 });
  t.notOk(ask({ name: 'www.example.test' }).rd);
  t.notOk(ask({ name: 'www.example.test', flags: 0x0030 }).cd, 'AD and CD are not for us to echo');
  t.end();
});

t.test('names outside our zones are refused', (t) => {
  for (const name of ['example.org', 'test', '.', 'xexample.test', 'example.testx']) {
    t.match(ask({ name }), { rcode: 5, aa: false, answers: [], authority: [], additional: [] }, name);
  }
  t.end();
});

t.test('responses and fragments get no reply', (t) => {
  const query = buildQuery({ name: 'www.example.test' });
  for (let length = 0; length < 12; length++) t.equal(askBytes(responder, query.subarray(0, length)), undefined);
  t.equal(askBytes(responder, buildQuery({ name: 'www.example.test', flags: 0x8000 })), undefined);
  t.end();
});

t.test('what is not a query of one question is a format error, or not implemented', (t) => {
  const good = buildQuery({ name: 'www.example.test' });
  const withCount = (at: number, count: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes.writeUInt16BE(count, at);
    return bytes;
  };
  const opt = buildOpt({});
  const withOpts = Buffer.concat([withCount(10, 2), opt, opt]);
  const cases: [string, Uint8Array, number][] = [
    ['no question', withCount(4, 0), 1],
    ['two questions announced', withCount(4, 2), 1],
    ['an answer announced', withCount(6, 1), 1],
    ['an authority record announced', withCount(8, 1), 1],
    ['an additional record that is not there', withCount(10, 1), 1],
    ['bytes after the end', Buffer.concat([good, Buffer.from([0])]), 1],
    ['a name that runs out', good.subarray(0, 20), 1],
    ['a question without type', good.subarray(0, good.length - 4), 1],
    ['a compressed question', buildQuery({ name: Buffer.from([0xc0, 0x0c]) }), 1],
    ['a label of 64 bytes', buildQuery({ name: 'x'.repeat(64) }), 1],
    ['a name of 256 bytes', buildQuery({ name: `${'x'.repeat(63)}.`.repeat(3) + 'y'.repeat(62) }), 1],
    ['two OPT records (RFC 6891 §6.1.1)', withOpts, 1],
    ['an OPT record that is not at the root', withOwner(opt), 1],
    ['type OPT in the question', buildQuery({ name: 'www.example.test', type: 41 }), 1],
    ['opcode IQUERY', buildQuery({ name: 'www.example.test', opcode: 1 }), 4],
    ['opcode STATUS', buildQuery({ name: 'www.example.test', opcode: 2 }), 4],
    ['opcode NOTIFY', buildQuery({ name: 'www.example.test', opcode: 4 }), 4],
    ['opcode UPDATE', buildQuery({ name: 'www.example.test', opcode: 5 }), 4],
    ['AXFR', buildQuery({ name: 'example.test', type: 252 }), 5],
    ['IXFR', buildQuery({ name: 'example.test', type: 251 }), 5],
    ['class CH', buildQuery({ name: 'www.example.test', class: 3 }), 5],
    ['class HS', buildQuery({ name: 'www.example.test', class: 4 }), 5],
  ];
  for (const [what, bytes, rcode] of cases) {
    const reply = ask(bytes);
    t.match(reply, { id: 0x1234, rcode, answers: [], authority: [], additional: [] }, what);
    t.equal(reply.opcode, (bytes[2] >> 3) & 15, `${what}: the opcode comes back`);
  }
  function withOwner(record: Buffer): Buffer {
    return Buffer.concat([withCount(10, 1), Buffer.from([1, 0x78]), record]);
  }
  t.end();
});

t.test(
  'an IXFR query as secondaries send it, with their SOA behind the question, is refused as AXFR is (RFC 1995 §3)',
  (t) => {
    const soa = Buffer.concat([Buffer.from('c00c00060001000000000016', 'hex'), Buffer.alloc(22)]);
    const query = buildQuery({ name: 'example.test', type: 251 });
    query.writeUInt16BE(1, 8);
    const plain = Buffer.concat([query, soa]);
    t.match(ask(plain), { rcode: 5, question: [{ name: 'example.test.', type: 251 }], edns: undefined });
    const withOpt = Buffer.concat([plain, buildOpt({})]);
    withOpt.writeUInt16BE(1, 10);
    t.match(ask(withOpt), { rcode: 5, question: [{ type: 251 }], edns: { version: 0 } });
    t.match(ask(plain.subarray(0, plain.length - 1)), { rcode: 1 }, 'cut off');
    t.match(ask(query), { rcode: 1 }, 'an SOA that is not there');
    t.end();
  },
);

t.test('class ANY is answered from class IN, never with authority (RFC 1035 §6.2)', (t) => {
  const asked = (name: string): Reply => ask({ name, class: 255 });
  t.match(asked('www.example.test'), { rcode: 0, aa: false, answers: [{ data: '192.0.2.80', class: 1 }] });
  t.match(asked('nope.example.test'), { rcode: 3, aa: false, authority: [{ type: 6 }] });
  t.match(asked('example.org'), { rcode: 5 });
  t.end();
});

t.test('an unknown operation is answered with the question and OPT that it brought, if they can be read', (t) => {
  const update = buildQuery({ name: 'example.test', type: 6, opcode: 5, edns: { do: true } });
  t.match(ask(update), { rcode: 4, question: [{ name: 'example.test.', type: 6 }], edns: { do: true } });
  t.match(ask(update.subarray(0, update.length - 1)), { rcode: 4, question: [{}], edns: undefined });
  t.match(ask(update.subarray(0, 20)), { rcode: 4, question: { length: 0 }, edns: undefined });
  t.end();
});

t.test('a record in the additional section that is not OPT is passed over', (t) => {
  const extra = Buffer.concat([Buffer.from([1, 0x78, 0, 0, 16, 0, 1, 0, 0, 0, 0, 0, 2, 1, 0x78])]);
  const bytes = Buffer.concat([buildQuery({ name: 'www.example.test' }), extra]);
  bytes.writeUInt16BE(1, 10);
  t.match(ask(bytes), { rcode: 0, edns: undefined, answers: [{ data: '192.0.2.80' }] });
  t.end();
});

t.test('EDNS: OPT only for those who send one; version, size and DO', (t) => {
  t.equal(ask({ name: 'www.example.test' }).edns, undefined);
  t.match(ask({ name: 'www.example.test', edns: {} }).edns, { udpBytes: 1232, version: 0, do: false, options: [] });
  t.match(ask({ name: 'www.example.test', edns: { do: true } }).edns, { do: true });
  // RFC 6891 §6.1.3: BADVERS, with our own version, and nothing else answered.
  t.match(ask({ name: 'www.example.test', edns: { version: 1 } }), { rcode: 16, answers: [], edns: { version: 0 } });
  const option = { code: 65001, data: Buffer.from('unknown') };
  t.match(ask({ name: 'www.example.test', edns: { options: [option, option] } }), { rcode: 0, answers: [{}] });
  const cut = buildQuery({ name: 'www.example.test', edns: { options: [option] } });
  cut.writeUInt16BE(200, cut.length - option.data.length - 2);
  t.match(ask(cut), { rcode: 1, answers: [] }, 'an option longer than the record');
  t.end();
});
