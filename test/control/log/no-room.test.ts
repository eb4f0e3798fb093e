/** An import of others that this node cannot stage, for want of room or for a fault of its own, is not read and built again each second for ever. */
import t, { type Test } from 'tap';
import { StagedZones } from '../../../src/control/log/staged.ts';
import { ContentFollower } from '../../../src/control/log/staging.ts';
import type { Entry } from '../../../src/model/entry.ts';
import { Problem } from '../../../src/model/errors.ts';
import { contentKey, keptKey } from '../../../src/model/fleet/keys.ts';
import { bytesOf } from '../../../src/model/fleet/records.ts';
import { encodeKept } from '../../../src/model/fleet/staging.ts';
import { MemoryKeeper } from '../../fixtures/keeper.ts';

const CONTENT = 'c'.repeat(64);
const entry = { changes: [{ op: 'importZone', zone: { name: 'big.test' }, content: CONTENT }] } as unknown as Entry;

/** Why it could not be staged, and what is told of it. */
const refusals = [new Problem('store_unavailable', 'The disk is full.'), new Problem('internal', 'A fault of Teal.')];

for (const refusal of refusals)
  t.test(`${refusal.code}: it is tried again more and more seldom, and comes in once it can`, (t) => tried(t, refusal));

async function tried(t: Test, refusal: Problem): Promise<void> {
  const etcd = new MemoryKeeper();
  etcd.put(keptKey(CONTENT), encodeKept({ chunks: 1, revision: 5 }));
  etcd.put(contentKey(CONTENT, 0), bytesOf('records'));
  const staged = new StagedZones();
  let tries = 0;
  let hasRoom = false;
  let whole = true;
  staged.stager = {
    isBusy: () => false,
    stage: async () => {
      tries++;
      return hasRoom ? ({ content: CONTENT } as never) : refusal;
    },
    stageLeftOut: async () => {
      whole = false;
      return { content: CONTENT } as never;
    },
    drop: () => {},
  };
  let nowMs = 0;
  const follower = new ContentFollower({
    ...{ keeper: etcd.of('ns1'), node: 'ns1', incarnation: '1' },
    clock: { after: () => () => {}, steadyMs: () => nowMs },
    applier: { staged, isInDoubt: false },
  });
  /** As the heartbeat does; gives the last words. */
  const pass = async (seconds: number): Promise<string | undefined> => {
    let words: string | undefined;
    for (let second = 0; second < seconds; second++, nowMs += 1000) words = await follower.bring(entry);
    return words;
  };
  t.equal(await pass(3), `could not be staged: ${refusal.detail}`);
  t.equal(tries, 2);
  t.equal(await pass(120), `could not be staged: ${refusal.detail}`, 'the reason stays');
  t.ok(tries < 10, `${tries} tries in two minutes`);
  hasRoom = true;
  t.equal(await pass(31), undefined);
  t.ok(follower.has(entry));
  t.ok(whole, 'nothing is left out');
}
