/** Who of a fleet can sign: by marks of wrapping keys, which tell nothing of the keys. */
import t from 'tap';
import { SharedMarks } from '../../../src/control/dnssec/shared-marks.ts';
import { Signings } from '../../../src/control/dnssec/signings.ts';
import { Lost } from '../../../src/control/log/keeper.ts';
import type { SigningWord } from '../../../src/model/dnssec/others.ts';
import { sentence } from '../../../src/model/dnssec/sentence.ts';
import type { ZoneSigning } from '../../../src/model/dnssec/signing.ts';
import { emptyView } from '../../../src/model/fleet/view.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';

/** An engine of which only puts and reads of marks are asked, and a view with these members. */
function makeFleet(...members: string[]) {
  const stored = new Map<string, Uint8Array>();
  const state = { isLost: false, puts: 0 };
  const keeper = {
    async transact({ puts }: { puts: readonly { key: string; value: Uint8Array }[] }) {
      if (state.isLost) return new Lost(false, 'out of reach');
      for (const { key, value } of puts) stored.set(key, value);
      state.puts += puts.length;
      const found = [...stored].map(([key, value]) => ({ key, value, changedAt: 1, createdAt: 1 }));
      return { succeeded: true, at: 1, found };
    },
  };
  const value = { state: 'live', incarnation: 'i', version: '1' } as const;
  const view = { ...emptyView, members: new Map(members.map((node) => [node, { value, at: 1 }])) };
  const nothing = (): SigningWord => ({ revision: 0, unfinished: [] });
  const of = (node: string, mark: () => string | undefined, word = nothing) =>
    new SharedMarks({
      node,
      mark,
      word,
      keeper: keeper as never,
      view: () => view as never,
      clock: { after: () => () => {} },
    });
  return { of, state, stored };
}

t.test('a mark is the same for the same wrapping key only, and is not the key', async (t) => {
  const one = makeKeyring(Buffer.alloc(32, 1));
  t.equal(one.mark, makeKeyring(Buffer.alloc(32, 1)).mark);
  t.not(one.mark, makeKeyring(Buffer.alloc(32, 2)).mark);
  t.match(one.mark, /^[0-9a-f]{16}$/);
  t.notMatch(one.mark, '0101');
});

t.test('who has another key, none, or said nothing cannot sign what this node signs', async (t) => {
  const { of, state } = makeFleet('a', 'b', 'c', 'd');
  const keys: Record<string, string | undefined> = { a: 'k1', b: 'k1', c: 'k2', d: undefined };
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((node) => of(node, () => keys[node])) as [
    ...[SharedMarks, SharedMarks, SharedMarks, SharedMarks],
  ];
  t.equal(a.unlike, undefined, 'not known yet');
  await a.look();
  t.same(a.unlike, ['b', 'c', 'd'], 'they have not said');
  for (const each of [b, c, d, a]) await each.look();
  t.same(a.unlike, ['c', 'd']);
  t.same(d.unlike, ['a', 'b', 'c'], 'one without a key can sign nothing of the others');
  t.equal(state.puts, 4, 'told once');
  keys.c = 'k1';
  await c.look();
  await a.look();
  t.same(a.unlike, ['d']);
  state.isLost = true;
  await a.look();
  t.same(a.unlike, ['d'], 'what was known stays');
});

t.test(
  'each tells how far it is with signing: only when that has changed, and what an earlier version said is not known',
  async (t) => {
    const { of, state, stored } = makeFleet('a', 'b', 'c');
    let word: SigningWord = { revision: 4, unfinished: ['example.test'] };
    const a = of('a', () => 'k1');
    const b = of(
      'b',
      () => 'k1',
      () => word,
    );
    t.same(
      a.others.map(({ node, isOut, word: said }) => [node, isOut, said]),
      [
        ['b', false, undefined],
        ['c', false, undefined],
      ],
    );
    stored.set('wrapping/c', Buffer.from(JSON.stringify({ mark: 'k1' })));
    const said = async (): Promise<unknown> => {
      await b.look();
      await a.look();
      return a.others.map((other) => other.word);
    };
    t.same(await said(), [{ revision: 4, unfinished: ['example.test'] }, undefined]);
    const { puts } = state;
    await said();
    t.equal(state.puts, puts, 'told once');
    word = { revision: 5, unfinished: Array.from({ length: 5000 }, (_, n) => `${n}.test`) };
    t.same(await said(), [{ revision: 5, unfinished: undefined }, undefined], 'more than it can tell');
    word = { revision: 5, unfinished: [] };
    t.same(await said(), [{ revision: 5, unfinished: [] }, undefined]);
    stored.set('wrapping/c', Buffer.from(JSON.stringify({ mark: 'k1', signed: 'x', unfinished: [7] })));
    t.same((await said()) as unknown[], [{ revision: 5, unfinished: [] }, undefined], 'nor what nobody can read');
  },
);

t.test('what a stranger wrote there is no mark', async (t) => {
  const { of, stored } = makeFleet('a', 'b');
  stored.set('wrapping/b', Buffer.from('k1'));
  const a = of('a', () => 'k1');
  await a.look();
  t.same(a.unlike, ['b']);
});

t.test('no key is made where others could not sign, and the sentence names who is waited for', async (t) => {
  const store = { zone: () => ({}), signing: () => undefined, allSignings: () => [] };
  const nodes = [
    { node: 'ns4', revision: 6 },
    { node: 'ns5', revision: 7 },
  ];
  const word = { revision: 7, unfinished: ['example.test'] };
  const others = [
    { node: 'ns5', isOut: false, word },
    { node: 'ns6', isOut: true, word },
  ];
  const fleet = { nodes, others, late: ['ns3'], withoutKey: ['ns2'] as string[] | undefined };
  const signings = new Signings(store as never, makeKeyring(), { fleet: () => fleet });
  t.match(signings.freshKey('example.test', {}, 0), { code: 'signing_refused', detail: /wrapping key of ns2 / });
  const late = signings.late({ zone: 'other.test', revision: 7 });
  t.same(late, ['ns2', 'ns3', 'ns4'], 'one that has not said that it has it, too');
  t.same(
    signings.late({ zone: 'example.test', revision: 7 }),
    ['ns2', 'ns3', 'ns4', 'ns5'],
    'and one that has not signed all of it; one that is out is not waited for',
  );
  fleet.withoutKey = undefined;
  t.match(signings.freshKey('example.test', {}, 0), { code: 'signing_refused', detail: /not known yet/ });
  fleet.withoutKey = [];
  t.match(signings.freshKey('example.test', {}, 0), { algorithm: 13 });
  const keys = [{ tag: 1, role: 'active' }];
  const signing = { stage: 'signing', keys, foreign: [] } as unknown as ZoneSigning;
  t.match(
    sentence(signing, 'example.test', undefined, { late: ['ns2'] }),
    /yet; it waits for ns2, which does not answer by it, or cannot sign\.$/,
  );
  t.match(sentence(signing, 'example.test', undefined, { late: ['ns2', 'ns3'] }), /ns2, ns3, which do not /);
  t.notMatch(sentence({ ...signing, stage: 'secure' }, 'example.test', undefined, { late: ['ns2'] }), 'ns2');
});
