/** Processes that end between the commit of what a signed zone is to be and what makes that visible. */
import t from 'tap';
import { createTableMemory } from '../../../src/table/shared-memory.ts';
import { allGood, beginLarge, head, many, shapes, signCommand } from '../../fixtures/aside.ts';

for (const denial of ['nsec', 'nsec3'] as const)
  t.test(
    `an import of a signed zone that was committed and not published is signed when it is seen, ${denial}`,
    async (t) => {
      const memory = createTableMemory({ initialBytes: 2 ** 20, maxBytes: 2 ** 27, readers: 1 });
      const first = beginLarge(t, { more: { memory } });
      const { folder, ground, table } = first;
      await first.send(`${head}${shapes}${many(60)}`);
      first.must(signCommand({ denial }));
      await first.done();
      first.resigner.stop();
      table.publish = () => {
        throw new Error('dead');
      };
      await t.rejects(first.send(`${head}${shapes}${many(90)}`), { message: 'dead' });
      await first.files.stop();
      first.close();
      const { made } = ground.kept;
      const again = beginLarge(t, { folder, ground, more: { memory, goesOn: true } });
      again.resigner.stop();
      t.same(again.ask('n80.example.com'), ['192.0.2.80'], 'it is the new one');
      allGood(t, again, 'at once');
      t.ok(ground.kept.made - made <= 8, `what was signed beforehand is found: ${ground.kept.made - made}`);
    },
  );
