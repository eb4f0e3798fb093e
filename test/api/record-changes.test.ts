/** Changes of a zone's records over HTTP: several writers at once, retries, conditions. */
import t, { type Test } from 'tap';
import { makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';

const url = '/v1/zones/example.test/changes';
const challenge = { name: '_acme-challenge.example.test', type: 'TXT' };
const add = (...values: string[]) => ({ add: { ...challenge, ttlSeconds: 60, values } });

async function start(t: Test) {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const post = (changes: object[], headers: Record<string, string> = {}) =>
    api.request('POST', url, { body: { changes }, headers });
  const rdata = async (): Promise<string[] | undefined> =>
    (await api.request('GET', `/v1/zones/example.test/rrsets/${challenge.name}/TXT`)).json().rdata;
  return { api, post, rdata };
}

t.test('eight writers who add a value each to one RRset all have it there', async (t) => {
  const { api, post, rdata } = await start(t);
  const values = Array.from({ length: 8 }, (_, i) => `"writer ${i}"`);
  const before = Number((await api.request('GET', '/v1/zones/example.test')).json().contentRevision);
  const replies = await Promise.all(values.map((value) => post([add(value)])));
  t.same(
    replies.map(({ statusCode }) => statusCode),
    values.map(() => 200),
  );
  t.same((await rdata())?.sort(), values);
  const revisions = replies.map((reply) => reply.json().revision).sort((a, b) => a - b);
  t.same(
    revisions,
    values.map((_, i) => before + 1 + i),
    'each in a revision of its own',
  );
  await Promise.all(values.slice(1).map((value) => post([{ remove: { ...challenge, values: [value] } }])));
  t.same(await rdata(), values.slice(0, 1), 'and eight who take theirs away take no other');
});

t.test('a reply names the RRsets and the revision; history tells of it', async (t) => {
  const { api, post } = await start(t);
  const reply = await post([add('"a"', '"b"'), { delete: { name: 'none.example.test', type: 'A' } }]);
  t.equal(reply.statusCode, 200);
  const { revision } = reply.json();
  t.equal(reply.headers['teal-revision'], String(revision));
  t.strictSame(reply.json(), {
    zone: 'example.test',
    rrsets: [
      { ...challenge, change: 'made', ttlSeconds: 60, records: 2 },
      { name: 'none.example.test', type: 'A', change: 'none', records: 0 },
    ],
    revision,
  });
  const told = (await api.request('GET', `/v1/revisions?after=${revision - 1}`)).json();
  t.match(told.items, [
    {
      revision,
      kind: 'records.change',
      summary: 'changed records of example.test: _acme-challenge.example.test/TXT',
      subjects: [{ kind: 'rrset', name: '_acme-challenge.example.test/TXT', before: null, after: { ttlSeconds: 60 } }],
    },
  ]);
});

t.test('a retry with the same key is done once; If-Match is of the zone', async (t) => {
  const { api, post, rdata } = await start(t);
  const key = { 'idempotency-key': 'a key' };
  const first = await post([add('"a"')], key);
  await post([{ delete: challenge }]);
  const again = await post([add('"a"')], key);
  t.equal(again.headers['idempotency-replayed'], 'true');
  t.same(again.json(), first.json());
  t.equal(await rdata(), undefined);
  t.match((await post([add('"b"')], key)).json(), { code: 'idempotency_key_reused' });
  const { etag } = (await api.request('GET', '/v1/zones/example.test/file')).headers;
  t.equal((await post([add('"c"')], { 'if-match': String(etag) })).statusCode, 200);
  t.match((await post([add('"d"')], { 'if-match': String(etag) })).json(), { status: 412, code: 'revision_stale' });
  t.same(await rdata(), ['"c"']);
});

t.test('what the zone itself says changes with its records, at one instant', async (t) => {
  const { api, post, rdata } = await start(t);
  const zone = async () => (await api.request('GET', '/v1/zones/example.test')).json();
  const send = (body: object, more: object = {}) => api.request('POST', url, { body, ...more });
  const before = await zone();
  const apex = { nameservers: ['ns9.example.net'], nameserversTtlSeconds: 30 };
  const reply = await send({ changes: [add('"a"')], apex });
  t.equal(reply.statusCode, 200, reply.body);
  const { revision } = reply.json();
  t.match(reply.json(), { apex: { change: 'changed' }, rrsets: [{ change: 'made' }] });
  const { serial, contentRevision, ...rest } = before;
  t.match(await zone(), { ...rest, ...apex, revision, contentRevision: revision }, 'what was left out stays');
  t.ok((await zone()).serial > serial && contentRevision < revision);
  const [told] = (await api.request('GET', `/v1/revisions?after=${revision - 1}`)).json().items;
  t.match(told, {
    summary: 'changed the zone example.test and records of it: _acme-challenge.example.test/TXT',
    subjects: [
      { kind: 'zone', name: 'example.test', before: { nameservers: before.nameservers }, after: apex },
      { kind: 'rrset', name: '_acme-challenge.example.test/TXT' },
    ],
  });
  const alone = await send({ changes: [], apex: { refreshSeconds: 77 } });
  t.match(alone.json(), { apex: { change: 'changed' }, rrsets: [], revision: revision + 1 });
  const same = await send({ changes: [add('"a"')], apex: { refreshSeconds: 77 } });
  t.match(same.json(), { apex: { change: 'none' }, rrsets: [{ change: 'none' }], revision: revision + 1 });
  for (const [body, code, pointer] of [
    [{ changes: [] }, 'changes_invalid', '/changes'],
    [{ changes: [add('"b"')], apex: { nameservers: [] } }, 'zone_invalid', '/apex/nameservers'],
    [{ changes: [add('"b"')], apex: { ttlSeconds: -1 } }, undefined, '/apex/ttlSeconds'],
    [{ changes: [add('"b"')], apex: { serial: 7 } }, 'body_invalid', '/apex/serial'],
    [
      {
        changes: [{ put: { name: 'n.example.test', type: 'CNAME', ttlSeconds: 1, rdata: ['x.test.'] } }],
        apex: { nameservers: ['n.example.test'] },
      },
      'cname_conflict',
      undefined,
    ],
  ] as const) {
    const refused = await send(body);
    t.ok(refused.statusCode >= 400 && refused.statusCode < 500, refused.body);
    if (code !== undefined) t.equal(refused.json().code, code, refused.body);
    if (pointer !== undefined) t.equal(refused.json().pointer, pointer, refused.body);
  }
  const made = await api.request('POST', '/v1/tokens', {
    body: { name: 'few', scope: 'records', zones: ['example.test'] },
  });
  const token = made.json().secret;
  t.equal((await send({ changes: [add('"b"')], apex }, { token })).statusCode, 403);
  t.equal((await send({ changes: [], apex }, { token })).statusCode, 403);
  t.same(await rdata(), ['"a"'], 'nothing is half done');
  t.equal((await send({ changes: [add('"b"')] }, { token })).statusCode, 200);
  t.equal(
    (await post([{ put: { name: 'example.test', type: 'NS', ttlSeconds: 1, rdata: ['x.test.'] } }])).json().code,
    'apex_conflict',
  );
});

t.test('a warning is told once', async (t) => {
  const { api, post } = await start(t);
  const reply = await post([
    { put: { name: 'mx.example.test', type: 'MX', ttlSeconds: 60, rdata: ['10 alias.example.test.'] } },
    { put: { name: 'alias.example.test', type: 'CNAME', ttlSeconds: 60, rdata: ['other.test.'] } },
  ]);
  t.match(reply.json().warnings, [{ code: 'target_is_alias', message: /^mx\.example\.test\. MX names alias/ }]);
  t.equal(reply.json().warnings.length, 1);
  t.equal((await api.request('POST', url, { body: { changes: [add('"x"')] }, token: READER })).statusCode, 403);
});
