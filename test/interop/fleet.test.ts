/** A whole fleet: three members of etcd, three nameservers. What was acknowledged is answered by all that claim, whatever dies. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { askTcp, askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { signalAll } from '../fixtures/planes.ts';
import { startTeal } from '../fixtures/process.ts';
import { soon } from '../fixtures/soon.ts';
import { Checker, FleetFixture, until } from './fleet.ts';

/** Longer than a node may claim without hearing of the log. */
const STALE_MS = 4000;

t.test('three nameservers', async (t) => {
  const fleet = await FleetFixture.start(3);
  t.teardown(() => fleet.stop());
  const checker = new Checker(fleet);
  checker.begin();
  const names = ['ns1', 'ns2', 'ns3'];

  await t.test('a change by any node is answered by all when it has its 2xx', async (t) => {
    t.ok((await checker.writeToAll('ns3')).status < 300);
    for (let n = 0; n < 60; n++) {
      const { status, body } = await checker.writeToAll(names[n % 3]);
      t.match({ status, body }, { status: 200, body: { fleet: { answering: names, behind: [] } } });
    }
    const same = { blue: 90, green: 10 };
    const unchanged = await fleet.byAll(() =>
      fleet.node('ns2').process.call('PUT', '/v1/services/app.example.test/weights', same),
    );
    t.match(
      unchanged,
      { status: 200, body: { fleet: { answering: names, behind: [] } } },
      'also where nothing changes',
    );
  });

  await t.test('a replay by another node is the same reply', async (t) => {
    const body = { services: { 'app.example.test': { blue: 50, green: 50 } } };
    const headers = { 'idempotency-key': 'a-shift-of-the-fleet' };
    const first = await fleet.node('ns1').process.call('POST', '/v1/shifts', body, headers);
    const again = await fleet.node('ns3').process.call('POST', '/v1/shifts', body, headers);
    t.equal(again.headers.get('idempotency-replayed'), 'true');
    t.equal(again.body.revision, first.body.revision);
  });

  await t.test('writes by all nodes at once: each has a revision of its own', async (t) => {
    const puts = await Promise.all(
      Array.from({ length: 24 }, (_, n) => {
        const path = `/v1/zones/example.test/rrsets/n${n}.example.test/A`;
        return fleet.node(names[n % 3]).process.call('PUT', path, { ttlSeconds: 1, rdata: ['192.0.2.1'] });
      }),
    );
    t.same(new Set(puts.map(({ status }) => status)), new Set([201]));
    t.equal(new Set(puts.map(({ headers }) => headers.get('teal-revision'))).size, puts.length);
  });

  await t.test('a nameserver that is killed delays one shift, is named as behind, and comes back', async (t) => {
    await fleet.kill('ns3');
    const first = await checker.writeToAll('ns1');
    t.match(first, { status: 200, body: { fleet: { answering: ['ns1', 'ns2'], behind: [{ node: 'ns3' }] } } });
    const states = async () =>
      (await fleet.node('ns2').process.call('GET', '/v1/fleet')).body.nodes.map(
        ({ state }: { state: string }) => state,
      );
    // It was ns1 that put it out.
    await soon(t).same(states, ['live', 'live', 'out'], 'shifts wait no more');
    for (let n = 0; n < 10; n++)
      t.match(await checker.writeToAll('ns2'), { status: 200, body: { fleet: { behind: { length: 1 } } } });
    await fleet.startAgain('ns3');
    await fleet.live('ns3');
    t.match(await checker.writeToAll('ns3'), { status: 200, body: { fleet: { answering: names, behind: [] } } });
  });

  await t.test('one that stands still for a while claims nothing when it goes on', async (t) => {
    const node = fleet.node('ns2');
    node.isDown = true;
    signalAll(node.process.pid, 'SIGSTOP');
    const { body } = await checker.writeToAll('ns1');
    t.match(body.fleet.behind, [{ node: 'ns2' }]);
    for (let n = 0; n < 5; n++) await checker.write('ns3');
    await sleep(STALE_MS);
    node.isDown = false;
    signalAll(node.process.pid, 'SIGCONT');
    await fleet.live('ns2');
    t.match(await checker.writeToAll('ns2'), { status: 200, body: { fleet: { answering: names, behind: [] } } });
  });

  await t.test("the death of etcd's members one by one costs no change", async () => {
    for (let n = 0; n < 3; n++) {
      await fleet.etcd.kill(n);
      // A change that meets the election is tried again by its client, as its reply says.
      await until('a change', async () => (await checker.write(names[n])).status === 200);
      fleet.etcd.start(n);
      await fleet.etcd.ready();
    }
    for (const name of names) await fleet.live(name);
  });

  await t.test(
    'without a quorum changes are refused, answers go on, and nobody claims; then all is well again',
    async (t) => {
      await Promise.all([fleet.etcd.kill(0), fleet.etcd.kill(1)]);
      const refused = await checker.write('ns1');
      t.ok([503, 504].includes(refused.status), `${refused.status}`);
      t.ok(['fleet_unavailable', 'fleet_unconfirmed'].includes(refused.body.code), refused.body.code);
      for (const { process: teal } of fleet.nodes)
        await until('it is stale', async () => (await teal.call('GET', '/readyz')).body.fleet.current === false);
      const read = await fleet.node('ns2').process.call('GET', '/v1/services/app.example.test');
      t.equal(read.status, 200);
      t.equal(read.headers.get('teal-stale'), 'true');
      const answered = checker.answers;
      await until('answers go on', async () => checker.answers > answered + 100);
      t.equal((await checker.write('ns2')).status, 503);
      fleet.etcd.start(0);
      fleet.etcd.start(1);
      await fleet.etcd.ready();
      for (const name of names) await fleet.live(name);
      t.match(await checker.writeToAll('ns1'), { status: 200, body: { fleet: { answering: names, behind: [] } } });
    },
  );

  await t.test('nodes are killed at random while they write', async () => {
    for (let round = 0; round < 4; round++) {
      const victim = names[round % 3];
      const writing = Promise.all(Array.from({ length: 5 }, () => checker.write(victim).catch(() => undefined)));
      await sleep(20);
      await fleet.kill(victim);
      await writing;
      for (let n = 0; n < 5; n++) await checker.write(names[(round + 1) % 3]);
      await fleet.startAgain(victim);
      await fleet.live(victim);
    }
  });

  await t.test('every log is the same: nothing is lost, doubled or missing', async (t) => {
    await checker.end();
    const logs = await Promise.all(
      fleet.nodes.map(async ({ process: teal }) => {
        const items: { revision: number; summary: string; at: string }[] = [];
        for (let after = 0; ; ) {
          const { body } = await teal.call('GET', `/v1/revisions?after=${after}&limit=500`);
          items.push(...body.items);
          if (body.next === undefined) return items;
          after = Number(body.next);
        }
      }),
    );
    for (const log of logs) t.same(log, logs[0]);
    t.same(
      logs[0].map(({ revision }) => revision),
      logs[0].map((_, n) => n + 1),
    );
    for (const { revision } of checker.revisions) t.ok(revision <= logs[0].length);
    const revisions = checker.revisions.map(({ revision }) => revision);
    t.same(revisions, [...new Set(revisions)], 'one revision a change');
    t.same(checker.faults, []);
    t.ok(checker.claimed > 1000, `${checker.claimed} of ${checker.answers} answers were of nodes that claimed`);
  });
});

t.test('who may take part', async (t) => {
  const fleet = await FleetFixture.start(1);
  t.teardown(() => fleet.stop());
  const { endpoints } = fleet.etcd;
  const env = (node: string, name = 'test'): Record<string, string> => ({
    TEAL_FLEET_NAME: name,
    TEAL_FLEET_NODE: node,
    TEAL_FLEET_ENDPOINTS: endpoints.join(','),
    TEAL_FLEET_STALE_AFTER_SECONDS: '3',
  });
  const folder = mkdtempSync(join(tmpdir(), 'teal-fleet-other-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));

  // A node alone, which has a log of its own.
  const alone = await startTeal(folder, { env: env('ns2', 'not-founded') });
  t.match((await alone.call('GET', '/v1/fleet')).body, { standing: 'alone', current: true, nodes: [] });
  t.match(await alone.call('PUT', '/v1/services/app.example.test/weights', { blue: 1, green: 1 }), { status: 200 });
  await soon(t).ok(() => alone.log.some(({ msg }) => /serving as one node/.test(String(msg))), 'it says so');
  await alone.end('SIGTERM');
  await t.rejects(startTeal(folder, { env: env('ns2') }), /exited with 78/, "another log's directory");

  const empty = mkdtempSync(join(tmpdir(), 'teal-fleet-empty-'));
  t.teardown(() => rmSync(empty, { recursive: true, force: true }));
  await t.rejects(startTeal(empty, { env: env('ns1') }), /exited with 78/, 'a name that is in use');
  const longer = { ...env('ns5'), TEAL_FLEET_STALE_AFTER_SECONDS: '60' };
  await t.rejects(
    startTeal(empty, { env: longer }),
    /exited with 78/,
    'one that would claim for longer than others wait',
  );

  const { folder: own } = fleet.node('ns1');
  const first = fleet.node('ns1').process;
  t.match(await first.call('POST', '/v1/fleet/init', {}), { status: 409, body: { code: 'fleet_exists' } });
  t.match(await first.call('DELETE', '/v1/fleet/nodes/ns1'), { status: 409, body: { code: 'node_runs' } });
  await fleet.kill('ns1');
  await t.rejects(startTeal(own), /exited with 78/, 'a node of a fleet does not serve as one node by mistake');
  await t.rejects(startTeal(own, { env: env('ns1', 'another') }), /exited with 78/, 'nor in another fleet');
  await fleet.startAgain('ns1');
  await fleet.live('ns1');
  const left = await fleet.node('ns1').process.call('POST', '/v1/fleet/leave', {});
  t.match(left, { status: 200, body: { standing: 'alone', current: true } });
  const shifted = await fleet
    .node('ns1')
    .process.call('PUT', '/v1/services/app.example.test/weights', { blue: 2, green: 1 });
  t.equal(shifted.status, 200, 'it goes on alone');
  t.equal(shifted.body.fleet, undefined);
  await fleet.kill('ns1');
  const again = await startTeal(own);
  t.match((await again.call('GET', '/v1/fleet')).body, { code: 'fleet_none' });
  await again.end('SIGTERM');
});

t.test('whenStale: withdraw stops answering where nobody can tell whether it is current', async (t) => {
  const fleet = await FleetFixture.start(1, { TEAL_FLEET_WHEN_STALE: 'withdraw' });
  t.teardown(() => fleet.stop());
  const { process: teal } = fleet.node('ns1');
  const query = buildQuery({ name: 'app.example.test' });
  // Who is silent for half a second may also be slow: that silence must last, and an answer is waited for.
  const answers = (of = {}): Promise<boolean> =>
    askUdp('127.0.0.1', teal.dnsPort, query, of).then(
      () => true,
      () => false,
    );
  const overTcp = (of = {}): Promise<boolean> =>
    askTcp('127.0.0.1', teal.dnsPort, [query], of).then(
      (replies) => replies.length > 0,
      () => false,
    );
  const brief = { timeoutMs: 500 };
  const long = { timeoutMs: 10_000 };
  t.equal(await answers(), true);
  t.equal(await overTcp(), true);
  await Promise.all([fleet.etcd.kill(0), fleet.etcd.kill(1)]);
  await until('it is silent', async () => !(await answers(brief)) && !(await answers(long)));
  await until('over TCP too', async () => !(await overTcp(brief)) && !(await overTcp(long)));
  fleet.etcd.start(0);
  fleet.etcd.start(1);
  await until('it answers again', () => answers(brief));
  await until('over TCP too', () => overTcp(brief));
});
