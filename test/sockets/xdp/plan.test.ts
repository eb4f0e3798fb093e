/** Which interfaces are served, for which addresses, and which of them a card hides. */
import t from 'tap';
import { mustPlanXdp, planXdp } from '../../../src/sockets/xdp/plan.ts';
import { withoutHidden, withoutOtherLinks } from '../../../src/sockets/xdp/vlans.ts';

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
  plan.endpoints.map(({ address, on }) => `${address} ${on.join()}`);

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

t.test('an address that several interfaces have is one of each, and with a zone of that interface alone', async (t) => {
  const scoped = (text: string, scopeid: number): Address => ({ ...address(text), scopeid }) as Address;
  const several: Machine = {
    eth0: [address('192.0.2.1'), scoped('fe80::1', 2)],
    eth1: [address('192.0.2.1'), scoped('fe80::1', 3)],
    eth2: [scoped('2001:db8::2', 0), scoped('fe80::2', 4)],
  };
  t.same(shown(planXdp(listen('192.0.2.1', '::'), [], several)), [
    '192.0.2.1 eth0,eth1',
    'fe80::1 eth0,eth1',
    '2001:db8::2 eth2',
    'fe80::2 eth2',
  ]);
  for (const zone of ['3', 'eth1']) {
    const plan = planXdp(listen(`fe80::1%${zone}`), [], several);
    t.same([shown(plan), [...plan.interfaces]], [['fe80::1 eth1'], ['eth1']]);
  }
});

t.test('link-local addresses are looked for on their own link only, that of VLANs and bridges included', async (t) => {
  const parentOf = (name: string): string | undefined => /^(.*)\.\d+$/.exec(name)?.[1];
  const on = (text: string, ...names: string[]) => ({ address: text, port: 53, on: names });
  const endpoints = [
    on('2001:db8::1', 'eth0'),
    on('fe80::1', 'eth0', 'eth0.5'),
    on('fe80::2', 'eth1.5'),
    on('fe80::3', 'br0'),
    on('fe80::4', 'br0.7'),
  ];
  const left = (name: string, master?: string): string[] => {
    const looks = { parentOf, hidesTags: () => false, master: () => master };
    return withoutOtherLinks(name, endpoints, looks).map(({ address }) => address);
  };
  t.same(left('eth0'), ['2001:db8::1', 'fe80::1']);
  t.same(left('eth1'), ['2001:db8::1', 'fe80::2']);
  t.same(left('eth2', 'br0'), ['2001:db8::1', 'fe80::3', 'fe80::4']);
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
    // The last one of a list was all that was known of such an address.
    for (const on of [
      ['eth0.5', 'eth1'],
      ['eth1', 'eth0.5'],
    ])
      t.same(
        withoutHidden('eth0', [{ address: '192.0.2.9', port: 53, on }], {
          parentOf,
          hidesTags: () => true,
          master: () => undefined,
        }),
        [],
        'an address that another interface has, too',
      );
    const plain = endpoints.filter(({ on }) => !on.includes('eth0.5'));
    const asked = (): never => t.fail('no driver is asked where there are no VLANs') as never;
    t.same(withoutHidden('eth0', plain, { parentOf, hidesTags: asked, master: asked }), plain);
  },
);
