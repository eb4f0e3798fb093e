/**
 * What people agree on in a fleet of three nodes: proposed on one and approved on another, by two at once on two, on one
 * that is behind; a freeze that is set on one and holds on all; what was planned, where whoever leads dies before its time.
 */
import t from 'tap';
import { signalAll } from '../fixtures/planes.ts';
import { FleetFixture, leaderOf, type Node, until } from './fleet.ts';

const NAME = 'app.example.test';
const SERVICE = `/v1/services/${NAME}`;
const POOLS = { blue: { targets: ['192.0.2.10'] }, green: { targets: ['192.0.2.20'] } };
/** Whatever day it is. */
const ALWAYS = {
  timeZone: 'UTC',
  windows: [
    { from: 'Mon 00:00', to: 'Thu 00:00' },
    { from: 'Thu 00:00', to: 'Mon 00:00' },
  ],
};
/** So often two approve at once. */
const ROUNDS = 6;
/** Much for a new leader on a busy machine, and less than what is late and still done. */
const AHEAD_MS = 25_000;

t.test('approvals, freezes and schedules', async (t) => {
  const fleet = await FleetFixture.start(3);
  t.teardown(() => fleet.stop());
  const [one, two, three] = fleet.nodes as [Node, Node, Node];
  const tokens: Record<string, string> = {};
  for (const name of ['alice', 'bob', 'carol']) {
    tokens[name] = (await one.process.call('POST', '/v1/tokens', { name, scope: 'release' })).body.secret;
  }
  const as = (name: string, { process }: Node, method: string, path: string, body?: object) =>
    process.call(method, path, body, { authorization: `Bearer ${tokens[name]}` });
  const setApproval = (approval: string) => two.process.call('PUT', SERVICE, { pools: POOLS, approval });
  const shift = (by: string, node: Node, green: number, more: object = {}) =>
    as(by, node, 'POST', '/v1/shifts', { services: { [NAME]: { blue: 100 - green, green } }, ...more });
  const approve = (by: string, node: Node, id: string, more: object = {}) =>
    as(by, node, 'POST', `/v1/proposals/${id}/approve`, more);
  const proposal = async ({ process }: Node, id: string) => (await process.call('GET', `/v1/proposals/${id}`)).body;
  const weights = async ({ process }: Node) => (await process.call('GET', `${SERVICE}/weights`)).body.weights;
  const followers = async (): Promise<Node[]> => {
    const leader = await leaderOf(fleet);
    return fleet.nodes.filter((node) => node !== leader);
  };

  await t.test('what is proposed on one node is approved on another, and in force on all', async (t) => {
    t.equal((await setApproval('required')).status, 200);
    const asked = await shift('alice', one, 60);
    t.equal(asked.status, 202, JSON.stringify(asked.body));
    t.match(await approve('alice', three, asked.body.id), { status: 403, body: { code: 'approval_own' } });
    const done = await approve('bob', three, asked.body.id);
    t.match(done, { status: 200, body: { state: 'done', approved: { by: 'bob' } } }, JSON.stringify(done.body));
    for (const node of fleet.nodes) {
      t.same(await weights(node), { blue: 40, green: 60 }, node.name);
      t.match(await proposal(node, asked.body.id), { state: 'done', askedBy: 'alice' }, node.name);
    }
  });

  await t.test('of two who approve at once on two nodes one does it, and the other is told who', async (t) => {
    for (let round = 0; round < ROUNDS; round++) {
      const asked = await shift('alice', two, round + 1);
      t.equal(asked.status, 202, JSON.stringify(asked.body));
      const { id } = asked.body;
      const both = await Promise.all([approve('bob', one, id), approve('carol', three, id)]);
      const [won, lost] = both.toSorted((a, b) => a.status - b.status);
      t.match(won, { status: 200, body: { state: 'done' } }, JSON.stringify(won?.body));
      t.match(lost, { status: 409, body: { code: 'proposal_state', detail: new RegExp(won?.body.approved.by) } });
      const { items } = (await one.process.call('GET', `${SERVICE}/history?order=newest&limit=2`)).body;
      t.equal(items[0].revision, won?.body.outcome, 'the shift is one revision');
      t.not(items[1].kind, 'proposal.approve');
      for (const node of fleet.nodes) t.same(await weights(node), { blue: 99 - round, green: round + 1 }, node.name);
    }
  });

  await t.test('a freeze that is set on one node holds on all; what passes it over is recorded on all', async (t) => {
    t.equal((await setApproval('none')).status, 200);
    t.equal((await one.process.call('PUT', '/v1/freezes/always', ALWAYS)).status, 201);
    for (const node of fleet.nodes) {
      t.match(await shift('bob', node, 80), { status: 409, body: { code: 'frozen', conflict: 'always' } }, node.name);
    }
    const passed = await shift('bob', three, 80, { override: { reason: 'blue is on fire' } });
    t.equal(passed.status, 200, JSON.stringify(passed.body));
    for (const { name, process } of fleet.nodes) {
      const { items } = (await process.call('GET', `${SERVICE}/history?order=newest&limit=1`)).body;
      t.match(items, [{ actor: 'bob', override: { freeze: 'always', reason: 'blue is on fire' } }], name);
    }
    t.equal((await as('carol', two, 'POST', `${SERVICE}/rollback`)).status, 200, 'the way back is open');
    t.equal((await three.process.call('DELETE', '/v1/freezes/always')).status, 204);
    for (const [i, node] of fleet.nodes.entries()) t.equal((await shift('bob', node, 30 + i)).status, 200, node.name);
  });

  await t.test('a node that is behind learns of it, and does nothing on ground that has moved', async (t) => {
    t.equal((await setApproval('required')).status, 200);
    const [behind, other] = (await followers()) as [Node, Node];
    const asked = await shift('alice', other, 70);
    signalAll(behind.process.pid, 'SIGSTOP');
    const done = await approve('bob', other, asked.body.id);
    t.match(done, { status: 200, body: { state: 'done' } }, JSON.stringify(done.body));
    signalAll(behind.process.pid, 'SIGCONT');
    await fleet.live(behind.name);
    t.match(await proposal(behind, asked.body.id), { state: 'done', approved: { by: 'bob' } });
    t.same(await weights(behind), { blue: 30, green: 70 });

    const next = await shift('alice', other, 90);
    signalAll(behind.process.pid, 'SIGSTOP');
    const late = approve('carol', behind, next.body.id, { revision: next.body.revision });
    const labelled = await other.process.call('PUT', SERVICE, { pools: POOLS, labels: { changed: 'meanwhile' } });
    t.equal(labelled.status, 200, JSON.stringify(labelled.body));
    signalAll(behind.process.pid, 'SIGCONT');
    const { status, body } = await late;
    t.ok(status === 409 || status === 503, `${status} ${JSON.stringify(body)}`);
    t.ok(['approval_void', 'proposal_state'].includes(body.code) || status === 503, JSON.stringify(body));
    await fleet.live(behind.name);
    await until('it is void', async () => {
      const found = await proposal(behind, next.body.id);
      return found.state === 'ended' || JSON.stringify(found);
    });
    t.match(await proposal(other, next.body.id), { state: 'ended', reason: 'approval_void' });
    for (const node of fleet.nodes) t.same(await weights(node), { blue: 30, green: 70 }, node.name);
  });

  await t.test('what is planned is done once, though whoever led is killed before its time', async (t) => {
    t.equal((await setApproval('none')).status, 200);
    const at = new Date(Date.now() + AHEAD_MS).toISOString();
    const [asked] = await followers();
    const planned = await shift('alice', asked as Node, 11, { at });
    t.match(planned, { status: 202, body: { state: 'scheduled' } }, JSON.stringify(planned.body));
    const { id } = planned.body;
    const dead = await leaderOf(fleet);
    await fleet.kill(dead.name);
    const next = await leaderOf(fleet, (node) => node !== dead);
    await until('its time has come', async () => {
      const found = await proposal(next, id);
      return found.state !== 'scheduled' || JSON.stringify(found);
    });
    t.match(await proposal(next, id), { state: 'done', reason: 'carried_out' });
    await fleet.startAgain(dead.name);
    await fleet.live(dead.name);
    for (const node of fleet.nodes) {
      t.same(await weights(node), { blue: 89, green: 11 }, node.name);
      const { items } = (await node.process.call('GET', `${SERVICE}/history?order=newest&limit=50`)).body;
      const { outcome } = await proposal(node, id);
      const of = items.filter(({ revision }: { revision: number }) => revision >= planned.body.revision);
      t.same(
        of.map(({ revision }: { revision: number }) => revision),
        [outcome],
        `${node.name}: once`,
      );
      t.match(of, [{ actor: 'teal', summary: /as asked for by alice$/ }]);
    }
  });
});
