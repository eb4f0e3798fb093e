/** PUT of an RRset tells what a zone file with it would be warned of: forgotten dots, typographic quotes, odd hosts. */
import t from 'tap';
import { makeDirectory, seed, startApi } from '../fixtures/api.ts';

t.test('what is easily overlooked is told, and taken', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const codes = async (name: string, type: string, ...rdata: string[]): Promise<unknown> => {
    const url = `/v1/zones/example.test/rrsets/${encodeURIComponent(name)}/${type}`;
    const reply = await api.request('PUT', url, { body: { ttlSeconds: 60, rdata } });
    if (reply.statusCode >= 300) return reply.body;
    return (reply.json() as { warnings?: { code: string }[] }).warnings?.map(({ code }) => code);
  };
  t.same(await codes('www.example.test.example.test', 'A', '192.0.2.1'), ['final_dot_missing']);
  t.same(await codes('a.example.test', 'CNAME', 'web.example.test.example.test.'), ['final_dot_missing']);
  t.same(await codes('self.example.test', 'CNAME', 'SELF.example.test.'), ['alias_of_itself']);
  t.same(await codes('b.example.test', 'IPSECKEY', '1 3 2 gw.example.test.example.test. AAAA'), ['final_dot_missing']);
  t.same(await codes('c.example.test', 'TXT', '"a"', '“v=spf1”'), ['quotes_typographic']);
  t.same(await codes('c.example.test', 'TXT', '"a"', '“v=spf1”'), ['quotes_typographic'], 'said again');
  t.same(await codes('d%e.example.test', 'A', '192.0.2.1'), ['host_name_unusual']);
  t.same(await codes('f.example.test', 'CNAME', 'web.example.test'), undefined);
  t.same(await codes('g.example.test', 'TXT', '"it’s “fine”, is it?"'), undefined);
});
