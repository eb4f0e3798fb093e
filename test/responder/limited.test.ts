/** Answers above the rate limit: what is sent instead, which answers count as the same, and who has no limit. */
import t from 'tap';
import type { Responder } from '../../src/responder/answer.ts';
import type { ResponderOptions } from '../../src/responder/options.ts';
import { createRateLimit } from '../../src/responder/rate-limit.ts';
import { buildQuery, decode, type QueryFields, type Reply } from '../fixtures/dns-client.ts';
import { service } from '../fixtures/table.ts';
import { world } from '../fixtures/world.ts';

const RATE = 10;
const NSID = 3;
const COOKIE = 10;
/** RFC 9018 §4 */
const SERVER_COOKIE_BYTES = 16;
const REFUSED = 5;
const NXDOMAIN = 3;

const zones = {
  'example.test': `
    www A 192.0.2.80
    www TXT "x"
    *.wild A 192.0.2.1
    dname DNAME example.test.
    child NS ns.example.test.
    ns A 192.0.2.53`,
  'other.test': 'www A 192.0.2.81',
};
const more = [service('example.test', 'app.example.test', { blue: [1, '192.0.2.10'], green: [1, '192.0.2.20'] })];

function limited(options: Partial<ResponderOptions> = {}, slip = 1): Responder {
  const settings = { responsesPerSecond: RATE, slip, ipv4PrefixLength: 24, ipv6PrefixLength: 56, exempt: [] };
  return world(zones, more, { rateLimit: createRateLimit(settings, 1), ...options }).responder;
}

/** Asks from 192.0.2.1, always at the same moment; undefined where there is no reply. */
function ask(responder: Responder, query: Partial<QueryFields>, udp = true): Reply | undefined {
  const bytes = buildQuery({ name: 'www.example.test', ...query });
  const reply = new Uint8Array(65535);
  responder.client.set(Uint8Array.of(192, 0, 2, 1), 0, 4);
  responder.enter(1_795_500_000_000);
  const length = responder.answer(bytes, 0, bytes.length, reply, 0, udp);
  responder.leave();
  return length === 0 ? undefined : decode(reply.subarray(0, length));
}

/** Takes all that the limit gives for an answer. */
function exhaust(responder: Responder, query: (i: number) => Partial<QueryFields>): void {
  for (let i = 0; i < RATE; i++) ask(responder, query(i));
}

t.test('above the limit an answer is truncated: the question, TC, OPT, and no record', async (t) => {
  const responder = limited();
  const query = { name: 'WWW.example.test', id: 77, edns: {} };
  for (let i = 0; i < RATE; i++) t.match(ask(responder, query), { tc: false, answers: [{ data: '192.0.2.80' }] });
  const over = ask(responder, query);
  t.match(over, { id: 77, qr: true, tc: true, aa: true, rcode: 0, edns: { udpBytes: 1232 } });
  t.same([over?.answers, over?.authority, over?.additional], [[], [], []]);
  t.same(over?.question, [{ name: 'WWW.example.test.', type: 1, class: 1 }]);
  t.ok((over?.bytes.length as number) <= buildQuery({ ...query }).length, 'no longer than the query');
});

t.test('above the limit a reply is no longer than its query, but for the server cookie', async (t) => {
  const responder = limited({ nsid: 'n'.repeat(255), cookieSecrets: [new Uint8Array(16).fill(7)] });
  const client = { code: COOKIE, data: Buffer.from('2464c4abcf10c957', 'hex') };
  for (const name of ['www.example.test', 'n.example.test', 'www.example.com']) {
    const query = { name, edns: { options: [{ code: NSID, data: new Uint8Array(0) }, client] } };
    const whole = ask(responder, query) as Reply;
    t.ok(whole.edns?.options.some(({ code }) => code === NSID));
    exhaust(responder, () => query);
    const over = ask(responder, query) as Reply;
    t.ok(over.bytes.length <= buildQuery(query).length + SERVER_COOKIE_BYTES, `${name}: ${over.bytes.length} bytes`);
  }
});

t.test('without slip it is dropped', async (t) => {
  const responder = limited({}, 0);
  exhaust(responder, () => ({}));
  t.equal(ask(responder, {}), undefined);
});

t.test('over TCP there is no limit', async (t) => {
  const responder = limited();
  for (let i = 0; i < 5 * RATE; i++)
    t.match(ask(responder, {}, false), { tc: false, answers: [{ data: '192.0.2.80' }] });
  t.match(ask(responder, {}), { tc: false }, 'nor does it count');
});

t.test('who shows a cookie of ours has no limit', async (t) => {
  const responder = limited({ cookieSecrets: [new Uint8Array(16).fill(7)] });
  const withCookie = (data: Uint8Array) => ({ edns: { options: [{ code: COOKIE, data }] } });
  const client = Buffer.from('2464c4abcf10c957', 'hex');
  exhaust(responder, () => withCookie(client));
  const over = ask(responder, withCookie(client));
  t.equal(over?.tc, true, 'a client cookie alone proves nothing');
  const cookie = over?.edns?.options.find(({ code }) => code === COOKIE)?.data as Buffer;
  t.equal(cookie.length, 24, 'but the truncated reply has a server cookie');
  for (let i = 0; i < 5 * RATE; i++) t.equal(ask(responder, withCookie(cookie))?.tc, false);
});

const same: readonly [string, (i: number) => Partial<QueryFields>][] = [
  ['the same name in any case', (i) => ({ name: i % 2 === 0 ? 'www.example.test' : 'WWW.EXAMPLE.TEST' })],
  ['names that do not exist', (i) => ({ name: `n${i}.example.test`, type: i })],
  ['names made by one wildcard', (i) => ({ name: `n${i}.wild.example.test` })],
  ['names below a DNAME', (i) => ({ name: `n${i}.dname.example.test` })],
  ['names below a zone cut', (i) => ({ name: `n${i}.child.example.test`, type: 1 + i })],
  ['types that a name does not have', (i) => ({ type: 1000 + i })],
];
for (const [what, query] of same) {
  t.test(`one limit: ${what}`, async (t) => {
    const responder = limited();
    exhaust(responder, query);
    t.equal(ask(responder, query(RATE))?.tc, true);
  });
}

t.test('limits of their own: other names, types, zones', async (t) => {
  const responder = limited();
  exhaust(responder, () => ({}));
  exhaust(responder, (i) => ({ name: `n${i}.example.test` }));
  t.equal(ask(responder, { name: 'nothing.example.test' })?.tc, true);
  for (const query of [
    { type: 'TXT' },
    { name: 'app.example.test' },
    { name: 'ns.example.test' },
    { name: 'nothing.other.test' },
  ]) {
    t.equal(ask(responder, query)?.tc, false, JSON.stringify(query));
  }
});

t.test('errors share one limit, and are sent as they are: a truncated one would be no shorter', async (t) => {
  const responder = limited();
  exhaust(responder, (i) => ({ name: `www.example${i}.com` }));
  t.match(ask(responder, { name: 'www.example.com' }), { rcode: REFUSED, tc: false });
  t.equal(ask(responder, { name: 'n.example.test' })?.rcode, NXDOMAIN);
  const silent = limited({}, 0);
  exhaust(silent, (i) => (i % 2 === 0 ? { name: `www.example${i}.com` } : { opcode: 5 }));
  t.equal(ask(silent, { name: 'www.example.com' }), undefined);
  t.equal(ask(silent, { opcode: 4 }), undefined);
});
