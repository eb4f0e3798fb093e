/** A node that takes no changes knows of the others all the same: also of those whose records were there before it, and are gone. */
import t from 'tap';
import { memberKey } from '../../../src/model/fleet/keys.ts';
import { OneNode } from './one-node.ts';

t.test('the others are read at the start, and now and then', async (t) => {
  const node = new OneNode(['ns1', 'ns2']);
  const known = (): string[] =>
    [...node.state.view.members].filter(([, { value }]) => value !== undefined).map(([name]) => name);
  node.pass(3);
  t.same(known().sort(), ['ns1', 'ns2', 'ns3']);
  t.equal(node.reads, 1, 'and not each second');
  node.stored.delete(memberKey('ns2'));
  node.at++;
  node.pass(12);
  t.same(known().sort(), ['ns1', 'ns3']);
  t.ok(node.reads <= 3);
});
