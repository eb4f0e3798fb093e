/** Clients of PowerDNS's API as Debian has them, on Teal: lego gets a certificate, libcloud and lexicon make, list, change and delete. */
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal } from '../fixtures/process.ts';
import { authority, startPebble } from './pebble.ts';

const libcloud = `
import sys
from libcloud.dns.providers import get_driver
from libcloud.dns.types import Provider, RecordType
host, port = sys.argv[1].split('//')[1].split(':')
driver = get_driver(Provider.POWERDNS)(key=sys.argv[2], secure=False, host=host, port=int(port), api_version='v1')
driver.create_zone('lib.example.', extra={'nameservers': ['ns1.example.net.'], 'kind': 'Native'})
[zone] = [zone for zone in driver.list_zones() if zone.domain == 'lib.example.']
record = driver.create_record('www.lib.example.', zone, RecordType.A, '192.0.2.1', extra={'ttl': 60})
show = lambda: [r.data for r in driver.list_records(zone) if r.type == 'A']
print(show())
driver.update_record(record, 'www.lib.example.', RecordType.A, '192.0.2.2', extra={'ttl': 30})
print(show())
driver.delete_record(record)
print(show())
driver.delete_zone(zone)
print([zone.domain for zone in driver.list_zones()])
`;

const lexicon = `
import sys
from lexicon.client import Client
from lexicon.config import ConfigResolver
def do(action, **more):
    server = {'auth_token': sys.argv[2], 'pdns_server': sys.argv[1], 'pdns_server_id': 'localhost'}
    asked = {'provider_name': 'powerdns', 'action': action, 'domain': 'example.com', 'type': 'TXT', 'name': 'lex'}
    return Client(ConfigResolver().with_dict({**asked, **more, 'powerdns': server})).execute()
show = lambda: sorted(r['content'] for r in do('list'))
do('create', content='one')
do('create', content='two')
print(show())
do('update', content='three', identifier=[r['id'] for r in do('list') if r['content'] == 'one'][0])
print(show())
do('delete')
print(show())
`;

t.test('lego, libcloud and lexicon', async (t) => {
  const folder = temporaryFolder(t);
  const teal = await startTeal(join(folder, 'data'), { env: { TEAL_DOORS_POWERDNS_ENABLED: 'true' } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const run = (command: string, words: readonly string[], env: Record<string, string> = {}): string => {
    const inherited = { ...process.env, NODE_OPTIONS: '' };
    const { status, stdout, stderr } = spawnSync(command, words, { env: { ...inherited, ...env }, encoding: 'utf8' });
    t.equal(status, 0, command, { stdout, stderr });
    return stdout;
  };
  const python = (name: string, script: string): string[] => {
    const file = join(folder, name);
    writeFileSync(file, script);
    return run('/usr/bin/python3', [file, teal.admin, teal.token]).trim().split('\n');
  };
  await teal.call('PUT', '/v1/zones/example.com', { nameservers: ['ns1.example.net'], hostmaster: 'h.example.net' });

  const acme = { name: 'lego', scope: 'records', zones: ['example.com'], names: ['_acme-challenge.*'], types: ['TXT'] };
  const { body } = await teal.call('POST', '/v1/tokens', acme);
  const directory = await startPebble(t, teal.dnsPort);
  const own = ['--server', directory, '--path', join(folder, 'lego'), '--accept-tos', '--email', 'a@example.com'];
  const dns = ['--dns', 'pdns', '--dns.disable-cp', '--dns.resolvers', `127.0.0.1:${teal.dnsPort}`];
  const domains = ['--domains', 'shop.example.com', '--domains', '*.shop.example.com'];
  const settings = { PDNS_API_URL: teal.admin, PDNS_API_KEY: body.secret, PDNS_POLLING_INTERVAL: '1' };
  run('lego', [...own, ...dns, ...domains, 'run'], { ...settings, LEGO_CA_CERTIFICATES: authority });
  const certificate = new X509Certificate(readFileSync(join(folder, 'lego/certificates/shop.example.com.crt')));
  t.same(certificate.subjectAltName?.split(', ').sort(), ['DNS:*.shop.example.com', 'DNS:shop.example.com']);

  t.same(python('use-libcloud.py', libcloud), [
    "['192.0.2.1']",
    "['192.0.2.2']",
    '[]',
    "['example.com.', 'example.test.']",
  ]);
  t.same(python('use-lexicon.py', lexicon).slice(-3), ["['one', 'two']", "['three', 'two']", '[]']);
  const actors = (await teal.call('GET', '/v1/revisions?limit=100')).body.items.map(
    ({ actor }: { actor: string }) => actor,
  );
  t.ok(actors.includes('pdns:lego') && actors.includes('pdns:admin'));
});
