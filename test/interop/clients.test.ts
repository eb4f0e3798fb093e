/** The clients that people use (dig, kdig, drill, delv) and a real resolver (unbound) resolve names of every kind. */
import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { askTcp, askUdp, buildQuery, type Reply } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { freePort } from '../fixtures/free-port.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { comesTo, soon } from '../fixtures/soon.ts';
import { endsWithUs } from '../fixtures/tidying.ts';

const run = promisify(execFile);

const long = Array.from({ length: 12 }, (_, i) => `"${String.fromCharCode(97 + i).repeat(200)}"`);

/** A zone with names of every kind; big.example.com does not fit into a UDP reply. */
const file = `
@ 3600 IN SOA ns1 hostmaster 1 7200 3600 1209600 60
@ 3600 NS ns1
@ 3600 MX 10 mail
@ 60 TXT "v=spf1 -all" "two \\"quoted\\" strings"
@ 60 CAA 0 issue "ca.example.net"
ns1 3600 A 127.0.0.1
mail 300 A 192.0.2.25
mail 300 AAAA 2001:db8::25
www 300 CNAME web
web 300 A 192.0.2.80
*.wild 60 A 192.0.2.66
a.deep.empty 60 A 192.0.2.67
old 60 DNAME new
host.new 60 A 192.0.2.68
_sip._tcp 60 SRV 10 20 5060 mail
svc 60 HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.69
big 60 TXT ${long.join(' ')}
odd\\032name 60 A 192.0.2.70
sub 60 NS ns.sub
ns.sub 60 A 192.0.2.71
`;

/** Name and type, and what the answer holds, in any order; a name is written with the final dot. */
const expected: [string, string, string[]][] = [
  ['example.com', 'MX', ['10 mail.example.com.']],
  ['example.com', 'TXT', ['"v=spf1 -all" "two \\"quoted\\" strings"']],
  ['mail.example.com', 'AAAA', ['2001:db8::25']],
  ['www.example.com', 'A', ['web.example.com.', '192.0.2.80']],
  ['x.wild.example.com', 'A', ['192.0.2.66']],
  ['host.old.example.com', 'A', ['new.example.com.', 'host.new.example.com.', '192.0.2.68']],
  ['_sip._tcp.example.com', 'SRV', ['10 20 5060 mail.example.com.']],
  ['big.example.com', 'TXT', [long.join(' ')]],
  ['ABC.wIlD.Example.COM', 'A', ['192.0.2.66']],
  ['app.example.com', 'A', ['192.0.2.10']],
  ['cdn.example.com', 'A', ['web.example.com.', '192.0.2.80']],
  ['deep.empty.example.com', 'A', []],
  ['none.example.com', 'A', []],
];

async function startWithZone(t: Test): Promise<TealProcess> {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.end('SIGTERM'));
  const headers = { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' };
  const reply = await fetch(`${teal.admin}/v1/zones/example.com/file`, { method: 'PUT', headers, body: file });
  if (reply.status !== 201) throw new Error(await reply.text());
  const service = (blue: string, green: string) => ({
    pools: { blue: { weight: 1, targets: [blue] }, green: { weight: 0, targets: [green] } },
  });
  await teal.call('PUT', '/v1/services/app.example.com', service('192.0.2.10', '192.0.2.20'));
  await teal.call('PUT', '/v1/services/cdn.example.com', service('web.example.com', 'mail.example.com'));
  return teal;
}

/** The words of each record's data, whatever columns the client puts before them. */
function dataOf(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith(';'))
    .map((line) => line.replace(/^\S+\s+\d+\s+IN\s+\S+\s+/, '').trim());
}

t.test('dig, kdig, drill and delv print the answers', async (t) => {
  const teal = await startWithZone(t);
  const port = String(teal.dnsPort);
  const clients: Record<string, (name: string, type: string) => string[]> = {
    dig: (name, type) => ['@127.0.0.1', '-p', port, '+noall', '+answer', '+norecurse', name, type],
    'dig +tcp': (name, type) => ['@127.0.0.1', '-p', port, '+tcp', '+noall', '+answer', name, type],
    'dig +cookie +subnet': (name, type) => [
      '@127.0.0.1',
      '-p',
      port,
      '+subnet=192.0.2.0/24',
      '+nsid',
      '+noall',
      '+answer',
      name,
      type,
    ],
    kdig: (name, type) => ['@127.0.0.1', '-p', port, '+noall', '+answer', name, type],
    // -a: over TCP where the answer was truncated, as the others do by themselves.
    drill: (name, type) => ['-a', '@127.0.0.1', '-p', port, name, type],
    'delv +nodnssec': (name, type) => ['@127.0.0.1', '-p', port, '-i', '+nodnssec', name, type],
  };
  for (const [client, args] of Object.entries(clients)) {
    for (const [name, type, data] of expected) {
      // drill has no way to ask for the answer section only.
      const { stdout } = await run(client.split(' ')[0], args(name, type)).catch((error) => error);
      const answer = client === 'drill' ? (stdout as string).split(';; AUTHORITY')[0]?.split(';; ANSWER')[1] : stdout;
      const got = dataOf(`${answer ?? ''}`.replace(/^ SECTION:/, ''));
      // delv leaves out the CNAME that a DNAME makes.
      const shown = data.filter((word) => client !== 'delv +nodnssec' || word !== 'host.new.example.com.');
      t.same(got.sort(), shown.sort(), `${client} ${name} ${type}`);
    }
  }
});

t.test('unbound resolves through a stub zone, with random case and minimised names', async (t) => {
  const teal = await startWithZone(t);
  const resolver = await startUnbound(t, teal.dnsPort);
  for (const [name, type, data] of expected) {
    const reply = await resolve(resolver, name, type);
    const got = reply.answers.map((record) => record.data);
    t.same(got.sort(), [...data].sort(), `${name} ${type}, rcode ${reply.rcode}`);
    const rcode = name.startsWith('none.') ? 3 : 0;
    t.equal(reply.rcode, rcode, `${name} ${type}`);
  }
  t.equal((await resolve(resolver, 'svc.example.com', 'HTTPS')).answers.length, 1);
  t.equal((await resolve(resolver, 'odd\\032name.example.com', 'A')).answers[0]?.data, '192.0.2.70');
  const before = await resolve(resolver, 'app.example.com', 'A');
  t.ok((before.answers[0]?.ttl ?? 99) <= 5);
  await teal.call('PUT', '/v1/services/app.example.com/weights', { blue: 0, green: 1 });
  // The old answer may live for its TTL, and a second for the resolver's counting in whole ones.
  const answer = async () => (await resolve(resolver, 'app.example.com', 'A')).answers[0]?.data;
  await soon(t).equal(answer, '192.0.2.20', 'the shift reaches the clients of a resolver');
});

const SERVFAIL = 2;

/** A resolver whose server stood still for a while says that it failed, and goes on a little later. */
function resolve(port: number, name: string, type: string): Promise<Reply> {
  const query = buildQuery({ name, type: typeNumbers[type] ?? type, rd: true, edns: { udpBytes: 1232 } });
  const ask = async (): Promise<Reply> => {
    const reply = await askUdp('127.0.0.1', port, query);
    return reply.tc ? ((await askTcp('127.0.0.1', port, [query]))[0] as Reply) : reply;
  };
  return comesTo(ask, ({ rcode }) => rcode !== SERVFAIL);
}

/** Types that the test client has no mnemonic for. */
const typeNumbers: Record<string, number> = { HTTPS: 65, SRV: 33 };

/** A resolver that knows of nothing but our server; its port. */
async function startUnbound(t: Test, stubPort: number): Promise<number> {
  const folder = temporaryFolder(t);
  const port = await freePort();
  const config = join(folder, 'unbound.conf');
  writeFileSync(
    config,
    `server:
  interface: 127.0.0.1@${port}
  port: ${port}
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  use-syslog: no
  logfile: "${folder}/unbound.log"
  do-not-query-localhost: no
  do-daemonize: no
  module-config: "iterator"
  use-caps-for-id: yes
  qname-minimisation: yes
  qname-minimisation-strict: yes
  num-threads: 1
remote-control:
  control-enable: no
stub-zone:
  name: "example.com"
  stub-addr: 127.0.0.1@${stubPort}
`,
  );
  const child = endsWithUs(spawn('unbound', ['-c', config], { stdio: 'ignore' }));
  t.teardown(() => child.kill('SIGTERM'));
  const query = buildQuery({ name: 'example.com', type: 'SOA', rd: true });
  await comesTo(
    () => askUdp('127.0.0.1', port, query, { timeoutMs: 1000 }),
    () => true,
  );
  return port;
}
