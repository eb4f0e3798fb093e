/** A node that takes no changes knows of the others all the same: also of those whose records were there before it, and are gone. */
import t from 'tap';
import { ackKey, HEAD_KEY, memberKey } from '../../../src/model/fleet/keys.ts';
import { startNode, stepNode } from '../../../src/model/fleet/node.ts';
import { encodeMember, encodeRevision } from '../../../src/model/fleet/records.ts';
import { timingsOf } from '../../../src/model/fleet/timings.ts';
import type { Transaction } from '../../../src/model/fleet/transaction.ts';
import type { NodeEvent } from '../../../src/model/fleet/turn.ts';

t.test('the others are read at the start, and now and then', async (t) => {
  const timings = timingsOf(5000);
  const settings = { node: 'ns3', incarnation: 'c', earlier: undefined, version: '1', timings };
  let nowMs = 0;
  let { state, effects } = startNode(settings, 7, nowMs);
  const stored = new Map([[HEAD_KEY, encodeRevision(7)]]);
  for (const node of ['ns1', 'ns2']) {
    stored.set(memberKey(node), encodeMember({ state: 'live', incarnation: node, version: '1' }));
    stored.set(ackKey(node), encodeRevision(7));
  }
  let at = 10;
  let reads = 0;
  const tell = (event: NodeEvent): void => {
    ({ state, effects } = stepNode(state, event, nowMs));
  };
  /** As etcd does, without anybody else. */
  const carryOut = ({ puts, reads: asked }: Transaction) => {
    reads += asked.filter(({ key }) => key === 'member/').length;
    for (const put of puts) if ('value' in put) stored.set(put.key, put.value);
    if (puts.length > 0) at++;
    const found = [...stored]
      .filter(([key]) => asked.some((read) => (read.isPrefix === true ? key.startsWith(read.key) : key === read.key)))
      .map(([key, value]) => ({ key, value, changedAt: key.endsWith('ns3') ? at : 5, createdAt: 1 }));
    return { succeeded: true, at, found };
  };
  const answer = (): void => {
    for (let rounds = 0; rounds < 5; rounds++) {
      for (const effect of effects) {
        if (effect.kind === 'send') tell({ kind: 'reply', call: effect.call, reply: carryOut(effect.transaction) });
      }
    }
  };
  const pass = (seconds: number): void => {
    for (const endMs = nowMs + seconds * 1000; nowMs < endMs; nowMs += 250) {
      answer();
      tell({ kind: 'tick' });
    }
  };
  const known = (): string[] =>
    [...state.view.members].filter(([, { value }]) => value !== undefined).map(([node]) => node);
  pass(3);
  t.same(known().sort(), ['ns1', 'ns2', 'ns3']);
  t.equal(reads, 1, 'and not each second');
  stored.delete(memberKey('ns2'));
  at++;
  pass(12);
  t.same(known().sort(), ['ns1', 'ns3']);
  t.ok(reads <= 3);
});
