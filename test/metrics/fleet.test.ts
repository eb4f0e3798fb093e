/** Each node tells what it has heard of every node. */
import { Registry } from 'prom-client';
import t from 'tap';
import { roomMetrics, seenNodeMetrics } from '../../src/metrics/state.ts';

t.test('a series for each node, and none for one that is gone', async (t) => {
  const registry = new Registry();
  const seen = { isLive: true, revision: 17, isLate: false };
  const ages = new Map<string, number | null>([
    ['ns2', 4],
    ['ns3', null],
  ]);
  const fleet = {
    ...{ standing: 'live', isCurrent: true, room: undefined },
    nodes: [
      { ...seen, node: 'ns1' },
      { node: 'ns2', isLive: false, revision: 12, isLate: true },
    ],
    views: { ages: () => ages },
    clocks: { all: () => new Map([['ns2', { offsetMs: -1500 }]]) },
  };
  seenNodeMetrics(registry, fleet);
  const lines = async () => (await registry.metrics()).split('\n').filter((line) => line.startsWith('teal_'));
  t.same(await lines(), [
    'teal_fleet_node_live{node="ns1"} 1',
    'teal_fleet_node_live{node="ns2"} 0',
    'teal_fleet_node_revision{node="ns1"} 17',
    'teal_fleet_node_revision{node="ns2"} 12',
    'teal_fleet_node_late{node="ns1"} 0',
    'teal_fleet_node_late{node="ns2"} 1',
    'teal_fleet_node_views_age_seconds{node="ns2"} 4',
    'teal_fleet_node_clock_offset_seconds{node="ns2"} -1.5',
  ]);
  fleet.nodes.pop();
  ages.delete('ns2');
  t.same((await lines()).length, 4);
});

t.test('how full etcd is, once that is known', async (t) => {
  const registry = new Registry();
  const fleet = {
    standing: 'live',
    isCurrent: true,
    nodes: [],
    views: undefined,
    clocks: undefined,
    room: undefined as never,
  };
  roomMetrics(registry, fleet);
  const lines = async () => (await registry.metrics()).split('\n').filter((line) => line.startsWith('teal_'));
  t.same(await lines(), []);
  fleet.room = { member: 'http://a', databaseBytes: 1000, quotaBytes: 1200, level: 'full' } as never;
  t.same(await lines(), [
    'teal_fleet_etcd_database_bytes{member="http://a"} 1000',
    'teal_fleet_etcd_quota_bytes{member="http://a"} 1200',
    'teal_fleet_etcd_full{member="http://a"} 1',
  ]);
});
