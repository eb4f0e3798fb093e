/** Questions over UDP that lead nowhere: each is an answer that says so, and ends nobody's process. */
import t from 'tap';
import { askAt } from '../../src/asking/ask.ts';

const ask = askAt(53, { limitMs: 5000, tries: 2 });
const question = { name: 'app.test', type: 'A' } as const;

t.test('an address that nothing leads to', async (t) => {
  // The kernel connects no plain socket to a broadcast address (ip(7)), as it does not where there is no route.
  const answer = await ask('255.255.255.255', question);
  t.match(answer, { error: /EACCES/ });
});

t.test('a name that is none', async (t) => {
  t.match(await ask('no-such-host.invalid', question), { error: String });
});
