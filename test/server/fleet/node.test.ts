/** A node that cannot find out now whether it may take part looks again, and takes part when it may. */
import t from 'tap';
import type { Etcd } from '../../../src/etcd/client.ts';
import { HEAD_KEY, IDENTITY_KEY } from '../../../src/model/fleet/keys.ts';
import { encodeRevision } from '../../../src/model/fleet/records.ts';
import { encodeIdentity } from '../../../src/server/fleet/identity.ts';
import { FleetNode } from '../../../src/server/fleet/node.ts';
import type { FleetParts } from '../../../src/server/fleet/parts.ts';
import type { Prepared } from '../../../src/server/fleet/prepare.ts';
import { makeEngine } from '../../fixtures/engine.ts';
import { MemoryKeeper } from '../../fixtures/keeper.ts';
import { comesTo } from '../../fixtures/soon.ts';

t.test('a fault in the look at what is in its way is not the last look', async (t) => {
  const { engine, store, table } = makeEngine(t);
  store.keepFleet({ name: 'prod', log: 'first', node: 'ns1', incarnation: null });
  const memory = new MemoryKeeper();
  memory.put(IDENTITY_KEY, encodeIdentity({ log: 'first', staleAfterMs: 10_000 }));
  memory.put(HEAD_KEY, encodeRevision(0));
  const etcd = {
    members: async () => [],
    grant: async () => '1',
    keepAlive: async () => 5,
    revoke: async () => undefined,
    transact: async () => ({ succeeded: true, revision: 1, found: [] }),
    close() {},
  } as unknown as Etcd;
  let looks = 0;
  const said: string[] = [];
  const note = (_line: object, words: string): void => void said.push(words);
  const parts = {
    ...{ engine, store, table, dataDir: '', seen: { version: 0, own: () => new Map() }, keyring: { mark: undefined } },
    signers: {
      unsigned: () => {
        looks += 1;
        if (looks === 1) throw new Error('thrown by the test');
        return [];
      },
      unlike: () => [],
      noteHeldUp() {},
      following: <Result>(work: () => Result) => work(),
    },
    log: { info: note, warn: note, error: note, debug: note },
  } as unknown as FleetParts;
  const keeper = Object.assign(memory.of('ns1'), { deleteRange: async () => undefined });
  const settings = { name: 'prod', node: 'ns1', staleAfterSeconds: 10, endpoints: [], whenStale: 'answer' };
  const node = new FleetNode({ settings, etcd, keeper, standing: 'member' } as unknown as Prepared, parts);
  t.teardown(() => node.stop());
  t.equal(
    await comesTo(
      () => node.standing,
      (standing) => standing === 'live',
    ),
    'live',
  );
  t.ok(looks > 1);
  t.ok(
    said.some((words) => /could not be looked at: thrown by the test/.test(words)),
    'and it is said why',
  );
});
