/** Places at the door: which connection gives its place to which. */
import t from 'tap';
import { type Placed, Places } from '../../../src/api/door/places.ts';

const LIMITS = { maxConnections: 8, maxConnectionsPerPrefix: 3 };

function makePlaces() {
  const places = new Places(LIMITS);
  const open = new Set<string>();
  const enter = (name: string, prefix?: string): Placed & { isBusy: boolean; isDawdling: boolean } => {
    const connection = {
      prefix,
      isBusy: false,
      isDawdling: false,
      close: () => {
        places.remove(connection);
        open.delete(name);
      },
    };
    open.add(name);
    places.add(connection);
    return connection;
  };
  return { places, open, enter };
}

t.test('one more than there are places for closes the one that was silent for longest', async (t) => {
  const { places, open, enter } = makePlaces();
  const first = enter('0');
  for (let i = 1; i < 8; i++) enter(`${i}`);
  places.touch(first);
  enter('8');
  t.same([...open], ['0', '2', '3', '4', '5', '6', '7', '8']);
  t.equal(places.size, 8);
});

t.test('a network of strangers has its share, and no more', async (t) => {
  const { open, enter } = makePlaces();
  enter('operator', 'home');
  for (let i = 0; i < 20; i++) enter(`${i}`, 'flood');
  t.same([...open], ['operator', '17', '18', '19']);
});

t.test('no stranger takes the place of who showed a good token', async (t) => {
  const { places, open, enter } = makePlaces();
  t.ok(places.prove(enter('operator', 'flood'), 'admin'));
  for (let i = 0; i < 100; i++) enter(`${i}`, i % 2 === 0 ? 'flood' : `net-${i}`);
  t.ok(open.has('operator'));
  t.equal(places.size, 8);
});

t.test('a token has its share of places; the idle and those who keep others waiting give theirs', async (t) => {
  const { places, open, enter } = makePlaces();
  const [one, two, three, four] = ['1', '2', '3', '4'].map((name) => enter(name));
  if (!one || !two || !three || !four) throw new Error('four');
  t.equal(places.perToken, 2);
  for (const connection of [one, two]) {
    connection.isBusy = true;
    t.ok(places.prove(connection, 'ci'));
  }
  t.notOk(places.prove(three, 'ci'), 'work is done for both of the others');
  one.isBusy = false;
  t.ok(places.prove(three, 'ci'));
  t.notOk(open.has('1'), 'an idle one goes');
  three.isBusy = true;
  two.isDawdling = true;
  t.ok(places.prove(four, 'ci'));
  t.notOk(open.has('2'), 'so does one whose client reads nothing');
  t.same([...open], ['3', '4']);
});

t.test('where all have shown tokens, the token with most places gives one', async (t) => {
  const { places, open, enter } = makePlaces();
  for (const [token, count] of [
    ['a', 2],
    ['b', 2],
    ['c', 2],
    ['d', 1],
    ['e', 1],
  ] as const) {
    for (let i = 0; i < count; i++) places.prove(enter(`${token}${i}`), token);
  }
  enter('new');
  t.same([...open], ['a1', 'b0', 'b1', 'c0', 'c1', 'd0', 'e0', 'new']);
});
