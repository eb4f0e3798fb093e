/** Names of keys are written and read back, and what is no key of ours is none. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import * as keys from '../../../src/model/fleet/keys.ts';
import { runs } from '../../fixtures/runs.ts';

const sha = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
const node = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
const revision = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const chunk = fc.nat({ max: 999_999 });

function is(key: string, parsed: keys.FleetKey): void {
  if (!isDeepStrictEqual(keys.parseKey(key), parsed)) throw new Error(key);
}

t.test('each kind of key is read back as what it was made of', async (t) => {
  fc.assert(
    fc.property(sha, node, revision, chunk, (sha256, id, number, part) => {
      is(keys.logKey(number), { kind: 'log', revision: number });
      is(keys.memberKey(id), { kind: 'member', node: id });
      is(keys.ackKey(id), { kind: 'ack', node: id });
      is(keys.presenceKey(id), { kind: 'presence', node: id });
      is(keys.countKey(id), { kind: 'count', node: id });
      is(keys.healthKey(id), { kind: 'health', node: id });
      is(keys.contentKey(sha256, part), { kind: 'content', sha256, chunk: part });
      is(keys.stageKey(sha256), { kind: 'stage', sha256 });
      is(keys.keptKey(sha256), { kind: 'kept', sha256 });
      is(keys.stagedKey(sha256, id), { kind: 'staged', sha256, node: id });
      const snapshot: keys.FleetKey = { kind: 'snapshotChunk', revision: number, chunk: part };
      is(keys.snapshotKey(number, part), snapshot);
    }),
    { numRuns: runs(200) },
  );
  const { HEAD_KEY, IDENTITY_KEY, LEADER_KEY, SNAPSHOT_KEY, SECRETS_KEY } = keys;
  t.same(
    [HEAD_KEY, IDENTITY_KEY, LEADER_KEY, SNAPSHOT_KEY, SECRETS_KEY].map((key) => keys.parseKey(key)?.kind),
    ['head', 'identity', 'leader', 'snapshot', 'secrets'],
  );
});

t.test('entries stand in their order', async () => {
  fc.assert(
    fc.property(revision, revision, (one, other) => {
      const order = Math.sign(one - other);
      const byKeys = keys.logKey(one) < keys.logKey(other) ? -1 : keys.logKey(one) > keys.logKey(other) ? 1 : 0;
      return order === byKeys;
    }),
    { numRuns: runs(100) },
  );
});

t.test('what is no key of ours is none, whatever it is', async (t) => {
  const bad = [
    ...['', '/', 'log', 'log/', 'log/17', `log/${'x'.repeat(16)}`, `log/${'9'.repeat(16)}9`, `log/${'0'.repeat(15)}-`],
    ...['member/', 'member/NS1', 'member/ns1/x', 'member/-a', 'member/a-', `member/${'a'.repeat(64)}`, 'members/ns1'],
    ...['content/abc/000000', `content/${'A'.repeat(64)}/000000`, `content/${'a'.repeat(64)}/1`, 'snapshot/1/1'],
    ...['snapshot/01/000001', 'snapshot/x/000001', `staged/${'a'.repeat(64)}/`, 'head/', '__proto__', 'constructor/a'],
    ...['log/9999999999999999'],
  ];
  for (const key of bad) t.equal(keys.parseKey(key), undefined, key);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (key) => {
      keys.parseKey(key);
    }),
    { numRuns: runs(100) },
  );
});

t.test('a node and a fleet are called as a label is', async (t) => {
  for (const good of ['a', 'ns1', 'production', 'eu-1', 'a'.repeat(63)]) t.ok(keys.isFleetId(good), good);
  for (const bad of ['', 'A', 'a.b', 'a/b', 'a_b', '-a', 'a-', 'a'.repeat(64), 'ä', 'a\n'])
    t.notOk(keys.isFleetId(bad), bad);
  t.equal(keys.fleetPrefix('production'), 'teal/production/');
});
