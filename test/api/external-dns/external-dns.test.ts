/** The door for ExternalDNS, by the rule of its plan: what a cluster wants comes to stand, and a second look plans nothing. */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { TYPE } from '../../../src/wire/constants.ts';
import { parseRdata } from '../../../src/wire/rdata.ts';
import { ADMIN } from '../../fixtures/api.ts';
import { Cluster, weighted } from '../../fixtures/external-dns/cluster.ts';
import { NAME, revisionOf, start, weightsOf } from '../../fixtures/external-dns/start.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/external-dns/${name}.json`, import.meta.url), 'utf8');

/** As --managed-record-types has them where somebody names them all. */
const ALL_TYPES = ['A', 'AAAA', 'CNAME', 'TXT', 'MX', 'NS', 'PTR', 'SRV', 'NAPTR', 'DNAME'];

/** Two clusters with a pool each. */
async function startTwo(t: Test) {
  const started = await start(t);
  const blue = started.cluster('cluster-a');
  const green = started.cluster('cluster-b');
  blue.wanted = [weighted(NAME, '192.0.2.10', 'blue', '90')];
  green.wanted = [weighted(NAME, '192.0.2.20', 'green', '10')];
  for (const each of [blue, green]) t.match(await each.sync(), { status: 204, body: '' });
  return { ...started, blue, green };
}

t.test('two owners make one service with two pools, and a second look plans nothing', async (t) => {
  const { api, blue, green } = await startTwo(t);
  t.same(await weightsOf(api), { blue: 90, green: 10 });
  const service = (await api.request('GET', `/v1/services/${NAME}`)).json();
  t.match(service.pools.blue, {
    targets: ['192.0.2.10'],
    labels: { 'external-dns/owner': 'cluster-a', 'external-dns/set-identifier': 'blue' },
  });
  t.equal(service.ttlSeconds, 5);
  for (const each of [blue, green, blue]) t.equal((await each.sync()).planned, 0);

  const registry = (await blue.records()).filter(({ recordType }) => recordType === 'TXT');
  t.match(registry.map(({ dnsName, setIdentifier }) => [dnsName, setIdentifier]).sort(), [
    [`a-${NAME}`, 'blue'],
    [`a-${NAME}`, 'green'],
  ]);
  for (const { setIdentifier, targets } of registry) {
    t.match(targets, [new RegExp(`owner=${setIdentifier === 'blue' ? 'cluster-a' : 'cluster-b'},`)]);
  }
  t.notMatch(JSON.stringify(await blue.records()), 'providerSpecific', 'no weight comes back');
  const revisions = (await api.request('GET', '/v1/revisions?order=newest&limit=2')).json().items;
  t.match(revisions, [
    { actor: 'external-dns:cluster-b', kind: 'records.change' },
    { actor: 'external-dns:cluster-b', kind: 'service.put', reason: /ExternalDNS with the token settings-admin/ },
  ]);
});

t.test('one owner alone has plain records, which answer whatever its weight', async (t) => {
  const { api, cluster } = await start(t);
  const blue = cluster('cluster-a');
  blue.wanted = [weighted(NAME, '192.0.2.10', 'blue', '0')];
  const before = await revisionOf(api);
  t.match(await blue.sync(), { status: 204 });
  t.equal(await revisionOf(api), before + 1, 'its records and its registry are one revision');
  const rrset = (await api.request('GET', `/v1/zones/example.com/rrsets/${NAME}/A`)).json();
  t.match(rrset, { rdata: ['192.0.2.10'], ttlSeconds: 5, labels: { 'external-dns/owner': 'cluster-a' } });
  t.equal((await blue.sync()).planned, 0);
});

t.test('a release runs while syncs go on: no weight is set back, and targets follow', async (t) => {
  const { api, blue, green } = await startTwo(t);
  const steps = [{ setWeight: 10 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];
  const path = `/v1/services/${NAME}/releases`;
  const made = await api.request('POST', path, { body: { to: 'green', steps } });
  t.equal(made.statusCode, 201, made.body);
  const id = made.json().id;
  const shares = async () => {
    const { blue: a, green: b } = await weightsOf(api);
    return b / (a + b);
  };
  const syncAll = async () => {
    for (const each of [blue, green]) t.equal((await each.sync()).planned, 0);
  };
  await syncAll();
  t.equal(await shares(), 0.1);
  await api.request('POST', `${path}/${id}/promote`);
  t.equal(await shares(), 0.5);
  await syncAll();
  t.equal(await shares(), 0.5);

  // A new address of a load balancer does not wait for the end, and another annotation changes nothing.
  green.wanted = [weighted(NAME, '192.0.2.21', 'green', '100')];
  t.match(await green.sync(), { status: 204, planned: 1 });
  t.same((await api.request('GET', `/v1/services/${NAME}`)).json().pools.green.targets, ['192.0.2.21']);
  t.equal(await shares(), 0.5);
  await syncAll();

  // A third pool has to wait: refused so that ExternalDNS goes on and asks again; all else of it is done.
  const red = blue.app && new Cluster(blue.app, 'cluster-c', ADMIN);
  const other = { dnsName: 'www.example.com', targets: ['192.0.2.80'], recordType: 'A' };
  red.wanted = [weighted(NAME, '192.0.2.30', 'red', '5'), other];
  const refused = await red.sync();
  t.match(refused, { status: 503, body: /^release_active: app\.example\.com was refused, all else is done/ });
  t.equal((await red.records()).filter(({ dnsName }) => dnsName === 'www.example.com').length, 1);
  t.notOk(
    (await red.records()).some(({ setIdentifier }) => setIdentifier === 'red'),
    'nor is its owner written',
  );
  await api.request('POST', `${path}/${id}/abort`);
  t.match(await red.sync(), { status: 204 });
  t.equal((await weightsOf(api)).red, 5);
  t.equal((await red.sync()).planned, 0);
});

t.test('addresses follow during a release, though pools that come or go with them have to wait', async (t) => {
  const { api, cluster } = await start(t);
  const one = cluster('cluster-a');
  const of = (set: string, address: string) => weighted(NAME, address, set, '50');
  one.wanted = [of('blue', '192.0.2.10'), of('green', '192.0.2.20')];
  t.match(await one.sync(), { status: 204 });
  const path = `/v1/services/${NAME}/releases`;
  const steps = [{ setWeight: 10 }, { pause: {} }];
  const { id } = (await api.request('POST', path, { body: { to: 'green', steps } })).json();
  const before = await weightsOf(api);
  const targets = async (): Promise<Record<string, string[]>> => {
    const { pools } = (await api.request('GET', `/v1/services/${NAME}`)).json();
    return Object.fromEntries(Object.entries(pools).map(([pool, is]) => [pool, (is as { targets: string[] }).targets]));
  };
  one.wanted = [of('blue', '192.0.2.10'), of('green', '192.0.2.21'), of('red', '192.0.2.30')];
  t.match(await one.sync(), { status: 503, body: /^release_active/ });
  t.same(await targets(), { blue: ['192.0.2.10'], green: ['192.0.2.21'] }, 'one comes');
  one.wanted = [of('green', '192.0.2.22')];
  t.match(await one.sync(), { status: 503, body: /^release_active/ });
  t.same(await targets(), { blue: ['192.0.2.10'], green: ['192.0.2.22'] }, 'one goes');
  t.same(await weightsOf(api), before);
  const last = await revisionOf(api);
  t.match(await one.sync(), { status: 503, body: /^release_active/ });
  t.equal(await revisionOf(api), last, 'what is refused once more changes nothing');
  await api.request('POST', `${path}/${id}/abort`);
  t.match(await one.sync(), { status: 204 });
  t.equal((await one.sync()).planned, 0);
});

t.test('owner A goes: B stays, with its records, its TXT and its share', async (t) => {
  const { api, blue, green } = await startTwo(t);
  await api.request('PUT', `/v1/services/${NAME}/weights`, { body: { blue: 0, green: 100 } });
  blue.wanted = [];
  t.match(await blue.sync(), { status: 204, planned: 1 });
  t.equal((await api.request('GET', `/v1/services/${NAME}`)).statusCode, 404, 'one pool is no choice');
  const left = await green.records();
  t.match(
    left
      .map(({ dnsName, recordType, setIdentifier, targets }) => [dnsName, recordType, setIdentifier, targets[0]])
      .sort(),
    [
      [`a-${NAME}`, 'TXT', 'green', /owner=cluster-b,/],
      [NAME, 'A', 'green', '192.0.2.20'],
    ],
  );
  t.equal(left.length, 2);
  for (const each of [blue, green]) t.equal((await each.sync()).planned, 0);

  // It comes again: what was moved to green counts, and not what green was once annotated with.
  blue.wanted = [weighted(NAME, '192.0.2.10', 'blue', '1')];
  t.match(await blue.sync(), { status: 204 });
  t.same(await weightsOf(api), { green: 100, blue: 1 });
  green.wanted = [];
  blue.wanted = [];
  for (const each of [blue, green]) t.match(await each.sync(), { status: 204 });
  t.same(await blue.records(), []);
  t.equal((await api.request('GET', '/v1/zones/example.com/rrsets')).json().items.length, 0);
});

t.test('many clusters at once come to one service with a pool each, and all their TXT', async (t) => {
  const { api, cluster } = await start(t);
  const all = Array.from({ length: 8 }, (_, i) => cluster(`cluster-${i}`));
  for (const [i, each] of all.entries()) each.wanted = [weighted(NAME, `192.0.2.${i + 1}`, `set-${i}`, String(i + 1))];
  // Whoever finds no rest is told to come again.
  for (let round = 0; round < all.length; round++) {
    const replies = await Promise.all(all.map((each) => each.sync()));
    for (const { status } of replies) t.ok([204, 503].includes(status));
    if (replies.every(({ planned }) => planned === 0)) break;
  }
  const weights = await weightsOf(api);
  t.same(Object.values(weights).sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
  const records = await all[0]?.records();
  t.equal(records?.filter(({ recordType }) => recordType === 'TXT').length, all.length);
  for (const each of all) t.equal((await each.sync()).planned, 0);
});

t.test('what people set of a service stays: its pick, its pins, its pools', async (t) => {
  const { api, blue, green } = await startTwo(t);
  const read = (await api.request('GET', `/v1/services/${NAME}`)).json();
  const { ttlSeconds, pools } = read;
  const body = {
    ...{ ttlSeconds, pick: 'sticky', labels: { team: 'shop' } },
    health: { http: { scheme: 'http', port: 80, path: '/', headers: { authorization: 'secret' } } },
    pins: [
      { network: '198.51.100.0/24', pool: 'green' },
      { network: '203.0.113.0/24', pool: 'own' },
    ],
    pools: { ...pools, own: { weight: 3, targets: ['192.0.2.99'] } },
  };
  t.equal((await api.request('PUT', `/v1/services/${NAME}`, { body })).statusCode, 200);
  blue.wanted = [weighted(NAME, '192.0.2.11', 'blue', '90')];
  t.match(await blue.sync(), { status: 204 });
  green.wanted = [];
  t.match(await green.sync(), { status: 204 });
  const after = (await api.request('GET', `/v1/services/${NAME}`)).json();
  t.match(after.health, { http: { headers: { authorization: { set: true } } } });
  t.match(after, { pick: 'sticky', labels: { team: 'shop' }, pools: { own: { weight: 3, targets: ['192.0.2.99'] } } });
  t.same(after.pins, [{ network: '203.0.113.0/24', pool: 'own' }]);
  t.same(after.pools.blue.targets, ['192.0.2.11']);
  t.same(Object.keys(after.pools), ['blue', 'own']);
  const own = (await blue.current()).find(({ targets }) => targets.includes('192.0.2.99'));
  t.notOk(own?.setIdentifier, 'a pool of people is nobody else’s');
  t.notOk(own?.labels);
});

t.test('set identifiers that come to one pool name stay apart', async (t) => {
  const { api, cluster } = await start(t);
  const one = cluster('cluster-a');
  one.wanted = ['a/b', 'a-b', '中', '文'].map((set, i) => weighted(NAME, `192.0.2.${i + 1}`, set, String(i + 1)));
  t.match(await one.sync(), { status: 204 });
  t.equal(Object.keys(await weightsOf(api)).length, 4);
  t.equal((await one.sync()).planned, 0);
});

t.test('records of every type come to stand as they are wanted', async (t) => {
  const { cluster } = await start(t);
  const one = cluster('cluster-a');
  one.managed = ALL_TYPES;
  const of = (recordType: string, ...targets: string[]) => ({
    dnsName: `${recordType.toLowerCase()}.example.com`,
    recordType,
    targets,
  });
  one.wanted = [
    of('A', '192.0.2.1', '192.0.2.2'),
    of('AAAA', '2001:DB8::1'),
    of('CNAME', 'Host.example.net'),
    of('TXT', 'v=spf1 -all', '"quoted \\" text"', 'x'.repeat(300)),
    of('MX', '10 mail.example.net'),
    of('NS', 'ns.example.net'),
    of('PTR', 'host.example.net'),
    of('SRV', '0 5 443 host.example.net.'),
    of('NAPTR', '10 100 "S" "SIP+D2U" "" _sip._udp.example.net.'),
  ];
  t.match(await one.sync(), { status: 204, planned: 9 });
  const second = await one.plan();
  t.same(second, { create: [], updateOld: [], updateNew: [], delete: [] });
  one.wanted = [of('A', '192.0.2.2', '192.0.2.3'), { ...of('CNAME', '192.0.2.4'), recordType: 'A' }];
  t.match(await one.sync(), { status: 204, body: '' });
  t.same(
    (await one.current()).map(({ dnsName, recordType, targets }) => [dnsName, recordType, targets]),
    [
      ['a.example.com', 'A', ['192.0.2.2', '192.0.2.3']],
      ['cname.example.com', 'A', ['192.0.2.4']],
    ],
    'a type takes the place of another in one list',
  );
  t.equal((await one.sync()).planned, 0);
});

t.test('a text has the bytes that it was written with, in one string or in several', async (t) => {
  const { api, cluster } = await start(t);
  const one = cluster('cluster-a');
  // Characters beside escapes, in quotes or not, of which 255 bytes are a string: the bytes are those of UTF-8.
  const long = 'é'.repeat(200);
  const cases: [string, Buffer][] = [
    ['"é€"', Buffer.from('é€')],
    [`"${long}"`, Buffer.from(long)],
    [long, Buffer.from(long)],
    [`"${long}\\233\\"\\\\€"`, Buffer.concat([Buffer.from(long), Buffer.of(233), Buffer.from('"\\€')])],
    [`"\\195\\169${'a'.repeat(300)}"`, Buffer.from(`é${'a'.repeat(300)}`)],
  ];
  for (const [target, bytes] of cases) {
    const endpoint = { dnsName: 'text.example.com', recordType: 'TXT', targets: [target] };
    t.equal((await one.ask('POST', '/records', { create: [endpoint] })).statusCode, 204);
    const { rdata } = (await api.request('GET', '/v1/zones/example.com/rrsets/text.example.com/TXT')).json();
    const found = parseRdata(TYPE.TXT, rdata[0]);
    t.same(bytesOf(found as Uint8Array), bytes, target.slice(0, 20));
    t.equal((await one.ask('POST', '/records', { delete: [endpoint] })).statusCode, 204);
  }
});

/** Of all strings of a text. */
function bytesOf(rdata: Uint8Array): Buffer {
  const strings: Uint8Array[] = [];
  for (let at = 0; at < rdata.length; at += 1 + (rdata[at] as number)) {
    strings.push(rdata.subarray(at + 1, at + 1 + (rdata[at] as number)));
  }
  return Buffer.concat(strings);
}

t.test('MX and TXT records of two set identifiers are one RRset, of which each has its part back', async (t) => {
  const { cluster } = await start(t);
  const [one, two] = [cluster('cluster-a'), cluster('cluster-b')];
  for (const each of [one, two]) each.managed = ALL_TYPES;
  const of = (set: string, recordType: string, target: string) => ({
    ...weighted('mail.example.com', target, set, '7'),
    recordType,
  });
  one.wanted = [of('a', 'MX', '10 a.example.net'), of('a', 'TXT', '"a"')];
  two.wanted = [of('b', 'MX', '20 b.example.net'), of('b', 'TXT', '"b"')];
  for (const each of [one, two]) t.match(await each.sync(), { status: 204, planned: 2 });
  for (const each of [one, two]) t.equal((await each.sync()).planned, 0, 'nor is a weight that means nothing there');
  one.wanted = [];
  t.match(await one.sync(), { status: 204, planned: 2 });
  t.equal((await two.sync()).planned, 0);
  t.equal((await two.current()).length, 2);
});

t.test('the requests of the fixtures', async (t) => {
  const { api, cluster } = await start(t);
  const one = cluster('cluster-a');
  t.same((await one.ask('POST', '/records', fixture('post-records-create-two-clusters'))).statusCode, 204);
  t.same((await one.ask('POST', '/records', fixture('post-records-update-targets'))).statusCode, 204);
  const before = await revisionOf(api);
  t.same((await one.ask('POST', '/records', fixture('post-records-update-targets'))).statusCode, 204);
  t.equal(await revisionOf(api), before, 'sent again it changes nothing');
  t.match(
    (await one.records()).find(({ recordType }) => recordType === 'A'),
    { targets: ['192.0.2.10', '192.0.2.11'], setIdentifier: 'cluster-a', labels: { owner: 'cluster-a' } },
  );
});
