/** Names whose owner's record cannot stand as others do: that of a zone's apex, and wildcards. */
import t from 'tap';
import { weighted } from '../../fixtures/external-dns/cluster.ts';
import { revisionOf, start } from '../../fixtures/external-dns/start.ts';

const of = (dnsName: string, recordType: string, target: string) => ({ dnsName, recordType, targets: [target] });

t.test('a wildcard and its owner’s record come to stand, and a second look plans nothing', async (t) => {
  const { cluster } = await start(t);
  const one = cluster('cluster-a');
  const two = cluster('cluster-b');
  one.wanted = [of('*.example.com', 'A', '192.0.2.1'), weighted('*.two.example.com', '192.0.2.2', 'blue', '5')];
  two.wanted = [weighted('*.two.example.com', '192.0.2.3', 'green', '5')];
  t.match(await one.sync(), { status: 204, planned: 2 });
  t.match(await two.sync(), { status: 204, planned: 1 });
  for (const each of [one, two]) t.equal((await each.sync()).planned, 0);
  one.wanted = [];
  t.match(await one.sync(), { status: 204, planned: 2 });
  t.equal((await two.sync()).planned, 0);
  t.same(
    (await two.records()).map(({ dnsName }) => dnsName),
    ['*.two.example.com', 'a-*.two.example.com'],
  );
});

t.test('at the apex: with a prefix that has the type and ends in a dot nothing is planned anew', async (t) => {
  for (const prefix of ['%{record_type}.', '_%{record_type}-owner.']) {
    const { cluster } = await start(t);
    const one = cluster('cluster-a');
    one.prefix = prefix;
    one.wanted = [
      ...[of('example.com', 'A', '192.0.2.1'), of('example.com', 'AAAA', '2001:db8::1')],
      ...[of('www.example.com', 'A', '192.0.2.1'), weighted('app.example.com', '192.0.2.2', 'blue', '5')],
    ];
    t.match(await one.sync(), { status: 204, planned: 4 }, prefix);
    t.equal((await one.sync()).planned, 0, prefix);
    one.wanted = [];
    t.match(await one.sync(), { status: 204, planned: 4 });
    t.same(await one.records(), []);
  }
});

t.test(
  'at the apex without a prefix: ExternalDNS misses its record and plans the name anew, which changes nothing',
  async (t) => {
    const { api, cluster } = await start(t);
    const one = cluster('cluster-a');
    one.wanted = [of('example.com', 'A', '192.0.2.1'), of('www.example.com', 'A', '192.0.2.1')];
    t.match(await one.sync(), { status: 204, planned: 2 });
    const before = await revisionOf(api);
    for (let i = 0; i < 2; i++) t.match(await one.sync(), { status: 204, planned: 1 });
    t.equal(await revisionOf(api), before);
    one.wanted = [of('example.com', 'A', '192.0.2.2')];
    t.match(await one.sync(), { status: 204, planned: 2 }, 'it is the owner all the same');
    t.same(
      (await one.records()).map(({ dnsName, targets }) => [dnsName, ...targets]),
      [['example.com', '192.0.2.2']],
    );
  },
);

t.test('a DNAME, where ExternalDNS is told to look after them', async (t) => {
  const { cluster } = await start(t);
  const one = cluster('cluster-a');
  one.managed = ['DNAME'];
  one.wanted = [of('old.example.com', 'DNAME', 'New.example.net')];
  t.match(await one.sync(), { status: 204, planned: 1 });
  t.equal((await one.sync()).planned, 0);
  const two = { ...of('two.example.com', 'DNAME', 'a.example.net'), targets: ['a.example.net', 'b.example.net'] };
  t.same((await one.ask('POST', '/adjustendpoints', [two])).json(), []);
});
