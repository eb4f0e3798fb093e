/** What people paste and what silently would be another thing: refused with what would be right, or told. */
import t from 'tap';
import { makeDirectory, seed, startApi } from '../fixtures/api.ts';

const base = '/v1/zones/example.test';

t.test('texts and names of records', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const put = (type: string, ...rdata: string[]) =>
    api.request('PUT', `${base}/rrsets/a.example.test/${type}`, { body: { ttlSeconds: 60, rdata } });
  const add = (type: string, ...values: string[]) =>
    api.request('POST', `${base}/changes`, { body: { changes: [{ add: { name: 'b.example.test', type, values } }] } });
  for (const send of [put, add]) {
    const spf = (await send('TXT', 'v=spf1 include:x.test -all')).json();
    t.match(spf, { status: 422, code: 'rdata_invalid', detail: /write "v=spf1 include:x\.test -all"\.$/ });
    t.match((await send('MX', '10 mail')).json(), { status: 422, detail: /mail\.example\.test\. or, if it is meant/ });
    const far = (await send('MX', '10 mx.example.net')).json();
    t.match(far.warnings, [
      { code: 'final_dot_missing', message: /^mx\.example\.net\. .*mx\.example\.net\.example\.test\./ },
    ]);
    const joined = (await send('TXT', '"v=spf1" "-all"')).json();
    t.match(joined.warnings, [{ code: 'text_joined', message: /"v=spf1-all"/ }]);
    t.match((await send('CAA', '0 isue "x.test"')).json().warnings, [{ code: 'caa_unusual' }]);
  }
  const removed = await api.request('POST', `${base}/changes`, {
    body: { changes: [{ remove: { name: 'b.example.test', type: 'TXT', values: ['v=spf1 -all'] } }] },
  });
  t.equal(removed.statusCode, 422, 'a value to remove is one as it would be added');
});

t.test('names of zones and services', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const zone = { nameservers: ['ns1.example.net'], hostmaster: 'hostmaster.example.net' };
  const refused: [object, string, RegExp][] = [
    [{ nameservers: ['ns1'] }, '/nameservers/0', /"ns1" would be ns1\. .*ns1\.other\.test/],
    [{ nameservers: ['192.0.2.1'] }, '/nameservers/0', /host name/],
    [{ nameservers: ['https://ns1.example.net'] }, '/nameservers/0', /host name/],
    [{ hostmaster: 'admin' }, '/hostmaster', /admin\.other\.test/],
    [
      { hostmaster: 'first.last@example.net' },
      '/hostmaster',
      /first\\\.last\.example\.net for first\.last@example\.net/,
    ],
    [{ primary: 'ns1' }, '/primary', /ns1\.other\.test/],
  ];
  for (const [more, pointer, detail] of refused) {
    const reply = await api.request('PUT', '/v1/zones/other.test', { body: { ...zone, ...more } });
    t.match(reply.json(), { status: 422, code: 'zone_invalid', pointer, detail });
  }
  const short = { ...zone, nameservers: ['ns1.'], hostmaster: 'admin.', primary: 'ns1.' };
  const made = await api.request('PUT', '/v1/zones/other.test', { body: short });
  t.match(made.json(), { nameservers: ['ns1'], hostmaster: 'admin', primary: 'ns1' }, 'with the final dot it is meant');
  const { nameservers, hostmaster, primary } = made.json();
  const again = await api.request('PUT', '/v1/zones/other.test', { body: { nameservers, hostmaster, primary } });
  t.equal(again.statusCode, 200, 'and can be written back as it is shown');

  const service = (...targets: string[]) => ({
    pools: { blue: { weight: 1, targets }, green: { weight: 0, targets: ['green.example.net'] } },
  });
  const putService = (body: object) => api.request('PUT', '/v1/services/s.example.test', { body });
  t.match((await putService(service('backend'))).json(), {
    status: 422,
    pointer: '/pools/blue/targets/0',
    detail: /backend\.example\.test/,
  });
  for (const target of ['192.0.2.010', '192.0.2.1:80', 'https://x.test', 'x.test/path', 'a@x.test', ' 192.0.2.1']) {
    t.match((await putService(service(target))).json(), { status: 422 }, target);
  }
  t.match((await putService(service('backend.'))).json(), { pools: { blue: { targets: ['backend'] } } });
  t.equal((await putService(service('backend'))).statusCode, 200);
});
