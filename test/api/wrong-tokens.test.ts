/** Guessing: it costs whoever guesses, and not the owner, whatever network both come from. */
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { WrongTokens } from '../../src/api/wrong-tokens.ts';
import { ADMIN, makeDirectory, startApi } from '../fixtures/api.ts';
import { TestClock } from '../fixtures/clock.ts';

function setUp(perMinute: number) {
  const clock = new TestClock();
  const lines: [object, string][] = [];
  const counted = { limited: 0, others: 0 };
  const wrong = new WrongTokens({
    perMinute,
    now: () => clock.wallMs(),
    after: (ms, act) => clock.after(ms, act),
    later: (ms, act) => clock.after(ms, act),
    log: { warn: (line, text) => lines.push([line, text]) },
    count: (isLimited) => counted[isLimited ? 'limited' : 'others']++,
  });
  return { clock, lines, counted, wrong };
}

t.test('beyond the limit an answer waits, a few at a time, and the rest gets none', async (t) => {
  const { clock, wrong, counted } = setUp(2);
  const kinds = (address: string, times: number) => Array.from({ length: times }, () => wrong.add(address).kind);
  t.same(kinds('192.0.2.1', 9), [...Array(2).fill('now'), ...Array(4).fill('late'), ...Array(3).fill('none')]);
  t.same(kinds('192.0.2.2', 3), ['now', 'now', 'late'], 'others have limits of their own');
  t.same(counted, { limited: 8, others: 4 });
  await clock.pass(1);
  t.equal(wrong.add('192.0.2.1').kind, 'none', 'a place is held for its time, whoever has hung up');
  await clock.pass(1);
  const again = wrong.add('192.0.2.1');
  t.equal(again.kind, 'late');
  let isOver = false;
  if (again.kind === 'late') again.due.then(() => (isOver = true));
  await clock.pass(1);
  t.notOk(isOver);
  await clock.pass(1);
  t.ok(isOver);
});

t.test('however many networks guess, so much is held and no more', async (t) => {
  const { clock, wrong } = setUp(1);
  let late = 0;
  for (let i = 0; i < 1000; i++) {
    const address = `2001:db8:${i.toString(16)}::1`;
    for (let n = 0; n < 3; n++) if (wrong.add(address).kind === 'late') late++;
  }
  t.equal(late, 256);
  await clock.pass(2);
  t.equal(wrong.add('2001:db8:3e7::2').kind, 'late', 'and given back');
});

t.test('the log has a line for each within the limit, and one a minute for all others', async (t) => {
  const { clock, wrong, lines } = setUp(2);
  for (let i = 0; i < 5000; i++) wrong.add('192.0.2.1');
  for (let i = 0; i < 3; i++) wrong.add('2001:db8::1');
  t.equal(lines.length, 4);
  await clock.pass(60);
  t.equal(lines.length, 5);
  t.match(lines[4], [{ refused: 4999, clients: { '192.0.2.1': 4998, '2001:db8:0:0': 1 } }, /beyond the limit/]);
  await clock.pass(600);
  t.equal(lines.length, 5, 'none where nothing happens');

  for (let i = 0; i < 1000; i++) wrong.add(`2001:db8:${i.toString(16)}::1`);
  t.equal(lines.length, 65, 'single lines are bounded, from however many networks');
  await clock.pass(60);
  t.match(lines[65]?.[0], { refused: 940 });
  const [told] = lines[65] as [{ clients: object }, string];
  t.equal(Object.keys(told.clients).length, 5, 'few are named');
  t.equal(lines.length, 66);
});

t.test('a right token passes at once from where the guesses come from', async (t) => {
  const api = await startApi(makeDirectory(t), { authFailuresPerMinute: 1 });
  t.teardown(() => api.close());
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}/v1/zones`;
  const ask = (token: string) => fetch(url, { headers: { authorization: `Bearer ${token}` } });
  t.equal((await ask('guess')).status, 401);
  let answered = 0;
  const guesses = Array.from({ length: 8 }, async (_, i) => {
    const reply = await ask(`guess-${i}`).catch(() => undefined);
    answered++;
    return reply?.status;
  });
  // Once four were hung up on, the other four wait.
  while (answered < 4) await new Promise((resolve) => setTimeout(resolve, 10));
  t.equal((await ask(ADMIN)).status, 200);
  t.equal(answered, 4, 'while the guesses wait');
  t.same((await Promise.all(guesses)).sort(), [429, 429, 429, 429, undefined, undefined, undefined, undefined]);
  const { body } = await api.request('GET', '/metrics');
  t.match(body, 'teal_api_wrong_tokens_total{limited="true"} 8');
  t.match(body, 'teal_api_wrong_tokens_total{limited="false"} 1');
});
