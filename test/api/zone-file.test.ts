/** Zone files over HTTP: sent as curl sends them, refused with every mistake's place, read back as they were. */
import t from 'tap';
import { makeDirectory, seed, startApi } from '../fixtures/api.ts';

const file = '@ 60 IN SOA ns1 hostmaster 1 2 3 4 5\n@ 60 NS ns1\nns1 60 A 192.0.2.1\n';
const url = '/v1/zones/file.test/file';

t.test('a zone file is put and got', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const put = (body: string, headers: Record<string, string> = { 'content-type': 'text/dns' }) =>
    api.request('PUT', url, { body, headers });
  const made = await put(file);
  t.equal(made.statusCode, 201);
  t.match(made.json(), { name: 'file.test', rrsets: 1, revision: 4, warnings: [] });
  t.equal(made.headers.etag, '"4"');
  t.equal(
    (await put(`${file}www 60 A 192.0.2.2\n`, { 'content-type': 'application/x-www-form-urlencoded' })).statusCode,
    200,
  );
  t.equal((await put(file, { 'content-type': 'application/json' })).statusCode, 415);
  t.equal((await put(file, { 'content-type': 'text/dns', 'if-match': '"4"' })).statusCode, 412);
  t.equal((await put(file, { 'content-type': 'text/dns', 'if-none-match': '*' })).statusCode, 412);
  const bad = await put('@ 60 SOA ns1\nwww 60 A 1.2.3\n');
  t.equal(bad.statusCode, 422);
  t.match(bad.json(), {
    code: 'zone_file_invalid',
    findings: [
      { line: 1, code: 'rdata_invalid' },
      { line: 2, column: 10 },
    ],
  });
  t.equal((await put('x'.repeat(2 * 1024 * 1024))).statusCode, 413);
  const got = await api.request('GET', url);
  t.match(got.headers['content-type'], /^text\/dns/);
  t.match(got.body, /^www +60 +IN A +192\.0\.2\.2$/m);
  t.equal(
    (await api.request('GET', url, { headers: { 'if-none-match': got.headers.etag as string } })).statusCode,
    304,
  );
  t.equal((await api.request('GET', '/v1/zones/none.test/file')).statusCode, 404);
  const kept = await put(got.body);
  t.equal(kept.headers.etag, got.headers.etag, 'sent back it changes nothing');
});
