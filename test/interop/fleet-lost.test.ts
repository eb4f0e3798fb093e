/**
 * etcd loses all that it had, by the steps of docs/fleet.md: nodes answer on, one of them founds the fleet again, the others
 * join anew, and all goes on with its history. Then all is lost but a backup of one node. And who refuses what, with which
 * words and exit code.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { until } from './fleet.ts';
import { makeFleet, SERVICE } from './fleet-typed.ts';

const NAMES = ['ns1', 'ns2', 'ns3'];

t.test('etcd loses all, and then the nodes too', async (t) => {
  const { wipe, dataOf, node, start, end, typed, live, shift, greenAt, answers } = await makeFleet(t);
  await start('ns1');
  const alone = [
    ['fleet leave --yes', 65, /This node is in no fleet: teal fleet init founds production with it/],
    ['fleet remove ns9', 65, /This node is in no fleet: teal fleet init founds production with it/],
  ] as const;
  for (const [command, code, words] of alone) t.match(await typed('ns1', command), { code, stderr: words }, command);
  t.match(await typed('ns1', 'fleet init'), { code: 0 });
  for (const name of ['ns2', 'ns3']) await start(name);
  for (const name of NAMES) await live(name);
  const last = await shift('ns2', 30);

  await t.test('what is refused says what would be right', async (t) => {
    const refusals = [
      ['fleet init', 65, /founded already, and this node is of it: other nodes join/],
      ['fleet remove ns1', 65, /ns1 is the node that was asked: teal fleet leave takes it out/],
      ['fleet remove ns2', 65, /The node ns2 runs: stop it first/],
      ['fleet remove ns7', 65, /has no node ns7: it has ns1, ns2, ns3/],
      ['fleet leave', 64, /nobody can be asked here: add --yes to leave the fleet$/m],
      ['fleet remove', 64, /missing required argument 'node'/],
    ] as const;
    for (const [command, code, words] of refusals) {
      t.match(await typed('ns1', command), { code, stderr: words }, command);
    }
    const joins = [
      [
        { TEAL_FLEET_NODE: 'NS_1' },
        /expected a name for this node .* lower-case letters, digits and hyphens, such as ns1/,
      ],
      [{ TEAL_FLEET_NAME: 'a/b' }, /expected a name for the fleet/],
      [{ TEAL_FLEET_ENDPOINTS: 'nonsense' }, /expected a URL with a port, such as https:/],
      [
        { TEAL_FLEET_NAME: 'staging' },
        /holds the log of the fleet production, and fleet.name is staging: give it its own/,
      ],
      [{ TEAL_FLEET_STALE_AFTER_SECONDS: '7' }, /fleet.staleAfterSeconds must be that of the fleet, 3/],
      [
        { TEAL_FLEET_NODE: 'ns2', TEAL_DATA_DIR: dataOf('empty') },
        /a node named ns2 runs in this fleet already: stop that one, or give this one another name/,
      ],
    ] as const;
    await end('ns3');
    for (const [env, words] of joins) {
      t.match(await typed('ns3', 'fleet join', env), { code: 78, stderr: words }, JSON.stringify(env));
    }
    const away = { TEAL_FLEET_ENDPOINTS: 'http://127.0.0.1:1', TEAL_DATA_DIR: dataOf('empty') };
    t.match(await typed('ns3', 'fleet join', away), { code: 69, stderr: /etcd cannot be reached/ });
  });

  await t.test('a node that was removed says how it comes back, and does', async (t) => {
    await until('ns3 is gone', async () => {
      const { code, stderr } = await typed('ns1', 'fleet remove ns3');
      return code === 0 || stderr;
    });
    await start('ns3');
    const said = /ns3 was removed from the fleet: stop it, and teal fleet join --force makes it a node anew/;
    await until('it says so', async () => {
      const { stdout, stderr } = await typed('ns3', 'fleet status');
      return said.test(stdout) || stdout + stderr;
    });
    await end('ns3');
    t.match(await typed('ns3', 'fleet join --force'), { code: 0 });
    await start('ns3');
    await live('ns3');
  });

  await t.test('etcd has nothing any more', async (t) => {
    await wipe();
    await until('ns1 says that etcd has no fleet', async () => {
      const { stdout, stderr } = await typed('ns1', 'fleet status');
      return /was it wiped/.test(stdout) || stdout + stderr;
    });
    for (const name of NAMES) t.equal(await answers(name), 1, `${name} answers on`);
    t.match(await node('ns1').call('PUT', `${SERVICE}/weights`, { blue: 1, green: 1 }), { status: 503 });
    t.match(await typed('ns1', 'fleet init'), { code: 75, stderr: /restart this node, then teal fleet init/ });
    await end('ns1');
    await start('ns1');
    t.match(await typed('ns1', 'fleet init'), { code: 0, stdout: new RegExp(`founded with ns1, at revision ${last}`) });
    await live('ns1');
    t.ok((await shift('ns1', 40)) > last);
    for (const name of ['ns2', 'ns3']) {
      t.equal(await answers(name), 1, `${name} answers on`);
      await end(name);
      t.match(await typed(name, 'fleet join --force'), { code: 0 });
      await start(name);
      await live(name);
      t.equal(await greenAt(name), 40);
    }
    const { body } = await node('ns3').call('PUT', `${SERVICE}/weights`, { blue: 50, green: 50 });
    t.match(body.fleet, { answering: NAMES, behind: [] });
  });

  await t.test('all is lost but a backup', async (t) => {
    const backup = join(dataOf('.'), 'backup.db');
    t.match(await typed('ns2', `backup ${backup}`), { code: 0 });
    await shift('ns1', 60);
    for (const name of NAMES) {
      await end(name);
      rmSync(dataOf(name), { recursive: true });
    }
    await wipe();
    t.match(await typed('ns1', `restore ${backup}`), { code: 0 });
    await start('ns1');
    t.match(await typed('ns1', 'fleet init'), { code: 0 });
    for (const name of ['ns2', 'ns3']) await start(name);
    for (const name of NAMES) await live(name);
    for (const name of NAMES) t.equal(await greenAt(name), 50, `${name} has what the backup had`);
    await shift('ns3', 70);
    const { body } = await node('ns2').call('GET', `${SERVICE}/history?limit=100`);
    t.ok(body.items.length >= 4, 'its history too');
  });
});
