/** What a form knows of the ground that it stands on. */
import t from 'tap';
import { isInForce, movedFrom, rebased, rowsOf, seenIn } from '../../src/console/rules/ground.ts';

const seen = (blue: number, etag = `"${blue}"`) => ({ body: { weights: { blue } }, etag });

t.test('a resource that cannot be read tells nothing; one that is gone tells that', async (t) => {
  const of = { body: undefined, etag: undefined, failure: undefined };
  t.equal(seenIn(of), undefined, 'it is still being read');
  t.equal(seenIn({ ...of, failure: { status: 0 } }), undefined);
  t.same(seenIn({ ...of, failure: { status: 404 } }), { body: undefined, etag: undefined });
  t.same(seenIn({ body: 1, etag: '"7"', failure: { status: 503 } }), { body: 1, etag: '"7"' }, 'what was seen last');
});

t.test('the ground has moved where another revision is in force', async (t) => {
  t.equal(movedFrom(seen(1), undefined), undefined);
  t.equal(movedFrom(seen(1), seen(1)), undefined);
  t.equal(movedFrom(seen(1), seen(2, '"1"')), undefined, 'what is observed may differ at one revision');
  t.same(movedFrom(seen(1), seen(2)), seen(2));
  t.same(movedFrom(seen(1), { body: undefined, etag: undefined }), { body: undefined, etag: undefined }, 'deleted');
  t.same(movedFrom({ body: undefined, etag: undefined }, seen(2)), seen(2), 'made by somebody else');
});

t.test('what the server notes by itself and no person decides by does not move the ground', async (t) => {
  const shown = ({ weights }: { weights: { blue: number } }) => ({ weights });
  const noted = { body: { weights: { blue: 1 }, inForceMs: 5 }, etag: '"2"' };
  t.equal(movedFrom(seen(1), noted, shown), undefined);
  t.same(movedFrom(seen(3, '"1"'), noted, shown), noted);
  const gone = { body: undefined, etag: undefined };
  t.same(movedFrom(seen(1), gone, shown), gone);
  t.same(movedFrom(gone, noted, shown), noted);
});

t.test('rows are where theirs is new or mine is another', async (t) => {
  const opened = { ttlSeconds: 5, pools: { blue: { targets: ['a', 'b'] }, green: { targets: ['c'] } } };
  const now = { ttlSeconds: 9, pools: { blue: { targets: ['a', 'b'] }, red: { targets: ['d'] } } };
  const mine = { ttlSeconds: 5, pools: { blue: { targets: ['x'] } } };
  t.same(rowsOf(opened, now, mine), [
    { path: 'ttlSeconds', opened: '5', now: '9', mine: '5' },
    { path: 'pools.blue.targets', opened: 'a, b', now: 'a, b', mine: 'x' },
    { path: 'pools.green.targets', opened: 'c', now: undefined, mine: undefined },
    { path: 'pools.red.targets', opened: undefined, now: 'd', mine: undefined },
  ]);
  t.same(
    rowsOf(opened, undefined, undefined).map(({ now }) => now),
    [undefined, undefined, undefined],
    'all of what was deleted',
  );
});

t.test('a draft is in force where all that it wants is there', async (t) => {
  t.ok(isInForce({ a: 1, b: { c: ['x', 'y'] }, more: true }, { a: 1, b: { c: ['x', 'y'] } }));
  t.notOk(isInForce({ a: 1, b: { c: ['x'] } }, { a: 1, b: { c: ['x', 'y'] } }));
  t.notOk(isInForce(undefined, { a: 1 }));
});

t.test('a draft on new ground keeps what its person changed, and nothing else', async (t) => {
  const opened = { ttl: '5', blue: 'a', green: 'b', gone: 'c' };
  const now = { ttl: '9', blue: 'a', green: 'z', red: 'new' };
  const mine = { ttl: '5', blue: 'mine', green: 'mine', gone: 'mine' };
  t.same(rebased(opened, now, mine), { ttl: '9', blue: 'mine', green: 'mine', red: 'new' });
});
