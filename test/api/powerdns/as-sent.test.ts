/** Records come back as they were sent: clients compare texts, and what differs is changed by each of their runs, for ever. */
import t from 'tap';
import { openPowerdns, patchOf, replace, SERVER, ZONE } from '../../fixtures/powerdns.ts';

const zones = `${SERVER}/zones`;
const com = { name: 'example.com.', kind: 'Native', nameservers: ['ns1.example.net.'] };
const [a, b] = ['a', 'b'].map((letter) => (count: number) => letter.repeat(count)) as [
  (count: number) => string,
  (count: number) => string,
];

/** In a form that PowerDNS keeps as it is. */
const contents: Readonly<Record<string, readonly string[]>> = {
  TXT: [
    `"${a(300)}"`,
    `"${b(255)}" "${b(45)}"`,
    `"${a(700)}" "${b(256)}" ""`,
    `"v=DKIM1; " "${b(254)}" "${a(600)}"`,
    '"semicolon; one"',
    '"semicolon\\; two"',
    '"say \\"x\\" and \\\\"',
    '"\\065\\195\\164"',
    `"${'ä'.repeat(200)}"`,
    '""',
    '"a"  "b"',
    '"MiXed Case"',
  ],
  SPF: [`"v=spf1 ${a(400)} -all"`],
  A: ['192.0.2.1', '192.0.2.2'],
  AAAA: ['2001:DB8::1', '2001:0db8:0:0:0:0:0:2', '2001:db8::3'],
  MX: ['10 Mail.Example.COM.', '20 mail2.example.com.'],
  SRV: ['0 5 443 Web.example.com.'],
  NAPTR: ['100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.Example.com.'],
  PTR: ['Host.Example.com.'],
  NS: ['NS1.sub.example.net.'],
  CAA: ['0 issue "letsencrypt.org"', '0 iodef "mailto:Security@Example.com"'],
  SSHFP: [
    '1 1 123456789ABCDEF67890123456789ABCDEF67890',
    '4 2 0a0b0c0d0e0f00010203040506070809000102030405060708090a0b0c0d0e0f',
  ],
  TLSA: ['3 1 1 0B9FA5A59EED715C26C1020C711B4F6EC42D58B0015E14337A39DAD301C5AFC3'],
  DS: ['12345 13 2 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afC3'],
  LOC: ['51 30 12.748 N 0 7 39.611 W 0.00m 0.00m 0.00m 0.00m'],
  HINFO: ['"PC" "Linux"'],
  SVCB: ['1 svc.Example.com. alpn=h2,h3 port=8443'],
  HTTPS: ['1 . alpn=h2,h3 ipv4hint=192.0.2.1'],
};

t.test('whatever the type, a zone shows its records as they were sent', async (t) => {
  const { ask, rrsets, newest } = await openPowerdns(t);
  await ask('POST', zones, com);
  const all = Object.entries(contents).map(([type, texts]) =>
    replace(
      type === 'NS' || type === 'DS' ? 'sub.example.com.' : `${type.toLowerCase()}.example.com.`,
      type,
      60,
      ...texts,
    ),
  );
  const reply = await ask('PATCH', ZONE, patchOf(...all));
  t.equal(reply.status, 204, reply.body);
  const shown = await rrsets();
  for (const [type, texts] of Object.entries(contents)) {
    const [, found] =
      Object.entries(shown).find(([key]) => key.endsWith(`/${type}`) && key !== 'example.com./NS') ?? [];
    t.same(found, texts, type);
  }
  const named = JSON.parse((await ask('GET', `${ZONE}?rrset_name=txt.example.com.`)).body).rrsets[0].records;
  t.same(
    named.map(({ content }: { content: string }) => content),
    contents.TXT,
    'asked for by its name',
  );
  const found = JSON.parse((await ask('GET', `${SERVER}/search-data?q=txt.example.com&object_type=record`)).body);
  t.same(
    found.map(({ content }: { content: string }) => content),
    contents.TXT,
    'searched for',
  );
  const { revision } = await newest();
  t.equal((await ask('PATCH', ZONE, patchOf(...all))).status, 204);
  t.equal((await newest()).revision, revision, 'and sent once more they change nothing');
});

t.test('a zone that is made with such records shows them so too', async (t) => {
  const { api, ask, rrsets } = await openPowerdns(t);
  const odd = [`"${a(300)}"`, '"plain"'];
  const more = [replace('t.example.com.', 'TXT', 60, ...odd), replace('p.example.com.', 'TXT', 60, '"plain"')];
  const made = await ask('POST', zones, { ...com, rrsets: more });
  t.equal(made.status, 201, made.body);
  t.same((await rrsets())['t.example.com./TXT'], odd);
  const shown = JSON.parse(made.body).rrsets.find(({ name }: { name: string }) => name === 't.example.com.');
  t.same(
    shown.records.map(({ content }: { content: string }) => content),
    odd,
    'in the reply too',
  );
  const { rdata } = (await api.request('GET', '/v1/zones/example.com/rrsets/t.example.com/TXT')).json();
  t.same(rdata, [`"${a(255)}" "${a(45)}"`, '"plain"'], 'elsewhere they are shown as they are answered');
});

t.test('how a record was written stays as long as the record does', async (t) => {
  const { api, ask, rrsets, newest } = await openPowerdns(t);
  await ask('POST', zones, com);
  const [one, two] = [`"${a(300)}"`, `"${b(255)}" "${b(1)}"`];
  const txt = async () => (await rrsets())['t.example.com./TXT'];
  const serial = async () => (await api.request('GET', '/v1/zones/example.com')).json().serial;
  await ask('PATCH', ZONE, patchOf(replace('t.example.com.', 'TXT', 60, one, two)));
  const path = '/v1/zones/example.com/rrsets/t.example.com/TXT';
  const { rdata } = (await api.request('GET', path)).json();
  const { revision } = await newest();
  t.equal((await api.request('PUT', path, { body: { ttlSeconds: 60, rdata } })).statusCode, 200);
  t.equal((await newest()).revision, revision, 'the same records, put by another: nothing changes');
  await api.request('PUT', path, { body: { ttlSeconds: 90, rdata } });
  t.same(await txt(), [one, two], 'nor their texts with their TTL');

  const change = (changes: object[]) => api.request('POST', '/v1/zones/example.com/changes', { body: { changes } });
  const of = { name: 't.example.com', type: 'TXT' };
  await change([{ add: { ...of, values: ['"three"'] } }]);
  t.same(await txt(), [one, two, '"three"']);
  await change([{ remove: { ...of, values: [rdata[1]] } }]);
  t.same(await txt(), [one, '"three"'], 'the text goes with its record');
  await api.request('PUT', path, { body: { ttlSeconds: 90, rdata: [`"${b(255)}" "${b(45)}"`] } });
  t.same(await txt(), [`"${b(255)}" "${b(45)}"`], 'another record has none');

  // The same bytes, spelt otherwise: shown as sent, and no reason for a new serial.
  const before = await serial();
  const { revision: last } = await newest();
  t.equal((await ask('PATCH', ZONE, patchOf(replace('t.example.com.', 'TXT', 90, `"${b(300)}"`)))).status, 204);
  t.same(await txt(), [`"${b(300)}"`]);
  t.equal(await serial(), before);
  t.equal((await newest()).revision, last + 1);

  const file = `${(await api.request('GET', '/v1/zones/example.com/file')).body}\nnew 60 IN A 192.0.2.1\n`;
  const headers = { 'content-type': 'text/dns' };
  const imported = await api.request('PUT', '/v1/zones/example.com/file', { body: file, headers });
  t.equal(imported.statusCode, 200, imported.body);
  t.same(await txt(), [`"${b(300)}"`], 'an import that has the record leaves its text');
  t.same((await rrsets())['new.example.com./A'], ['192.0.2.1']);
});

t.test('what PowerDNS would not keep as it is, is refused in its words', async (t) => {
  const { ask } = await openPowerdns(t);
  await ask('POST', zones, com);
  for (const [type, content, parsed] of [
    ['MX', '10 mail.example.com', '10 mail.example.com.'],
    ['CNAME', 'www.example.net', 'www.example.net.'],
    ['TXT', 'abc', '"abc"'],
  ] as const) {
    const { status, body } = await ask('PATCH', ZONE, patchOf(replace('x.example.com.', type, 60, content)));
    t.equal(status, 422, content);
    t.same(JSON.parse(body), {
      error: `Record x.example.com./${type} '${content}': Not in expected format (parsed as '${parsed}')`,
    });
  }
  for (const [type, content, words] of [
    [
      'SRV',
      '0 5 443 web',
      /\(parsed as '0 5 443 web\.'\): "web" without a final dot .* web\.example\.com\. or, if it is meant, web\.$/,
    ],
    ['NS', '192.0.2.1', /\(parsed as '192\.0\.2\.1\.'\): 192\.0\.2\.1 is an address, and NS has the name of a host/],
    ['MX', '10 https://x.example.net', /is no name: a name has no scheme/],
    ['A', '192.0.2.256', /Parsing record content: an IPv4 address such as 192\.0\.2\.1 was expected/],
    ['ALIAS', 'x.example.net.', /^RRset x\.example\.com\. IN ALIAS: unknown type given: Teal has no ALIAS; .* service/],
    ['LUA', 'A "ifportup(443)"', /IN LUA: unknown type given: .* make a service/],
  ] as const) {
    const { status, body } = await ask('PATCH', ZONE, patchOf(replace('x.example.com.', type, 60, content)));
    t.equal(status, 422, content);
    t.match(JSON.parse(body).error, words);
  }
  const long = `"${a(300)}"`;
  const twice = await ask('PATCH', ZONE, patchOf(replace('x.example.com.', 'TXT', 60, long, long)));
  t.match(JSON.parse(twice.body).error, `Duplicate record in RRset x.example.com. IN TXT with content "${long}"`);
});

t.test('what others change while a new zone is told how it was written is theirs', async (t) => {
  const { api, ask, rrsets } = await openPowerdns(t);
  const { engine } = api.parts;
  const execute = engine.execute.bind(engine);
  const theirs = [
    replace('one.example.com.', 'TXT', 60, '"theirs"'),
    { ...replace('two.example.com.', 'TXT', 60), changetype: 'DELETE' },
  ];
  const timers = { nameservers: ['ns2.example.net'], hostmaster: 'theirs.example.net', labels: { team: 'theirs' } };
  let [changed, settled] = [false, false];
  // Just before each of the two commands that follow the import.
  engine.execute = async (command, context) => {
    if (command.kind === 'records.change' && !changed) {
      changed = true;
      t.equal((await ask('PATCH', ZONE, patchOf(...theirs))).status, 204);
    }
    if (command.kind === 'zone.put' && !settled) {
      settled = true;
      t.equal((await api.request('PUT', '/v1/zones/example.com', { body: timers })).statusCode, 200);
    }
    return execute(command, context);
  };
  const odd = ['one', 'two', 'three'].map((name) => replace(`${name}.example.com.`, 'TXT', 60, `"${a(300)}"`));
  t.equal((await ask('POST', zones, { ...com, account: 'me', rrsets: odd })).status, 201);
  t.ok(changed && settled);
  const shown = await rrsets();
  t.same(shown['one.example.com./TXT'], ['"theirs"']);
  t.equal(shown['two.example.com./TXT'], undefined);
  t.same(shown['three.example.com./TXT'], [`"${a(300)}"`], 'as it was sent');
  t.match((await api.request('GET', '/v1/zones/example.com')).json(), {
    hostmaster: 'theirs.example.net',
    nameservers: ['ns2.example.net'],
    labels: { team: 'theirs', 'pdns/account': 'me' },
  });
});
