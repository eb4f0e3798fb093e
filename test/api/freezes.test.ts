/** Freezes over HTTP: kept as they are said, shown as they stand, seen as far as a token reaches; and emergencies. */
import t from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';

let api: ApiFixture;
t.before(async () => {
  api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
});

/** Whatever day it is. */
const always = {
  timeZone: 'UTC',
  windows: [
    { from: 'Mon 00:00', to: 'Thu 00:00' },
    { from: 'Thu 00:00', to: 'Mon 00:00' },
  ],
};
const put = (name: string, body: object) => api.request('PUT', `/v1/freezes/${name}`, { body });
const shift = (green: number, more: object = {}, headers: Record<string, string> = {}) =>
  api.request('POST', '/v1/shifts', {
    body: { services: { 'app.example.test': { blue: 90, green } }, ...more },
    headers,
  });

t.test('a freeze is made, shown, listed, changed, deleted', async (t) => {
  const made = await put('always', { ...always, message: 'sold', services: ['api.example.test'] });
  t.equal(made.statusCode, 201);
  t.match(made.json(), { name: 'always', active: true, until: null, message: 'sold' });
  t.equal((await put('always', { ...always, message: 'sold', services: ['api.example.test'] })).statusCode, 200);
  const once = { timeZone: 'europe/berlin', windows: [{ from: '2020-01-01', to: '2020-01-02' }] };
  t.match((await put('once', once)).json(), { active: false, until: null, timeZone: 'Europe/Berlin' });
  t.match((await api.request('GET', '/v1/freezes')).json(), { items: [{ name: 'always' }, { name: 'once' }] });
  t.match((await api.request('GET', '/v1/freezes?limit=1')).json(), { items: [{ name: 'always' }], next: 'always' });
  t.equal((await api.request('DELETE', '/v1/freezes/once')).statusCode, 204);
  t.match((await api.request('GET', '/v1/freezes/once')).json(), { code: 'freeze_unknown' });
});

t.test('what a freeze would come to is said before it is made, to who may only read too', async (t) => {
  const names = ({ items }: { items: { name: string }[] }) => items.map(({ name }) => name);
  const before = names((await api.request('GET', '/v1/freezes')).json());
  const { secret } = (await api.request('POST', '/v1/tokens', { body: { name: 'reader', scope: 'read' } })).json();
  const foresee = (body: object) =>
    api.request('POST', '/v1/freezes', { token: secret, body: { ...body, dryRun: true } });
  const weekend = { timeZone: 'europe/berlin', windows: [{ from: 'fri 16:00', to: 'mon 8:00' }] };
  const foreseen = await foresee(weekend);
  t.equal(foreseen.statusCode, 200);
  const outlook = foreseen.json();
  t.match(outlook, {
    timeZone: 'Europe/Berlin',
    windows: [{ from: 'Fri 16:00', to: 'Mon 08:00' }],
    clocks: /^The clocks of Europe\/Berlin go (?:forward|back) on Sun .* Fri 16:00 – Mon 08:00 lasts 6[35] h then\.$/,
  });
  t.equal(outlook.coming.length, 5);
  t.match(outlook.coming[0], { from: /:00\.000Z$/, wall: /^Fri \d{4}-\d\d-\d\d 16:00 – Mon .* 08:00 Europe\/Berlin$/ });
  t.match((await foresee(always)).json(), { active: true, until: null, begins: null });
  const over = { timeZone: 'UTC', windows: [{ from: '2020-01-01', to: '2020-01-02' }] };
  t.match((await foresee(over)).json(), { active: false, begins: null, coming: [] });
  t.match((await foresee({ ...weekend, timeZone: 'Mars/Phobos' })).json(), {
    code: 'freeze_invalid',
    pointer: '/timeZone',
  });
  t.equal((await api.request('POST', '/v1/freezes', { body: weekend })).statusCode, 400, 'it is no way to make one');
  t.same(names((await api.request('GET', '/v1/freezes')).json()), before, 'nothing was made');
  const soon = { timeZone: 'UTC', windows: [{ from: '2126-12-20', to: '2127-01-03' }] };
  t.match((await put('later', soon)).json(), { active: false, begins: '2126-12-20T00:00:00.000Z' });
  await api.request('DELETE', '/v1/freezes/later');
});

t.test('a token that is limited sees those that may hold what it reaches', async (t) => {
  await put('theirs', { ...always, services: ['*.secret.test'] });
  await put('zone', { ...always, zones: ['example.test'] });
  await put('any', { timeZone: 'UTC', windows: [{ from: '2020-01-01', to: '2020-01-02' }] });
  const token = { name: 'web', scope: 'shift', zones: ['example.test'] };
  const { secret } = (await api.request('POST', '/v1/tokens', { body: token })).json();
  const seen = (await api.request('GET', '/v1/freezes', { token: secret })).json();
  t.same(
    seen.items.map(({ name }: { name: string }) => name),
    ['any', 'zone'],
  );
  t.equal((await api.request('GET', '/v1/freezes/theirs', { token: secret })).statusCode, 404);
  t.equal((await api.request('PUT', '/v1/freezes/mine', { token: secret, body: always })).statusCode, 403);
  const of = (service: string, token?: string) =>
    api.request('GET', `/v1/freezes?service=${service}`, token === undefined ? {} : { token });
  const names = ({ items }: { items: { name: string }[] }) => items.map(({ name }) => name);
  t.same(names((await of('app.example.test')).json()), ['any', 'zone'], 'those that are for a service');
  t.equal((await of('none.test')).json().code, 'service_unknown');
  for (const name of ['theirs', 'zone', 'any']) await api.request('DELETE', `/v1/freezes/${name}`);
});

t.test('it refuses with 409, and in an emergency is passed over by body or by header, which is kept', async (t) => {
  await put('always', { ...always, message: 'sold' });
  const refused = await shift(1);
  t.equal(refused.statusCode, 409);
  t.match(refused.json(), { code: 'frozen', conflict: 'always', detail: /until it is changed or removed \(sold\)/ });
  t.match((await shift(1, { override: { reason: '  ' } })).json(), {
    code: 'override_invalid',
    pointer: '/override/reason',
  });
  t.equal((await shift(1, { override: { reason: 'x'.repeat(501) } })).json().code, 'override_invalid');
  t.equal((await shift(1, { override: {} })).statusCode, 400);
  t.equal((await shift(1, {}, { 'teal-override': '%' })).json().code, 'header_invalid');
  const body = await shift(1, { override: { reason: 'blue is on fire' }, reason: 'Cut-over' });
  t.equal(body.statusCode, 200);
  const put90 = (headers: Record<string, string>) =>
    api.request('PUT', '/v1/services/app.example.test/weights', { body: { blue: 90, green: 2 }, headers });
  t.equal((await put90({})).statusCode, 409);
  t.equal((await put90({ 'teal-override': 'St%C3%B6rung' })).statusCode, 200);
  const { items } = (await api.request('GET', '/v1/revisions?order=newest&limit=2')).json();
  t.match(items[0], { kind: 'shift', override: { freeze: 'always', reason: 'Störung' } });
  t.match(items[1], { reason: 'Cut-over', override: { freeze: 'always', reason: 'blue is on fire' } });
  const release = { to: 'green', steps: [{ setWeight: 50 }, { pause: {} }] };
  const begin = (more: object) =>
    api.request('POST', '/v1/services/api.example.test/releases', { body: { ...release, ...more } });
  t.equal((await begin({})).json().code, 'frozen');
  t.match((await begin({ override: { reason: 'fire' } })).json(), { override: { freeze: 'always', reason: 'fire' } });
  t.equal((await api.request('POST', '/v1/services/api.example.test/rollback')).statusCode, 200);
  await api.request('DELETE', '/v1/freezes/always');
});

t.test('a pool may be called override', async (t) => {
  const pools = {
    override: { weight: 1, targets: ['192.0.2.1'] },
    other: { weight: 1, targets: ['192.0.2.2'] },
  };
  await api.request('PUT', '/v1/services/odd.example.test', { body: { pools } });
  const url = '/v1/services/odd.example.test/weights';
  t.match((await api.request('PUT', url, { body: { override: 3, other: 1 } })).json(), { weights: { override: 3 } });
});

t.test('an Idempotency-Key stands for the emergency that was said with it', async (t) => {
  const headers = { 'idempotency-key': 'k1', 'teal-override': 'fire' };
  t.equal((await shift(7, {}, headers)).statusCode, 200);
  t.equal((await shift(7, {}, headers)).headers['idempotency-replayed'], 'true');
  t.equal((await shift(7, {}, { ...headers, 'teal-override': 'flood' })).json().code, 'idempotency_key_reused');
});
