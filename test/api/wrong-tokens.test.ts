/** Guessing: it costs whoever guesses, and not the owner, whatever network both come from. */
import net, { type AddressInfo } from 'node:net';
import t from 'tap';
import { WrongTokens } from '../../src/api/wrong-tokens.ts';
import { ADMIN, type ApiFixture, makeDirectory, startApi } from '../fixtures/api.ts';
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

t.test('beyond the limit an answer waits, one at a time for each connection', async (t) => {
  const { clock, wrong, counted } = setUp(2);
  const [one, other] = [{}, {}];
  const kinds = (address: string, connection: object, times: number) =>
    Array.from({ length: times }, () => wrong.add(address, connection).kind);
  t.same(kinds('192.0.2.1', one, 5), ['now', 'now', 'late', 'none', 'none']);
  t.same(kinds('192.0.2.1', other, 2), ['late', 'none']);
  t.same(kinds('192.0.2.2', {}, 3), ['now', 'now', 'late'], 'others have limits of their own');
  t.same(counted, { limited: 6, others: 4 });
  await clock.pass(1);
  t.same(kinds('192.0.2.1', one, 1), ['none']);
  await clock.pass(1);
  const again = wrong.add('192.0.2.1', one);
  t.equal(again.kind, 'late');
  let isOver = false;
  if (again.kind === 'late') {
    again.due.then(() => {
      isOver = true;
    });
  }
  await clock.pass(1);
  t.notOk(isOver);
  await clock.pass(1);
  t.ok(isOver);
});

t.test('however many guess, so much is held and no more', async (t) => {
  const { clock, wrong } = setUp(1);
  let late = 0;
  const guess = (address: string): void => {
    if (wrong.add(address, {}).kind === 'late') late++;
  };
  for (let i = 0; i < 1000; i++) guess('2001:db8::1');
  t.equal(late, 200, 'of one network');
  for (let i = 1; i < 2000; i++) for (let n = 0; n < 3; n++) guess(`2001:db8:${i.toString(16)}::1`);
  t.equal(late, 1000);
  await clock.pass(2);
  t.equal(wrong.add('2001:db8::1', {}).kind, 'late', 'and given back');
});

t.test('the log has a line for each within the limit, and one a minute for all others', async (t) => {
  const { clock, wrong, lines } = setUp(2);
  for (let i = 0; i < 5000; i++) wrong.add('192.0.2.1', {});
  for (let i = 0; i < 3; i++) wrong.add('2001:db8::1', {});
  t.equal(lines.length, 4);
  await clock.pass(60);
  t.equal(lines.length, 5);
  t.match(lines[4], [{ refused: 4999, clients: { '192.0.2.1': 4998, '2001:db8:0:0': 1 } }, /beyond the limit/]);
  await clock.pass(600);
  t.equal(lines.length, 5, 'none where nothing happens');

  for (let i = 0; i < 1000; i++) wrong.add(`2001:db8:${i.toString(16)}::1`, {});
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
  const guesses = Array.from({ length: 8 }, async (_, i) => (await ask(`guess-${i}`)).status);
  while (!(await metrics(api)).includes('teal_api_wrong_tokens_total{limited="true"} 8')) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.equal((await ask(ADMIN)).status, 200);
  t.same(await Promise.all(guesses), Array(8).fill(429));
  t.match(await metrics(api), 'teal_api_wrong_tokens_total{limited="false"} 1');
});

t.test('guesses in a row on one connection are hung up on', async (t) => {
  const api = await startApi(makeDirectory(t), { authFailuresPerMinute: 1 });
  t.teardown(() => api.close());
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const socket = net.connect((api.app.server.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const guess = (i: number) => `GET /v1/zones HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer guess-${i}\r\n\r\n`;
  socket.write(Array.from({ length: 100 }, (_, i) => guess(i)).join(''));
  await new Promise((resolve) => socket.once('close', resolve));
  t.equal(text.split('HTTP/1.1 ').length - 1 <= 1, true, 'the first was answered, at most');
});

async function metrics(api: ApiFixture): Promise<string> {
  return (await api.request('GET', '/metrics')).body;
}
