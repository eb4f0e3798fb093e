/** The door for PowerDNS's clients: what they rely on, what is refused and how, and what each token may. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { READER } from '../../fixtures/api.ts';
import { openPowerdns, patchOf, replace, SERVER, ZONE } from '../../fixtures/powerdns.ts';
import { runs } from '../../fixtures/runs.ts';

const zones = `${SERVER}/zones`;
const com = { name: 'example.com.', kind: 'Native', nameservers: ['ns1.example.net.'] };
const a = (name: string, ...contents: string[]) => replace(name, 'A', 60, ...contents);
const remove = (name: string, type: string) => ({ name, type, changetype: 'DELETE' });
const pools = { blue: { weight: 90, targets: ['192.0.2.10'] }, green: { weight: 10, targets: ['192.0.2.20'] } };

/** With the zone `example.com`, which has a service at `app`. */
async function open(t: Test, options = {}) {
  const door = await openPowerdns(t, options);
  await door.ask('POST', zones, com);
  await door.api.request('PUT', '/v1/services/app.example.com', { body: { pools } });
  const makeToken = async (name: string, body: object): Promise<Record<string, string>> => {
    const reply = await door.api.request('POST', '/v1/tokens', { body: { name, ...body } });
    return { 'x-api-key': reply.json().secret };
  };
  const refused = async (body: unknown, status: number, words: RegExp, headers = {}): Promise<void> => {
    const before = (await door.newest()).revision;
    const reply = await door.ask('PATCH', ZONE, body, headers);
    t.match(reply, { status, body: words }, reply.body);
    t.equal((await door.newest()).revision, before, 'nothing is half done');
  };
  return { ...door, makeToken, refused };
}

t.test('a PATCH is one revision, all or nothing', async (t) => {
  const { ask, rrsets, newest, refused } = await open(t);
  const before = (await newest()).revision;
  const first = patchOf(a('www.example.com.', '192.0.2.1'), replace('m.example.com.', 'MX', 60, '10 mx.example.net.'));
  const why = { 'teal-reason': 'a new page' };
  t.equal((await ask('PATCH', ZONE, first, why)).status, 204);
  t.match(await newest(), {
    ...{ revision: before + 1, actor: 'pdns:settings-admin', kind: 'records.change', reason: 'a new page' },
  });
  await refused(
    patchOf(a('good.example.com.', '192.0.2.1'), a('bad.example.com.', 'x')),
    422,
    /Record bad\.example\.com\.\/A 'x'/,
  );
  await refused(patchOf(remove('www.example.com.', 'A'), a('x.example.org.', '192.0.2.1')), 422, /Name is out of zone/);
  t.same((await rrsets())['www.example.com./A'], ['192.0.2.1']);
});

t.test('DELETE and REPLACE of one name in one PATCH are one instant, in any order of types', async (t) => {
  const { ask, rrsets, newest } = await open(t);
  await ask('PATCH', ZONE, patchOf(a('www.example.com.', '192.0.2.1')));
  const { revision } = await newest();
  const toAlias = patchOf(remove('www.example.com.', 'A'), replace('www.example.com.', 'CNAME', 60, 'x.example.net.'));
  t.equal((await ask('PATCH', ZONE, toAlias)).status, 204);
  const back = patchOf(a('www.example.com.', '192.0.2.2'), remove('www.example.com.', 'CNAME'));
  t.equal((await ask('PATCH', ZONE, back)).status, 204, 'the end is judged, not the way there');
  const same = patchOf(remove('www.example.com.', 'A'), a('www.example.com.', '192.0.2.3'));
  t.equal((await ask('PATCH', ZONE, same)).status, 204);
  t.same((await rrsets())['www.example.com./A'], ['192.0.2.3']);
  t.equal((await newest()).revision, revision + 3, 'a revision each');
});

t.test('a thousand RRsets go in one PATCH, and one more is refused with all of them', async (t) => {
  const { ask, rrsets, refused } = await open(t, { bodyMaxBytes: 2 ** 20 });
  const many = (count: number) =>
    patchOf(...Array.from({ length: count }, (_, i) => a(`h${i}.example.com.`, '192.0.2.1')));
  await refused(many(1001), 422, /1 to 1000 changes, not 1001\. Send the other RRsets in another PATCH/);
  t.equal((await ask('PATCH', ZONE, many(1000))).status, 204);
  t.equal(Object.keys(await rrsets()).length, 1002);
  await refused(`{"rrsets":[],"x":"${'x'.repeat(600_000)}"}`, 413, /at most 524288 bytes/);
});

t.test('services are not shown as records, and not written as such', async (t) => {
  const { ask, rrsets, refused } = await open(t);
  t.same(Object.keys(await rrsets()), ['example.com./SOA', 'example.com./NS']);
  for (const type of ['A', 'AAAA', 'CNAME']) {
    const content = { A: '192.0.2.1', AAAA: '2001:db8::1', CNAME: 'x.example.net.' }[type] as string;
    await refused(patchOf(replace('app.example.com.', type, 60, content)), 422, /service app\.example\.com/);
  }
  t.equal((await ask('PATCH', ZONE, patchOf(replace('app.example.com.', 'TXT', 60, '"beside it"')))).status, 204);
  t.equal((await ask('PATCH', ZONE, patchOf(remove('app.example.com.', 'A')))).status, 204, 'nothing to delete');
  const reply = await ask('DELETE', ZONE);
  t.match(reply, { status: 422, body: /has services \(app\.example\.com\); delete them first/ });
});

t.test('SOA and NS of a zone are written as RRsets, and are the zone', async (t) => {
  const { api, ask, refused, newest } = await open(t);
  const get = async () => (await api.request('GET', '/v1/zones/example.com')).json();
  const ns = replace('example.com.', 'NS', 300, 'ns8.example.net.', 'ns9.example.net.');
  const soa = replace('example.com.', 'SOA', 900, 'ns8.example.net. h.example.net. 7 1 2 3 4');
  t.equal((await ask('PATCH', ZONE, patchOf(ns, soa))).status, 204);
  t.match(await get(), {
    ...{ nameservers: ['ns8.example.net', 'ns9.example.net'], nameserversTtlSeconds: 300, hostmaster: 'h.example.net' },
    ...{ primary: 'ns8.example.net', ttlSeconds: 900, refreshSeconds: 1, retrySeconds: 2, expireSeconds: 3 },
  });
  const { revision } = await newest();
  t.equal((await ask('PATCH', ZONE, patchOf(soa, ns))).status, 204);
  t.equal((await newest()).revision, revision, 'the same again changes nothing');
  t.equal(
    (await ask('PATCH', ZONE, patchOf(ns, a('www.example.com.', '192.0.2.1')))).status,
    204,
    'beside others, unchanged',
  );
  await refused(patchOf(remove('example.com.', 'NS')), 422, /a zone has one/);
  await refused(patchOf(replace('example.com.', 'NS', 300, 'not a name')), 422, /Record example\.com\.\/NS/);
});

t.test('SOA and NS change at one instant with the other RRsets of a PATCH, all or nothing', async (t) => {
  const { api, ask, rrsets, newest, refused, makeToken } = await open(t);
  const get = async () => (await api.request('GET', '/v1/zones/example.com')).json();
  const key = await makeToken('records', { scope: 'records', zones: ['example.com'] });
  const { revision } = await newest();
  const [before, { serial }] = [await rrsets(), await get()];
  const ns = (...hosts: string[]) => replace('example.com.', 'NS', 300, ...hosts);
  const soa = replace('example.com.', 'SOA', 900, 'ns7.example.com. h.example.net. 4294967295 1 2 3 4');
  const host = a('ns7.example.com.', '192.0.2.7');
  const alias = replace('ns7.example.com.', 'CNAME', 60, 'x.example.net.');
  // A fault of either part, wherever it stands, leaves both as they were.
  await refused(patchOf(ns('ns7.example.com.'), a('bad.example.com.', 'x')), 422, /Record bad\.example\.com\.\/A 'x'/);
  await refused(patchOf(host, ns('-.example.com.')), 422, /RRset example\.com\. IN NS: .*host name/);
  await refused(patchOf(host, replace('example.com.', 'SOA', 900, 'ns7.example.com. . 1 1 2 3 4')), 422, /IN SOA/);
  await refused(patchOf(alias, ns('ns7.example.com.')), 422, /RRset ns7\.example\.com\. IN CNAME: Conflicts/);
  await refused(patchOf(ns('ns7.example.com.', 'NS7.example.com.'), host), 422, /IN NS|\/NS/);
  await refused(patchOf(ns('ns7.example.com.'), host), 403, /limited/, key);
  await refused(patchOf(soa), 403, /limited/, key);
  t.same(await rrsets(), before);

  t.equal(
    (await ask('PATCH', ZONE, patchOf(soa, remove('none.example.com.', 'A'), host, ns('ns7.example.com.')))).status,
    204,
  );
  t.match(await newest(), { revision: revision + 1, kind: 'records.change', actor: 'pdns:settings-admin' });
  const after = await rrsets();
  t.match(after, { 'example.com./NS': ['ns7.example.com.'], 'ns7.example.com./A': ['192.0.2.7'] });
  t.match(after['example.com./SOA'], [/^ns7\.example\.com\. h\.example\.net\. \d+ 1 2 3 4$/]);
  t.ok((await get()).serial === revision + 1 && serial < revision, "the serial is the log's own");
  t.match(await get(), { revision: revision + 1, contentRevision: revision + 1, nameserversTtlSeconds: 300 });

  const unchanged = patchOf(ns('ns7.example.com.'), soa, a('ns7.example.com.', '192.0.2.7'));
  t.equal((await ask('PATCH', ZONE, unchanged, key)).status, 204, 'as they are, whoever sends them');
  await refused(patchOf(alias, remove('ns7.example.com.', 'A')), 422, /nameserver cannot be an alias/);
  const away = patchOf(remove('ns7.example.com.', 'A'), alias, ns('ns8.example.net.'));
  t.equal((await ask('PATCH', ZONE, away)).status, 204, 'what the zone will say is what counts');
  t.equal((await ask('PATCH', ZONE, away)).status, 204);
  t.equal((await newest()).revision, revision + 2, 'the same again changes nothing');
  const more = patchOf(ns('ns8.example.net.'), a('www.example.com.', '192.0.2.1'));
  t.equal((await ask('PATCH', ZONE, more)).status, 204);
  t.equal((await get()).revision, revision + 2, 'its settings have not changed');
});

t.test('a zone is made with its records in one revision, or not at all', async (t) => {
  const { ask, rrsets, newest } = await open(t);
  const path = `${zones}/made.example.`;
  const make = (...more: object[]) => ({
    ...{ name: 'made.example.', kind: 'Native', nameservers: [], soa_edit_api: 'DEFAULT' },
    rrsets: [replace('made.example.', 'NS', 600, 'ns1.example.net.'), ...more],
  });
  const before = (await newest()).revision;
  for (const wrong of [
    a('www.made.example.', 'x'),
    a('www.example.com.', '192.0.2.1'),
    replace('made.example.', 'CNAME', 60, 'x.y.'),
  ]) {
    const reply = await ask('POST', zones, make(wrong));
    t.match(reply, { status: 422, type: /json/, body: /^{"error":"/ }, reply.body);
    t.equal((await ask('GET', path)).status, 404);
  }
  t.match(await ask('POST', zones, { ...com, name: 'none.example.', nameservers: [] }), {
    status: 422,
    body: /Nameservers/,
  });
  t.match(await ask('POST', zones, { ...com, name: 'second.example.', kind: 'Slave' }), {
    status: 422,
    body: /fetches no zones/,
  });
  t.equal((await newest()).revision, before);
  t.equal((await ask('POST', zones, make(a('www.made.example.', '192.0.2.1')))).status, 201);
  t.match(await newest(), { revision: before + 1, actor: 'pdns:settings-admin' });
  t.match(await rrsets(path), { 'made.example./NS': ['ns1.example.net.'], 'www.made.example./A': ['192.0.2.1'] });
  t.match(await ask('POST', zones, make()), { status: 409, body: 'Conflict' });
  t.equal((await ask('DELETE', path)).status, 204);
});

t.test('keys stand as acme.sh cuts them: comments, name, records', async (t) => {
  const { ask } = await open(t);
  await ask('PATCH', ZONE, patchOf(replace('_acme-challenge.example.com.', 'TXT', 60, '"one"', '"two"')));
  const { body } = await ask('GET', ZONE);
  const cut = /"name":"_acme-challenge\.example\.com\."[^\]]*\]/.exec(body)?.[0] ?? '';
  t.same(
    [...cut.matchAll(/"content":"\\"([a-z]+)\\""/g)].map(([, value]) => value),
    ['one', 'two'],
  );
  t.match(body, '{"comments":[],"name":"_acme-challenge.example.com.","records":[');
  t.match((await ask('GET', zones)).body, '"name":"example.com."', 'as a text search has it');
});

t.test('ids of zones are taken with the final dot, without, and escaped', async (t) => {
  const { ask } = await open(t);
  for (const id of ['example.com.', 'example.com', 'example=2Ecom=2E', 'example%2Ecom.', 'EXAMPLE.com.']) {
    t.equal((await ask('GET', `${zones}/${id}?rrsets=false`)).status, 200, id);
  }
  for (const id of ['example.org.', '=2E', '=zz', 'a..b.', `${'x'.repeat(300)}.`]) {
    t.match(await ask('GET', `${zones}/${id}`), { status: 404, body: 'Not Found' }, id);
  }
});

t.test('a token of the scope records does what it is for, and nothing else', async (t) => {
  const { ask, rrsets, makeToken, refused } = await open(t);
  await ask('POST', zones, { ...com, name: 'other.example.' });
  await ask('PATCH', ZONE, patchOf(a('www.example.com.', '192.0.2.1')));
  const key = await makeToken('acme', {
    ...{ scope: 'records', zones: ['example.com'], names: ['_acme-challenge.*'], types: ['TXT'] },
  });
  const txt = replace('_acme-challenge.www.example.com.', 'TXT', 60, '"v"');
  t.equal((await ask('GET', '/api', undefined, key)).status, 200);
  t.equal((await ask('PATCH', ZONE, patchOf(txt), key)).status, 204);
  t.equal((await ask('PUT', `${ZONE}/notify`, '', key)).status, 200);
  const seen = JSON.parse((await ask('GET', ZONE, undefined, key)).body).rrsets;
  t.same(
    seen.map(({ name }: { name: string }) => name),
    ['_acme-challenge.www.example.com.'],
  );
  const named = (await ask('GET', `${ZONE}?rrset_name=www.example.com.`, undefined, key)).body;
  t.same(JSON.parse(named).rrsets, []);
  t.same(
    JSON.parse((await ask('GET', zones, undefined, key)).body).map(({ id }: { id: string }) => id),
    ['example.com.'],
  );
  t.equal((await ask('GET', `${zones}?zone=other.example.`, undefined, key)).body, '[]');
  await refused(
    patchOf(txt, a('www.example.com.', '192.0.2.2')),
    403,
    /"error":"The token acme is limited to TXT/,
    key,
  );
  await refused(patchOf(replace('example.com.', 'NS', 60, 'evil.example.net.')), 403, /"error":".*limited/, key);
  const no: [string, string, unknown][] = [
    ['GET', `${zones}/other.example.`, undefined],
    ['GET', `${zones}/other=2Eexample=2E`, undefined],
    ['PATCH', `${zones}/other.example.`, patchOf(txt)],
    ['GET', `${ZONE}/export`, undefined],
    ['GET', `${SERVER}/search-data?q=*`, undefined],
    ['POST', zones, { ...com, name: 'new.example.' }],
    ['PUT', ZONE, {}],
    ['DELETE', ZONE, undefined],
  ];
  for (const [method, path, body] of no) {
    t.match(
      await ask(method, path, body, key),
      { status: 403, type: 'application/json', body: /^{"error":"/ },
      `${method} ${path}`,
    );
  }
  t.same((await rrsets())['www.example.com./A'], ['192.0.2.1']);
});

t.test('tokens that only read, and those of other zones, are refused what they may not', async (t) => {
  const { ask, makeToken, refused } = await open(t);
  const change = patchOf(a('www.example.com.', '192.0.2.1'));
  await refused(change, 403, /has the scope read/, { 'x-api-key': READER });
  t.equal((await ask('GET', ZONE, undefined, { 'x-api-key': READER })).status, 200);
  const key = await makeToken('other', { scope: 'admin', zones: ['other.example', '*.other.example'] });
  await refused(change, 403, /"error"/, key);
  t.equal((await ask('GET', ZONE, undefined, key)).status, 403);
  t.equal((await ask('DELETE', `${zones}/example=2Ecom`, undefined, key)).status, 403);
  t.equal((await ask('GET', zones, undefined, key)).body, '[]');
  t.equal((await ask('POST', zones, { ...com, name: 'made.example.' }, key)).status, 403);
  t.equal((await ask('POST', zones, { ...com, name: 'sub.other.example.' }, key)).status, 201);
  t.equal((await ask('GET', `${SERVER}/search-data?q=*`, undefined, key)).body.includes('example.com'), false);
});

t.test('what is no RRset is refused in one sentence, whatever it is', async (t) => {
  const { ask, refused, newest } = await open(t);
  const www = {
    name: 'www.example.com.',
    type: 'A',
    ttl: 60,
    changetype: 'REPLACE',
    records: [{ content: '192.0.2.1' }],
  };
  const wrong: [unknown, RegExp][] = [
    [[], /No rrsets/],
    ['null', /No rrsets/],
    [{ rrsets: {} }, /No rrsets/],
    [patchOf([]), /is an object/],
    [{ rrsets: [null] }, /is an object/],
    [patchOf({ ...www, name: 7 }), /Key 'name' not present/],
    [patchOf({ ...www, type: null }), /Key 'type' not present/],
    [patchOf({ ...www, type: 'ALIAS', records: [{ content: 'x.example.net.' }] }), /IN ALIAS: unknown type/],
    [patchOf({ ...www, type: 'LUA' }), /IN LUA: unknown type/],
    [patchOf({ ...www, type: 'ANY' }), /IN ANY: unknown type/],
    [patchOf({ ...www, changetype: 'MERGE' }), /Changetype not understood/],
    [patchOf({ ...www, ttl: undefined }), /Key 'ttl'/],
    [patchOf({ ...www, ttl: 1.5 }), /Key 'ttl'/],
    [patchOf({ ...www, ttl: -1 }), /ttlSeconds/],
    [patchOf({ ...www, records: 'x' }), /No change for RRset/],
    [patchOf({ ...www, records: [7] }), /a record is an object/],
    [patchOf({ ...www, records: [{}] }), /Key 'content'/],
    [patchOf({ ...www, records: [{ content: '192.0.2.1' }, { content: '192.0.2.1' }] }), /Duplicate record in RRset/],
    [
      patchOf({ ...www, type: 'AAAA', records: [{ content: '::1' }, { content: '0:0::1' }] }),
      /Duplicate record in RRset/,
    ],
    [patchOf(replace('example.com.', 'CNAME', 60, 'x.example.net.')), /cannot stand at the apex/],
    [patchOf(replace('w.example.com.', 'SOA', 60, 'a. b. 1 2 3 4 5')), /only at the apex/],
    [patchOf(replace('w.example.com.', 'CNAME', 60, 'x.', 'y.')), /one CNAME record at most/],
  ];
  for (const [body, words] of wrong) await refused(body, 422, words);
  await refused('{"rrsets":[{"name":', 400, /^Bad Request$/);
  const before = (await newest()).revision;
  await fc.assert(
    fc.asyncProperty(fc.json(), fc.json(), async (one, other) => {
      for (const body of [
        one,
        `{"rrsets":${one}}`,
        `{"rrsets":[${one}]}`,
        `{"rrsets":[{"name":"a.example.com.","type":"A","changetype":"REPLACE","ttl":${one},"records":${other}}]}`,
      ]) {
        const { status } = await ask('PATCH', ZONE, body);
        if (![204, 400, 422].includes(status)) throw new Error(`${status} to ${body}`);
      }
    }),
    { numRuns: runs(30) },
  );
  t.equal((await newest()).revision, before);
});
