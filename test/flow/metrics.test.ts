/** /metrics of a whole server: it tells what was asked and done, in names that follow the conventions. */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { askTcp, askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { freePort } from '../fixtures/free-port.ts';
import { alertRules, expressions, metricsIn, rangesIn } from '../fixtures/monitoring.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { type Family, parseMetrics, sumOf } from '../fixtures/prometheus.ts';

const ONLY_OF_XDP: readonly string[] = [
  'teal_socket_unsent_total',
  'teal_socket_starved_total',
  'teal_socket_in_bulk_total',
];

async function start(t: Test, env: Record<string, string> = {}): Promise<TealProcess> {
  const teal = await startTeal(t.testdir(), { env });
  t.teardown(() => teal.child.kill('SIGKILL'));
  return teal;
}

/** One of a fleet that is not founded: it has the metrics of a node, and shows them to everybody. */
async function startNode(t: Test): Promise<TealProcess> {
  const dataDir = t.testdir();
  // An empty directory would wait for a fleet to join; one with a zone could found one.
  await (await startTeal(dataDir)).end('SIGTERM');
  const fleet = { TEAL_FLEET_NAME: 'nowhere', TEAL_FLEET_NODE: 'ns1' };
  const env = {
    ...fleet,
    TEAL_FLEET_ENDPOINTS: `http://127.0.0.1:${await freePort()}`,
    TEAL_METRICS_PUBLIC: 'true',
  };
  const teal = await startTeal(dataDir, { env });
  t.teardown(() => teal.child.kill('SIGKILL'));
  return teal;
}

async function read({ admin, token }: TealProcess): Promise<Map<string, Family>> {
  const reply = await fetch(`${admin}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  t.equal(reply.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return parseMetrics(await reply.text());
}

t.test('values equal what was asked', async (t) => {
  const teal = await start(t, { TEAL_DNS_WORKERS: '3' });
  const { dnsPort } = teal;
  const before = await read(teal);
  const ask = (name: string, type: string | number) => askUdp('127.0.0.1', dnsPort, buildQuery({ name, type }));
  const pools = { '192.0.2.10': 0, '192.0.2.20': 0 };
  for (let i = 0; i < 40; i++) {
    const { answers } = await ask('app.example.test', 'A');
    pools[answers[0]?.data as keyof typeof pools]++;
  }
  for (let i = 0; i < 3; i++) await ask('nothing.example.test', 'AAAA');
  await ask('elsewhere.test', 'TXT');
  const query = (id: number) => buildQuery({ id, name: 'ns1.example.test', type: 'A' });
  await askTcp('127.0.0.1', dnsPort, [query(1), query(2)]);
  await teal.call('PUT', '/v1/services/app.example.test/weights', { blue: 1, green: 3 });
  await teal.call('PUT', '/v1/services/app.example.test/weights', { blue: -1 });
  await teal.call('GET', '/v1/services/other.example.test');
  const metrics = await read(teal);
  const is = (name: string, labels: Record<string, string>, expected: number): void => {
    const was = sumOf(before, name, labels) ?? 0;
    t.equal((sumOf(metrics, name, labels) ?? 0) - was, expected, `${name} ${JSON.stringify(labels)}`);
  };
  is('teal_dns_answers_total', { transport: 'udp' }, 44);
  is('teal_dns_answers_total', { transport: 'tcp' }, 2);
  is('teal_dns_answers_by_rcode_total', { rcode: 'NOERROR' }, 42);
  is('teal_dns_answers_by_rcode_total', { rcode: 'NXDOMAIN' }, 3);
  is('teal_dns_answers_by_rcode_total', { rcode: 'REFUSED' }, 1);
  is('teal_dns_answers_by_type_total', { type: 'A' }, 42);
  is('teal_dns_answers_by_type_total', { type: 'AAAA' }, 3);
  is('teal_dns_answers_by_type_total', { type: 'TXT' }, 1);
  is('teal_service_answers_total', { service: 'app.example.test', pool: 'blue' }, pools['192.0.2.10']);
  is('teal_service_answers_total', { service: 'app.example.test', pool: 'green' }, pools['192.0.2.20']);
  is('teal_worker_answers_total', {}, 46);
  is('teal_worker_answers_total', { transport: 'tcp' }, 2);
  t.ok((sumOf(metrics, 'teal_worker_batches_total') ?? 0) > 0);
  is('teal_revision', {}, 1);
  is('teal_store_write_duration_seconds_count', {}, 1);
  const route = '/v1/services/:name/weights';
  is('teal_api_request_duration_seconds_count', { method: 'PUT', route, status: '200' }, 1);
  is('teal_api_request_duration_seconds_count', { method: 'PUT', route, status: '422' }, 1);
  is('teal_api_request_duration_seconds_count', { route: '/v1/services/:name', status: '404' }, 1);
  const value = (name: string, labels = {}): number | undefined => sumOf(metrics, name, labels);
  t.equal(value('teal_service_share_ratio', { service: 'app.example.test', pool: 'green' }), 0.75);
  t.same([value('teal_workers'), value('teal_workers_alive'), value('teal_store_writable')], [4, 4, 1]);
  t.same([value('teal_services'), value('teal_zones'), value('teal_services_omitted')], [1, 1, 0]);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.equal(value('teal_build_info', { version, node: process.versions.node }), 1);
  if (process.platform === 'linux') t.ok((value('teal_socket_buffer_bytes') ?? 0) > 0);
  await teal.end('SIGTERM');
});

t.test('a release, and whom alerts mean', async (t) => {
  const teal = await start(t);
  await t.test('a release is seen while it goes on, and counted when it ends', async (t) => {
    const releases = '/v1/services/app.example.test/releases';
    const made = await teal.call('POST', releases, { to: 'green', steps: [{ setWeight: 20 }, { pause: {} }] });
    t.equal(made.status, 201);
    const active = { service: 'app.example.test', to: 'green' };
    t.equal(sumOf(await read(teal), 'teal_release_active', active), 1);
    t.equal(sumOf(await read(teal), 'teal_release_steps', { service: 'app.example.test' }), 2);
    t.equal((await teal.call('POST', `${releases}/${made.body.id}/abort`)).status, 200);
    const after = await read(teal);
    t.equal(sumOf(after, 'teal_release_active', active), undefined);
    t.equal(sumOf(after, 'teal_releases_ended_total', { state: 'aborted', reason: 'abort_requested' }), 1);
  });

  await t.test('every alert names what is meant: the labels that tell its series apart', async (t) => {
    const health = { tcp: { port: 9 } };
    const pools = { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };
    const checked = await teal.call('PUT', '/v1/services/checked.example.test', { ttlSeconds: 5, pools, health });
    t.equal(checked.status, 201, checked.body.detail);
    const releases = '/v1/services/app.example.test/releases';
    t.equal(
      (await teal.call('POST', releases, { to: 'green', steps: [{ setWeight: 20 }, { pause: {} }] })).status,
      201,
    );
    const samples = [...(await read(teal)).values()].flatMap((family) => family.samples);
    for (const { alert, expr, annotations } of alertRules()) {
      const grouped = /\bby \(([^)]*)\)/.exec(expr)?.[1]?.split(', ');
      const [name = ''] = metricsIn(expr);
      const selected = samples.filter((sample) => sample.name === name).flatMap(({ labels }) => Object.keys(labels));
      const meant = grouped?.filter((label) => label !== 'le') ?? ['instance', ...new Set(selected)];
      // The state is what the alert is about.
      for (const label of meant.filter((label) => label !== 'state'))
        t.match(annotations.summary, `$labels.${label} `, `${alert} names its ${label}`);
    }
  });
  await teal.end('SIGTERM');
});

t.test('a node', async (t) => {
  const teal = await startNode(t);
  await t.test(
    'what alerts count is there, at 0, before it happens: a series that is born at 1 has not increased',
    async (t) => {
      // Series of webhooks are there with the webhook.
      const webhook = { url: 'https://hooks.example.com/teal', triggers: ['on-release-aborted'] };
      t.equal((await teal.call('PUT', '/v1/webhooks/team', webhook)).status, 201);
      const fresh = await read(teal);
      const ranges = alertRules().flatMap(({ alert, expr }) => rangesIn(expr).map((range) => ({ alert, ...range })));
      t.ok(ranges.length > 10);
      for (const { alert, name, labels } of ranges) {
        // The log of a start, and the read of the metrics itself, are all that has happened.
        const isTimed = name.startsWith('teal_store_write_duration_seconds');
        const isOfSockets = name === 'teal_socket_dropped_total' && process.platform !== 'linux';
        // Those are there with its queues: see interop/xdp.test.ts.
        if (ONLY_OF_XDP.includes(name)) continue;
        const value = sumOf(fresh, name, labels);
        if (!isOfSockets) t.ok(isTimed ? (value ?? -1) >= 0 : value === 0, `${alert}: ${name} is ${value}`);
      }
    },
  );

  await t.test('names and descriptions follow the conventions, and docs/metrics.md has each of them', async (t) => {
    const reply = await fetch(`${teal.admin}/metrics`);
    t.equal(reply.status, 200, 'without a token, since the settings say so');
    const text = await reply.text();
    const families = [...parseMetrics(text).values()].filter(({ name }) => name.startsWith('teal_'));
    t.ok(families.length > 25);
    for (const { name, type, help } of families) {
      t.match(name, /^teal_[a-z]+(_[a-z]+)*$/, name);
      t.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`);
      t.notMatch(name, /_(ms|milliseconds|kib|mib|percent)$/, 'base units');
      t.match(help, /\.$/, `${name} is described in a sentence`);
    }
    const documented = [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(teal_[a-z_]+)/gm)].map(
      ([, name]) => name,
    );
    const exported = new Set(
      [...parseMetrics(text).values()].flatMap(({ name, type }) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
      ),
    );
    const asked = expressions();
    t.ok(asked.size > 30);
    for (const [title, expression] of asked) {
      for (const name of metricsIn(expression))
        t.ok(exported.has(name), `${title} asks for ${name}, which is exported`);
    }
    t.same(documented.sort(), families.map(({ name }) => name).sort());
  });
  await teal.end('SIGTERM');
});
