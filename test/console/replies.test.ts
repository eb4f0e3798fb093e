/** Replies of a resource that overtake each other: what is shown, and whether something newer is still to be read. */
import t from 'tap';
import { Replies } from '../../src/console/rules/replies.ts';

function begin(count: number): Replies {
  const replies = new Replies();
  for (let i = 1; i <= count; i++) replies.send();
  return replies;
}

t.test('in the order in which they were asked for, each is shown', async (t) => {
  const replies = begin(3);
  for (const number of [1, 2, 3]) t.equal(replies.take(number, 'body'), 'newest');
});

t.test('one that comes after a newer one is dropped', async (t) => {
  const replies = begin(2);
  t.equal(replies.take(2, 'body'), 'newest');
  for (const outcome of ['body', 'refusal', 'none'] as const) t.equal(replies.take(1, outcome), 'dropped');
});

t.test('what a newer request did not get is not read by an older one', async (t) => {
  const replies = begin(2);
  t.equal(replies.take(2, 'none'), 'newest');
  t.equal(replies.take(1, 'body'), 'older', 'shown, and asked for again');
  t.equal(replies.take(replies.send(), 'body'), 'newest');
});

t.test('what a newer refusal says is gone does not come back by an older reply', async (t) => {
  const replies = begin(2);
  t.equal(replies.take(2, 'refusal'), 'newest');
  t.equal(replies.take(1, 'body'), 'dropped');
});

t.test('that one failed says nothing while a newer one is on its way', async (t) => {
  const replies = begin(2);
  for (const outcome of ['refusal', 'none'] as const) t.equal(replies.take(1, outcome), 'dropped');
  t.equal(replies.take(2, 'body'), 'newest');
});
