/** The door for ExternalDNS where annotations say that the weight they declare wins: it is set, and set again, save during a release. */
import t, { type Test } from 'tap';
import { declared, weighted } from '../../fixtures/external-dns/cluster.ts';
import { NAME, revisionOf, start, weightsOf } from '../../fixtures/external-dns/start.ts';

async function startTwo(t: Test) {
  const started = await start(t);
  const [blue, green] = [started.cluster('cluster-a'), started.cluster('cluster-b')];
  blue.wanted = [declared(NAME, '192.0.2.10', 'blue', '90')];
  green.wanted = [declared(NAME, '192.0.2.20', 'green', '10')];
  for (const each of [blue, green]) t.match(await each.sync(), { status: 204, body: '' });
  const settled = async () => {
    for (const each of [blue, green]) t.equal((await each.sync()).planned, 0);
  };
  return { ...started, blue, green, settled };
}

t.test('a weight that is declared is shown, and another annotation changes it at the next sync', async (t) => {
  const { api, blue, green, settled } = await startTwo(t);
  t.same(await weightsOf(api), { blue: 90, green: 10 });
  await settled();
  const shown = (await blue.records()).filter(({ recordType }) => recordType === 'A');
  const mode = { name: 'webhook/weight-mode', value: 'declared' };
  t.same(
    shown.map(({ providerSpecific }) => providerSpecific),
    ['90', '10'].map((value) => [{ name: 'webhook/weight', value }, mode]),
  );
  const before = await revisionOf(api);
  green.wanted = [declared(NAME, '192.0.2.20', 'green', '50')];
  t.match(await green.sync(), { status: 204, planned: 1 });
  t.same(await weightsOf(api), { blue: 90, green: 50 });
  t.equal(await revisionOf(api), before + 1);
  await settled();
  blue.wanted = [declared(NAME, '192.0.2.10', 'blue', '0')];
  t.match(await blue.sync(), { status: 204, planned: 1 });
  t.same(await weightsOf(api), { blue: 0, green: 50 });
  await settled();
  green.wanted = [declared(NAME, '192.0.2.20', 'green', '0')];
  t.match(await green.sync(), { status: 503, body: /^weights_all_zero: / }, 'that some pool answers');
});

t.test('what a person moved is moved back; who declares nothing keeps what it has', async (t) => {
  const { api, cluster, blue } = await startTwo(t);
  const red = cluster('cluster-c');
  red.wanted = [weighted(NAME, '192.0.2.30', 'red', '5')];
  t.match(await red.sync(), { status: 204 });
  await api.request('PUT', `/v1/services/${NAME}/weights`, { body: { blue: 0, green: 100, red: 7 } });
  t.match(await blue.sync(), { status: 204, planned: 1 });
  t.same(await weightsOf(api), { blue: 90, green: 100, red: 7 }, 'each its own only');
  t.equal((await red.sync()).planned, 0);
  blue.wanted = [declared(NAME, '192.0.2.11', 'blue', '90')];
  t.match(await blue.sync(), { status: 204, planned: 1 });
  t.equal((await blue.sync()).planned, 0);
});

t.test('a release goes its way while it goes on, and nothing is planned against it', async (t) => {
  const { api, blue, green, settled } = await startTwo(t);
  const steps = [{ setWeight: 50 }, { pause: {} }, { setWeight: 100 }];
  const path = `/v1/services/${NAME}/releases`;
  const made = await api.request('POST', path, { body: { to: 'green', steps } });
  t.equal(made.statusCode, 201, made.body);
  const during = await weightsOf(api);
  t.equal(during.green / (during.blue + during.green), 0.5);
  await settled();
  t.same(await weightsOf(api), during);

  // A new address follows at once, and so does what is declared, for when the release is over.
  green.wanted = [declared(NAME, '192.0.2.21', 'green', '70')];
  t.match(await green.sync(), { status: 204, planned: 1 });
  t.same(await weightsOf(api), during);
  await settled();
  t.same((await api.request('GET', `/v1/services/${NAME}`)).json().pools.green.targets, ['192.0.2.21']);

  await api.request('POST', `${path}/${made.json().id}/promote`);
  t.equal((await weightsOf(api)).blue, 0, 'it has ended');
  for (const each of [blue, green]) await each.sync();
  t.same(await weightsOf(api), { blue: 90, green: 70 }, 'what is declared wins again');
  await settled();
});

t.test('declaring can begin and end, alone and beside others, and each look after that plans nothing', async (t) => {
  const { api, cluster } = await start(t);
  const [blue, green] = [cluster('cluster-a'), cluster('cluster-b')];
  const looks = async (planned: number) => {
    t.match(await blue.sync(), { status: 204, planned });
    t.equal((await blue.sync()).planned, 0);
  };
  blue.wanted = [weighted(NAME, '192.0.2.10', 'blue', '90')];
  await looks(1);
  blue.wanted = [declared(NAME, '192.0.2.10', 'blue', '80')];
  await looks(1);
  blue.wanted = [declared(NAME, '192.0.2.10', 'blue', '70')];
  await looks(1);
  green.wanted = [weighted(NAME, '192.0.2.20', 'green', '10')];
  t.match(await green.sync(), { status: 204 });
  t.same(await weightsOf(api), { blue: 70, green: 10 });
  await looks(0);
  blue.wanted = [weighted(NAME, '192.0.2.10', 'blue', '60')];
  await looks(1);
  t.same(await weightsOf(api), { blue: 70, green: 10 }, 'from then on it is passed over');
  blue.wanted = [declared(NAME, '192.0.2.10', 'blue', '60')];
  await looks(1);
  t.same(await weightsOf(api), { blue: 60, green: 10 });
  green.wanted = [];
  t.match(await green.sync(), { status: 204 });
  await looks(0);
  t.equal((await api.request('GET', `/v1/services/${NAME}`)).statusCode, 404);
  blue.wanted = [];
  await looks(1);
});

t.test('a mode without a weight, another mode, and a mode where nothing has a weight are passed over', async (t) => {
  const { cluster } = await start(t);
  const one = cluster('cluster-a');
  one.managed = ['A', 'MX'];
  const property = (name: string, value: string) => ({ name: `webhook/${name}`, value });
  const of = (set: string, ...providerSpecific: { name: string; value: string }[]) => {
    return { ...weighted(NAME, `192.0.2.${set.length}`, set), providerSpecific };
  };
  const both = [property('weight', '5'), property('weight-mode', 'declared')];
  one.wanted = [
    of('a', property('weight-mode', 'declared')),
    of('bb', property('weight', '5'), property('weight-mode', 'once')),
    of('ccc', property('weight', 'many'), property('weight-mode', 'declared')),
    { dnsName: 'www.example.com', targets: ['192.0.2.9'], recordType: 'A', providerSpecific: both },
    { ...of('a', ...both), dnsName: 'mail.example.com', recordType: 'MX', targets: ['10 mail.example.net'] },
  ];
  t.match(await one.sync(), { status: 204, planned: 5 });
  t.equal((await one.sync()).planned, 0);
});
