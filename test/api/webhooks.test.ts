/** Webhooks over the API: made, read, changed, deleted, and who is told their secrets. */
import t from 'tap';
import { makeDirectory, seed, startApi } from '../fixtures/api.ts';

const body = { url: 'https://chat.example.com/hooks/T0P', triggers: ['on-release-completed'] };
const url = '/v1/webhooks/chat';

t.test('a secret that was made is shown once, one that was sent is not', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const made = await api.request('PUT', url, { body });
  t.equal(made.statusCode, 201);
  const { secret, ...webhook } = made.json();
  t.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const shown = { ...webhook, secret: { set: true } };
  t.same((await api.request('GET', url)).json(), shown);
  t.same((await api.request('GET', '/v1/webhooks')).json(), { items: [shown] });
  t.same((await api.request('PUT', url, { body })).json(), shown, 'the same again changes nothing');
  const changed = await api.request('PUT', url, { body: { ...body, secret: `whsec_${'A'.repeat(44)}` } });
  t.match(changed.json(), { revision: 5, secret: { set: true } });
  const log = JSON.stringify((await api.request('GET', '/v1/revisions')).json());
  t.match(log, 'webhook.put');
  t.notMatch(log, /whsec_|T0P/, 'the log has neither secret nor path');
  t.equal((await api.request('DELETE', url, { headers: { 'if-match': '"4"' } })).statusCode, 412);
  t.equal((await api.request('DELETE', url)).statusCode, 204);
  t.match((await api.request('GET', url)).json(), { code: 'webhook_unknown' });
  t.match((await api.request('GET', `${url}/deliveries`)).json(), { code: 'webhook_unknown' });
});

t.test('deliveries are listed in pages, and sent again on request', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  await api.request('PUT', url, { body });
  t.same((await api.request('GET', `${url}/deliveries?state=dead`)).json(), { items: [] });
  t.match((await api.request('GET', `${url}/deliveries?state=lost`)).json(), { code: 'query_invalid' });
  t.match((await api.request('POST', `${url}/deliveries/msg_x/redeliver`)).json(), { code: 'delivery_unknown' });
});
