/** EDNS options of replies: NSID, client subnet, TCP keepalive, extended errors, and the room that they take. */
import fc from 'fast-check';
import t from 'tap';
import { buildQuery, decode, type QueryFields, type Reply } from '../fixtures/dns-client.ts';
import { runs } from '../fixtures/runs.ts';
import { world } from '../fixtures/world.ts';

const [NSID, SUBNET, COOKIE, KEEPALIVE, ERROR] = [3, 8, 10, 11, 15];
const FORMERR = 1;

const big = Array.from({ length: 12 }, (_, i) => `big TXT "${i}${'x'.repeat(90)}"`).join('\n');
const { ask, responder } = world({ 'a.test': `www A 192.0.2.1\n${big}` }, [], {
  nsid: 'ns1-ä',
  tcpIdleSeconds: 12,
  cookieSecrets: [new Uint8Array(16)],
});

function option(reply: Reply, code: number): string | undefined {
  return reply.edns?.options.find((each) => each.code === code)?.data.toString('hex');
}

function withOption(
  code: number,
  data: string,
  more: { udp?: boolean; name?: string } & Partial<QueryFields> = {},
): Reply {
  const { name = 'www.a.test', ...rest } = more;
  return ask(name, 'A', { edns: { options: [{ code, data: Buffer.from(data, 'hex') }] }, ...rest });
}

t.test('NSID is told to those who ask, if there is one to tell (RFC 5001)', (t) => {
  t.equal(option(withOption(NSID, ''), NSID), Buffer.from('ns1-ä').toString('hex'));
  t.equal(
    option(withOption(NSID, 'ffff'), NSID),
    Buffer.from('ns1-ä').toString('hex'),
    'data in the query means nothing',
  );
  t.equal(option(ask('www.a.test', 'A', { edns: {} }), NSID), undefined);
  const silent = world({ 'a.test': '' });
  t.same(silent.ask('a.test', 'A', { edns: { options: [{ code: NSID, data: Buffer.alloc(0) }] } }).edns?.options, []);
  t.end();
});

t.test('a client subnet comes back as it was with scope 0: no answer depends on it (RFC 7871)', (t) => {
  for (const subnet of [
    '00011800c00002',
    '00012000c0000201',
    '00010000',
    '00023800' + '20010db8000000',
    '00000000',
    '00011700c00000',
  ]) {
    t.equal(option(withOption(SUBNET, subnet), SUBNET), subnet, subnet);
  }
  const malformed: [string, string][] = [
    ['', 'nothing'],
    ['000118', 'less than its head'],
    ['00011818c00002', 'a scope in a query'],
    ['00012100c000020100', 'longer than an IPv4 address'],
    [`00028100${'00'.repeat(17)}`, 'longer than an IPv6 address'],
    ['00011800c000', 'too few octets'],
    ['00011800c0000201', 'too many octets'],
    ['00011700c00003', 'bits behind the prefix'],
    ['00031800c00002', 'an unknown family'],
    ['00000800c0', 'an address of no family'],
  ];
  for (const [data, what] of malformed) {
    const reply = withOption(SUBNET, data);
    t.match(reply, { rcode: FORMERR, answers: { length: 0 } }, what);
    t.ok(reply.edns, 'OPT is answered with OPT');
  }
  t.end();
});

t.test('keepalive is told over TCP only (RFC 7828)', (t) => {
  t.equal(option(withOption(KEEPALIVE, '', { udp: false }), KEEPALIVE), '0078', '12 s are 120 tenths');
  t.equal(option(withOption(KEEPALIVE, ''), KEEPALIVE), undefined);
  t.equal(option(ask('www.a.test', 'A', { udp: false, edns: {} }), KEEPALIVE), undefined, 'not asked for');
  t.end();
});

t.test('refusals say why (RFC 8914)', (t) => {
  const why = (name: string, type: number | string, more: Partial<QueryFields> = {}): string | undefined =>
    option(ask(name, type, { edns: {}, ...more }), ERROR);
  t.equal(why('www.elsewhere.invalid', 'A'), '0014', 'Not Authoritative');
  t.equal(why('a.test', 'AXFR'), '0012', 'Prohibited');
  t.equal(why('a.test', 'A', { class: 4 }), '0015', 'Not Supported');
  t.equal(why('version.bind', 'TXT', { class: 3 }), '0012', 'Prohibited');
  t.equal(why('www.a.test', 'A'), undefined);
  t.equal(why('nope.a.test', 'A'), undefined);
  t.equal(ask('www.elsewhere.invalid', 'A').edns, undefined, 'without OPT nothing is explained');
  t.end();
});

t.test('a version that we do not know gets BADVERS, whatever its options hold', (t) => {
  const options = [{ code: SUBNET, data: Buffer.from('ff', 'hex') }];
  t.match(ask('www.a.test', 'A', { edns: { version: 7, options } }), { rcode: 16, edns: { version: 0, options: [] } });
  t.end();
});

t.test('the longest question with every option fits into 512 bytes', (t) => {
  const nsid = 'n'.repeat(128);
  const { ask: askLong } = world({ 'a.test': '' }, [], { nsid, cookieSecrets: [new Uint8Array(16)] });
  const labels = ['x'.repeat(63), 'y'.repeat(63), 'z'.repeat(63)];
  const subnet = Buffer.concat([Buffer.from('00028000', 'hex'), Buffer.alloc(16, 1)]);
  const options = [
    { code: NSID, data: Buffer.alloc(0) },
    { code: SUBNET, data: subnet },
    { code: COOKIE, data: Buffer.alloc(8, 1) },
  ];
  for (const end of ['a.test', 'invalid']) {
    const name = [...labels, 'w'.repeat(253 - 3 * 64 - 1 - end.length), end].join('.');
    const reply = askLong(name, 'A', { edns: { udpBytes: 512, options } });
    t.ok(reply.bytes.length <= 512, `${reply.bytes.length} bytes`);
    t.match(reply, { tc: end === 'a.test', edns: { options: { length: end === 'a.test' ? 3 : 4 } } }, end);
  }
  t.end();
});

t.test('options have their room: no reply is longer than it may be, none is cut without need', (t) => {
  const all = [
    { code: NSID, data: Buffer.alloc(0) },
    { code: SUBNET, data: Buffer.from('00023800' + '20010db8000000', 'hex') },
    { code: COOKIE, data: Buffer.alloc(8, 1) },
    { code: KEEPALIVE, data: Buffer.alloc(0) },
  ];
  fc.assert(
    fc.property(fc.subarray(all), fc.integer({ min: 512, max: 1400 }), (options, udpBytes) => {
      const edns = { udpBytes, options };
      const reply = ask('big.a.test', 'TXT', { edns });
      const limit = Math.min(udpBytes, 1232);
      const wholeBytes = ask('big.a.test', 'TXT', {
        edns: { options: options.filter(({ code }) => code !== KEEPALIVE) },
        udp: false,
      }).bytes.length;
      if (reply.bytes.length > limit) throw new Error(`${reply.bytes.length} bytes, the limit is ${limit}`);
      if (reply.tc !== wholeBytes > limit) throw new Error(`TC ${reply.tc}, whole ${wholeBytes}, limit ${limit}`);
      const sent = options.map(({ code }) => code).filter((code) => code !== KEEPALIVE);
      const got = reply.edns?.options.map(({ code }) => code) ?? [];
      if (sent.toSorted().join() !== got.toSorted().join()) throw new Error(`${got}, not ${sent}`);
    }),
    { numRuns: runs(100) },
  );
  t.end();
});

/** The reply to a message that lies among other bytes, as in the memory of a transport. */
function askAmong(others: number, query: Uint8Array, udp: boolean): Buffer {
  const [before, behind] = [7, 64];
  const memory = new Uint8Array(before + query.length + behind).fill(others);
  memory.set(query, before);
  const reply = new Uint8Array(2 * 65536);
  responder.enter(1000);
  responder.client.set(Uint8Array.of(192, 0, 2, 1), 0, 4);
  const length = responder.answer(memory, before, before + query.length, reply, 0, udp);
  responder.leave();
  return Buffer.from(reply.subarray(0, length));
}

t.test(
  'options of any code and length: a reply is no longer than it may be, and says nothing of bytes beside the query',
  (t) => {
    const known = [NSID, SUBNET, COOKIE, KEEPALIVE, ERROR, 12];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 48 }),
      fc.constantFrom(300, 600, 1300, 3000, 65400).map((length) => new Uint8Array(length).fill(0xff)),
    );
    const head = fc.constantFrom('', '00011800', '00028000', '0000', '01');
    const data = fc.tuple(head, bytes).map(([start, rest]) => Buffer.concat([Buffer.from(start, 'hex'), rest]));
    const options = fc
      .array(fc.record({ code: fc.constantFrom(...known), data }), { maxLength: 4 })
      .filter((list) => list.reduce((sum, each) => sum + 4 + each.data.length, 0) < 65500);
    fc.assert(
      fc.property(options, fc.constantFrom(0, 512, 1232, 4096), fc.boolean(), (list, udpBytes, udp) => {
        const query = buildQuery({ name: 'www.a.test', type: 'A', edns: { udpBytes, options: list } });
        const reply = askAmong(0xee, query, udp);
        if (!reply.equals(askAmong(0x77, query, udp))) throw new Error('the reply says what lies beside the query');
        const limit = udp ? Math.min(Math.max(udpBytes, 512), 1232) : 65535;
        if (reply.length > limit) throw new Error(`${reply.length} bytes, the limit is ${limit}`);
        const { edns, rcode } = decode(reply);
        if (edns === undefined) throw new Error('OPT is answered with OPT');
        if (rcode === FORMERR && reply.length > 512) throw new Error(`a refusal of ${reply.length} bytes`);
      }),
      { numRuns: runs(1000) },
    );
    t.end();
  },
);
