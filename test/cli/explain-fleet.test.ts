/** `teal explain` and `teal health show` in a fleet: what each node answers and sees, as far as a server tells. */
import t from 'tap';
import { explanationLines } from '../../src/cli/explain.ts';
import { plain } from '../../src/cli/format/style.ts';
import { healthLines } from '../../src/cli/health.ts';
import type { Explanation, Health } from '../../src/contract/types.ts';

const NOON = '2026-11-29T12:00:00.000Z';

t.test('what each node of a fleet answers is told beside what one gets', async (t) => {
  const found: Explanation = {
    ...{ service: 'app.example.com', client: '203.0.113.7', network: '0.0.0.0/0', type: 'A', pool: 'blue' },
    ...{ reason: 'random', answer: ['a 5 IN A 192.0.2.1'], ttlSeconds: 5, scope: 0, split: { blue: 1 }, draws: 1 },
    ...{ message: 'Because.' },
    observed: { since: NOON, answers: { blue: 1200, green: 3 }, split: { blue: 0.9975, green: 0.0025 } },
  };
  const nowMs = Date.parse(NOON) + 2000;
  t.notMatch(explanationLines(found, plain, 100, nowMs).join('\n'), 'NODE', 'one node');
  t.same(
    explanationLines({ ...found, observed: undefined as never }, plain, 100, nowMs),
    explanationLines(found, plain, 100, nowMs),
    'a server of an earlier Teal',
  );
  const nodes = [
    {
      node: 'ns1',
      toldAt: null,
      revision: 17,
      shares: { blue: 0.5, green: 0.5 },
      answers: { blue: 1200, green: 1 },
    },
    { node: 'ns2', toldAt: NOON, revision: 16, answers: { blue: 0, green: 2 } },
  ];
  const lines = explanationLines(
    { ...found, observed: { ...found.observed, nodes, waitingFor: ['ns3'] } },
    plain,
    100,
    nowMs,
  );
  t.same(lines.slice(-6), [
    '',
    '  NODE  TOLD      REVISION  ANSWERS NOW                 ANSWERED',
    '  ns1   now             17  blue 50.0 % · green 50.0 %  blue 1,200, green 1',
    '  ns2   2s ago          16  not told                    blue 0, green 2',
    '  ns3   not told',
    '  all                       blue 99.8 % · green 0.3 %   blue 1,200, green 3',
  ]);
});

t.test('health that a server of an earlier Teal tells, which knows of no nodes and quorums, is shown', async (t) => {
  const target = { state: 'down', since: NOON, reason: 'refused' };
  const pool = { healthy: false, share: 0.9, forced: null, targets: { '192.0.2.10': target } };
  const told = { service: 'app.example.com', failOpen: false, pools: { blue: pool } };
  t.same(healthLines(told as unknown as Health, plain), [
    'app.example.com',
    '  blue          down  90.0 %',
    '    192.0.2.10  down  since 2026-11-29 12:00:00 UTC  refused',
  ]);
});
