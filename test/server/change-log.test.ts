/** The log of changes: what it was, what it is, who and why, in one line; and louder where somebody should look. */
import t from 'tap';
import type { Release } from '../../src/model/release.ts';
import type { Revision } from '../../src/model/revision.ts';
import { changeLine } from '../../src/server/change-log.ts';

const revision: Revision = {
  revision: 17,
  atMs: 0,
  actor: 'ci',
  kind: 'shift',
  summary: 'app.example.test blue 90→0 green 10→100',
  subjects: [
    { kind: 'service', name: 'app.example.test', before: { blue: 90, green: 10 }, after: { blue: 0, green: 100 } },
  ],
};

t.test('a shift', async (t) => {
  t.same(changeLine([], revision, { requestId: 'r', client: '127.0.0.1' }), {
    level: 'info',
    fields: {
      revision: 17,
      kind: 'shift',
      actor: 'ci',
      changes: [{ service: 'app.example.test', from: { blue: 90, green: 10 }, to: { blue: 0, green: 100 } }],
      requestId: 'r',
      client: '127.0.0.1',
    },
    message: 'app.example.test blue 90→0 green 10→100',
  });
});

t.test('a release that was taken back, or waits for a person, is a warning with its cause', async (t) => {
  const levelOf = (part: Partial<Release>) => {
    const release = { id: '7', message: 'errors is 0.2, above 0.01', ...part } as Release;
    const { level, fields } = changeLine(
      [{ op: 'putRelease', release }],
      { ...revision, kind: 'release.step' },
      undefined,
    );
    t.match(fields, { release: '7', state: part.state, reason: part.reason, cause: 'errors is 0.2, above 0.01' });
    return level;
  };
  t.equal(levelOf({ state: 'aborted', reason: 'analysis_failed' }), 'warn');
  t.equal(levelOf({ state: 'aborted', reason: 'abort_requested' }), 'warn');
  t.equal(levelOf({ state: 'aborted', reason: 'rolled_back' }), 'warn');
  t.equal(levelOf({ state: 'paused', reason: 'analysis_inconclusive' }), 'warn');
  t.equal(levelOf({ state: 'paused', reason: 'pause_step' }), 'info');
  t.equal(levelOf({ state: 'completed', reason: 'steps_done' }), 'info');
});

t.test('of a service its weights, of what has secrets only the name, of much only the beginning', async (t) => {
  const shown = (subjects: Revision['subjects']) => changeLine([], { ...revision, subjects }, undefined).fields;
  const service = {
    pools: { blue: { weight: 1, targets: ['192.0.2.1'] } },
    health: { http: { headers: { a: 'hush' } } },
  };
  t.same(shown([{ kind: 'service', name: 'a.test', before: null, after: service }]).changes, [
    { service: 'a.test', from: null, to: { blue: 1 } },
  ]);
  const record = { ttlSeconds: 60, rdata: ['192.0.2.1'] };
  t.same(shown([{ kind: 'rrset', name: 'b.test/A', before: record, after: null }]).changes, [
    { rrset: 'b.test/A', from: record, to: null },
  ]);
  const secrets = shown([
    { kind: 'token', name: 'ci', before: null, after: { digest: 'hush' } },
    { kind: 'webhook', name: 'chat', before: { url: 'https://hush' }, after: { url: 'https://hush' } },
    { kind: 'rrset', name: 'c.test/TXT', before: null, after: { rdata: ['x'.repeat(1000)] } },
  ]);
  t.notMatch(JSON.stringify(secrets), /hush|xxx/);
  const many = Array.from({ length: 50 }, (_, i) => ({
    kind: 'service' as const,
    name: `${i}.test`,
    before: { blue: 1 },
    after: null,
  }));
  t.match(shown(many), { changes: { length: 20 }, moreChanges: 30 });
});
