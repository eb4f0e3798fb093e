/** The doctor, led by fake parents on loopback to a real server: each fault is found, with what to do. */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import t, { type Test } from 'tap';
import type { Diagnosis } from '../../src/cli/doctor/diagnosis.ts';
import { compareClocks, compareNodes, examineFiles, examinePort } from '../../src/cli/doctor/machine.ts';
import { examineTtls } from '../../src/cli/doctor/ttls.ts';
import { EXIT } from '../../src/cli/exit.ts';
import type { Service, Zone } from '../../src/contract/types.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { type Rule, startFakeServer } from './fake-parent.ts';
import { typist } from './typed.ts';

/** All of 127.0.0.0/8 is this machine on Linux, so that servers on one port can have addresses of their own. */
const TEAL = '127.0.0.1';
const PARENT = '127.0.0.2';
const NOBODY = '127.0.0.3';

if (process.platform !== 'linux') {
  t.plan(0, 'needs more than one address on loopback');
  process.exit(0);
}

let teal: TealProcess;
t.before(async () => {
  teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
});

/** What the doctor finds of a zone where the parent answers so. */
async function examine(
  rules: readonly Rule[],
  more: { zone?: string; flags?: readonly string[] } = {},
): Promise<{ code: number; findings: Diagnosis[]; asked: readonly string[] }> {
  const { zone = 'example.test', flags = ['--root', PARENT] } = more;
  const parent = await startFakeServer(PARENT, teal.dnsPort, rules);
  const typed = await typist(teal)(['doctor', zone, '--port', String(teal.dnsPort), ...flags, '--json']);
  parent.close();
  const chapter = typed.json.chapters.find(({ about }: { about: string }) => about === zone);
  return { code: typed.code, findings: chapter.findings, asked: parent.asked };
}

const codes = (findings: readonly Diagnosis[], ...levels: Diagnosis['level'][]): string[] =>
  findings.filter(({ level }) => levels.includes(level)).map(({ code }) => code);

const delegated = (...servers: [host: string, address?: string][]): Rule => ({
  name: 'example.test',
  type: 'NS',
  authorities: servers.map(([host]) => `example.test NS ${host}`),
  additionals: servers.flatMap(([host, address]) => (address === undefined ? [] : [`${host} A ${address}`])),
});

t.test('a zone that is well delegated, but for its only nameserver', async (t) => {
  const { code, findings } = await examine([delegated(['ns1.example.test', TEAL])]);
  t.equal(code, 0);
  t.same(codes(findings, 'error', 'unknown'), []);
  t.same(codes(findings, 'warning'), ['single_nameserver']);
  t.match(codes(findings, 'ok'), ['delegated', 'reachable', 'edns', 'soa_agree', 'ns_ttl', 'ttls']);
});

t.test('the parent does not know it', async (t) => {
  const { code, findings } = await examine([]);
  t.equal(code, EXIT.NEGATIVE);
  t.match(findings[0], {
    level: 'error',
    code: 'not_delegated',
    what: /there is no such name/,
    why: /./,
    todo: /Enter NS records/,
  });
});

t.test('glue that is missing, and glue that says something else', async (t) => {
  const missing = await examine([delegated(['ns1.example.test'])]);
  t.match(codes(missing.findings, 'error'), ['glue_missing']);
  const wrong = await examine([delegated(['ns1.example.test', TEAL], ['ns1.example.test', NOBODY])]);
  t.ok(codes(wrong.findings, 'warning').includes('glue_differs'));
  t.ok(codes(wrong.findings, 'error').includes('udp_unreachable'), 'and nobody is there');
  t.ok(codes(wrong.findings, 'error').includes('tcp_unreachable'));
});

t.test('a nameserver that nobody can find, and names that differ', async (t) => {
  const { findings } = await examine([
    delegated(['ns1.example.test', TEAL], ['ns2.elsewhere.test']),
    { name: 'ns2.elsewhere.test', type: 'A', rcode: 3 },
  ]);
  t.same(codes(findings, 'error'), ['nameserver_without_address']);
  t.ok(codes(findings, 'warning').includes('ns_differ'));
});

t.test('a server that does not have the zone is lame', async (t) => {
  const lame = {
    name: 'other.test',
    type: 'NS',
    authorities: ['other.test NS ns.other.test'],
    additionals: [`ns.other.test A ${TEAL}`],
  } as const;
  const { code, findings } = await examine([lame], { zone: 'other.test' });
  t.equal(code, EXIT.NEGATIVE);
  t.match(
    findings.find((finding) => finding.code === 'lame'),
    { what: /refuses when asked for the SOA of other\.test/ },
  );
});

t.test('serials that differ from server to server', async (t) => {
  const other = await startTeal(temporaryFolder(t), { env: { TEAL_DNS_LISTEN: `${NOBODY}:${teal.dnsPort}` } });
  t.teardown(() => other.child.kill('SIGKILL'));
  await typist(other)('record set www.example.test A 192.0.2.80');
  const { findings } = await examine([delegated(['ns1.example.test', TEAL], ['ns2.elsewhere.test', NOBODY])]);
  t.match(
    findings.find((finding) => finding.code === 'soa_differ'),
    { level: 'warning', what: /127\.0\.0\.3\) \d+/ },
  );
});

t.test('referrals are followed down to the parent, over a server whose address must be looked up', async (t) => {
  const { findings, asked } = await examine([
    { name: 'example.test', type: 'NS', authorities: ['test NS ns.parent.example'] },
    { name: 'ns.parent.example', type: 'A', answers: [`ns.parent.example A ${TEAL}`] },
  ]);
  t.match(findings[0], {
    code: 'delegated',
    what: new RegExp(`test delegates example.test to ns1.example.test \\(asked at ${TEAL}\\)`),
  });
  t.ok(asked.includes('ns.parent.example A'));
});

t.test('a resolver leads to the parent, which is then asked itself', async (t) => {
  const rules: Rule[] = [
    {
      name: 'test',
      type: 'NS',
      answers: ['test NS ns.parent.example'],
      additionals: [`ns.parent.example A ${PARENT}`],
    },
    delegated(['ns1.example.test', TEAL]),
  ];
  const { findings, asked } = await examine(rules, { flags: ['--resolver', PARENT] });
  t.match(findings[0], { code: 'delegated' });
  t.same(asked.slice(0, 2), ['test NS', 'example.test NS']);
});

t.test('a parent that cannot be asked is no proof against the delegation', async (t) => {
  const { code, findings } = await examine([], { flags: ['--root', NOBODY] });
  t.equal(code, 0);
  t.match(findings[0], { level: 'unknown', code: 'delegation_unknown', what: /127\.0\.0\.3: nobody listens there/ });
});

t.test('referrals in circles end', async (t) => {
  const down = {
    name: 'a.b.c.d.test',
    type: 'NS',
    authorities: ['test NS ns.test'],
    additionals: [`ns.test A ${PARENT}`],
  } as const;
  const { findings } = await examine([down], { zone: 'a.b.c.d.test' });
  t.match(findings[0], { code: 'not_delegated' });
});

t.test('without the server, a zone that is named can be looked at all the same; as text', async (t) => {
  const parent = await startFakeServer(PARENT, teal.dnsPort, [delegated(['ns1.example.test', TEAL])]);
  t.teardown(() => parent.close());
  const words = `doctor example.test --root ${PARENT} --port ${teal.dnsPort} --url http://127.0.0.1:2`.split(' ');
  const { code, stdout } = await typist(teal)(words);
  t.equal(code, 0);
  t.match(stdout, /unknown: The server itself could not be asked: .* \[server_unknown\]/s);
  t.match(stdout, /^example\.test\n {2}✓ test delegates|^example\.test\n {2}✓ The root delegates/m);
  t.match(stdout, /! warning: example\.test hangs on one nameserver\. \[single_nameserver\]\n {6}Why it matters: .*\n/);
  t.match(stdout, /\n {6}What to do: Add a second nameserver/);
  t.same(
    stdout.split('\n').filter((line) => line.length > 80),
    [],
  );
});

t.test('TTLs that resolvers do not honour, or that make a rollback slow', async (t) => {
  const zone = { name: 'example.com', negativeTtlSeconds: 60 } as Zone;
  const of = (ttlSeconds: number, release?: { ttlSeconds: number }): string[] =>
    examineTtls(zone, [{ name: 'app.example.com', ttlSeconds, ...(release && { release }) } as Service]).map(
      ({ code }) => code,
    );
  t.same(
    [0, 5, 60, 61, 100_000].map((seconds) => of(seconds)[0]),
    ['ttl_zero', 'ttls', 'ttls', 'ttl_slow', 'ttl_capped'],
  );
  t.same(of(3600, { ttlSeconds: 5 }), ['ttls']);
  t.match(examineTtls({ ...zone, negativeTtlSeconds: 86_400 }, []), [{ code: 'negative_ttl_long' }]);
});

t.test('the machine: its port, its clock', async (t) => {
  const server = net.createServer().listen(0);
  await once(server, 'listening');
  t.match(await examinePort(teal.dnsPort), { level: 'ok' });
  server.close();
  if (process.getuid?.() !== 0) t.match(await examinePort(1), { code: 'port_forbidden', todo: /CAP_NET_BIND_SERVICE/ });
  const at = Date.parse('2026-01-31T12:00:00Z');
  t.same(compareClocks('Sat, 31 Jan 2026 12:00:01 GMT', at), []);
  t.match(compareClocks('Sat, 31 Jan 2026 12:01:00 GMT', at), [{ code: 'clock_off', what: /60 s apart/ }]);
  t.same(compareClocks(null, at), []);
  const fleet = (clock: object) => ({
    node: 'ns1',
    nodes: [
      { node: 'ns1', clockFar: false },
      { node: 'ns2', ...clock },
    ],
  });
  t.same(
    [undefined, fleet({}), fleet({ clockFar: false, clockOffsetMs: 40 })].flatMap((each) =>
      compareNodes(each as never),
    ),
    [],
  );
  t.match(compareNodes(fleet({ clockFar: true, clockOffsetMs: -2040 }) as never), [
    { code: 'fleet_clocks_apart', level: 'warning', what: /against ns1, ns2 is 2.0 s behind\.$/ },
  ]);
});

/** What the doctor says of a zone that is well delegated, where the server says of itself what it is told here. */
async function whereReadyIs(t: Test, status: number, ready: object): Promise<{ code: number; said: string }> {
  const between = http.createServer(async (request, reply) => {
    const real = await teal.call(request.method ?? 'GET', request.url ?? '/');
    const { status: code, body } = request.url === '/readyz' ? { status, body: ready } : real;
    reply.writeHead(code, { 'content-type': 'application/json' });
    reply.end(JSON.stringify(body));
  });
  between.listen(0, TEAL);
  await once(between, 'listening');
  t.teardown(() => between.close());
  const admin = `http://${TEAL}:${(between.address() as net.AddressInfo).port}`;
  const parent = await startFakeServer(PARENT, teal.dnsPort, [delegated(['ns1.example.test', TEAL])]);
  const words = ['doctor', 'example.test', '--port', String(teal.dnsPort), '--root', PARENT];
  const { code, stdout } = await typist({ ...teal, admin })(words);
  parent.close();
  return { code, said: stdout.replace(/\s+/g, ' ') };
}

t.test('files that became junk under the server are an error, with what to do', async (t) => {
  t.same(examineFiles([]), []);
  const { code, said } = await whereReadyIs(t, 200, { status: 'ready', unusableFiles: ['admin.tls'] });
  t.equal(code, EXIT.NEGATIVE);
  t.match(said, /The file of admin\.tls is unreadable or junk; .* A restart of the server would be refused/);
});

t.test('a server that is not ready says what keeps it from that, and the rest is looked at all the same', async (t) => {
  const detail = 'The store cannot be written: the disk is full.';
  const { code, said } = await whereReadyIs(t, 503, { code: 'store_unavailable', detail });
  t.equal(code, 0, 'the zone is answered');
  t.match(said, /warning: The server is not ready: .*the disk is full\./i);
  t.match(said, /ns1\.example\.test \(127\.0\.0\.1\) answers over UDP and TCP/);
});
