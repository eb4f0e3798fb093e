/** The habits of OctoDNS, DNSControl, Terraform and acme.sh: a run brings what was wanted at one instant, and the next one finds nothing to do. */
import t, { type Test } from 'tap';
import { openPowerdns } from '../../fixtures/powerdns.ts';
import { AcmeSh, DnsControl, OctoDns, Terraform, type Wanted } from '../../fixtures/powerdns-habits.ts';

const ZONE = 'example.com.';
const long = 'k'.repeat(400);
const pools = { blue: { weight: 90, targets: ['192.0.2.10'] }, green: { weight: 10, targets: ['192.0.2.20'] } };

const wanted: Wanted = {
  'example.com. NS': { ttl: 3600, values: ['ns1.example.net.', 'ns2.example.net.'] },
  'example.com. MX': { ttl: 300, values: ['10 mail.example.com.', '20 mail2.example.net.'] },
  'example.com. CAA': { ttl: 300, values: ['0 issue "letsencrypt.org"'] },
  'www.example.com. A': { ttl: 60, values: ['192.0.2.1', '192.0.2.2'] },
  'www.example.com. AAAA': { ttl: 60, values: ['2001:db8::1'] },
  'mail.example.com. A': { ttl: 60, values: ['192.0.2.25'] },
  '*.wild.example.com. CNAME': { ttl: 60, values: ['www.example.com.'] },
  '_sip._tcp.example.com. SRV': { ttl: 60, values: ['10 20 5060 www.example.com.'] },
  'key._domainkey.example.com. TXT': { ttl: 60, values: [`v=DKIM1\\; k=rsa\\; p=${long}`] },
  'sub.example.com. NS': { ttl: 60, values: ['ns1.example.org.'] },
};

/** The same, with an alias in the place of addresses, and another nameserver. */
const later: Wanted = {
  ...Object.fromEntries(Object.entries(wanted).filter(([key]) => !key.startsWith('www.') && !key.includes(' CAA'))),
  'example.com. NS': { ttl: 600, values: ['ns1.example.net.', 'ns3.example.com.'] },
  'ns3.example.com. A': { ttl: 600, values: ['192.0.2.53'] },
  'www.example.com. CNAME': { ttl: 60, values: ['elsewhere.example.net.'] },
};

async function open(t: Test) {
  const door = await openPowerdns(t);
  const revision = async () => (await door.newest()).revision;
  const addService = () => door.api.request('PUT', '/v1/services/app.example.com', { body: { pools } });
  const hasService = async () => {
    const { statusCode } = await door.api.request('GET', '/v1/services/app.example.com');
    t.equal(statusCode, 200, 'a service that the tool does not know is left alone');
  };
  return { ...door, revision, addService, hasService };
}

t.test('OctoDNS: a new zone, a change of all kinds in one PATCH, and plans that are empty', async (t) => {
  const { ask, revision, addService, hasService } = await open(t);
  const octo = new OctoDns(ask, ZONE);
  t.equal((await octo.plan(wanted)).length, Object.keys(wanted).length);
  await octo.sync(wanted);
  t.same(await octo.plan(wanted), []);
  await addService();
  t.same(await octo.plan(wanted), []);
  const before = await revision();
  const verbs = (await octo.plan(later)).map(({ verb, key }) => `${verb} ${key}`);
  t.ok(verbs.includes('DELETE www.example.com. A') && verbs.includes('REPLACE www.example.com. CNAME'));
  t.ok(verbs.includes('REPLACE example.com. NS') && verbs.includes('REPLACE ns3.example.com. A'));
  await octo.sync(later);
  t.equal(await revision(), before + 1, 'one revision, hence one instant');
  t.same(await octo.plan(later), []);
  await octo.sync(wanted);
  t.same(await octo.plan(wanted), [], 'and back');
  await octo.sync(wanted);
  t.equal(await revision(), before + 2, 'a run that has nothing to do makes no revision');
  await hasService();
});

t.test('DNSControl: a zone of default nameservers, a PATCH of what goes and one of what comes', async (t) => {
  const { ask, revision, addService, hasService } = await open(t);
  const control = new DnsControl(ask, ZONE);
  const plain = ({ 'key._domainkey.example.com. TXT': _escaped, ...rest }: Wanted): Wanted => ({
    ...rest,
    'key._domainkey.example.com. TXT': { ttl: 60, values: [`v=DKIM1; k=rsa; p=${long}`] },
  });
  await control.push(plain(wanted), ['ns1.example.net.', 'ns2.example.net.']);
  t.same(await control.preview(plain(wanted)), []);
  await addService();
  const before = await revision();
  await control.push(plain(later), []);
  t.equal(await revision(), before + 2);
  t.same(await control.preview(plain(later)), []);
  await control.push(plain(later), []);
  t.equal(await revision(), before + 2);
  await hasService();
});

t.test('Terraform: what is read of each resource is what was written, byte for byte', async (t) => {
  const { ask, revision } = await open(t);
  const terraform = new Terraform(ask, ZONE);
  const said = { kind: 'Native', account: 'shop', soa_edit_api: 'INCEPTION-INCREMENT' };
  const nameservers = ['ns1.example.net.', 'ns2.example.net.'];
  t.equal(await terraform.createZone({ ...said, nameservers }), ZONE);
  t.same(await terraform.readZone(), { name: ZONE, ...said, nameservers });
  for (const [name, type, values] of [
    ['www.example.com.', 'A', ['192.0.2.2', '192.0.2.1']],
    ['v6.example.com.', 'AAAA', ['2001:0DB8::0001', '2001:db8:0:0:0:0:0:2']],
    ['key.example.com.', 'TXT', [`"v=DKIM1; p=${long}"`, '"v=spf1 -all"']],
    ['split.example.com.', 'TXT', [`"${long.slice(0, 255)}" "${long.slice(255)}"`]],
    ['umlaut.example.com.', 'TXT', ['"grün"']],
    ['tlsa.example.com.', 'TLSA', ['3 1 1 0B9FA5A59EED715C26C1020C711B4F6EC42D58B0015E14337A39DAD301C5AFC3']],
    ['alias.example.com.', 'CNAME', ['WWW.Example.com.']],
  ] as const) {
    await terraform.putRecord(name, type, 60, values);
    t.same(await terraform.readRecord(name, type), { ttl: 60, values }, `${name} ${type}`);
    const before = await revision();
    await terraform.putRecord(name, type, 60, values);
    t.equal(await revision(), before, 'once more changes nothing');
    await terraform.putRecord(name, type, 90, values);
    t.same(await terraform.readRecord(name, type), { ttl: 90, values });
    await terraform.deleteRecord(name, type);
    t.same(await terraform.readRecord(name, type), { ttl: undefined, values: [] });
    await terraform.deleteRecord(name, type);
  }
  const changed = { kind: 'Native', account: 'warehouse', soa_edit_api: 'DEFAULT' };
  await terraform.updateZone(changed);
  t.same(await terraform.readZone(), { name: ZONE, ...changed, nameservers });
  await terraform.deleteZone();
});

t.test('acme.sh: two challenges of one name come and go one by one', async (t) => {
  const { api, ask } = await open(t);
  const zone = { name: ZONE, kind: 'Native', nameservers: ['ns1.example.net.'] };
  await ask('POST', '/api/v1/servers/localhost/zones', zone);
  const name = '_acme-challenge.shop.example.com';
  const body = { name: 'acme', scope: 'records', zones: ['example.com'], names: ['_acme-challenge.*'], types: ['TXT'] };
  const { secret } = (await api.request('POST', '/v1/tokens', { body })).json();
  const acme = new AcmeSh((method, path, body, headers) =>
    ask(method, path, body, { ...headers, 'x-api-key': secret }),
  );
  const values = async () => (await acme.existing(ZONE, name)).sort();
  await acme.add(name, 'one-value');
  await acme.add(name, 'another_value');
  await acme.add('_acme-challenge.other.example.com', 'elsewhere');
  t.same(await values(), ['another_value', 'one-value']);
  await acme.remove(name, 'one-value');
  t.same(await values(), ['another_value']);
  await acme.remove(name, 'not there');
  await acme.remove(name, 'another_value');
  t.same(await values(), []);
  t.same(await acme.existing(ZONE, '_acme-challenge.other.example.com'), ['elsewhere']);
});
