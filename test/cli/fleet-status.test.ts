/** `teal fleet status`: how each node stands, who holds up drains, who told what it counted. */
import t from 'tap';
import { statusLines } from '../../src/cli/fleet.ts';
import { plain } from '../../src/cli/format/style.ts';
import type { Fleet } from '../../src/contract/types.ts';

t.test('one line for each node', async (t) => {
  const node = {
    ...{ state: 'live' as const, revision: 17, version: '0.1.0', present: true, leads: false, late: false },
    countsAgeSeconds: null,
  };
  const fleet: Fleet = {
    ...{ name: 'production', node: 'ns1', standing: 'live', current: true, message: '', revision: 17, head: 17 },
    nodes: [
      { ...node, node: 'ns1', leads: true },
      { ...node, node: 'ns2', countsAgeSeconds: 1 },
      { ...node, node: 'ns3', state: 'out', revision: 12, present: false, late: true },
    ],
    members: [],
  };
  const lines = statusLines(fleet, plain);
  t.same(lines.slice(1, 4), [
    '  ns1  live  revision 17            teal 0.1.0  leads',
    '  ns2  live  revision 17            teal 0.1.0                                    told its counts 1 s ago',
    '  ns3  out   revision 12  5 behind  teal 0.1.0  no sign of life  holds up drains',
  ]);
});
