/** What was staged is found by what the log calls it, as often as it was staged. */
import t from 'tap';
import type { StagedZone } from '../../../src/control/commands/built-zone.ts';
import { StagedZones } from '../../../src/control/log/staged.ts';
import type { ModelChange } from '../../../src/model/revision.ts';

const stagedAs = (index: number): StagedZone => ({ content: 'c', records: index, index, flags: 0 });
const changes = [{ op: 'importZone', zone: { name: 'a.test' }, content: 'c' }] as unknown as ModelChange[];

t.test('what is staged twice, for two nodes that import the same file, is given up twice', async (t) => {
  const staged = new StagedZones();
  const dropped: number[] = [];
  staged.stager = {
    isBusy: () => false,
    stage: async () => stagedAs(0),
    stageLeftOut: async () => stagedAs(0),
    drop: ({ index }) => dropped.push(index),
  };
  for (const index of [1, 2, 3]) staged.put('a.test', stagedAs(index));
  t.match(staged.localOf(changes[0] as ModelChange), { staged: { index: 1 } });
  staged.takeOver(changes);
  t.ok(staged.has('a.test', 'c'));
  t.match(staged.localOf(changes[0] as ModelChange), { staged: { index: 2 } }, 'what is gone is not taken over again');
  staged.giveUp(changes);
  t.same(dropped, [2]);
  t.match(staged.take('a.test', 'c'), { index: 3 });
  t.notOk(staged.has('a.test', 'c'));
  t.equal(staged.take('a.test', 'c'), undefined);
  staged.giveUp(changes);
  t.same(dropped, [2]);
});
