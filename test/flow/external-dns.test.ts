/** Two clusters' ExternalDNS with a running server: they sync all the while a release moves their name by itself, and one of them goes. */
import type { FastifyInstance, InjectOptions } from 'fastify';
import t from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { Cluster, weighted } from '../fixtures/external-dns/cluster.ts';
import { startTeal } from '../fixtures/process.ts';

const NAME = 'app.example.com';
const TXT = `a-${NAME}`;

t.test('a release from 10 to 50 % while two clusters sync, and then one of them goes', async (t) => {
  const teal = await startTeal(temporaryFolder(t), { env: { TEAL_DOORS_EXTERNAL_DNS_ENABLED: 'true' } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const app = {
    async inject({ method = 'GET', url, headers, payload }: InjectOptions) {
      const more = payload === undefined ? {} : { body: payload as string };
      const reply = await fetch(`${teal.admin}${url}`, { method, headers: headers as Record<string, string>, ...more });
      const body = await reply.text();
      return { statusCode: reply.status, body, json: () => JSON.parse(body) };
    },
  } as unknown as Pick<FastifyInstance, 'inject'>;
  const zone = { nameservers: ['ns1.example.com'], hostmaster: 'hostmaster.example.com' };
  await teal.call('PUT', '/v1/zones/example.com', zone);
  const make = async (owner: string) => {
    const body = { name: owner, scope: 'records', zones: ['example.com'] };
    return new Cluster(app, owner, (await teal.call('POST', '/v1/tokens', body)).body.secret);
  };
  const [blue, green] = [await make('cluster-a'), await make('cluster-b')];
  blue.wanted = [weighted(NAME, '192.0.2.10', 'blue', '90')];
  green.wanted = [weighted(NAME, '192.0.2.20', 'green', '10')];
  for (const each of [blue, green]) t.match(await each.sync(), { status: 204, body: '' });
  t.match((await teal.call('GET', `/v1/services/${NAME}`)).body.pools, { blue: { weight: 90 }, green: { weight: 10 } });

  const steps = [{ setWeight: 10 }, { pause: { duration: '1s' } }, { setWeight: 50 }, { pause: {} }];
  const path = `/v1/services/${NAME}/releases`;
  const made = await teal.call('POST', path, { to: 'green', steps });
  t.equal(made.status, 201, JSON.stringify(made.body));
  const progress = async () => {
    const { weights, stepIndex, state } = (await teal.call('GET', `${path}/${made.body.id}`)).body;
    const { blue: a, green: b } = weights[NAME] ?? weights;
    return { share: b / (a + b), stepIndex, state };
  };
  const seen: number[] = [];
  let isThere = false;
  const syncs = async (cluster: Cluster) => {
    let count = 0;
    // Once more after the release has come to where it waits.
    for (let rest = 1; rest >= 0; count++) {
      if (isThere) rest--;
      const { planned, status, body } = await cluster.sync();
      if (planned !== 0 || status !== 204) return { count, planned, status, body };
    }
    return { count, planned: 0, status: 204, body: '' };
  };
  const watch = async () => {
    for (;;) {
      const { share, stepIndex, state } = await progress();
      if (seen.at(-1) !== share) seen.push(share);
      if (state === 'paused' && stepIndex === 3) break;
    }
    isThere = true;
  };
  const [, a, b] = await Promise.all([watch(), syncs(blue), syncs(green)]);
  for (const each of [a, b]) {
    t.match(each, { planned: 0, status: 204, body: '' });
    t.ok(each.count >= 2, `${each.count} syncs`);
  }
  // On a machine that stood still the first may have gone by unseen.
  t.ok(['0.1 0.5', '0.5'].includes(seen.join(' ')), `no weight was ever set back: ${seen.join(' ')}`);
  green.wanted = [weighted(NAME, '192.0.2.21', 'green', '100')];
  t.match(await green.sync(), { status: 204, planned: 1 }, 'an address does not wait for the end');
  t.match(await progress(), { share: 0.5, state: 'paused' });
  await teal.call('POST', `${path}/${made.body.id}/abort`);

  const texts = async () => {
    const { answers } = await askUdp('127.0.0.1', teal.dnsPort, buildQuery({ name: TXT, type: 'TXT', edns: {} }));
    return answers.map(({ data }) => data).sort();
  };
  t.match(await texts(), [/owner=cluster-a,/, /owner=cluster-b,/]);
  blue.wanted = [];
  t.match(await blue.sync(), { status: 204, planned: 1 });
  const left = await texts();
  t.match(left, [/owner=cluster-b,/]);
  t.equal(left.length, 1);
  for (const each of [blue, green]) t.equal((await each.sync()).planned, 0);
});
