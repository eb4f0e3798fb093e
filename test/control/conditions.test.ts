/** If-Match and If-None-Match, judged with the draft: by the state that a command meets when its turn has come. */
import t from 'tap';
import type { Command } from '../../src/control/commands/command.ts';
import { Problem } from '../../src/model/errors.ts';
import { bluegreen, makeEngine, NOON_MS, withService, zoneBody } from '../fixtures/engine.ts';

const zone = 'example.com';
const app = 'app.example.com';
const puts: Record<string, Command> = {
  zone: { kind: 'zone.put', zone, body: zoneBody },
  rrset: {
    kind: 'rrset.put',
    zone,
    name: 'a.example.com',
    type: 'TXT',
    body: { ttlSeconds: 60, rdata: ['"x"'] },
  },
  service: { kind: 'service.put', name: app, body: bluegreen(100, 0) },
  weights: { kind: 'weights.put', name: app, weights: { blue: 50, green: 50 } },
  health: { kind: 'health.force', name: app, pool: 'blue', body: { state: 'down', ttlSeconds: 60 } as never },
  freeze: {
    kind: 'freeze.put',
    name: 'nights',
    body: { timeZone: 'UTC', windows: [{ from: 'Mon 01:00', to: 'Mon 02:00' }] },
  },
  webhook: {
    kind: 'webhook.put',
    name: 'hook',
    body: { url: 'https://h.example/', triggers: ['shift'] } as never,
    freshSecret: 'whsec_AAAA',
  },
};

t.test(
  'If-None-Match refuses every kind of PUT where it names what is there, and lets it make what is not',
  async (t) => {
    const fixture = makeEngine(t);
    const revisionOf: Record<string, () => number | undefined> = {
      zone: () => fixture.store.zone(zone)?.revision,
      rrset: () => fixture.store.rrset(zone, 'a.example.com', 16)?.revision,
      freeze: () => fixture.store.freeze('nights')?.revision,
      webhook: () => fixture.store.webhook('hook')?.revision,
    };
    for (const [what, command] of Object.entries(puts)) {
      const isOfService = what === 'weights' || what === 'health';
      if (!isOfService) fixture.must(command, { ifNoneMatch: 'any' });
      const revision = revisionOf[what]?.() ?? fixture.store.service(app)?.revision;
      t.ok(revision, what);
      const last = fixture.store.lastRevision;
      t.equal(fixture.code(command, { ifNoneMatch: 'any' }), 'revision_stale', what);
      t.equal(fixture.code(command, { ifNoneMatch: [1000, revision as number] }), 'revision_stale', what);
      t.equal(fixture.code(command, { ifMatch: [1000], ifNoneMatch: [1000] }), 'revision_stale', what);
      t.equal(fixture.store.lastRevision, last, 'nothing was changed');
      t.equal(fixture.code(command, { ifNoneMatch: [1000] }), 'none', what);
    }
  },
);

t.test('of two creations sent at once, one makes it', async (t) => {
  const fixture = withService(makeEngine(t));
  const context = { actor: 'test', atMs: NOON_MS, ifNoneMatch: 'any' } as const;
  const results = await Promise.all([1, 2, 3].map(() => fixture.engine.execute(puts.rrset as Command, context)));
  t.same(
    results.map((result) => (result instanceof Problem ? result.code : result.created)),
    [true, 'revision_stale', 'revision_stale'],
  );
});
