/** Signed zones over the API: signed, looked at, rolled, unsigned; keys go out to who may do everything, and nowhere else. */
import { join } from 'node:path';
import t from 'tap';
import { aroundRRsets, zoneInList } from '../../src/api/powerdns/zone-json.ts';
import { Signings } from '../../src/control/dnssec/signings.ts';
import type { Zone } from '../../src/model/zone.ts';
import { backupStore } from '../../src/store/backup.ts';
import { makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';
import { makeKeyring } from '../fixtures/keyring.ts';

const path = '/v1/zones/example.test/dnssec';

t.test('a zone is signed, and its status is one sentence', async (t) => {
  const fixture = await startApi(makeDirectory(t));
  t.teardown(fixture.close);
  const { request, parts } = fixture;
  await seed(fixture);
  t.match((await request('GET', path)).json(), { code: 'signing_unknown' });
  const signed = await request('PUT', path, { body: {} });
  t.equal(signed.statusCode, 201);
  const body = signed.json();
  t.match(body, { zone: 'example.test', stage: 'signing', ds: [], parent: null, denial: 'nsec' });
  t.match(body.status, /^example\.test is being signed; nothing is to be done at the parent yet\.$/);
  t.match(body.keys, [{ algorithm: 'ecdsap256sha256', role: 'active', dnskey: /^257 3 13 / }]);
  t.equal((await request('GET', path)).headers.etag, signed.headers.etag);
  t.match((await request('POST', `${path}/roll`, { body: {} })).json(), { code: 'signing_state' });
  t.match((await request('PUT', path, { body: { algorithm: 'ed25519' } })).json(), { code: 'signing_state' });
  t.match((await request('PUT', path, { body: { denial: 'nsec3' } })).json(), { denial: 'nsec3' });
  t.equal((await request('PUT', path, { body: { denial: 'nsec5' } })).statusCode, 400);
  // It is not answered yet, so it is not taken.
  t.equal((await request('PUT', path, { body: { zonemd: true } })).statusCode, 400);
  t.match((await request('PUT', path, { body: { foreignKeys: ['257 3 13'] } })).json(), { pointer: '/foreignKeys/0' });
  const foreign = body.keys[0].dnskey.replace('257', '256');
  t.match((await request('PUT', path, { body: { foreignKeys: [foreign] } })).json(), { foreignKeys: [foreign] });
  // Keys of others: of one algorithm, zone keys, each once, and none of ours.
  const wrongKeys = ['257 3 13 AAAA', `257 3 13 ${Buffer.alloc(64, 1).toString('base64')}`, '257 3 13 AAAAAAAA'];
  const others = [
    ...wrongKeys,
    foreign.replace(' 13 ', ' 15 '),
    foreign.replace('256', '0'),
    foreign.replace('256', '384'),
  ];
  for (const bad of [...others, foreign.replace(' 3 ', ' 4 '), body.keys[0].dnskey]) {
    const refused = await request('PUT', path, { body: { foreignKeys: [bad] } });
    t.match(refused.json(), { code: 'dnssec_invalid', pointer: /^\/foreignKeys/ }, bad.slice(0, 8));
  }
  t.match((await request('PUT', path, { body: { foreignKeys: [foreign, foreign] } })).json(), {
    code: 'dnssec_invalid',
  });
  t.same((await request('PUT', path, { body: {} })).json().foreignKeys, [foreign], 'what is left out stays');
  t.same((await request('PUT', path, { body: { foreignKeys: [] } })).json().foreignKeys, [], 'they are taken out');
  t.equal((await request('DELETE', path)).statusCode, 204);
  t.match((await request('GET', path)).json(), { stage: 'ds-removal', ds: [] });
  t.match((await request('DELETE', '/v1/zones/example.test?services=delete')).json(), { code: 'ds_present' });
  t.equal((await request('DELETE', `${path}?force=true`)).statusCode, 204);
  t.equal((await request('GET', path)).statusCode, 404);
  const told = JSON.stringify((await request('GET', '/v1/revisions')).json());
  t.notMatch(told, 'wrapped');
  t.match(parts.queries.zone('example.test'), { serial: Number });
});

t.test('metrics, backups and the door for PowerDNS know of signed zones', async (t) => {
  const directory = makeDirectory(t);
  const fixture = await startApi(directory);
  t.teardown(fixture.close);
  const { request, parts } = fixture;
  await seed(fixture);
  const copy = async (name: string) =>
    backupStore(directory, join(directory, name), { replace: false, progress: () => {} });
  t.match(await copy('before.db'), { signedZones: 0 });
  await request('PUT', path, { body: {} });
  t.match(await copy('after.db'), { signedZones: 1 });
  const metrics = (await request('GET', '/metrics')).body;
  t.match(metrics, 'teal_dnssec_zones{stage="signing"} 1');
  t.match(metrics, 'teal_dnssec_zones{stage="secure"} 0');
  t.match(metrics, 'teal_dnssec_keys 1');
  t.equal(parts.signings.isSigned('example.test'), true);
  const zone = parts.queries.zone('example.test') as Zone;
  t.match(zoneInList(zone, true), { dnssec: true });
  t.notMatch(zoneInList(zone, undefined), { dnssec: Boolean });
  t.match(JSON.parse(`${aroundRRsets(zone, true)[0]}}`), { dnssec: true });
});

t.test('keys come in and go out, the latter to who may do everything', async (t) => {
  const fixture = await startApi(makeDirectory(t));
  t.teardown(fixture.close);
  const { request } = fixture;
  await seed(fixture);
  await request('PUT', path, { body: { algorithm: 'ed25519' } });
  const refused = await request('GET', `${path}/keys`, { token: READER });
  t.equal(refused.statusCode, 403);
  const out = await request('GET', `${path}/keys`);
  t.equal(out.headers['cache-control'], 'no-store');
  const [{ tag, pem, bind }] = out.json().items;
  for (const privateKey of [pem, bind.private]) {
    await request('DELETE', `${path}?force=true`);
    t.match((await request('PUT', path, { body: { privateKey } })).json(), { keys: [{ tag, algorithm: 'ed25519' }] });
  }
  await request('DELETE', `${path}?force=true`);
  const bad = await request('PUT', path, { body: { privateKey: 'none' } });
  t.match(bad.json(), { code: 'dnssec_invalid', pointer: '/privateKey' });
  t.equal((await request('GET', path)).statusCode, 404);
});

t.test('with another wrapping key nothing is signed, and what is there is shown', async (t) => {
  const fixture = await startApi(makeDirectory(t));
  t.teardown(fixture.close);
  const { request, parts } = fixture;
  await seed(fixture);
  await request('PUT', path, { body: {} });
  const signing = parts.signings.view('example.test');
  t.match(signing, { signing: { stage: 'signing' } });
  const { signing: kept } = signing as { signing: { zone: string } };
  const store = { zone: () => ({}), zoneOf: () => undefined, signing: () => kept, allSignings: () => [kept] };
  const other = new Signings(store as never, makeKeyring(Buffer.alloc(32, 9)));
  t.match(other.freshKey('example.test', {}, 0), { code: 'signing_refused' });
  t.match(other.export('example.test'), { code: 'signing_refused' });
  t.match(other.view('example.test'), { signing: { stage: 'signing' } });
});
