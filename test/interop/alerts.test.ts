/** Alerts in a real Prometheus that scrapes a real Teal: what fires, how often, and whom it names. */
import http from 'node:http';
import t, { type Test } from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { listen } from '../fixtures/http-server.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { PrometheusServer } from './prometheus-server.ts';

const env = { TEAL_PROBES_ALLOW: '127.0.0.0/8' };
const PLAIN = { ttlSeconds: 1, pools: { blue: pool(100, '192.0.2.1'), green: pool(0, '192.0.2.2') } };

function pool(weight: number, target: string) {
  return { weight, targets: [target] };
}

async function must(teal: TealProcess, method: string, path: string, body?: unknown) {
  const reply = await teal.call(method, path, body);
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

const start = async (t: Test, folder = temporaryFolder(t)): Promise<TealProcess> => {
  const teal = await startTeal(folder, { env });
  t.teardown(() => teal.child.kill('SIGKILL'));
  return teal;
};

/** A server that answers with the status that is in force. */
async function serveStatus(t: Test): Promise<{ status: number; url: string }> {
  const told = { status: 200, url: '' };
  told.url = await listen(
    t,
    http.createServer((_request, response) => response.writeHead(told.status).end()),
  );
  return told;
}

const serviceOf = ({ labels }: { readonly labels: Readonly<Record<string, string>> }) => labels.service;

t.test('a gate aborts once: one page, with the service; a person aborts: none', async (t) => {
  const gate = await serveStatus(t);
  gate.status = 503;
  const teal = await start(t);
  const names = ['gated', 'aborted', 'restored'].map((label) => `${label}.example.test`);
  for (const name of names) await must(teal, 'PUT', `/v1/services/${name}`, PLAIN);
  const byPerson = 'increase(teal_service_releases_aborted_total{reason=~"abort_requested|rolled_back"}[15m]) > 0';
  const prometheus = await PrometheusServer.start(t, teal, [{ alert: 'ByPerson', expr: byPerson }]);
  const metric = 'teal_service_releases_aborted_total';
  // The seeded service has them too.
  const born = await prometheus.until(
    () => prometheus.values(`${metric}{reason="analysis_failed"}`),
    ({ length }) => length > 0,
  );
  t.same(born, [0, 0, 0, 0], 'the series of every service is there before anything is aborted');

  const [gated = '', aborted = '', restored = ''] = names;
  const begin = (name: string, step: object) =>
    must(teal, 'POST', `/v1/services/${name}/releases`, { to: 'green', steps: [{ setWeight: 50 }, step] });
  const byRequest = await begin(aborted, { pause: {} });
  await must(teal, 'POST', `/v1/services/${aborted}/releases/${byRequest.id}/abort`);
  await begin(restored, { pause: {} });
  await must(teal, 'POST', `/v1/services/${restored}/rollback`);
  // Evaluated together with the alerts that must not fire: when these do, those would.
  const controls = await prometheus.until(
    () => prometheus.alerts('ByPerson'),
    ({ length }) => length === 2,
  );
  t.same(controls.map(serviceOf).sort(), [aborted, restored].sort());
  t.same(await prometheus.alerts('TealReleaseAborted'), [], 'what a person did wakes nobody');
  t.same(await prometheus.alerts('TealSomeReleaseAborted'), []);

  const failing = { analysis: { count: 1, intervalSeconds: 1, metrics: [{ name: 'smoke', web: { url: gate.url } }] } };
  await begin(gated, failing);
  const fired = await prometheus.until(
    () => prometheus.alerts('TealReleaseAborted'),
    ({ length }) => length > 0,
  );
  t.match(fired, [
    {
      state: 'firing',
      labels: { severity: 'page', service: gated, reason: 'analysis_failed' },
      annotations: { summary: new RegExp(`^The release of ${gated} on .* was aborted: analysis_failed$`) },
    },
  ]);
  // Some evaluations later it is the same alert, alone; a second release of the same service that ends well adds none.
  gate.status = 200;
  await begin(gated, failing);
  const done = 'teal_releases_ended_total{state="completed"}';
  await prometheus.until(
    () => prometheus.values(`${done} == 1`),
    ({ length }) => length === 1,
  );
  const later = await prometheus.alerts('TealReleaseAborted');
  t.same(
    later.map((alert) => [serviceOf(alert), alert.activeAt]),
    fired.map((alert) => [serviceOf(alert), alert.activeAt]),
  );
  t.same(await prometheus.values(`count(count_over_time(ALERTS{alertname="TealReleaseAborted"}[1h]))`), [1]);
  t.same(await prometheus.values(`count(count_over_time(ALERTS{alertname="TealSomeReleaseAborted"}[1h]))`), []);
  await teal.end('SIGTERM');
});

t.test('all targets of a service down is a page, some of them a ticket', async (t) => {
  const [blue, green, other] = [await serveStatus(t), await serveStatus(t), await serveStatus(t)];
  const teal = await start(t);
  const checked = (probe: Record<string, string>) => ({
    ttlSeconds: 1,
    pools: { blue: pool(90, '192.0.2.1'), green: pool(10, '192.0.2.2') },
    // Longer than a busy machine needs for an answer; and one that stands still fails one probe, not two in a row.
    health: { http: { path: '/' }, ...{ intervalSeconds: 5, timeoutSeconds: 5, rise: 1, fall: 2 }, probe },
  });
  const place = ({ url }: { url: string }) => new URL(url).host;
  const probe = (first: { url: string }, second: { url: string }) =>
    checked({ '192.0.2.1': place(first), '192.0.2.2': place(second) });
  await must(teal, 'PUT', '/v1/services/all.example.test', probe(blue, green));
  await must(teal, 'PUT', '/v1/services/some.example.test', probe(blue, other));
  const prometheus = await PrometheusServer.start(t, teal, []);
  const open = (value: number) => prometheus.values(`teal_service_fail_open == ${value}`);
  await prometheus.until(
    () => open(0),
    ({ length }) => length === 2,
  );
  blue.status = 503;
  const tickets = await prometheus.until(
    () => prometheus.alerts('TealTargetDown'),
    ({ length }) => length === 2,
  );
  t.match(tickets, [{ labels: { severity: 'ticket', target: '192.0.2.1' } }, { labels: { severity: 'ticket' } }]);
  t.same(await prometheus.alerts('TealServiceDown'), [], 'the other pool answers');
  green.status = 503;
  const pages = await prometheus.until(
    () => prometheus.alerts('TealServiceDown'),
    ({ length }) => length > 0,
  );
  t.match(pages, [
    {
      state: 'firing',
      labels: { severity: 'page', service: 'all.example.test' },
      annotations: { summary: /^Nothing of all\.example\.test is up, / },
    },
  ]);
  t.equal(pages.length, 1);
  const { body } = await teal.call('GET', '/v1/services/all.example.test/health');
  t.equal(body.failOpen, true, 'as the API says');
  green.status = 200;
  await prometheus.until(
    () => prometheus.alerts('TealServiceDown'),
    ({ length }) => length === 0,
  );
  t.pass('it ends when one of them is back');
  await teal.end('SIGTERM');
});
