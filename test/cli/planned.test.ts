/** What is planned for later, typed: of what was looked at and of nothing else; what ends it is told. */
import t from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { EventReader } from '../fixtures/event-source.ts';
import { startTyped } from './typed.ts';

t.test('--seen refuses what was changed since, and a plan that has become another thing ends by itself', async (t) => {
  const { teal, type } = await startTyped(t);
  const app = 'app.example.test';
  const revision = async (): Promise<number> => (await type(`service show ${app} --json`)).json.revision;
  const seen = await revision();
  t.equal((await type(`shift ${app} blue=80 green=20 --seen ${seen}`)).code, 0);
  const [day] = new Date(Date.now() + 48 * 3600_000).toISOString().split('T');
  const later = `--at ${day}T10:00Z`;
  for (const words of [
    `shift ${app} blue=0 green=100 ${later}`,
    `shift ${app} blue=0 green=100`,
    `release start ${app} --to green --steps 100 ${later}`,
    `release start ${app} --to green --steps 100`,
  ]) {
    const refused = await type(`${words} --seen ${seen}`);
    t.match(
      refused,
      { code: EXIT.REFUSED, stderr: /was changed in revision \d+ by admin, .*\[revision_stale\]/ },
      words,
    );
  }
  t.match(await type(`shift ${app} blue=0 green=1 --seen x`), { code: EXIT.USAGE });

  const events = await EventReader.open(`${teal.admin}/v1/events`, teal.token);
  t.teardown(() => events.close());
  await events.opened();
  // A number that is newer than the service is good: nothing of it has changed since.
  const planned = await type(`shift ${app} blue=0 green=100 ${later} --seen ${(await revision()) + 100} --json`);
  t.match(planned.json, { state: 'scheduled' }, planned.stderr);
  await type(`service set ${app} --ttl 9`);
  const ended = await events.until(({ data }) => data.trigger === 'on-proposal-ended');
  t.match(ended.data, {
    proposal: { id: planned.json.id, reason: 'approval_void', message: /^Not done: .* by admin\./ },
  });
  t.match(
    (await type(`proposal show ${planned.json.id}`)).stdout,
    /Not done: the service app\.example\.test was changed/,
  );
  t.match((await type('proposal list')).stdout, /Nothing waits/);
  t.match((await type('activity --limit 1')).stdout, /Not done: the service app\.example\.test was changed/);
});
