/** What makes a service sticky is part of it: it outlives restarts, shifts and other changes of the service. */
import t from 'tap';
import { bluegreen, type EngineFixture, makeEngine, temporaryFolder, zoneBody } from '../../fixtures/engine.ts';
import { makeAsk, network4 } from '../../fixtures/networks.ts';

const name = 'app.example.com';
const networks = Array.from({ length: 500 }, (_, n) => network4(n));

function chosen({ responder }: EngineFixture): string {
  responder.enter(1000);
  return networks.map(makeAsk(responder, name, 'A')).join(' ');
}

const salt = ({ store }: EngineFixture): string | undefined => store.service(name)?.salt;

t.test('a network keeps its pool over restarts and over changes of what is not its pool', (t) => {
  const folder = temporaryFolder(t);
  const first = makeEngine(t, { folder });
  first.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  first.must({ kind: 'service.put', name, body: bluegreen(60, 40, { pick: 'sticky' }) });
  const before = chosen(first);
  t.equal(new Set(before.split(' ')).size, 2);
  first.must({ kind: 'service.put', name, body: { pick: 'sticky', ttlSeconds: 60, pools: bluegreen(60, 40).pools } });
  t.equal(chosen(first), before, 'another TTL');
  first.must({ kind: 'weights.put', name, weights: { blue: 0, green: 1 } });
  t.equal(new Set(chosen(first).split(' ')).size, 1);
  first.must({ kind: 'rollback', name });
  t.equal(chosen(first), before, 'rolled back');
  const made = salt(first);
  first.close();
  const again = makeEngine(t, { folder });
  t.equal(chosen(again), before, 'restarted');
  t.equal(salt(again), made);
  again.must({ kind: 'service.put', name, body: bluegreen(60, 40) });
  again.must({ kind: 'service.put', name, body: bluegreen(60, 40, { pick: 'sticky' }) });
  t.equal(chosen(again), before, 'random for a while');
  t.match(again.store.history('service', name, Number.MAX_SAFE_INTEGER, 1), [
    { subjects: [{ after: { salt: made } }] },
  ]);
  again.must({ kind: 'service.delete', name });
  again.must({ kind: 'service.put', name, body: bluegreen(60, 40, { pick: 'sticky' }) });
  t.not(chosen(again), before, 'a service that is made anew has a salt of its own');
  again.must({ kind: 'service.put', name, body: bluegreen(60, 40, { pick: 'sticky', salt: made }) });
  t.equal(chosen(again), before, 'unless it is given the old one');
  t.end();
});

t.test('pins may change while a release goes on, and answer from its target before it does', (t) => {
  const fixture = makeEngine(t);
  fixture.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  fixture.must({ kind: 'service.put', name, body: bluegreen(100, 0) });
  const steps = [{ pause: {} }, { setWeight: 100 }];
  fixture.must({ kind: 'release.create', services: [name], body: { to: 'green', steps }, dryRun: false, single: true });
  const pins = [{ network: '127.0.0.0/8', pool: 'green' }];
  fixture.must({ kind: 'service.put', name, body: bluegreen(100, 0, { pins }) });
  t.same(fixture.ask(name), ['192.0.2.20'], 'the tester is first');
  t.equal(
    fixture.code({
      kind: 'service.put',
      name,
      body: {
        pools: { blue: { weight: 100, targets: ['192.0.2.10'] }, red: { weight: 0, targets: ['192.0.2.30'] } },
        pins,
      },
    }),
    'pool_unknown',
    'a pool with a pin does not go unnoticed',
  );
  t.end();
});
