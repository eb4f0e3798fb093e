/** Requests that no client means so, and the words that they get: nothing is passed over that would change what is done. */
import t, { type Test } from 'tap';
import { openPowerdns, patchOf, replace, SERVER, ZONE } from '../../fixtures/powerdns.ts';

const zones = `${SERVER}/zones`;
const com = { name: 'example.com.', kind: 'Native', nameservers: ['ns1.example.net.'] };

async function open(t: Test) {
  const door = await openPowerdns(t);
  await door.ask('POST', zones, com);
  await door.ask('POST', zones, { ...com, name: 'example.org.' });
  await door.ask('PATCH', ZONE, patchOf(replace('www.example.com.', 'A', 60, '192.0.2.1', '192.0.2.2')));
  return door;
}

t.test('of a parameter that is there twice the last one counts, whichever it is', async (t) => {
  const { ask } = await open(t);
  const search = `${SERVER}/search-data`;
  for (const [path, twice] of [
    [zones, ['zone=example.org.', 'zone=example.com.']],
    [zones, ['dnssec=false', 'dnssec=true']],
    [ZONE, ['rrsets=false', 'rrsets=true']],
    [ZONE, ['rrset_name=none.example.com.', 'rrset_name=www.example.com.']],
    [`${ZONE}?rrset_name=www.example.com.`, ['rrset_type=TXT', 'rrset_type=A']],
    [search, ['q=none', 'q=*www*']],
    [`${search}?q=*`, ['max=1', 'max=2']],
    [`${search}?q=*`, ['object_type=zone', 'object_type=record']],
  ] as const) {
    const to = path.includes('?') ? '&' : '?';
    const once = await ask('GET', `${path}${to}${twice[1]}`);
    t.equal(once.status, 200, once.body);
    t.same(await ask('GET', `${path}${to}${twice.join('&')}`), once, twice.join(' '));
  }
});

t.test(
  'a search finds as much as was asked for, zones and records together, and what it is not told it says',
  async (t) => {
    const { ask } = await open(t);
    const found = async (query: string): Promise<{ object_type: string; type?: string }[]> =>
      JSON.parse((await ask('GET', `${SERVER}/search-data?${query}`)).body);
    for (const kind of ['all', 'zone', 'record']) {
      for (const max of [1, 2])
        t.equal((await found(`q=*&max=${max}&object_type=${kind}`)).length, max, `${kind} ${max}`);
    }
    t.same(
      (await found('q=*ns1.example.net*')).map(({ type }) => type),
      ['SOA', 'NS', 'SOA', 'NS'],
      'what the zones say of themselves is found',
    );
    for (const [query, words] of [
      ['q=*&max=0', /larger than 0/],
      ['q=*&max=-1', /whole number/],
      ['q=*&max=many', /whole number/],
      ['q=*&object_type=zones', /one of the following options: all, zone, record, comment/],
      ['max=1', /can't be blank/],
    ] as const) {
      t.match(await ask('GET', `${SERVER}/search-data?${query}`), { status: 422, body: words }, query);
    }
  },
);

t.test('a path that is none is refused as a client of this API understands', async (t) => {
  const { ask } = await open(t);
  for (const path of ['%ff', '%zz', 'example.com%']) {
    const reply = await ask('GET', `${zones}/${path}`);
    t.match(reply, { status: 400, type: /^text\/plain/, body: /^Bad Request$/ }, path);
  }
});

t.test('a record that may be meant to be disabled is not served', async (t) => {
  const { ask, rrsets } = await open(t);
  const rrset = { name: 'dis.example.com.', type: 'A', changetype: 'REPLACE', ttl: 60 };
  for (const disabled of [true, 'true', 'false', 1, 0, []]) {
    const reply = await ask('PATCH', ZONE, patchOf({ ...rrset, records: [{ content: '192.0.2.1', disabled }] }));
    t.match(
      reply,
      { status: 422, body: /^{"error":"Record dis\.example\.com\.\/A '192\.0\.2\.1': .*disabled/ },
      reply.body,
    );
  }
  t.equal((await rrsets())['dis.example.com./A'], undefined);
  const unsaid = { content: '192.0.2.1', disabled: null };
  t.equal((await ask('PATCH', ZONE, patchOf({ ...rrset, records: [unsaid] }))).status, 204);
  t.equal((await ask('PATCH', ZONE, patchOf({ ...rrset, records: [{ content: '192.0.2.1' }] }))).status, 204);
});

t.test(
  'of a new zone nothing is left out: nameservers that are none, and a file of records, are refused',
  async (t) => {
    const { ask } = await open(t);
    for (const [more, words] of [
      [{ nameservers: [1, 'ns1.example.net.'] }, /Nameservers must be non-empty strings/],
      [{ nameservers: [null] }, /Nameservers must be non-empty strings/],
      [{ nameservers: ['ns1.example.net.', ''] }, /Nameservers must be non-empty strings/],
      [{ nameservers: 'ns1.example.net.' }, /Nameservers list must be given/],
      [{ zone: 'www.new.example. 60 IN A 192.0.2.1' }, /in rrsets/],
    ] as const) {
      t.match(await ask('POST', zones, { ...com, name: 'new.example.', ...more }), { status: 422, body: words });
      t.equal((await ask('GET', `${zones}/new.example.`)).status, 404);
    }
    t.equal((await ask('POST', zones, { ...com, name: 'new.example.', zone: '', type: 'Zone' })).status, 201);
  },
);

t.test('a zone is not signed or unsigned in passing: whoever asks for that is told where it is done', async (t) => {
  const { api, ask } = await open(t);
  const made = { ...com, name: 'new.example.' };
  for (const dnssec of [true, 'true', 1]) {
    t.match(await ask('POST', zones, { ...made, dnssec }), { status: 422, body: /dnssec/ });
    t.match(await ask('PUT', ZONE, { kind: 'Native', account: 'me', dnssec }), { status: 422, body: /dnssec/ });
  }
  t.equal((await ask('GET', `${zones}/new.example.`)).status, 404);
  t.match((await ask('GET', ZONE)).body, /"account":""/, 'and nothing else of it is done');
  for (const dnssec of [false, null]) t.equal((await ask('PUT', ZONE, { dnssec })).status, 204);
  t.equal((await ask('POST', zones, { ...made, dnssec: false })).status, 201);
  await api.request('PUT', '/v1/zones/example.com/dnssec', { body: {} });
  t.equal((await ask('PUT', ZONE, { dnssec: true, account: 'me' })).status, 204, 'that is so');
  t.match(await ask('PUT', ZONE, { dnssec: false }), { status: 422, body: /teal dnssec unsign/ });
});

t.test('an RRset is found by its type, however that is written', async (t) => {
  const { ask } = await open(t);
  const strange = replace('odd.example.com.', 'TYPE65400', 60, '\\# 1 00');
  t.equal((await ask('PATCH', ZONE, patchOf(strange))).status, 204);
  const types = async (name: string, type: string): Promise<string[]> => {
    const { body } = await ask('GET', `${ZONE}?rrset_name=${name}.example.com.&rrset_type=${type}`);
    return JSON.parse(body).rrsets.map(({ type: each }: { type: string }) => each);
  };
  for (const type of ['A', 'a', 'TYPE1', 'type1']) t.same(await types('www', type), ['A'], type);
  for (const type of ['TYPE65400', 'type65400']) t.same(await types('odd', type), ['TYPE65400'], type);
  for (const type of ['TXT', 'TYPE16', '', 'TYPE65536', 'none']) t.same(await types('www', type), [], type);
});

t.test('a zone that is deleted and made again has a later serial, with records or without', async (t) => {
  const { ask, newest } = await open(t);
  const path = `${zones}/again.example.`;
  const soa = replace('again.example.', 'SOA', 60, 'ns1.example.net. h.example.net. 7 1 2 3 4');
  const record = replace('www.again.example.', 'A', 60, '192.0.2.1');
  const serial = async (): Promise<number> => JSON.parse((await ask('GET', `${path}?rrsets=false`)).body).serial;
  let last = 0;
  for (const rrsets of [[], [record], [soa, record], [soa], [record]]) {
    t.equal((await ask('POST', zones, { ...com, name: 'again.example.', rrsets })).status, 201);
    const { revision } = await newest();
    t.equal(await serial(), revision, 'of the log, as all serials');
    t.ok((await serial()) > last);
    await ask(
      'PATCH',
      path,
      patchOf({ ...record, changetype: 'DELETE' }, replace('x.again.example.', 'A', 60, '192.0.2.2')),
    );
    t.ok((await serial()) > revision, 'and later after a change');
    last = await serial();
    t.equal((await ask('DELETE', path)).status, 204);
  }
});

t.test('a refusal speaks of what the client sent: its record, its token', async (t) => {
  const { api, ask } = await open(t);
  const says = async (status: number, words: RegExp, body: object, headers = {}) =>
    t.match(await ask('PATCH', ZONE, body, headers), { status, body: words });
  for (const rrsets of [
    [replace('c.new.example.', 'CNAME', 60, 'x.example.'), replace('c.new.example.', 'TXT', 60, '"x"')],
    [replace('d.new.example.', 'DNAME', 60, 'x.example.'), replace('b.d.new.example.', 'TXT', 60, '"x"')],
  ]) {
    const reply = await ask('POST', zones, { ...com, name: 'new.example.', rrsets });
    t.match(reply, { status: 422, body: /[cd]\.new\.example\. has a CNAME|DNAME of d\.new\.example\./ });
    t.notMatch(reply.body, /line/, 'nor of a file that was made of it');
  }
  await says(422, /Parsing record content: an IPv4 address/, patchOf(replace('t.example.com.', 'A', 60, 'x')));
  const limits = { name: 'narrow', scope: 'records', zones: ['example.com'], types: ['TXT'] };
  const token = (await api.request('POST', '/v1/tokens', { body: limits })).json();
  const key = { 'x-api-key': token.secret };
  await says(403, /The token narrow is limited/, patchOf(replace('t.example.com.', 'A', 60, '192.0.2.1')), key);
});
