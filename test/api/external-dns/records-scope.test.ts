/** The door for ExternalDNS with a token of the scope `records`: names with set identifiers too, and nothing of people's services. */
import t, { type Test } from 'tap';
import { weighted } from '../../fixtures/external-dns/cluster.ts';
import { NAME, revisionOf, start, weightsOf } from '../../fixtures/external-dns/start.ts';

async function startWith(t: Test, limits: object) {
  const started = await start(t);
  const make = async (name: string) => {
    const body = { name, scope: 'records', ...limits };
    const reply = await started.api.request('POST', '/v1/tokens', { body });
    t.equal(reply.statusCode, 201, reply.body);
    return started.cluster(name, reply.json().secret);
  };
  return { ...started, make };
}

t.test('it is enough: two owners make a service, a release moves it, one goes', async (t) => {
  const { api, make } = await startWith(t, { zones: ['example.com'] });
  const [blue, green] = [await make('cluster-a'), await make('cluster-b')];
  blue.wanted = [weighted(NAME, '192.0.2.10', 'blue', '90')];
  green.wanted = [weighted(NAME, '192.0.2.20', 'green', '10')];
  for (const each of [blue, green]) t.match(await each.sync(), { status: 204, body: '' });
  t.same(await weightsOf(api), { blue: 90, green: 10 });
  for (const each of [blue, green]) t.equal((await each.sync()).planned, 0);
  t.match((await api.request('GET', '/v1/revisions?order=newest&limit=2')).json().items, [
    { actor: 'external-dns:cluster-b', kind: 'records.change' },
    { actor: 'external-dns:cluster-b', kind: 'service.put', reason: /with the token cluster-b/ },
  ]);
  await api.request('PUT', `/v1/services/${NAME}/weights`, { body: { blue: 0, green: 100 } });
  green.wanted = [weighted(NAME, '192.0.2.21', 'green', '10')];
  t.match(await green.sync(), { status: 204, planned: 1 });
  t.same(await weightsOf(api), { blue: 0, green: 100 });
  blue.wanted = [];
  t.match(await blue.sync(), { status: 204, planned: 1 });
  t.equal((await green.sync()).planned, 0);
  t.equal((await api.request('GET', `/v1/services/${NAME}`)).statusCode, 404);
  t.equal((await green.records()).length, 2);
  t.equal((await api.request('GET', `/v1/services/${NAME}`, { token: blue.token })).statusCode, 403, 'as before');
});

t.test('a service of people is out of its reach, and one that people gave a pool or preview names', async (t) => {
  const { api, make, cluster } = await startWith(t, { zones: ['example.com'] });
  const pools = { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };
  await api.request('PUT', '/v1/services/own.example.com', { body: { pools } });
  const one = await make('cluster-a');
  one.wanted = [
    weighted('own.example.com', '192.0.2.66', 'evil', '65535'),
    ...['blue', 'green'].map((set, i) => weighted(NAME, `192.0.2.${i + 10}`, set, '50')),
  ];
  t.match(await one.sync(), { status: 204, planned: 2 }, 'left out, and no more');
  t.same(await weightsOf(api, 'own.example.com'), { blue: 1, green: 0 });
  t.notOk((await one.records()).some(({ dnsName }) => dnsName === 'own.example.com'));
  const sent = await one.ask('POST', '/records', { create: one.wanted.slice(0, 1) });
  t.equal(sent.statusCode, 204);
  t.same(await weightsOf(api, 'own.example.com'), { blue: 1, green: 0 }, 'nor where it is sent all the same');

  const read = (await api.request('GET', `/v1/services/${NAME}`)).json();
  const put = (more: object) => api.request('PUT', `/v1/services/${NAME}`, { body: { pools: read.pools, ...more } });
  const before = await put({ previewNames: true });
  t.equal(before.statusCode, 200, before.body);
  const at = await revisionOf(api);
  const red = weighted(NAME, '192.0.2.66', 'red', '65535');
  t.equal((await one.ask('POST', '/records', { create: [red] })).statusCode, 204);
  await put({ previewNames: false, pools: { ...read.pools, own: { weight: 3, targets: ['192.0.2.99'] } } });
  t.equal((await one.ask('POST', '/records', { create: [red] })).statusCode, 204);
  t.equal(await revisionOf(api), at + 1, 'only people changed anything');
  const admin = cluster('cluster-b');
  admin.wanted = [red];
  t.match(await admin.sync(), { status: 204, planned: 1 });
});

t.test('a token that reaches a part of what a service answers makes none: 503, and ExternalDNS goes on', async (t) => {
  for (const limits of [{ types: ['A', 'TXT'] }, { types: ['A', 'AAAA', 'TXT'] }]) {
    const { api, make } = await startWith(t, { zones: ['example.com'], ...limits });
    const [blue, green] = [await make('cluster-a'), await make('cluster-b')];
    blue.wanted = [weighted(NAME, '192.0.2.10', 'blue', '90')];
    t.match(await blue.sync(), { status: 204 });
    const www = { dnsName: 'www.example.com', targets: ['192.0.2.7'], recordType: 'A' };
    green.wanted = [weighted(NAME, '192.0.2.20', 'green', '10'), www];
    const refused = await green.sync();
    t.match(refused, { status: 503, body: /app\.example\.com was refused, all else is done: .*does not reach all/ });
    t.equal((await blue.sync()).planned, 0);
    t.equal((await api.request('GET', '/v1/zones/example.com/rrsets/www.example.com/A')).statusCode, 200);
  }
  const elsewhere = await startWith(t, { names: ['www.example.com'] });
  const one = await elsewhere.make('cluster-a');
  one.wanted = [weighted(NAME, '192.0.2.10', 'blue', '90'), weighted(NAME, '192.0.2.11', 'green', '90')];
  t.equal((await one.sync()).planned, 0, 'beyond its names: left out');
});
