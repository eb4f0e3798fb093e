/** What the history tells: differences, where a rollback leads, the line of the chart. */
import t from 'tap';
import { deletedRRset, deletedService, differencesOf, leavesOf } from '../../src/console/rules/differences.ts';
import { looksFromHistory, seriesOf } from '../../src/console/rules/series.ts';
import { SETTABLE } from '../../src/console/rules/services.ts';
import { latestReleaseId, rollbackTarget, weightsAfter } from '../../src/console/rules/undo.ts';
import { ServiceBody } from '../../src/contract/services.ts';
import type { Release, Revision, Subject } from '../../src/contract/types.ts';

const name = 'app.example.test';

function revision(number: number, kind: string, before: unknown, after: unknown, more: Subject[] = []): Revision {
  const own: Subject = { kind: 'service', name, before, after };
  const at = new Date(Date.UTC(2026, 0, 1, 12, number)).toISOString();
  return { revision: number, at, actor: 'admin', kind, summary: kind, subjects: [own, ...more] };
}

const body = {
  pools: { blue: { weight: 90, targets: ['192.0.2.10'] }, green: { weight: 10, targets: ['192.0.2.20'] } },
};
const made = revision(1, 'service.put', null, body);
const shifted = revision(2, 'shift', { blue: 90, green: 10 }, { blue: 50, green: 50 });
const rolledBack = revision(3, 'rollback', { blue: 50, green: 50 }, { blue: 90, green: 10 });

t.test('where a rollback leads', async (t) => {
  const none = new Map<string, Release>();
  t.equal(rollbackTarget(name, [made], none), 'nothing');
  t.same(rollbackTarget(name, [shifted, made], none), { blue: 90, green: 10 });
  t.same(rollbackTarget(name, [rolledBack, shifted, made], none), { blue: 90, green: 10 }, 'said twice it is the same');
  t.equal(rollbackTarget(name, [rolledBack], none), undefined, 'a page of history may not tell');
  const put = (blue: number, red: object) =>
    ({ ...body, pools: { ...body.pools, blue: { ...body.pools.blue, weight: blue }, ...red } }) as const;
  const written = revision(4, 'service.put', body, put(5, {}));
  t.same(rollbackTarget(name, [written, shifted, made], none), { blue: 90, green: 10 }, 'weights written with it');
  const prepared = revision(4, 'service.put', body, put(90, { constructor: { weight: 0, targets: ['192.0.2.30'] } }));
  t.equal(rollbackTarget(name, [prepared, made], none), 'nothing', 'a pool without weight moves nothing');
  const step = revision(4, 'release.step', { blue: 90, green: 10 }, { blue: 20, green: 80 }, [
    { kind: 'release', name: '9', before: null, after: null },
  ]);
  const release = { services: { [name]: { before: { blue: 100, green: 0 } } } } as unknown as Release;
  t.same(rollbackTarget(name, [step, made], new Map([['9', release]])), { blue: 100, green: 0 });
  t.equal(rollbackTarget(name, [step, made], none), undefined, 'not before the release is loaded');
  t.equal(latestReleaseId([shifted, step, made]), '9');
  t.equal(latestReleaseId([shifted, made]), undefined);
});

t.test('the weights after a revision', async (t) => {
  t.same(weightsAfter(name, made), { blue: 90, green: 10 });
  t.same(weightsAfter(name, shifted), { blue: 50, green: 50 });
  t.equal(weightsAfter(name, revision(5, 'service.delete', body, null)), undefined);
  t.equal(weightsAfter('other.example.test', shifted), undefined);
});

t.test('differences', async (t) => {
  const after = { ...body, ttlSeconds: 5, pools: { ...body.pools, green: { weight: 10, targets: ['192.0.2.21'] } } };
  t.same(differencesOf(body, after), [
    { path: 'pools.green.targets', before: '192.0.2.20', after: '192.0.2.21' },
    { path: 'ttlSeconds', before: undefined, after: '5' },
  ]);
  t.same(differencesOf(body, body), []);
  t.same(differencesOf(['a'], ['a', 'b']), [{ path: '', before: 'a', after: 'a, b' }]);
});

t.test('the line of the chart', async (t) => {
  const sinceMs = new Date(shifted.at).getTime() - 1000;
  const past = looksFromHistory(name, [rolledBack, shifted, made], sinceMs);
  t.same(
    past.map(({ atMs, configured }) => [atMs, configured.green]),
    [
      [sinceMs, 0.1],
      [new Date(shifted.at).getTime(), 0.5],
      [new Date(rolledBack.at).getTime(), 0.1],
    ],
    'it begins with what was in force then',
  );
  const look = (atMs: number, blue: number, green: number) => ({
    atMs,
    configured: { blue: 0.5, green: 0.5 },
    answers: { blue, green },
  });
  const looks = [look(0, 0, 0), look(1000, 50, 50), look(2000, 51, 52), look(3000, 80, 120), look(4000, 5, 0)];
  const { observed, configured, seconds } = seriesOf(['blue', 'green'], looks);
  t.same(seconds, [0, 1, 2, 3, 4]);
  t.same(configured.green, [50, 50, 50, 50, 50]);
  t.same(observed.green, [null, 50, null, 70, null], 'few answers wait for more; a restarted server begins anew');
});

t.test('what was deleted can be set again as it was', async (t) => {
  const www = { ttlSeconds: 300, rdata: ['192.0.2.1', '192.0.2.2'] };
  const subject = (kind: Subject['kind'], name: string, before: unknown, after: unknown): Subject => ({
    kind,
    name,
    before,
    after,
  });
  t.same(deletedRRset(subject('rrset', 'a/b.example.test/TXT', www, null)), {
    name: 'a/b.example.test',
    type: 'TXT',
    ...www,
  });
  t.equal(deletedRRset(subject('rrset', 'www.example.test/A', www, www)), undefined);
  t.equal(deletedRRset(subject('zone', 'example.test', www, null)), undefined);
  const forgotten = { ...subject('rrset', 'www.example.test/A', www, null), forgotten: ['after'] } as const;
  t.equal(deletedRRset(forgotten), undefined, 'what is no longer kept was not deleted');
  t.same(
    [...leavesOf(www)],
    [
      ['ttlSeconds', '300'],
      ['rdata', '192.0.2.1, 192.0.2.2'],
    ],
  );
  t.match(deletedService(subject('service', name, body, null)), { name, pools: body.pools });
  t.equal(deletedService(subject('service', name, { blue: 1 }, null)), undefined, 'weights are no service');
});

t.test('a service that is edited keeps every setting that the form does not show', async (t) => {
  // Why it is done, and what gives way to it, are of the one write and no settings.
  const shown = new Set(['ttlSeconds', 'pools', 'reason', 'links', 'replace']);
  t.same(
    [...SETTABLE].sort(),
    Object.keys(ServiceBody.properties)
      .filter((key) => !shown.has(key))
      .sort(),
  );
});
