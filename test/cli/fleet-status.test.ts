/** `teal fleet status`: how each node stands, who holds up drains, who told what it counted. */
import t from 'tap';
import { statusLines } from '../../src/cli/fleet.ts';
import { plain } from '../../src/cli/format/style.ts';
import type { Fleet } from '../../src/contract/types.ts';
import { heldBy } from '../../src/model/fleet/holding.ts';

const NOON = '2026-11-29T12:00:00.000Z';

t.test('one line for each node', async (t) => {
  const node = {
    ...{
      state: 'live' as const,
      revision: 17,
      version: '0.1.0',
      present: true,
      leads: false,
      late: false,
      leftOut: [],
    },
    ...{ countsAgeSeconds: null, clockOffsetMs: null, clockFar: false, heardAt: NOON, holding: null },
  };
  const sign = { isSelf: false, isPresent: false, heardAtMs: 0, lateSinceMs: 1, version: '0.1.0' };
  const { message } = heldBy('ns3', sign, undefined, 0);
  const holding = { node: 'ns3', why: 'silent' as const, since: NOON, message, command: 'teal fleet remove ns3' };
  const fleet: Fleet = {
    ...{ name: 'production', node: 'ns1', standing: 'live', current: true, message: '', revision: 17, head: 17 },
    nodes: [
      // As a server of an earlier Teal tells it.
      { ...node, node: 'ns1', leads: true, leftOut: undefined as never, clockFar: undefined as never },
      { ...node, node: 'ns2', clockOffsetMs: -90_061, clockFar: true, countsAgeSeconds: 1, leftOut: ['big.test'] },
      { ...node, node: 'ns3', state: 'out', revision: 12, present: false, late: true, holding },
    ],
    ...{ claimAgeSeconds: 1, leaderSince: NOON },
    members: [],
  };
  const lines = statusLines(fleet, plain, Date.parse(NOON) + 65_000, 100);
  t.same(lines.slice(1, 6), [
    '  ns1  live  revision 17            teal 0.1.0  leads',
    '  ns2  live  revision 17            teal 0.1.0  no room for big.test  clock 1m 30s behind  told its counts 1 s ago',
    '  ns3  out   revision 12  5 behind  teal 0.1.0  no sign of life for 1m 5s  holds up drains',
    '  All drains wait for 1m 5s: ns3 shows no sign of life, and may answer by what was before. Start it',
    '  again; if it does not come back: teal fleet remove ns3',
  ]);
});
