/** Which interfaces are served, for which addresses, and which of them a card hides. */
import t from 'tap';
import { mustPlanXdp, planXdp } from '../../../src/sockets/xdp/plan.ts';
import { withoutHidden } from '../../../src/sockets/xdp/vlans.ts';

type Machine = Parameters<typeof planXdp>[2];
type Address = NonNullable<Machine[string]>[number];

const address = (text: string, internal = false): Address =>
  ({
    address: text,
    internal,
    family: text.includes(':') ? 'IPv6' : 'IPv4',
    mac: '',
    netmask: '',
    cidr: null,
  }) as Address;
const machine: Machine = {
  lo: [address('127.0.0.1', true), address('::1', true), address('198.51.100.53', true)],
  eth0: [address('192.0.2.1'), address('2001:db8::1'), address('fe80::1'), address('192.0.2.2')],
  'eth0.5': [address('192.0.2.5')],
  eth1: [address('203.0.113.1')],
};
const listen = (...texts: string[]) => texts.map((text) => ({ address: text, port: 53 }));
const shown = (plan: ReturnType<typeof planXdp>): string[] =>
  plan.endpoints.map(({ address, on }) => `${address} ${on}`);

t.test('a wildcard is every address of its family but those of loopback, by the interface that has it', async (t) => {
  const plan = planXdp(listen('0.0.0.0'), [], machine);
  t.same(shown(plan), ['198.51.100.53 lo', '192.0.2.1 eth0', '192.0.2.2 eth0', '192.0.2.5 eth0.5', '203.0.113.1 eth1']);
  t.same([...plan.interfaces], ['eth0', 'eth0.5', 'eth1']);
  t.same(shown(planXdp(listen('::'), [], machine)), ['2001:db8::1 eth0', 'fe80::1 eth0']);
});

t.test('addresses are found however they are written, and no more than a program looks for', async (t) => {
  t.same(shown(planXdp(listen('2001:DB8:0:0::1', 'fe80::1%eth0'), [], machine)), ['2001:db8::1 eth0', 'fe80::1 eth0']);
  const many = { eth0: Array.from({ length: 200 }, (_, i) => address(`10.0.0.${i}`)) };
  const plan = planXdp(listen('0.0.0.0'), [], many);
  t.same([plan.endpoints.length, plan.leftOut], [128, 72]);
});

t.test('where there is nothing to serve, that is said', async (t) => {
  t.throws(() => mustPlanXdp(listen('127.0.0.1', '192.0.2.99'), [], machine), {
    message: 'no address that is listened on is one of a network interface',
  });
  t.throws(() => mustPlanXdp(listen('198.51.100.53'), [], machine), { message: /are on no network card/ });
  t.same([...mustPlanXdp(listen('198.51.100.53'), ['eth1'], machine).interfaces], ['eth1']);
});

t.test(
  'addresses of VLANs are not looked for on a card that takes their tags away: replies would leave without',
  async (t) => {
    const parentOf = (name: string): string | undefined => (name === 'eth0.5' ? 'eth0' : undefined);
    // Named by its card: the VLAN is no interface to serve, and its address is one to look for all the same.
    const { endpoints } = planXdp(listen('0.0.0.0'), ['eth0'], machine);
    const left = (name: string, hides: boolean, master?: string): number =>
      endpoints.length -
      withoutHidden(name, endpoints, { parentOf, hidesTags: () => hides, master: () => master }).length;
    t.same([left('eth0', false), left('eth0', true), left('eth1', true)], [0, 1, 0]);
    t.equal(left('eth1', true, 'eth0'), 1, 'a bond has its VLANs by each of its cards');
    t.equal(left('eth1', true, 'bond0'), 0);
    const plain = endpoints.filter(({ on }) => on !== 'eth0.5');
    const asked = (): never => t.fail('no driver is asked where there are no VLANs') as never;
    t.same(withoutHidden('eth0', plain, { parentOf, hidesTags: asked, master: asked }), plain);
  },
);
