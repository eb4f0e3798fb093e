/** What a node says that takes no part in its fleet. */
import t from 'tap';
import { Lost } from '../../../src/control/log/keeper.ts';
import { staleWords, UNHEARD, unsignedWords } from '../../../src/server/fleet/identity.ts';

t.test('a node that has no signatures says whether it makes them, or cannot', async (t) => {
  const made = { zone: 'a.test', isHeldUp: false };
  t.match(unsignedWords([made]), /^it is signing a\.test: .* takes part when all are made$/);
  t.match(unsignedWords([made, { zone: 'b.test', isHeldUp: false }]), /^it is signing a\.test and 1 more/);
  t.match(unsignedWords([made, { zone: '', isHeldUp: true }]), /^it cannot sign \.: its wrapping key/);
});

t.test('a fleet is told as gone only where etcd says so, and not where it refuses to say anything', async (t) => {
  const wordsOf = (head: number | null, lost?: Lost) => staleWords(UNHEARD, { head, ...(lost && { lost }) }).message;
  t.equal(wordsOf(17), UNHEARD);
  t.match(wordsOf(null), /^etcd has no fleet of this name: was it wiped\?/);
  t.equal(wordsOf(null, new Lost(true, 'no leader')), UNHEARD);
  t.equal(wordsOf(null, new Lost(false, 'permission denied', true)), `${UNHEARD}: permission denied`);
});
