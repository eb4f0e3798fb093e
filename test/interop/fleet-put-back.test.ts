/**
 * etcd is put back to an earlier state, as a backup of its own or a snapshot of its machine does: whoever has more than it
 * says so and claims nothing, also once the fleet has gone on from there with other entries of the same numbers.
 */
import t from 'tap';
import { until } from './fleet.ts';
import { makeFleet } from './fleet-typed.ts';

t.test('etcd is put back', async (t) => {
  const { save, putBack, node, start, end, typed, live, shift, greenAt, answers } = await makeFleet(t);
  await start('ns1');
  t.match(await typed('ns1', 'fleet init'), { code: 0 });
  await start('ns2');
  for (const name of ['ns1', 'ns2']) await live(name);
  await shift('ns1', 1);
  await save();
  for (const name of ['ns1', 'ns2']) await live(name);
  await end('ns2');
  for (const green of [2, 3]) await shift('ns1', green);
  const claims = async (name: string): Promise<boolean> => (await node(name).call('GET', '/readyz')).body.fleet.current;
  const says = (name: string, words: RegExp): Promise<void> =>
    until(`${name} says ${words}`, async () => {
      const { stdout, stderr } = await typed(name, 'fleet status');
      return words.test(stdout) || stdout + stderr;
    });

  await t.test('a node that runs finds out', async (t) => {
    await putBack();
    await says('ns1', /put back to an earlier state/);
    t.equal(await claims('ns1'), false);
    t.ok(await answers('ns1'));
  });

  await t.test('one that is started finds out, before and after the fleet has gone on', async (t) => {
    await end('ns1');
    await start('ns1');
    await says('ns1', /has applied entry \d+, and the log ends at \d+/);
    await start('ns2');
    await live('ns2');
    for (const green of [4, 5, 6]) await shift('ns2', green);
    t.equal(await claims('ns1'), false);
    await says('ns1', /its entry \d+ is another than that of the fleet: .* teal fleet join --force/);
    t.equal(await greenAt('ns1'), 3);
    await end('ns1');
    await start('ns1');
    await says('ns1', /its entry \d+ is another than that of the fleet/);
    t.equal(await claims('ns1'), false);
    t.ok(await answers('ns1'));
  });

  await t.test('it is filled from the fleet', async (t) => {
    await end('ns1');
    t.match(await typed('ns1', 'fleet join --force'), { code: 0, stdout: /joined the fleet by its snapshot/ });
    await start('ns1');
    await live('ns1');
    t.equal(await greenAt('ns1'), 6);
    t.match(await typed('ns1', 'fleet status'), { stdout: /ns1 +live/ });
  });
});
