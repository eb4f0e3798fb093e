/** What the doctor says of AF_XDP, of what was seen. */
import t from 'tap';
import { examineXdp } from '../../../src/cli/doctor/xdp.ts';
import type { XdpSight } from '../../../src/sockets/xdp/look.ts';

const seen = (...interfaces: [string, XdpSight['interfaces'][number]['support']][]): XdpSight => ({
  why: undefined,
  interfaces: interfaces.map(([name, support]) => ({ name, driver: 'veth', queues: 2, mtu: 1500, support })),
});
const told = (sight: XdpSight): [string, string] => {
  const { level, code, what } = examineXdp(53, () => sight);
  t.equal(level, 'ok', 'batches serve everywhere');
  return [code, what];
};

t.test('the kernel refuses it for all, or for each interface', async (t) => {
  t.match(told({ why: 'EPERM', interfaces: [] }), ['xdp_impossible', /through sockets: no AF_XDP here \(EPERM\)/]);
  t.match(told(seen()), ['xdp_impossible', /no card/]);
  const why = 'its driver runs none';
  t.match(told(seen(['br0', { why }], ['br1', { why }], ['eth0', { why: 'EBUSY' }])), [
    'xdp_impossible',
    /\(br0, br1: its driver runs none; eth0: EBUSY\)/,
  ]);
});

t.test('some could; some do', async (t) => {
  const some = seen(['eth0', 'without copies'], ['eth1', 'perhaps'], ['br0', { why: 'its driver runs none' }]);
  t.match(told(some), [
    'xdp_possible',
    /eth0 \(veth, 2 queues, without copies\), eth1 \(.*where its driver.*\)\. Not by br0: its driver runs none\.$/,
  ]);
  t.match(
    told({ ...some, little: '4 MiB for frames: ENOBUFS' })[1],
    /runs none\. With a .* below its default only \(4 MiB/,
  );
  t.match(told(seen(['eth0', 'served'], ['eth1', 'with copies'])), [
    'xdp_served',
    /on eth0 \(docs\/xdp.md\)\. Not so: eth1 \(veth/,
  ]);
  t.match(told(seen(['eth0', 'unknown'], ['br0', { why: 'its driver runs none' }])), [
    'xdp_unknown',
    /^On eth0 is an XDP program, Teal's or somebody else's: .*\. Not so: br0: its driver runs none\.$/,
  ]);
  const jumbo = seen(['eth0', 'with copies']);
  t.match(
    told({ ...jumbo, interfaces: jumbo.interfaces.map((each) => ({ ...each, mtu: 9000 })) })[1],
    /eth0 \(veth, 2 queues, with copies, if it takes programs with an MTU of 9000\)/,
  );
  t.match(told(seen(['eth0', 'resting'])), [
    'xdp_resting',
    /^Teal has its program on eth0, but sockets answer: its program leads nothing to Teal at the moment, .*\(docs\/xdp.md\)\.$/,
  ]);
  t.match(told(seen(['eth0', 'resting'], ['eth1', 'served'])), [
    'xdp_served',
    /on eth1 .*\. Not so: eth0: its program leads nothing/,
  ]);
  t.match(told(seen(['eth0', 'served'])), ['xdp_served', /on eth0 \(docs\/xdp.md\)\.$/]);
});
