/** Who asks: every token is told what it may and to whom it speaks, and nothing of others. */
import t from 'tap';
import { ADMIN, makeDirectory, READER, startApi } from '../fixtures/api.ts';

t.test('who asks', async (t) => {
  const console = { name: 'staging', colour: '#b91c1c' };
  const api = await startApi(makeDirectory(t), { console });
  t.teardown(() => api.close());
  const ask = async (token?: string) => {
    const reply = await api.request('GET', '/v1/self', token === undefined ? {} : { token });
    t.equal(reply.statusCode, 200);
    return reply.json();
  };
  const make = async (body: object) => (await api.request('POST', '/v1/tokens', { body })).json().secret;
  const { server, ...admin } = await ask(ADMIN);
  t.match(server, { ...console, version: String });
  t.match(admin, { kind: 'token', scope: 'admin' });
  t.match(await ask(READER), { scope: 'read', server: console });
  const limits = { services: ['*.example.test'], zones: ['example.test'], networks: ['127.0.0.0/8'] };
  const limited = await ask(await make({ name: 'ci', scope: 'release', ...limits, expiresAt: '2999-01-01T00:00:00Z' }));
  t.match(limited, { name: 'ci', scope: 'release', ...limits, expiresAt: '2999-01-01T00:00:00.000Z' });
  t.notOk('secret' in limited || 'digest' in limited);
  const records = { names: ['_acme-challenge.*'], types: ['TXT'] };
  const certbot = await ask(await make({ name: 'certbot', scope: 'records', zones: ['example.test'], ...records }));
  t.match(certbot, { scope: 'records', ...records });
  t.equal((await api.app.inject('/v1/self')).statusCode, 401);
});

t.test('a server without a name says none', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  t.same(Object.keys((await api.request('GET', '/v1/self')).json().server), ['version']);
});
