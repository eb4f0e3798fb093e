/** Prometheus' own tools on the metrics, the alert rules and the dashboard. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { stringify } from 'yaml';
import { expressions, RULES } from '../fixtures/monitoring.ts';
import { startTeal } from '../fixtures/process.ts';

function promtool(words: readonly string[], input = ''): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', words, { input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}

t.test('the metrics of a running server are of the format and follow the conventions', async (t) => {
  const teal = await startTeal(t.testdir(), { env: { TEAL_METRICS_PUBLIC: 'true' } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const text = await (await fetch(`${teal.admin}/metrics`)).text();
  const own = text.split('\n\n').filter((metric) => metric.startsWith('# HELP teal_'));
  t.ok(own.length > 25);
  t.same(promtool(['check', 'metrics'], `${own.join('\n')}\n`), { status: 0, output: '' });
  t.not(promtool(['check', 'metrics'], '# TYPE teal_x counter\nteal_x 1\n').status, 0, 'it can fail');
  // What every Node program has is not named by us; it must be of the format.
  t.notMatch(promtool(['check', 'metrics'], text).output, /error while linting/);
  await teal.end('SIGTERM');
});

t.test('the settings of Prometheus, and what the alerts do', async (t) => {
  t.match(promtool(['check', 'config', 'config/prometheus/prometheus.yml']), { status: 0 });
  const rules = readFileSync(RULES, 'utf8').match(/^ +- (?:alert|record):/gm)?.length;
  t.match(promtool(['check', 'rules', RULES]), { status: 0, output: new RegExp(`SUCCESS: ${rules} rules found`) });
  const tested = promtool(['test', 'rules', 'test/interop/prometheus/rules.test.yml']);
  t.equal(tested.status, 0, tested.output);
});

t.test('every expression of the dashboard is PromQL', async (t) => {
  const rules = [...expressions()].map(([title, expr], i) => ({ record: `panel:${i}`, expr, labels: { title } }));
  const folder = t.testdir({ 'rules.yml': stringify({ groups: [{ name: 'dashboard', rules }] }) });
  const checked = promtool(['check', 'rules', `${folder}/rules.yml`]);
  t.equal(checked.status, 0, checked.output);
});
