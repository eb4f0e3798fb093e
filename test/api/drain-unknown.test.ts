/** Records that an import or a zone's end took away as a whole: the drain report of a service made after that says that it does not know of them. */
import t from 'tap';
import { makeDirectory, startApi } from '../fixtures/api.ts';
import { bluegreen } from '../fixtures/engine.ts';

const file = (records: string): string => `$TTL 300\n@ SOA ns1.other. admin 1 1 1 1 60\n@ NS ns1.other.\n${records}`;

t.test('records that are not known of', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  const bring = async (zone: string, records: string): Promise<number> => {
    const headers = { 'content-type': 'text/dns' };
    const reply = await api.request('PUT', `/v1/zones/${zone}/file`, { headers, body: Buffer.from(file(records)) });
    return reply.json().revision;
  };
  const report = async (name: string) => (await api.request('GET', `/v1/services/${name}/drain`)).json();
  const make = (name: string) => api.request('PUT', `/v1/services/${name}`, { body: bluegreen(0, 1) });

  await bring('first.test', 'app A 192.0.2.10\n');
  await make('new.first.test');
  t.notOk('unknownRecords' in (await report('new.first.test')), 'a zone that is new replaces nothing');

  const revision = await bring('first.test', '');
  t.notOk('unknownRecords' in (await report('new.first.test')), 'what came after it was made');
  await make('app.first.test');
  const said = await report('app.first.test');
  t.match(said, { pools: { blue: { drained: true } }, unknownRecords: { zone: 'first.test', revision } });
  t.match(said.message, /; records that revision \d+ took out of the zone first\.test as a whole, .* are not known of/);
  const days = (Date.parse(said.unknownRecords.until) - Date.now()) / 86_400_000;
  t.ok(days > 6.9 && days < 7.1);

  await api.request('PUT', '/v1/services/app.first.test/weights', { body: { blue: 1, green: 1 } });
  t.notOk('unknownRecords' in (await report('app.first.test')), 'no pool drains');

  await bring('sub.second.test', 'app A 192.0.2.10\n');
  await bring('second.test', '');
  const gone = await api.request('DELETE', '/v1/zones/sub.second.test');
  t.equal(gone.statusCode, 204);
  await make('app.sub.second.test');
  t.match(
    await report('app.sub.second.test'),
    { unknownRecords: { zone: 'sub.second.test' } },
    'a zone that has ended',
  );
  await make('app.second.test');
  t.notOk('unknownRecords' in (await report('app.second.test')), 'another name');
});
