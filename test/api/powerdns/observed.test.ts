/** Requests that were tried on PowerDNS 4.7.3, and what it answered: the same here, but for what is refused on purpose. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { openPowerdns, patchOf, replace, SERVER, ZONE } from '../../fixtures/powerdns.ts';

const zones = `${SERVER}/zones`;
const com = { name: 'example.com.', kind: 'Native', nameservers: ['ns1.example.com.', 'ns2.example.com.'] };
const org = { name: 'example.org.', kind: 'Native', nameservers: ['ns1.example.com.'] };
const www = { name: 'www.example.org.', type: 'A', ttl: 60, records: [{ content: '192.0.2.1', disabled: false }] };
const long = `"${'a'.repeat(300)}"`;
const a = (name: string, ...contents: string[]) => replace(name, 'A', 60, ...contents);
const unknown = { ...a('www.example.com.', '192.0.2.1'), kind: 'Master', comments: [], more: 1 };
const record = { content: '192.0.2.1', disabled: false, 'set-ptr': false, name: '', type: '', ttl: 1 };

type Body = object | string | undefined;
/** Of a reply: its status, and what its body is or begins with. */
type Answer = readonly [status: number, body?: string];

const bad = (error: string): Answer => [422, JSON.stringify({ error }).slice(0, -2)];
const notFound: Answer = [404, 'Not Found'];
const headers = (key: string) => ({ 'x-api-key': key });

/** In the order in which they were sent. */
const observed: readonly (readonly [
  what: string,
  method: string,
  path: string,
  body: Body,
  answer: Answer,
  key?: object,
])[] = [
  ['no key', 'GET', zones, undefined, [401, 'Unauthorized'], headers('')],
  ['wrong key', 'GET', zones, undefined, [401, 'Unauthorized'], headers('wrong')],
  [
    'zone create',
    'POST',
    zones,
    com,
    [201, '{"account":"","api_rectify":false,"catalog":"","dnssec":false,"edited_serial":'],
  ],
  ['zone create again', 'POST', zones, com, [409, 'Conflict']],
  [
    'zone create no dot',
    'POST',
    zones,
    { ...com, name: 'example.net' },
    bad("DNS Name 'example.net' is not canonical"),
  ],
  ['zone create with rrsets', 'POST', zones, { ...org, rrsets: [www] }, [201, '{"account":""']],
  ['zones', 'GET', zones, undefined, [200, '[{"account":"","catalog":"","dnssec":false,"edited_serial":']],
  ['zones filtered', 'GET', `${zones}?zone=example.com.`, undefined, [200, '[{"account":""']],
  ['zones filtered none', 'GET', `${zones}?zone=example.net.`, undefined, [200, '[]']],
  [
    'zones dnssec=false',
    'GET',
    `${zones}?dnssec=false`,
    undefined,
    [200, '[{"account":"","catalog":"","id":"example.com."'],
  ],
  ['patch replace', 'PATCH', ZONE, patchOf(a('www.example.com.', '192.0.2.1', '192.0.2.2')), [204, '']],
  ['patch unknown fields', 'PATCH', ZONE, { Zone: 1, ...patchOf({ ...unknown, records: [record] }) }, [204, '']],
  [
    'patch no dot',
    'PATCH',
    ZONE,
    patchOf(a('www.example.com', '192.0.2.1')),
    bad("DNS Name 'www.example.com' is not canonical"),
  ],
  ['patch zone id without dot', 'PATCH', ZONE.slice(0, -1), patchOf(a('www.example.com.', '192.0.2.1')), [204, '']],
  [
    'patch bad address',
    'PATCH',
    ZONE,
    patchOf(a('www.example.com.', '192.0.2.999')),
    bad("Record www.example.com./A '192.0.2.999': Parsing record content"),
  ],
  [
    'patch txt unquoted',
    'PATCH',
    ZONE,
    patchOf(replace('t.example.com.', 'TXT', 60, 'abc')),
    bad(`Record t.example.com./TXT 'abc': Not in expected format (parsed as '"abc"')`),
  ],
  ['patch txt long', 'PATCH', ZONE, patchOf(replace('t.example.com.', 'TXT', 60, long)), [204, '']],
  [
    'patch cname conflict',
    'PATCH',
    ZONE,
    patchOf(replace('www.example.com.', 'CNAME', 60, 'x.example.com.')),
    bad('RRset www.example.com. IN CNAME: Conflicts with pre-existing RRset'),
  ],
  [
    'patch delete+replace (type change)',
    'PATCH',
    ZONE,
    patchOf(
      { name: 'www.example.com.', type: 'A', changetype: 'DELETE' },
      replace('www.example.com.', 'CNAME', 60, 'x.example.com.'),
    ),
    [204, ''],
  ],
  [
    'patch duplicate rrset',
    'PATCH',
    ZONE,
    patchOf(a('d.example.com.', '192.0.2.1'), a('d.example.com.', '192.0.2.2')),
    bad('Duplicate RRset d.example.com. IN A with changetype: REPLACE'),
  ],
  [
    'patch duplicate record',
    'PATCH',
    ZONE,
    patchOf(a('d.example.com.', '192.0.2.1', '192.0.2.1')),
    bad('Duplicate record in RRset d.example.com. IN A with content "192.0.2.1"'),
  ],
  [
    'patch delete nothing',
    'PATCH',
    ZONE,
    patchOf({ name: 'nothing.example.com.', type: 'A', changetype: 'DELETE' }),
    [204, ''],
  ],
  ['patch replace with no records', 'PATCH', ZONE, patchOf(a('nothing.example.com.')), [204, '']],
  ['patch empty rrsets', 'PATCH', ZONE, patchOf(), [204, '']],
  [
    'patch out of zone',
    'PATCH',
    ZONE,
    patchOf(a('www.example.net.', '192.0.2.1')),
    bad('RRset www.example.net. IN A: Name is out of zone'),
  ],
  ['patch NS at apex', 'PATCH', ZONE, patchOf(replace('example.com.', 'NS', 3600, 'ns9.example.com.')), [204, '']],
  [
    'patch SOA at apex',
    'PATCH',
    ZONE,
    patchOf(replace('example.com.', 'SOA', 3600, 'ns1.example.com. h.example.com. 1 10800 3600 604800 3600')),
    [204, ''],
  ],
  [
    'patch uppercase',
    'PATCH',
    ZONE,
    patchOf({ ...a('UP.Example.COM.', '192.0.2.1'), type: 'a', changetype: 'replace' }),
    [204, ''],
  ],
  [
    'patch changetype missing',
    'PATCH',
    ZONE,
    patchOf({ name: 'm.example.com.', type: 'A', ttl: 60, records: [record] }),
    bad("Key 'changetype' not present or not a String"),
  ],
  // On purpose: PowerDNS keeps it and does not answer with it; Teal has no such thing, and would answer with it.
  [
    'patch disabled',
    'PATCH',
    ZONE,
    patchOf({ ...a('dis.example.com.'), records: [{ ...record, disabled: true }] }),
    bad("Record dis.example.com./A '192.0.2.1': Teal keeps no records that are disabled"),
  ],
  ['patch not json', 'PATCH', ZONE, '{"rrsets":[', [400, 'Bad Request']],
  ['zone get', 'GET', ZONE, undefined, [200, '{"account":""']],
  [
    'zone get filtered',
    'GET',
    `${ZONE}?rrset_name=www.example.com.&rrset_type=CNAME`,
    undefined,
    [200, '{"account":""'],
  ],
  ['zone get without rrsets', 'GET', `${ZONE}?rrsets=false`, undefined, [200, '{"account":""']],
  ['zone get none', 'GET', `${zones}/example.net.`, undefined, notFound],
  ['zone notify', 'PUT', `${ZONE}/notify`, '', [200, '{"result":"Notification queued"}']],
  ['zone put', 'PUT', ZONE, { kind: 'Master', account: 'me', soa_edit_api: 'DEFAULT' }, [204, '']],
  ['zone notify master', 'PUT', `${ZONE}/notify`, '{}', [200, '{"result":"Notification queued"}']],
  ['cryptokeys', 'GET', `${ZONE}/cryptokeys`, undefined, [200, '[]']],
  [
    'metadata',
    'GET',
    `${ZONE}/metadata`,
    undefined,
    [200, '[{"kind":"SOA-EDIT-API","metadata":["DEFAULT"],"type":"Metadata"}]'],
  ],
  ['export', 'GET', `${ZONE}/export`, undefined, [200]],
  ['search', 'GET', `${SERVER}/search-data?q=*www*&max=10`, undefined, [200, '[{"content":"']],
  ['delete zone', 'DELETE', `${zones}/example.org.`, undefined, [204, '']],
  ['delete zone again', 'DELETE', `${zones}/example.org.`, undefined, notFound],
  ['method not allowed', 'POST', ZONE, {}, [405, 'Method Not Allowed']],
  ['unknown path', 'GET', `${SERVER}/nothing`, undefined, notFound],
  ['servers other', 'GET', '/api/v1/servers/other', undefined, notFound],
];

/** What PowerDNS answered to each of them. */
const there: readonly { readonly what: string; readonly status: number; readonly type?: string }[] = JSON.parse(
  readFileSync('test/fixtures/powerdns/observed.json', 'utf8'),
);

/** PowerDNS does it and Teal refuses it, for the reason that stands beside it above. */
const refusedOnPurpose: Readonly<Record<string, number>> = { 'patch disabled': 422 };

t.test('requests that were tried on PowerDNS get the same status, type and words', async (t) => {
  const { ask, rrsets } = await openPowerdns(t);
  t.equal(observed.length, 47);
  t.same(
    observed.map(([what, , , , [status]]) => [what, status]),
    there.map(({ what, status }) => [what, refusedOnPurpose[what] ?? status]),
    'each of them, with its status there, but for those that are refused on purpose',
  );
  for (const [what, method, path, body, [status, words = ''], key] of observed) {
    const reply = await ask(method, path, body, key as Record<string, string>);
    t.equal(reply.status, status, `${what}: ${reply.body}`);
    t.ok(reply.body.startsWith(words), `${what}: ${reply.body}`);
    const { type } = there.find((each) => each.what === what) ?? {};
    t.equal(reply.type?.split(';')[0], what in refusedOnPurpose ? 'application/json' : type, what);
  }
  t.same(await rrsets(), {
    'example.com./SOA': [(await rrsets())['example.com./SOA']?.[0]],
    'example.com./NS': ['ns9.example.com.'],
    't.example.com./TXT': [`"${'a'.repeat(300)}"`],
    'up.example.com./A': ['192.0.2.1'],
    'www.example.com./CNAME': ['x.example.com.'],
  });
  t.match(
    (await rrsets())['example.com./SOA']?.[0],
    /^ns1\.example\.com\. h\.example\.com\. \d+ 10800 3600 604800 3600$/,
  );
});

interface Sent {
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
}

t.test('what lego, lexicon and libcloud sent to PowerDNS gets the same status', async (t) => {
  const { ask, rrsets } = await openPowerdns(t);
  const sent: readonly Sent[] = JSON.parse(readFileSync('test/fixtures/powerdns/traffic.json', 'utf8'));
  t.same([...new Set(sent.map(({ client }) => client))], ['lego', 'lexicon', 'libcloud']);
  t.equal((await ask('POST', zones, com)).status, 201);
  const challenge = '_acme-challenge.app.example.com./TXT';
  const values: number[] = [];
  for (const { client, method, path, status, type, body } of sent) {
    const reply = await ask(method, path, body, type === undefined ? {} : { 'content-type': type });
    t.equal(reply.status, status, `${client} ${method} ${path}: ${reply.body}`);
    if (method === 'PATCH') values.push((await rrsets())[challenge]?.length ?? 0);
  }
  t.same(values.slice(0, 3), [1, 2, 0], 'lego: a value, a second one beside it, none');
  t.same(Object.keys(await rrsets()).sort(), ['example.com./NS', 'example.com./SOA', 'lex.example.com./A']);
});
