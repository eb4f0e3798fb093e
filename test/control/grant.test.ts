/** How far a limited token reaches: over the names that a change makes up, and over what the log tells of the past. */
import t from 'tap';
import type { Command } from '../../src/control/commands/command.ts';
import { dataOf, eventsOf } from '../../src/control/events/event.ts';
import { Grant } from '../../src/control/grant.ts';
import { messageFor } from '../../src/control/webhooks/message.ts';
import type { Release } from '../../src/model/release.ts';
import { type EngineFixture, makeEngine, zoneBody } from '../fixtures/engine.ts';

const limited = (...services: string[]) => ({ limits: { services, zones: [] } });
const inZones = (...zones: string[]) => ({ limits: { services: [], zones } });

function service(name: string, pools: readonly string[], more: object = {}): Command {
  const [first = '', ...rest] = pools;
  const made = Object.fromEntries([
    [first, { weight: 1, targets: ['192.0.2.10'] }],
    ...rest.map((pool) => [pool, { weight: 0, targets: ['192.0.2.20'] }]),
  ]);
  return { kind: 'service.put', name, body: { pools: made, ...more } };
}

function withZone(fixture: EngineFixture): EngineFixture {
  fixture.must({ kind: 'zone.put', zone: 'test', body: zoneBody });
  return fixture;
}

t.test('the names that pools make up are held against the limits too', async (t) => {
  const { must, execute, code, ask } = withZone(makeEngine(t));
  const escaping = service('a.test', ['login', 'mail']);
  t.match(execute(escaping, limited('a.test')), {
    code: 'token_forbidden',
    detail: /login\.a\.test .*preview name of a\.test; with "previewNames": false it has none/,
  });
  t.equal(ask('login.a.test'), 3, 'nothing answers there');
  t.equal(code(service('a.test', ['login', 'mail'], { previewNames: false }), limited('a.test')), 'none');
  t.equal(ask('login.a.test'), 3);
  t.equal(code(escaping, limited('a.test')), 'token_forbidden', 'nor can they be switched on');
  t.equal(code(escaping, limited('a.test', 'login.a.test')), 'token_forbidden', 'one of two is not enough');
  t.equal(code(escaping, limited('a.test', '*.a.test')), 'none');
  t.same(ask('login.a.test'), ['192.0.2.10']);

  t.equal(code(service('a.test', ['login', 'www']), limited('a.test')), 'token_forbidden', 'a pool gets another name');
  t.equal(code(service('a.test', ['login', 'mail', 'www']), limited('a.test')), 'token_forbidden', 'one more pool');
  t.equal(
    code(service('a.test', ['login', 'mail'], { ttlSeconds: 9 }), limited('a.test')),
    'none',
    'names that it had',
  );
  const weights = { login: 1, mail: 1 };
  t.equal(code({ kind: 'weights.put', name: 'a.test', weights }, limited('a.test')), 'none');
  t.equal(code({ kind: 'rollback', name: 'a.test' }, limited('a.test')), 'none');
  must({ kind: 'service.delete', name: 'a.test' });
  t.equal(code(escaping, limited('a.test')), 'token_forbidden', 'names that an earlier service had are not its own');
});

t.test('host names that left a preview name alone do not bring it in by going', async (t) => {
  const { must, code } = withZone(makeEngine(t));
  const hosts = (green: string): Command => ({
    kind: 'service.put',
    name: 'a.test',
    body: { pools: { blue: { weight: 1, targets: ['blue.a.test'] }, green: { weight: 0, targets: [green] } } },
  });
  must(hosts('green.a.test'));
  t.equal(code(hosts('elsewhere.test'), limited('a.test')), 'token_forbidden');
});

t.test('who has the zone has the preview names in it', async (t) => {
  const { must, code } = withZone(makeEngine(t));
  t.equal(code(service('a.test', ['login', 'mail']), inZones('test')), 'none');
  must({ kind: 'service.delete', name: 'a.test' });
  must({ kind: 'zone.put', zone: 'login.a.test', body: zoneBody });
  t.equal(code(service('a.test', ['login', 'mail']), inZones('test')), 'none', 'a child zone answers there by itself');
  t.equal(code(service('b.test', ['login', 'mail']), inZones('login.a.test')), 'token_forbidden');
});

t.test("a zone's past stays with the zone that it was of", async (t) => {
  const fixture = withZone(makeEngine(t));
  const { must, store, queries } = fixture;
  const rrset = (zone: string, name: string, text: string): Command => {
    return { kind: 'rrset.put', zone, name, type: 'TXT', body: { ttlSeconds: 60, rdata: [`"${text}"`] } };
  };
  must(service('early.child.test', ['p', 'q'])); // 2: the parent's
  must({ kind: 'service.delete', name: 'early.child.test' }); // 3
  must({ kind: 'zone.put', zone: 'child.test', body: zoneBody }); // 4
  must(rrset('child.test', 'www.child.test', 'of the child')); // 5
  must(service('app.child.test', ['p', 'q'])); // 6
  const release = { to: 'q', steps: [{ setWeight: 100 }] };
  must({ kind: 'release.create', services: ['app.child.test'], body: release, dryRun: false, single: true }); // 7
  must({ kind: 'health.force', name: 'app.child.test', pool: 'p', body: { state: 'down' } }); // 8
  must({ kind: 'zone.delete', zone: 'child.test', withServices: true }); // 9
  must(rrset('test', 'www.child.test', 'of the parent')); // 10
  must(service('app.child.test', ['p', 'q'])); // 11

  const seen = (zone: string): number[] => {
    const grant = new Grant(store, inZones(zone).limits);
    return queries.revisions(undefined, 100, false, grant).items.map((item) => (item as { revision: number }).revision);
  };
  t.same(seen('test'), [1, 2, 3, 10, 11], 'the parent');
  t.same(seen('child.test'), [4, 5, 6, 7, 8, 9], 'the child, its end included');
  const parent = new Grant(store, inZones('test').limits);
  const history = queries.history('app.child.test', undefined, 100, false, parent) as { items: object[] };
  t.same(
    history.items.map((item) => (item as { revision: number }).revision),
    [11],
    'by the path of a service',
  );
  t.same(queries.releases(undefined, 0, 100, parent), { items: [] }, 'nor releases');
  t.match(queries.release('7', undefined, parent), { code: 'release_unknown' });
  for (const revision of store.revisions(3, 6)) {
    for (const event of eventsOf(revision, store)) t.equal(dataOf(event, parent), undefined, `event ${revision.kind}`);
  }
});

t.test('what is said of a release names no service that is out of reach', async (t) => {
  const fixture = withZone(makeEngine(t));
  const { must, store } = fixture;
  must(service('a.test', ['p', 'q']));
  must(service('secret.test', ['p', 'q']));
  const release = { to: 'q', steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 100 }] };
  must({ kind: 'release.create', services: ['a.test', 'secret.test'], body: release, dryRun: false, single: false });
  must({ kind: 'release.abort', id: '4' }, { actor: 'ops' });
  const grant = new Grant(store, limited('a.test').limits);
  const told = JSON.stringify([
    grant.release({ ...(store.release('4') as Release), message: 'q of secret.test is unhealthy' }),
    ...store.revisions(3, 10).flatMap((revision) => eventsOf(revision, store).map((event) => dataOf(event, grant))),
  ]);
  t.match(told, /a\.test/);
  t.notMatch(told, /secret/);

  const webhook = { name: 'w', url: 'https://w.test/', since: 0, revision: 1, services: ['a.test'] };
  for (const event of store.revisions(3, 10).flatMap((revision) => eventsOf(revision, store))) {
    const triggers = ['on-revision', 'on-release-started', 'on-release-aborted'] as const;
    const message = messageFor(event, { ...webhook, triggers }, store);
    if (event.name === 'revision') t.match(message?.body, /a\.test/);
    t.notMatch(message?.body ?? '', /secret/, 'a webhook for some services hears of these');
  }
});
