/** An engine that is behind what it told before was put back: what it has of the log now may be another. */
import t from 'tap';
import { OneNode } from './one-node.ts';

t.test('a node whose engine was put back claims nothing, though the log ends where it did', async (t) => {
  const node = new OneNode(['ns1']);
  node.at = 100;
  node.pass(3);
  t.match(node.told.at(-1), /^live: /);
  t.ok(node.state.claimUntilMs > 0);
  node.at = 50;
  node.pass(3);
  t.match(node.told.at(-1), /^out: .*was put back to an earlier state/);
  t.equal(node.state.claimUntilMs, 0);
  node.at = 200;
  node.pass(30);
  t.equal(node.state.claimUntilMs, 0, 'nor later');
});
