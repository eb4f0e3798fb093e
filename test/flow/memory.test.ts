/** The arena under load: a tiny one is reused for ever, and growing costs no more than what it holds. */
import t from 'tap';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { apply, rrset, zone } from '../fixtures/table.ts';
import { checkCutover, startFleet } from './cutover.ts';

t.test('a tiny arena reused 1,000 times under load: no torn answer, no growth', async (t) => {
  const fixture = await startFleet({ workers: 2, initialBytes: 64 * 1024 });
  const result = await checkCutover(fixture, { shifts: 1000, clients: 24, tcpClients: 4, names: false });
  t.match(result, { stale: 0, backwards: 0, failures: [] });
  t.notOk(result.arenaGrew, `${fixture.table.memory.sizeBytes} bytes, ${fixture.table.memory.usedBytes} in use`);
  t.ok(result.udpAnswers > 500);
  await fixture.fleet.stop();
});

t.test('50 growths under the eyes of workers: resident memory stays flat', async (t) => {
  const resident: number[] = [];
  let growths = 0;
  for (let round = 0; round < 5; round++) {
    const fixture = await startFleet({ workers: 2, initialBytes: 4096 });
    const client = await UdpClient.open('127.0.0.1', fixture.port);
    apply(fixture.table, zone('example.test'));
    const sizes = new Set([fixture.table.memory.sizeBytes]);
    for (let i = 0; sizes.size <= 10; i++) {
      const batch = Array.from({ length: 100 }, (_, n) =>
        rrset('example.test', `n${i}-${n}.example.test`, 'A', 60, '192.0.2.1'),
      );
      apply(fixture.table, ...batch);
      sizes.add(fixture.table.memory.sizeBytes);
      const reply = await client.ask(buildQuery({ name: `n${i}-99.example.test`, type: 'A' }));
      if (reply.answers[0]?.data !== '192.0.2.1') t.fail(`n${i}-99 was answered ${reply.rcode}`);
    }
    growths += sizes.size - 1;
    await client.close();
    await fixture.fleet.stop();
    t.same(fixture.errors, []);
    resident.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
  }
  t.equal(growths, 50);
  const [, second, , , last] = resident as [number, number, number, number, number];
  t.ok(last - second < 48, `resident after each ten growths, MiB: ${resident}`);
});
