/** Which addresses may be asked. */
import t from 'tap';
import { loadSettings, type Settings } from '../../../src/config.ts';
import { Permits } from '../../../src/control/outbound/permits.ts';
import { type Network, parseNetwork } from '../../../src/wire/network.ts';

const networks = (...texts: string[]): Network[] => texts.map((text) => parseNetwork(text) as Network);
const byDefault = networks(...(loadSettings({ file: undefined, env: {}, flags: {} }) as Settings).probes.deny);

t.test('only public addresses, unless the settings let others in', async (t) => {
  const nobody = new Permits({ allow: [], deny: [] });
  const good = [
    ...['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.0', '192.167.255.255'],
    ...['2606:4700::1111', '2a00:1450::1', '::ffff:8.8.8.8'],
  ];
  for (const address of good) t.equal(nobody.refusal(address), undefined, address);
  const bad = [
    ...['0.0.0.0', '10.1.2.3', '100.100.100.200', '127.255.255.255', '169.254.169.254', '172.16.0.1', '172.31.255.255'],
    ...['192.168.0.1', '224.0.0.1', '255.255.255.255', '::', '::1', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe'],
    ...['fd00:ec2::254', 'fe80::1', 'ff02::1', '2001:db8::1', '2002:7f00:1::'],
  ];
  for (const address of bad) t.match(nobody.refusal(address), /may not be asked; the setting probes\.allow/, address);
  for (const text of ['x', '', 'fe80::1%lo']) t.match(nobody.refusal(text), /no address/);
  const some = new Permits({ allow: networks('10.1.0.0/16', 'fd00::/8'), deny: [] });
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00:ec2::254']) t.equal(some.refusal(address), undefined);
  for (const address of ['10.2.0.1', '127.0.0.1']) t.match(some.refusal(address), /probes\.allow/);
});

t.test('what is denied stays so, whatever is allowed and however it is written', async (t) => {
  const everybody = new Permits({ allow: networks('0.0.0.0/0', '::/0'), deny: byDefault });
  for (const address of ['127.0.0.1', '10.1.2.3', '169.254.1.1', 'fd00::1']) {
    t.equal(everybody.refusal(address), undefined, address);
  }
  for (const address of [
    ...['169.254.169.254', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe'],
    ...['fd00:ec2::254', 'fd00:0ec2:0::0254', 'fd20:ce::254', '168.63.129.16', '100.100.100.200'],
  ]) {
    t.match(everybody.refusal(address), /the setting probes\.deny names it/, address);
  }
});
