/** Proposals over HTTP: 202 in place of 200, who may decide, what is shown and told, and Idempotency-Keys. */
import t from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi, weightsOf } from '../fixtures/api.ts';

let api: ApiFixture;
const secrets: Record<string, string> = {};
t.before(async () => {
  api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  for (const [name, scope, more] of [
    ['alice', 'release', {}],
    ['bob', 'release', {}],
    ['shifter', 'shift', {}],
    ['elsewhere', 'release', { services: ['api.example.test'] }],
    ['reader', 'read', {}],
  ] as const) {
    secrets[name] = (await api.request('POST', '/v1/tokens', { body: { name, scope, ...more } })).json().secret;
  }
  const { pools } = (await api.request('GET', '/v1/services/app.example.test')).json();
  const put = await api.request('PUT', '/v1/services/app.example.test', { body: { pools, approval: 'required' } });
  t.match(put.json(), { approval: 'required' });
});

const as = (name: string, method: string, url: string, body?: object, headers = {}) =>
  api.request(method, url, { token: secrets[name] as string, headers, ...(body && { body }) });
const weights = { blue: 0, green: 100 };

t.test('a shift is proposed, shown to those who reach it, approved by somebody else', async (t) => {
  const put = await as('alice', 'PUT', '/v1/services/app.example.test/weights', weights);
  t.equal(put.statusCode, 202);
  t.equal(put.headers.etag, undefined, 'what was put is not there yet');
  const { id } = put.json();
  t.match(put.json(), { kind: 'shift', state: 'waiting', askedBy: 'alice', shift: { 'app.example.test': weights } });
  t.same(await weightsOf(api), { blue: 90, green: 10 });
  const url = `/v1/proposals/${id}`;
  t.equal((await as('reader', 'GET', url)).statusCode, 200);
  t.equal((await as('elsewhere', 'GET', url)).json().code, 'proposal_unknown');
  t.match((await as('elsewhere', 'GET', '/v1/proposals')).json(), { items: [] });
  t.equal((await as('elsewhere', 'POST', `${url}/approve`, {})).json().code, 'token_forbidden');
  t.equal((await as('reader', 'POST', `${url}/approve`, {})).json().code, 'token_forbidden');
  const own = await as('alice', 'POST', `${url}/approve`, {});
  t.equal(own.statusCode, 403);
  t.equal(own.json().code, 'approval_own');
  const key = { 'idempotency-key': 'one' };
  t.equal(
    (await as('shifter', 'POST', `${url}/approve`, {})).json().code,
    'token_forbidden',
    'it needs the scope release',
  );
  const done = await as('bob', 'POST', `${url}/approve`, { revision: put.json().revision }, key);
  t.match(done.json(), { state: 'done', approved: { by: 'bob' } });
  t.equal(done.statusCode, 200);
  t.same(await weightsOf(api), weights);
  const again = await as('bob', 'POST', `${url}/approve`, { revision: put.json().revision }, key);
  t.equal(again.headers['idempotency-replayed'], 'true');
  t.equal((await api.request('POST', `${url}/approve`, { body: {} })).json().code, 'proposal_state');
  t.equal((await as('bob', 'POST', '/v1/services/app.example.test/rollback')).statusCode, 200, 'the way back is free');
  t.same((await api.request('GET', '/v1/proposals?state=open')).json(), { items: [] });
  t.match((await api.request('GET', '/v1/proposals?state=done')).json(), { items: [{ id }] });
});

t.test('the same Idempotency-Key proposes once', async (t) => {
  const key = { 'idempotency-key': 'two' };
  const body = { services: { 'app.example.test': weights } };
  const one = await as('alice', 'POST', '/v1/shifts', body, key);
  const two = await as('alice', 'POST', '/v1/shifts', body, key);
  t.same([one.statusCode, two.statusCode], [202, 202]);
  t.equal(one.json().id, two.json().id);
  t.match((await as('shifter', 'POST', `/v1/proposals/${one.json().id}/cancel`)).json(), {
    state: 'ended',
    reason: 'canceled',
    message: 'Refused by shifter.',
  });
});

t.test('a release is proposed without its secrets in the open', async (t) => {
  const gate = { name: 'smoke', web: { url: 'https://a.test/', bearer: 'very-secret' } };
  const steps = [{ setWeight: 50 }, { pause: { approval: { by: 'other' } } }, { analysis: { metrics: [gate] } }];
  const begin = await as('alice', 'POST', '/v1/services/app.example.test/releases', { to: 'green', steps });
  t.equal(begin.statusCode, 202);
  t.notMatch(begin.body, 'very-secret');
  const { id } = begin.json();
  t.notMatch((await api.request('GET', `/v1/revisions?after=${Number(id) - 1}`)).body, 'very-secret');
  const done = (await as('bob', 'POST', `/v1/proposals/${id}/approve`, {})).json();
  const release = (await api.request('GET', `/v1/releases/${done.outcome}`)).json();
  t.match(release, { state: 'paused', reason: 'approval_needed', askedBy: ['alice'], wait: { kind: 'approval' } });
  t.equal((await as('bob', 'POST', `/v1/releases/${release.id}/promote`, {})).json().code, 'approval_needed');
  const { revision } = release;
  t.equal((await as('alice', 'POST', `/v1/releases/${release.id}/approve`, { revision })).json().code, 'approval_own');
  t.equal((await as('bob', 'POST', `/v1/releases/${release.id}/approve`, {})).statusCode, 400, 'it says of what');
  t.match((await as('bob', 'POST', `/v1/releases/${release.id}/approve`, { revision })).json(), {
    reason: 'analysis_running',
    approvals: [{ stepIndex: 1, by: 'bob' }],
  });
  t.equal((await as('alice', 'POST', `/v1/releases/${release.id}/abort`)).statusCode, 200);
});

t.test('a shift of any service for a later time is a proposal until then', async (t) => {
  const body = { services: { 'api.example.test': weights }, at: '2026-01-01T10:00', timeZone: 'Europe/Berlin' };
  t.match((await as('alice', 'POST', '/v1/shifts', body)).json(), { code: 'schedule_invalid', pointer: '/at' });
  const { at: _at, ...zoned } = body;
  t.match((await as('alice', 'POST', '/v1/shifts', zoned)).json(), { code: 'schedule_invalid', pointer: '/timeZone' });
  const at = new Date(Date.now() + 3600_000).toISOString();
  const planned = await as('alice', 'POST', '/v1/shifts', { services: body.services, at });
  t.equal(planned.statusCode, 202);
  t.match(planned.json(), { state: 'scheduled', at });
  t.match((await as('alice', 'POST', `/v1/proposals/${planned.json().id}/cancel`)).json(), {
    message: 'Withdrawn by alice.',
  });
});

t.test('two tokens of one owner are one person, whatever their names; another owner is another one', async (t) => {
  const owned = async (name: string, owner?: string) => {
    const made = await api.request('POST', '/v1/tokens', { body: { name, scope: 'release', ...(owner && { owner }) } });
    t.equal(made.json().owner, owner);
    secrets[name] = made.json().secret;
  };
  await owned('ann-laptop', 'ann@example.com');
  await owned('ann-phone', 'ann@example.com');
  await owned('ben', 'ben@example.com');
  await owned('ci');
  t.match((await api.request('GET', '/v1/tokens/ann-phone')).json(), { owner: 'ann@example.com' });
  t.equal((await as('ann-phone', 'GET', '/v1/self')).json().person, 'person:ann@example.com');
  t.equal((await as('ci', 'GET', '/v1/self')).json().person, 'ci');
  const asked = await as('ann-laptop', 'PUT', '/v1/services/app.example.test/weights', { blue: 7, green: 93 });
  t.equal(asked.statusCode, 202);
  t.match(asked.json(), { askedBy: 'person:ann@example.com' });
  const approve = (name: string) => as(name, 'POST', `/v1/proposals/${asked.json().id}/approve`, {});
  t.match((await approve('ann-phone')).json(), { code: 'approval_own' });
  t.match((await approve('ann-laptop')).json(), { code: 'approval_own' });
  t.match((await approve('ben')).json(), { state: 'done', approved: { by: 'person:ben@example.com' } });
  const { items } = (await api.request('GET', '/v1/revisions?order=newest&limit=2')).json();
  t.match(items, [{ actor: 'ben' }, { actor: 'ann-laptop' }], 'the log has the tokens');

  // A step of a release, too.
  const api2 = '/v1/services/api.example.test';
  const steps = [{ setWeight: 50 }, { pause: { approval: { by: 'other' } } }, { setWeight: 100 }];
  const begun = (await as('ann-laptop', 'POST', `${api2}/releases`, { to: 'green', steps })).json();
  const { revision } = (await api.request('GET', api2)).json();
  const step = (name: string) => as(name, 'POST', `/v1/releases/${begun.id}/approve`, { revision });
  t.match((await step('ann-phone')).json(), { code: 'approval_own' });
  t.equal((await step('ben')).statusCode, 200);
});

t.test('what was looked at is held against what is there', async (t) => {
  const name = 'api.example.test';
  const revision = async (): Promise<number> =>
    (await api.request('GET', `/v1/services/${name}`)).json().revision as number;
  const at = new Date(Date.now() + 3600_000).toISOString();
  const looked = await revision();
  t.equal((await as('alice', 'PUT', `/v1/services/${name}/weights`, { blue: 3, green: 4 })).statusCode, 200);
  for (const [url, body] of [
    ['/v1/shifts', { services: { [name]: weights } }],
    [`/v1/services/${name}/releases`, { to: 'blue', preset: 'AllAtOnce' }],
    [`/v1/services/${name}/releases`, { to: 'blue', preset: 'AllAtOnce', dryRun: true }],
    ['/v1/releases', { services: [name], to: 'blue', preset: 'AllAtOnce' }],
  ] as const) {
    for (const when of [{}, { at }]) {
      const stale = await as('alice', 'POST', url, { ...body, ...when, seen: { [name]: looked } });
      t.equal(stale.statusCode, 412, url);
      t.match(stale.json(), {
        code: 'revision_stale',
        conflict: name,
        detail: /by alice, and was looked at in revision/,
      });
      const header = await as('alice', 'POST', url, { ...body, ...when }, { 'if-match': `"${looked}"` });
      t.equal(header.statusCode, 412, `${url} by If-Match`);
    }
  }
  t.equal((await as('alice', 'POST', '/v1/shifts', { services: { [name]: weights }, seen: 7 })).statusCode, 400);
  const body = { services: { [name]: weights }, at, seen: { [name]: await revision() } };
  const planned = await as('alice', 'POST', '/v1/shifts', body);
  t.equal(planned.statusCode, 202);
  t.match(planned.json().services, { [name]: body.seen[name] }, 'it says what it is of');
});
