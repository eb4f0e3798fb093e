/** The stop-watch of a fleet's log tells of what came to its end, and lets everything through as it is. */
import t from 'tap';
import type { FleetLog, Log } from '../../../src/control/log/log.ts';
import { timed } from '../../../src/control/log/timed.ts';
import type { Entry } from '../../../src/model/entry.ts';
import { Problem } from '../../../src/model/errors.ts';

t.test('what stands and what all answer from is timed, refusals are not', async (t) => {
  let nowMs = 0;
  const refused = new Problem('fleet_unavailable', 'No quorum.');
  const replies: { appended: 'appended' | 'behind' | Problem; answered: Problem | { answering: string[] } } = {
    ...{ appended: 'appended', answered: { answering: ['ns1'] } },
  };
  const after = <Reply>(reply: Reply, ms: number): Promise<Reply> => {
    nowMs += ms;
    return Promise.resolve(reply);
  };
  const notApplied: number[] = [];
  const applied: number[] = [];
  const fleet = {
    contents: {},
    notApplied: (revision: number) => notApplied.push(revision),
    applied: (revision: number) => applied.push(revision),
    answered: () => after(replies.answered, 500),
  } as unknown as FleetLog;
  const log: Log & { readonly fleet: FleetLog } = { isLocal: false, append: () => after(replies.appended, 20), fleet };
  const told: [string, number][] = [];
  const watched = timed(
    log,
    () => nowMs,
    (step, seconds) => told.push([step, seconds]),
  );
  t.equal(await watched.append(1, {} as Entry), 'appended');
  t.same(await watched.fleet?.answered(2), { answering: ['ns1'] });
  t.same(told, [
    ['append', 0.02],
    ['answer', 0.5],
  ]);
  for (const appended of ['behind', refused] as const) {
    replies.appended = appended;
    t.equal(await watched.append(1, {} as Entry), appended);
  }
  replies.answered = refused;
  t.equal(await watched.fleet?.answered(2), refused);
  t.equal(told.length, 2);
  watched.fleet?.notApplied(7, refused);
  watched.fleet?.applied(8);
  t.same(applied, [8]);
  t.same([notApplied, watched.isLocal, watched.fleet?.contents], [[7], false, fleet.contents]);
});
