/** Who sent a zone file that takes longer than a stop is told so, as the contract says, before the connection is closed. */
import t from 'tap';
import { closeApi } from '../../src/server/close-api.ts';

t.test('what takes too long is given up while it can still be answered', async (t) => {
  const told: string[] = [];
  const answered = Promise.withResolvers<void>();
  const app = {
    close: async () => {
      await answered.promise;
      told.push('closed');
    },
  };
  const files = {
    stop: async () => {
      told.push('given up');
      answered.resolve();
    },
  };
  await closeApi(app, files, 1);
  t.same(told, ['given up', 'closed']);
});

t.test('where nobody waits nothing is given up', async (t) => {
  let stops = 0;
  await closeApi({ close: async () => {} }, { stop: async () => void stops++ }, 1);
  await new Promise((go) => setTimeout(go, 20));
  t.equal(stops, 0);
});
