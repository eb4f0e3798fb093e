/** Nodes that were looked for not long ago are found again by their names, with the hashes of those, and no other ones are. */
import t from 'tap';
import { nameToWire } from '../../src/model/name.ts';
import { HashedName } from '../../src/table/hash.ts';
import { Arena, createSharedTable } from '../../src/table/memory.ts';
import { NearNodes } from '../../src/table/near-nodes.ts';
import { writeName } from '../../src/table/unseen-nodes.ts';
import { keyed, nameKeys } from '../fixtures/table.ts';

const arena = keyed(new Arena(createSharedTable(2 ** 16, 2 ** 24)));
const name = new HashedName(nameKeys());

/** In which way a name's node is found: `next` by the one before it, `hash` by its own. Otherwise it is put. */
function go(near: NearNodes, nodes: Map<string, number>, text: string): 'next' | 'hash' | 'put' {
  // Somewhere among other bytes.
  const wire = Buffer.concat([Buffer.from('xyz'), nameToWire(text), Buffer.from('more')]);
  const end = wire.length - 4;
  if (near.goOn(arena.view, wire, 3, end)) return 'next';
  name.set(wire, 3);
  if (near.find(arena.view, name)) return 'hash';
  const made = nodes.get(text) ?? writeName(arena, wire, 3, end - 3, 0);
  nodes.set(text, made);
  near.put(name, made);
  return 'put';
}

function stateOf(text: string): number {
  const own = new HashedName(nameKeys());
  own.set(nameToWire(text), 0);
  return own.states[0] as number;
}

t.test('names that come by turns are found by those before them the second time', async (t) => {
  const near = new NearNodes();
  const nodes = new Map<string, number>();
  const turn = ['a.test', 'b.test', 'b.test', 'c.b.test', 'test'];
  t.strictSame(
    turn.map((text) => go(near, nodes, text)),
    ['put', 'put', 'next', 'put', 'put'],
  );
  t.strictSame(
    turn.map((text) => go(near, nodes, text)),
    ['hash', 'next', 'next', 'next', 'next'],
  );
  t.equal(go(near, nodes, 'c.b.test'), 'hash', 'out of turn');
});

t.test('whatever comes, the last node is that of the name, with its state', async (t) => {
  const near = new NearNodes();
  const nodes = new Map<string, number>();
  let seed = 7;
  const draw = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
  const ways = { next: 0, hash: 0, put: 0 };
  for (let i = 0; i < 120_000; i++) {
    // More than there are places for: some are put in those of others, and again.
    const text = i % 3 === 0 ? `n${draw(20_000)}.test` : `${i % 250}.test`;
    ways[go(near, nodes, text)]++;
    if (near.node !== nodes.get(text) || (i % 16 === 0 && near.state !== stateOf(text))) {
      t.strictSame([near.node, near.state], [nodes.get(text), stateOf(text)], text);
      return;
    }
  }
  t.ok(ways.next > 0 && ways.hash > 0 && ways.put > nodes.size, JSON.stringify(ways));
});
