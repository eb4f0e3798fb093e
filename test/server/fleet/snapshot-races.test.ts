/**
 * Two nodes put a snapshot at once, of the same revision and not of the same bytes: two that found the fleet, or a leader
 * and whoever leads after it. Whatever comes in between, what is pointed at can be read.
 */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Keeper } from '../../../src/control/log/keeper.ts';
import { Problem } from '../../../src/model/errors.ts';
import { foundLog } from '../../../src/server/fleet/found.ts';
import { downloadSnapshot } from '../../../src/server/fleet/snapshot.ts';
import { refreshSnapshot } from '../../../src/server/fleet/snapshots.ts';
import { makeEngine, temporaryFolder, zoneBody } from '../../fixtures/engine.ts';
import { MemoryKeeper } from '../../fixtures/keeper.ts';

/** What a node asks of etcd that nobody comes in between: where it stands, a chunk, and that this is it from now on. */
const ASKED = 3;

/** How often the other node came in between. */
let came = 0;

/** A way to etcd on which the other node comes in between, before the transaction of this number. */
function interrupted(keeper: Keeper, at: number, other: () => Promise<unknown>): Keeper {
  let asked = 0;
  return {
    ...keeper,
    transact: async (transaction) => {
      if (asked++ === at) {
        came++;
        await other();
      }
      return keeper.transact(transaction);
    },
  };
}

/** A way to etcd of a node that ends, as far as anybody sees, before the transaction of this number; `ended`: when it has. */
function ending(keeper: Keeper, at: number): { readonly keeper: Keeper; readonly ended: Promise<void> } {
  let asked = 0;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const transact: Keeper['transact'] = (transaction) => {
    if (asked++ < at) return keeper.transact(transaction);
    resolve();
    return new Promise(() => {});
  };
  return { keeper: { ...keeper, transact }, ended };
}

function makeNode(t: Test, zone: string) {
  const fixture = makeEngine(t);
  fixture.must({ kind: 'zone.put', zone, body: zoneBody });
  const { engine, store, folder: dataDir } = fixture;
  const goOn = () => fixture.must({ kind: 'zone.put', zone: `next.${zone}`, body: zoneBody });
  return { engine, store, dataDir, goOn, settings: { name: 'production', staleAfterSeconds: 5 }, hasTakenPart: false };
}

const readable = async (t: Test, keeper: Keeper): Promise<unknown> =>
  downloadSnapshot(keeper, join(temporaryFolder(t), 'read.db'));

const refresh = (t: Test, { dataDir, store }: ReturnType<typeof makeNode>, keeper: Keeper) =>
  refreshSnapshot({
    keeper: { ...keeper, deleteRange: async () => undefined },
    dataDir,
    lastRevision: () => store.lastRevision,
    log: { info() {}, warn: (words: unknown) => t.fail(String(words)) } as never,
    entriesBetween: 0,
  });

t.test('who is alone asks so often', async (t) => {
  const etcd = new MemoryKeeper();
  const one = makeNode(t, 'one.test');
  let asked = 0;
  const keeper = etcd.of('one');
  const counting: Keeper = {
    ...keeper,
    transact: (transaction) => {
      asked++;
      return keeper.transact(transaction);
    },
  };
  t.match(await foundLog({ ...one, keeper: counting }, () => {}), { revision: 1 });
  t.equal(asked, ASKED);
  one.goOn();
  await refresh(t, one, counting);
  t.equal(asked, 2 * ASKED);
});

for (let at = 0; at < ASKED; at++) {
  t.test(`two found the fleet, and one comes in between before transaction ${at}`, async (t) => {
    const etcd = new MemoryKeeper();
    const [one, two] = [makeNode(t, 'one.test'), makeNode(t, 'two.test')];
    let second: unknown;
    const other = async (): Promise<void> => {
      second = await foundLog({ ...two, keeper: etcd.of('two') }, () => {});
    };
    const first = await foundLog({ ...one, keeper: interrupted(etcd.of('one'), at, other) }, () => {});
    if (second === undefined) await other();
    const codes = [first, second].map((each) => (each instanceof Problem ? each.code : 'founded'));
    t.same(codes.sort(), ['fleet_exists', 'founded']);
    t.match(await readable(t, etcd.of('three')), { revision: 1 });
  });

  t.test(
    `a leader that is not one any more comes to transaction ${at} when the next has made its snapshot`,
    async (t) => {
      const etcd = new MemoryKeeper();
      const [one, two] = [makeNode(t, 'one.test'), makeNode(t, 'two.test')];
      t.match(await foundLog({ ...one, keeper: etcd.of('one') }, () => {}), { revision: 1 });
      await refresh(
        t,
        one,
        interrupted(etcd.of('one'), at, () => refresh(t, two, etcd.of('two'))),
      );
      t.match(await readable(t, etcd.of('three')), { revision: 1 });
    },
  );

  for (let last = 1; last <= ASKED; last++) {
    t.test(
      `before transaction ${at} another begins to found it, and ends before its transaction ${last}`,
      async (t) => {
        const etcd = new MemoryKeeper();
        const [one, two] = [makeNode(t, 'one.test'), makeNode(t, 'two.test')];
        const other = (): Promise<unknown> => {
          const { keeper, ended } = ending(etcd.of('two'), last);
          return Promise.race([ended, foundLog({ ...two, keeper }, () => {})]);
        };
        const first = await foundLog({ ...one, keeper: interrupted(etcd.of('one'), at, other) }, () => {});
        if (first instanceof Problem) t.match(first.code, /^(?:busy|fleet_exists)$/);
        if (first instanceof Problem && first.code === 'busy')
          t.match(await foundLog({ ...one, keeper: etcd.of('one') }, () => {}), { revision: 1 }, 'tried again');
        t.match(await readable(t, etcd.of('three')), { revision: 1 });
      },
    );

    t.test(`before transaction ${at} of a leader the next one begins, and ends before its ${last}`, async (t) => {
      const etcd = new MemoryKeeper();
      const [one, two] = [makeNode(t, 'one.test'), makeNode(t, 'two.test')];
      await foundLog({ ...one, keeper: etcd.of('one') }, () => {});
      // What is pointed at is of an earlier revision, and stays as it is.
      for (const each of [one, two]) each.goOn();
      const other = (): Promise<unknown> => {
        const { keeper, ended } = ending(etcd.of('two'), last);
        return Promise.race([ended, refresh(t, two, keeper)]);
      };
      await refresh(t, one, interrupted(etcd.of('one'), at, other));
      t.match(await readable(t, etcd.of('three')), { revision: Number });
    });
  }
}

t.test('each of them came in between', async (t) => {
  t.equal(came, ASKED * (2 + 2 * ASKED));
});
