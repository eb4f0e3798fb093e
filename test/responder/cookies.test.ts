/** Server cookies: the examples of RFC 9018, and what is done with good, stale, forged and malformed ones. */
import t from 'tap';
import type { ResponderOptions } from '../../src/responder/options.ts';
import { sipHash, sipKey } from '../../src/table/siphash.ts';
import { buildQuery, decode, type Reply } from '../fixtures/dns-client.ts';
import { apply, makeTable, rrset, zone } from '../fixtures/table.ts';

const COOKIE = 10;
const BADCOOKIE = 23;
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const secret = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
const rolled = '445536bcd2513298075a5d379663c962';
const v4 = Uint8Array.of(198, 51, 100, 100);

function world(secrets: string[], options: Partial<ResponderOptions> = {}) {
  const { table, responder } = makeTable({ responder: { cookieSecrets: secrets.map(hex), ...options } });
  apply(table, zone('example.com'), rrset('example.com', 'www.example.com', 'A', 60, '192.0.2.1'));
  interface Asked {
    readonly client?: Uint8Array;
    readonly at: number;
    readonly udp?: boolean;
  }
  /** Sends the cookies and gives the reply. */
  const ask = (cookies: string[], { client = v4, at, udp = true }: Asked): Reply => {
    const edns = { options: cookies.map((text) => ({ code: COOKIE, data: hex(text) })) };
    const query = buildQuery({ name: 'www.example.com', type: 'A', edns });
    // The address lies somewhere in a transport's memory.
    const memory = Buffer.concat([Buffer.alloc(5, 0xee), client, Buffer.alloc(3, 0xee)]);
    const bytes = new Uint8Array(4096);
    responder.enter(at * 1000 + 999);
    responder.client.set(memory, 5, client.length);
    return decode(bytes.subarray(0, responder.answer(query, 0, query.length, bytes, 0, udp)));
  };
  const cookieOf = (reply: Reply): string | undefined =>
    reply.edns?.options.find(({ code }) => code === COOKIE)?.data.toString('hex');
  return { ask, cookieOf };
}

t.test('SipHash-2-4 gives the words that its authors publish', (t) => {
  const key = sipKey(Uint8Array.from({ length: 16 }, (_, i) => i));
  const message = Uint8Array.from({ length: 64 }, (_, i) => i);
  // The reference code's vectors_sip64 for messages of 0, 1, 7, 8 and 15 bytes.
  const vectors: [number, string][] = [
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [7, '37d1018bf50002ab'],
    [8, '6224939a79f5f593'],
    [15, 'e545be4961ca29a1'],
  ];
  for (const [length, expected] of vectors) {
    const out = new Uint8Array(10);
    sipHash(key, message, length, out, 1);
    t.equal(Buffer.from(out).toString('hex'), `00${expected}00`, `${length} bytes`);
  }
  t.end();
});

t.test('the examples of RFC 9018 Appendix A', (t) => {
  const { ask, cookieOf } = world([secret]);
  const a1 = cookieOf(ask(['2464c4abcf10c957'], { at: 1559731985 }));
  t.equal(a1, '2464c4abcf10c957010000005cf79f111f8130c3eee29480', 'A.1: a new cookie');
  const a2 = cookieOf(ask([a1 as string], { at: 1559734385 }));
  t.equal(a2, '2464c4abcf10c957010000005cf7a871d4a564a1442aca77', 'A.2: renewed after 40 minutes');
  const client = Uint8Array.of(203, 0, 113, 203);
  const a3 = cookieOf(ask(['fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5'], { client, at: 1559734700 }));
  t.equal(a3, 'fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e', 'A.3: another client');
  const v6 = hex('20010db802200001' + '59ded0f4876982b8');
  const other = world([rolled, secret]);
  const before = '22681ab97d52c298010000005cf7c57926556bd0934c72f8';
  const reply = other.ask([before], { client: v6, at: 1559741961 });
  t.equal(cookieOf(reply), '22681ab97d52c298010000005cf7c609a6bb79d16625507a', 'A.4: the secret has rolled over');
  t.end();
});

t.test('a young cookie comes back as it is; a cookie is good for an hour and from its own client only', (t) => {
  const { ask, cookieOf } = world([secret], { cookiesRequired: true });
  const madeAt = 1_700_000_000;
  const made = cookieOf(ask(['2464c4abcf10c957'], { at: madeAt })) as string;
  t.equal(cookieOf(ask([made], { at: madeAt + 1800 })), made, 'young');
  t.not(cookieOf(ask([made], { at: madeAt + 1801 })), made, 'renewed');
  const rcodes: [string, number, number, Uint8Array][] = [
    [made, madeAt + 3600, 0, v4],
    [made, madeAt + 3601, BADCOOKIE, v4],
    [made, madeAt - 300, 0, v4],
    [made, madeAt - 301, BADCOOKIE, v4],
    [made, madeAt, BADCOOKIE, Uint8Array.of(198, 51, 100, 101)],
    [`3464${made.slice(4)}`, madeAt, BADCOOKIE, v4],
    [`${made.slice(0, 46)}00`, madeAt, BADCOOKIE, v4],
    [`${made.slice(0, 16)}02${made.slice(18)}`, madeAt, BADCOOKIE, v4],
    [made.slice(0, 32), madeAt, BADCOOKIE, v4],
    [`${made}00`, madeAt, BADCOOKIE, v4],
  ];
  for (const [cookie, at, rcode, client] of rcodes) {
    const reply = ask([cookie], { client, at });
    t.match(reply, { rcode, answers: rcode === 0 ? [{ data: '192.0.2.1' }] : [] }, `${cookie} ${at - madeAt}`);
    t.equal(reply.answers.length, rcode === 0 ? 1 : 0);
    t.equal(cookieOf(reply)?.length, 48, 'a good one comes with every reply');
  }
  t.end();
});

t.test('a cookie that was right before is good in all its bits and from all of its address only', (t) => {
  const { ask, cookieOf } = world([rolled, secret], { cookiesRequired: true });
  const at = 1_700_000_000;
  const v6 = hex('20010db8022000010000000000000001');
  const flipped = (bytes: Uint8Array, bit: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] ^= 1 << (bit & 7);
    return copy;
  };
  for (const client of [v4, v6]) {
    const made = cookieOf(ask(['2464c4abcf10c957'], { client, at })) as string;
    const isGood = (cookie: string, from: Uint8Array): boolean => ask([cookie], { client: from, at }).rcode === 0;
    t.ok(isGood(made, client), 'it is right');
    for (let bit = 0; bit < 8 * 24; bit++) {
      t.notOk(isGood(flipped(hex(made), bit).toString('hex'), client), `bit ${bit} of the cookie`);
      if (bit < 8 * client.length) t.notOk(isGood(made, flipped(client, bit)), `bit ${bit} of the address`);
      t.ok(isGood(made, client), 'and it stays good');
    }
    t.notOk(
      isGood(made, client.length === 4 ? Buffer.concat([v4, Buffer.alloc(12)]) : v6.subarray(0, 4)),
      'other family',
    );
  }
  // Two whose client parts and times agree have one place, and take it from each other.
  const other = Uint8Array.of(198, 51, 100, 101);
  const cookies = [v4, other].map((client) => cookieOf(ask(['2464c4abcf10c957'], { client, at })) as string);
  for (let turn = 0; turn < 4; turn++) {
    t.equal(ask([cookies[turn & 1]], { client: [v4, other][turn & 1], at }).rcode, 0);
    t.equal(ask([cookies[turn & 1]], { client: [other, v4][turn & 1], at }).rcode, BADCOOKIE);
  }
  t.end();
});

t.test('a cookie is asked for only where it is required, over UDP, and of clients that know cookies', (t) => {
  const required = world([secret], { cookiesRequired: true });
  const free = world([secret]);
  const at = 1_700_000_000;
  t.equal(required.ask(['2464c4abcf10c957'], { at }).rcode, BADCOOKIE);
  t.equal(required.ask(['2464c4abcf10c957'], { at, udp: false }).rcode, 0, 'over TCP');
  t.equal(required.ask([], { at }).rcode, 0, 'a client that sends none');
  t.equal(free.ask(['2464c4abcf10c957'], { at }).rcode, 0);
  t.equal(free.cookieOf(free.ask([], { at })), undefined);
  const none = world([]);
  t.equal(none.cookieOf(none.ask(['2464c4abcf10c957'], { at })), undefined, 'without secrets there are no cookies');
  t.end();
});

t.test('a malformed cookie is a format error; of several the first counts', (t) => {
  const { ask, cookieOf } = world([secret]);
  const at = 1_700_000_000;
  for (const bytes of [0, 1, 7, 9, 15, 41, 100]) t.equal(ask(['aa'.repeat(bytes)], { at }).rcode, 1, `${bytes} bytes`);
  for (const bytes of [8, 16, 24, 40]) t.equal(ask(['aa'.repeat(bytes)], { at }).rcode, 0, `${bytes} bytes`);
  const reply = ask(['2464c4abcf10c957', 'aa'.repeat(7)], { at });
  t.equal(reply.rcode, 0);
  t.equal(cookieOf(reply)?.slice(0, 16), '2464c4abcf10c957');
  t.end();
});

t.test('a query without a question but with a cookie gets a cookie (RFC 7873 §5.4)', (t) => {
  const { table, responder } = makeTable({ responder: { cookieSecrets: [hex(secret)] } });
  apply(table, zone('example.com'));
  const edns = { options: [{ code: COOKIE, data: hex('2464c4abcf10c957') }] };
  const whole = buildQuery({ name: '.', edns });
  const query = Buffer.concat([whole.subarray(0, 12), whole.subarray(12 + 5)]);
  query.writeUInt16BE(0, 4);
  const bytes = new Uint8Array(512);
  responder.enter(0);
  const reply = decode(bytes.subarray(0, responder.answer(query, 0, query.length, bytes, 0, true)));
  t.match(reply, { rcode: 0, question: [], answers: [], authority: [], edns: { options: [{ code: COOKIE }] } });
  t.end();
});
