/** An event of a node says in words what has changed, once. */
import t from 'tap';
import { type StandingState, standingChanges, troubleOf } from '../../../src/model/fleet/standing-changes.ts';
import { Standings } from '../../../src/server/fleet/standings.ts';

const well: StandingState = { standing: 'live', current: true, behind: [], silent: [], leader: 'ns1' };
const after = (more: Partial<StandingState>) => standingChanges(well, { ...well, ...more });

t.test('each change has its word', async (t) => {
  t.same(after({}), []);
  t.same(after({ current: false, behind: ['ns1'] }), ['node_stale', 'nodes_behind']);
  t.same(after({ standing: 'out', current: false }), ['node_out', 'node_stale']);
  t.same(after({ standing: 'ended' }), ['node_ended']);
  t.same(after({ behind: ['ns3'] }), ['nodes_behind']);
  t.same(after({ silent: ['ns3'] }), ['nodes_silent']);
  t.same(standingChanges({ ...well, silent: ['ns3'] }, well), ['nodes_silent'], 'it is back');
  t.same(after({ leader: 'ns2' }), ['leader_changed']);
  t.same(after({ leader: null, silent: undefined }), [], 'what cannot be read has not changed');
  t.same(standingChanges(undefined, { ...well, leader: null }), ['node_live', 'node_current']);
});

t.test('what cannot be read for a while is told as it was, and not again when it can be', async (t) => {
  const standings = new Standings();
  const told: string[] = [];
  standings.listen(({ changes, silent, leader }) => told.push([...changes, `silent ${silent}`, leader].join(' ')));
  const state = { ...well, node: 'ns1', standing: 'live' as const };
  standings.tell({ ...state, silent: ['ns3'] });
  standings.tell({ ...state, silent: ['ns3'] });
  standings.tell({ ...state, current: false, silent: undefined, leader: null });
  standings.tell({ ...state, silent: ['ns3'] });
  standings.tell({ ...state, silent: ['ns3'], leader: 'ns2' });
  t.same(told, [
    'node_live node_current nodes_silent leader_changed silent ns3 ns1',
    'node_stale silent ns3 ns1',
    'node_current silent ns3 ns1',
    'leader_changed silent ns3 ns2',
  ]);
});

t.test('who fell behind or silent, and who is neither any more', async (t) => {
  const state = (behind: string[], silent: string[] = []) => ({ behind, silent });
  t.same(troubleOf(undefined, state([])), { lost: [], back: [] });
  t.same(troubleOf(undefined, state(['ns2'], ['ns3'])), { lost: ['ns2', 'ns3'], back: [] });
  t.same(troubleOf(state(['ns2']), state(['ns2'], ['ns2'])), { lost: [], back: [] }, 'it is told once');
  t.same(troubleOf(state(['ns2'], ['ns3']), state(['ns3'])), { lost: [], back: ['ns2'] });
  t.same(troubleOf(state(['ns2']), state(['ns3'])), { lost: ['ns3'], back: ['ns2'] });

  const standings = new Standings();
  const told: string[] = [];
  standings.listen(({ lost, back }) => told.push(`lost ${lost} back ${back}`));
  const own = { ...well, node: 'ns1', standing: 'live' as const };
  standings.tell(own);
  standings.tell({ ...own, silent: ['ns3'] });
  standings.tell({ ...own, silent: undefined, leader: 'ns2' });
  standings.tell({ ...own, silent: [] });
  t.same(told, ['lost  back ', 'lost ns3 back ', 'lost  back ', 'lost  back ns3']);
});
