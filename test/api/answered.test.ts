/** All that a zone answers, over HTTP: page by page each once, narrowed, within reach, and what is hidden said to be. */
import t from 'tap';
import { makeDirectory, startApi } from '../fixtures/api.ts';

t.test('what a zone answers', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  const put = async (path: string, body: object) => {
    const reply = await api.request('PUT', `/v1/${path}`, { body });
    t.ok(reply.statusCode < 300, `${path}: ${reply.body}`);
  };
  const nameservers = { nameservers: ['ns1.example.test'], hostmaster: 'h.example.test' };
  await put('zones/example.test', nameservers);
  const rrset = (name: string, type: string, rdata: string[]) =>
    put(`zones/example.test/rrsets/${name}.example.test/${type}`, { ttlSeconds: 60, rdata });
  await rrset('ns1', 'A', ['192.0.2.1']);
  await rrset('sub', 'NS', ['ns.sub.example.test.']);
  await rrset('sub', 'DS', ['1 13 2 0000000000000000000000000000000000000000000000000000000000000000']);
  await rrset('ns.sub', 'AAAA', ['2001:db8::1']);
  await rrset('own.child', 'TXT', ['"hidden"']);
  await put('zones/child.example.test', nameservers);
  await rrset('off.app', 'TXT', ['"stands there"']);
  await put('services/app.example.test', {
    pools: {
      blue: { weight: 3, targets: ['192.0.2.10', '2001:db8::10'] },
      green: { weight: 1, targets: ['192.0.2.20'] },
      off: { weight: 0, targets: ['192.0.2.30'] },
    },
  });
  await put('services/alias.example.test', {
    previewNames: false,
    pools: { blue: { weight: 1, targets: ['b.example.net'] }, green: { weight: 0, targets: ['g.example.net'] } },
  });

  const list = async (query: string, token?: string) =>
    (await api.request('GET', `/v1/zones/example.test/answers${query}`, token === undefined ? {} : { token })).json();
  interface Seen {
    readonly from: string;
    readonly name: string;
    readonly type: string;
    readonly pool?: string;
    readonly share?: number;
  }
  const brief = ({ from, name, type, pool, share }: Seen): string =>
    [from, name.replace('.example.test', ''), type, pool, share].filter((each) => each !== undefined).join(' ');
  const expected = [
    'zone example.test SOA',
    'zone example.test NS',
    'service alias CNAME blue 1',
    'service alias CNAME green 0',
    'service app A blue 0.75',
    'service app AAAA blue 0.75',
    'service app A green 0.25',
    'service app A off 0',
    'preview blue.app A blue',
    'preview blue.app AAAA blue',
    'preview green.app A green',
    'record ns1 A',
    'glue ns.sub AAAA',
    'record off.app TXT',
    'hidden own.child TXT',
    'delegation sub NS',
    'record sub DS',
  ];
  const { items } = await list('');
  t.same(items.map(brief).sort(), [...expected].sort());

  await t.test('page by page each is met once, in the same order', async (t) => {
    for (const limit of [1, 2, 3, 5, 7]) {
      const met: string[] = [];
      let after: string | undefined = '';
      while (after !== undefined) {
        const query: string = after === '' ? `?limit=${limit}` : `?limit=${limit}&after=${encodeURIComponent(after)}`;
        const page = await list(query);
        t.ok(page.items.length <= limit);
        met.push(...page.items.map(brief));
        after = page.next;
      }
      t.same(met, items.map(brief), `${limit} a page`);
    }
    t.match(await list('?after=nonsense'), { code: 'query_invalid' });
  });

  await t.test('narrowed by name, type and part of a name', async (t) => {
    t.same((await list('?type=SOA')).items.map(brief), ['zone example.test SOA']);
    t.same((await list('?name=blue.app.example.test&type=A')).items.map(brief), ['preview blue.app A blue']);
    t.same((await list('?q=SUB')).items.map(brief).sort(), ['delegation sub NS', 'glue ns.sub AAAA', 'record sub DS']);
    const all = (await list('?limit=1000')).items;
    for (const { rdata } of all) {
      const text = rdata[0].toLowerCase().replace(/\.$/, '');
      const holding = all.filter(({ name, rdata }: { name: string; rdata: string[] }) =>
        [name, ...rdata].some((one) => one.toLowerCase().includes(text)),
      );
      const found = (await list(`?q=${encodeURIComponent(text.toUpperCase())}`)).items;
      t.same(found.map(brief).sort(), holding.map(brief).sort(), `what holds ${text}`);
    }
  });

  await t.test('whoever may see some records sees those, and nothing of the rest', async (t) => {
    const body = { name: 'acme', scope: 'records', zones: ['example.test'], types: ['TXT'] };
    const { secret } = (await api.request('POST', '/v1/tokens', { body })).json();
    t.same((await list('', secret)).items.map(brief).sort(), ['hidden own.child TXT', 'record off.app TXT']);
  });
  t.equal((await api.request('GET', '/v1/zones/none.test/answers')).statusCode, 404);
});
