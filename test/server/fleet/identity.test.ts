/** What a node says that takes no part in its fleet. */
import t from 'tap';
import { unsignedWords } from '../../../src/server/fleet/identity.ts';

t.test('a node that has no signatures says whether it makes them, or cannot', async (t) => {
  const made = { zone: 'a.test', isHeldUp: false };
  t.match(unsignedWords([made]), /^it is signing a\.test: .* takes part when all are made$/);
  t.match(unsignedWords([made, { zone: 'b.test', isHeldUp: false }]), /^it is signing a\.test and 1 more/);
  t.match(unsignedWords([made, { zone: '', isHeldUp: true }]), /^it cannot sign \.: its wrapping key/);
});
