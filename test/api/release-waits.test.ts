/** A release by its id alone, and the wait for its next state: told as it happens, bounded, and ended with the server. */
import t from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';

const body = { to: 'green', steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 80 }, { pause: {} }] };

async function start(t: { teardown(work: () => unknown): void }) {
  const api: ApiFixture = await startApi(makeDirectory(t));
  const asked: Promise<unknown>[] = [];
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    // What is under way ends before the store, as where it comes through a connection.
    await api.app.close();
    await Promise.allSettled(asked);
    await api.close();
  };
  t.teardown(close);
  await seed(api);
  const made = await api.request('POST', '/v1/services/app.example.test/releases', { body });
  const url = `/v1/releases/${made.json().id}`;
  const verb = (word: string) => api.request('POST', `${url}/${word}`, { body: {} });
  const wait = (seconds: number, more: { token?: string; etag?: unknown } = {}) => {
    const { token, etag } = more;
    const reply = api.request('GET', `${url}?waitSeconds=${seconds}`, {
      ...(token !== undefined && { token }),
      ...(etag !== undefined && { headers: { 'if-none-match': String(etag) } }),
    });
    asked.push(reply);
    return reply;
  };
  return { api, url, verb, wait, close };
}

/** Until the requests that were sent have been looked at: each of these takes turns with them. */
async function settle(api: ApiFixture): Promise<void> {
  for (let i = 0; i < 5; i++) await api.request('GET', '/v1/zones');
}

t.test('whoever waits is told the next state, and whoever knows an older one at once', async (t) => {
  const { api, url, verb, wait } = await start(t);
  const first = await api.request('GET', url);
  const { etag } = first.headers;
  const waiting = [wait(60), wait(60, { etag })];
  await settle(api);
  // What is about others ends no wait.
  await api.request('PUT', '/v1/services/api.example.test/weights', { body: { blue: 1, green: 1 } });
  await settle(api);
  await verb('promote');
  for (const reply of await Promise.all(waiting)) {
    t.equal(reply.statusCode, 200);
    t.match(reply.json(), { state: 'paused', stepIndex: 3 });
    t.not(reply.headers.etag, etag);
  }
  const late = await wait(60, { etag });
  t.match(late.json(), { stepIndex: 3 }, 'what was missed in between is told');

  const last = [wait(60), wait(60, { etag: late.headers.etag })];
  await settle(api);
  await verb('abort');
  for (const reply of await Promise.all(last)) t.match(reply.json(), { state: 'aborted' });
  t.match((await wait(60)).json(), { state: 'aborted' }, 'nothing is waited for once it has ended');
  t.equal((await wait(60, { etag: (await api.request('GET', url)).headers.etag })).statusCode, 304);
});

t.test('where nothing happens in the time, the state is as it was', async (t) => {
  const { api, url, wait } = await start(t);
  const { headers } = await api.request('GET', url);
  t.equal((await wait(1, { etag: headers.etag })).statusCode, 304);
  t.match((await wait(1)).json(), { state: 'paused' });
  for (const seconds of ['61', '-1', 'x', '1.5']) {
    const reply = await api.request('GET', `${url}?waitSeconds=${seconds}`);
    t.match(reply.json(), { status: 400, code: 'query_invalid' }, seconds);
  }
  t.match((await api.request('GET', '/v1/releases/999?waitSeconds=60')).json(), { code: 'release_unknown' });
});

t.test('a token has its share of waits, one that is revoked is told nothing, and a stop ends all', async (t) => {
  const { api, verb, wait, close } = await start(t);
  const make = async (name: string): Promise<string> =>
    (await api.request('POST', '/v1/tokens', { body: { name, scope: 'read' } })).json().secret;
  const [many, gone] = [await make('many'), await make('gone')];
  const waiting = Array.from({ length: 20 }, () => wait(60, { token: many }));
  const revoked = wait(60, { token: gone });
  await settle(api);
  const more = await wait(60, { token: many });
  t.match(more.json(), { status: 429, code: 'share_used_up' });
  t.ok(more.headers['retry-after']);
  await api.request('DELETE', '/v1/tokens/gone');
  await verb('promote');
  t.match((await revoked).json(), { code: 'token_invalid' });
  for (const reply of await Promise.all(waiting)) t.equal(reply.statusCode, 200);

  const again = [wait(60, { token: many }), wait(60)];
  await settle(api);
  await close();
  for (const reply of await Promise.all(again)) t.match(reply.json(), { state: 'paused' });
});
