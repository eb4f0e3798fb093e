/** The door for ExternalDNS: who is let in, what is left out, and what is refused so that it comes again. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { Problem } from '../../../src/model/errors.ts';
import { ADMIN, READER } from '../../fixtures/api.ts';
import { MEDIA_TYPE, weighted } from '../../fixtures/external-dns/cluster.ts';
import { NAME, revisionOf, start, weightsOf } from '../../fixtures/external-dns/start.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/external-dns/${name}.json`, import.meta.url), 'utf8');

const addresses = (count: number) => Array.from({ length: count }, (_, i) => `192.0.${i >> 8}.${i & 255}`);

t.test('it is told which zones are there, byte for byte in its media type', async (t) => {
  const { cluster } = await start(t);
  for (const path of ['', '/']) {
    const reply = await cluster('a').ask('GET', path);
    t.equal(reply.statusCode, 200);
    t.equal(reply.headers['content-type'], MEDIA_TYPE);
    t.same(reply.json(), JSON.parse(fixture('negotiate-response')));
  }
  for (const reply of [
    await cluster('a').ask('GET', '/records'),
    await cluster('a').ask('POST', '/adjustendpoints', []),
  ]) {
    t.same([reply.statusCode, reply.headers['content-type'], reply.body], [200, MEDIA_TYPE, '[]']);
  }
});

t.test('what can never stand is left out and said; what time or people mend is a 503', async (t) => {
  const { api, cluster } = await start(t);
  const one = cluster('cluster-a');
  const good = { dnsName: 'WWW.example.com', targets: ['192.0.2.1'], recordType: 'A' };
  const never = [
    { dnsName: 'app.elsewhere.test', targets: ['192.0.2.1'], recordType: 'A' },
    { dnsName: 'a.example.com', targets: ['no address'], recordType: 'A' },
    { dnsName: 'a.example.com', targets: [], recordType: 'A' },
    { dnsName: 'a.example.com', targets: ['x'], recordType: 'LOC' },
    { dnsName: 'example.com', targets: ['host.example.net'], recordType: 'CNAME' },
    { dnsName: 'a..example.com', targets: ['192.0.2.1'], recordType: 'A' },
    { dnsName: 'a.example.com', targets: ['192.0.2.1'], recordType: 'A', setIdentifier: 'x'.repeat(256) },
    { dnsName: 'a.example.com', targets: ['A.example.COM'], recordType: 'CNAME' },
    // Of what fits in no message, and of parts of an RRset that could not be told apart, the next minute has no more room.
    { dnsName: 'b.example.com', targets: addresses(5000), recordType: 'A' },
    { dnsName: 'c.example.com', targets: [`"${'x'.repeat(65_400)}"`], recordType: 'TXT' },
    { dnsName: 'd.example.com', targets: addresses(40), recordType: 'TXT', setIdentifier: 'x' },
  ];
  const reply = await one.ask('POST', '/adjustendpoints', [...never, { ...good, unknown: true }]);
  t.same(
    reply.json().map(({ dnsName }: { dnsName: string }) => dnsName),
    ['www.example.com'],
  );
  await one.ask('POST', '/adjustendpoints', never);
  const said = api.log.filter(({ msg }) => /was left out/.test(String(msg)));
  t.equal(said.length, never.length, 'once each in the log');
  t.match(said[0], { name: 'app.elsewhere.test', msg: /in no zone of this server/ });
  const { body } = await api.request('GET', '/metrics');
  t.match(body, `teal_door_dropped_total{door="external-dns"} ${2 * never.length}`);
  t.match(body, 'teal_door_requests_total{door="external-dns",status="200"} 2');
  const posted = await one.ask('POST', '/records', { create: [...never, good] });
  t.same([posted.statusCode, posted.body], [204, ''], 'nor do they hold up others when they are sent all the same');
  t.equal((await one.records()).length, 1);

  const before = await revisionOf(api);
  const soft = async (body: unknown, words: RegExp) => {
    const refused = await one.ask('POST', '/records', body);
    t.equal(refused.statusCode, 503, refused.body);
    t.match(refused.body, words);
  };
  await soft('{"create":[{"dnsName":"cut.exam', /^body_invalid: /);
  await soft('', /^body_invalid: /);
  await soft({ create: 'x' }, /create is no list/);
  await soft({ create: [{ dnsName: 1 }] }, /dnsName is no text/);
  await soft({ updateOld: [], updateNew: [good] }, /they are pairs/);
  await soft(
    { create: [{ ...good, recordType: 'CNAME', targets: ['x.example.net'] }] },
    /^cname_conflict: \S+ was refused, all else is done: \S+ stands there already/,
  );
  t.equal(await revisionOf(api), before, 'nothing half done');
});

t.test('a name that is a service already wants a set identifier, and holds up no other name', async (t) => {
  const { api, cluster } = await start(t);
  const pools = { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };
  await api.request('PUT', `/v1/services/${NAME}`, { body: { pools } });
  const one = cluster('cluster-a');
  const plain = { dnsName: NAME, targets: ['192.0.2.9'], recordType: 'A' };
  one.wanted = [plain];
  t.equal((await one.sync()).planned, 0, 'it is seen as another’s');
  const other = { dnsName: 'b.example.com', targets: ['192.0.2.9'], recordType: 'A' };
  const reply = await one.ask('POST', '/records', { create: [plain, other] });
  t.equal(reply.statusCode, 503);
  t.match(reply.body, /give A of it one too/);
  t.ok((await one.records()).some(({ dnsName }) => dnsName === 'b.example.com'));
  t.same(await weightsOf(api), { blue: 1, green: 0 });

  one.wanted = [weighted(NAME, '192.0.2.9', 'Cluster/Shop', '7'), other];
  t.match(await one.sync(), { status: 204 });
  t.same(await weightsOf(api), { blue: 1, green: 0, 'cluster-shop': 7 });
  t.equal((await one.current()).find(({ setIdentifier }) => setIdentifier)?.setIdentifier, 'Cluster/Shop');
});

t.test('tokens: as a Basic password or a bearer; without the right 403, without a token 401', async (t) => {
  const { api, app, cluster } = await start(t);
  const status = async (headers: Record<string, string>) => {
    const reply = await app.inject({ method: 'GET', url: '/external-dns/records', headers });
    t.equal(reply.headers['www-authenticate'], undefined, 'no browser asks for a password');
    return reply.statusCode;
  };
  t.equal(await status({}), 401);
  t.equal(await status({ authorization: `Bearer ${ADMIN}` }), 200);
  t.equal(await status({ authorization: `Basic ${Buffer.from(ADMIN).toString('base64')}` }), 401);
  t.equal((await cluster('a', 'wrong').ask('GET', '')).statusCode, 401);
  const forbidden = await cluster('a', READER).ask('POST', '/records', {});
  t.equal(forbidden.statusCode, 403);
  t.match(forbidden.body, /^token_forbidden: .*this needs admin or records\./);
  t.equal((await cluster('a').ask('GET', '/nothing')).statusCode, 404);

  // One for another zone is shown nothing of this one, and what it wants here is left out.
  const body = { name: 'other', scope: 'admin', zones: ['other.test'] };
  const { secret } = (await api.request('POST', '/v1/tokens', { body })).json();
  const mine = cluster('a');
  mine.wanted = [weighted(NAME, '192.0.2.1', 'blue', '1')];
  t.match(await mine.sync(), { status: 204 });
  const limited = cluster('b', secret);
  t.same(await limited.records(), []);
  t.same((await limited.ask('POST', '/adjustendpoints', mine.wanted)).json(), []);
  t.equal((await limited.ask('POST', '/records', { delete: await mine.records() })).statusCode, 204);
  t.equal((await mine.sync()).planned, 0, 'it removed nothing');

  // Scope records is enough for names of no set identifiers.
  const records = { name: 'dns', scope: 'records', zones: ['example.com'] };
  const plain = cluster('c', (await api.request('POST', '/v1/tokens', { body: records })).json().secret);
  plain.wanted = [{ dnsName: 'www.example.com', targets: ['192.0.2.7'], recordType: 'A' }];
  t.match(await plain.sync(), { status: 204, body: '' });
  t.equal((await plain.sync()).planned, 0);
});

t.test('however many names are refused, all others of the request come to stand, each with its TXT', async (t) => {
  const { api, cluster } = await start(t);
  const of = (i: number, recordType: string, target: string) => {
    return { dnsName: `n${i}.example.com`, recordType, targets: [target] };
  };
  const [people, one] = [cluster('people'), cluster('cluster-a')];
  const taken = Array.from({ length: 60 }, (_, i) => of(i * 2, 'CNAME', 'host.example.net'));
  t.equal((await people.ask('POST', '/records', { create: taken })).statusCode, 204);
  // Every other name has a CNAME of others already.
  one.wanted = Array.from({ length: 120 }, (_, i) => of(i, 'A', '192.0.2.1'));
  const registry = one.wanted.map(({ dnsName }) => ({
    ...{
      dnsName: `a-${dnsName}`,
      recordType: 'TXT',
      targets: ['"heritage=external-dns,external-dns/owner=cluster-a"'],
    },
    labels: { owner: 'cluster-a', ownedRecord: dnsName },
  }));
  const reply = await one.ask('POST', '/records', { create: [...registry, ...one.wanted] });
  t.match(reply, { statusCode: 503, body: /^cname_conflict: n\d+\.example\.com, and 59 more was refused/ });
  const found = await one.records();
  const named = (recordType: string) => found.filter((each) => each.recordType === recordType);
  t.same([named('A').length, named('TXT').length, named('CNAME').length], [60, 60, 60]);
  const owned = new Set(named('A').map(({ dnsName }) => `a-${dnsName}`));
  t.ok(
    named('TXT').every(({ dnsName }) => owned.has(dnsName)),
    'nobody owns what was refused',
  );

  // What is of the zone, or of the server, is told in its own words.
  const { engine } = api.parts;
  engine.execute = async () => new Problem('store_unavailable', 'The disk is full.');
  const full = await one.ask('POST', '/records', { create: [of(1000, 'A', '192.0.2.1'), of(1001, 'A', '192.0.2.1')] });
  t.match(full, {
    statusCode: 503,
    body: /^store_unavailable: n1000\.example\.com, and 1 more was refused.*The disk is full\./,
  });
});

t.test('two changes of one RRset, a body of thousands of names, and addresses beside a host name', async (t) => {
  const { api, cluster } = await start(t);
  const one = cluster('cluster-a');
  const www = (target: string) => ({ dnsName: 'www.example.com', targets: [target], recordType: 'A' });
  t.equal((await one.ask('POST', '/records', { create: [www('192.0.2.1'), www('192.0.2.2')] })).statusCode, 204);
  t.same((await one.records())[0]?.targets, ['192.0.2.1', '192.0.2.2']);
  const swap = { delete: [www('192.0.2.1')], create: [www('192.0.2.1')] };
  t.equal((await one.ask('POST', '/records', swap)).statusCode, 204);
  t.same([...((await one.records())[0]?.targets ?? [])].sort(), ['192.0.2.1', '192.0.2.2']);

  // Each with its TXT: three lists, of which each is one revision.
  one.wanted = Array.from({ length: 1500 }, (_, i) => ({ ...www('192.0.2.1'), dnsName: `n${i}.example.com` }));
  const before = await revisionOf(api);
  t.match(await one.sync(), { status: 204, planned: 1500 });
  t.equal(await revisionOf(api), before + 3);
  t.equal((await one.sync()).planned, 0);

  const hosts = cluster('cluster-b');
  one.wanted = [weighted(NAME, '192.0.2.1', 'blue', '1')];
  hosts.wanted = [{ ...weighted(NAME, 'lb.example.net', 'green', '1'), recordType: 'CNAME' }];
  t.match(await one.sync(), { status: 204 });
  t.match(await hosts.sync(), { status: 503, body: /^targets_mixed: / });
  t.equal((await one.sync()).planned, 0, 'and the other stands as it stood');
});

t.test('the last pool that has traffic does not go while others would have none', async (t) => {
  const { api, cluster } = await start(t);
  const all = ['a', 'b', 'c'].map((owner) => cluster(owner));
  for (const [i, each] of all.entries()) {
    each.wanted = [weighted(NAME, `192.0.2.${i + 1}`, each.owner, i === 0 ? '100' : '0')];
    await each.sync();
  }
  t.same(await weightsOf(api), { a: 100, b: 0, c: 0 });
  const [a] = all;
  if (a === undefined) return;
  a.wanted = [{ dnsName: 'www.example.com', targets: ['192.0.2.9'], recordType: 'A' }];
  t.match(await a.sync(), { status: 503, body: /^weights_all_zero: app\.example\.com was refused, all else is done/ });
  await api.request('PUT', `/v1/services/${NAME}/weights`, { body: { a: 0, b: 100, c: 0 } });
  t.match(await a.sync(), { status: 204, planned: 1 });
  t.same(await weightsOf(api), { b: 100, c: 0 });
});
