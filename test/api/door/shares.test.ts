/** What is shared: bytes, requests, turns; and whether bytes move. */
import t from 'tap';
import { PROGRESS_BYTES, Progress } from '../../../src/api/door/progress.ts';
import { Shares } from '../../../src/api/door/shares.ts';
import { Turns, WAITING_MAX } from '../../../src/api/door/turns.ts';

t.test('a token has its share, all tokens together have theirs', async (t) => {
  const shares = new Shares({ what: 'bytes', perToken: 100, inAll: 250 });
  t.equal(shares.take('a', 100), undefined);
  t.match(shares.take('a', 1), { code: 'share_used_up', status: 429 });
  t.equal(shares.take('b', 100), undefined);
  t.match(shares.take('c', 100), { code: 'busy', status: 503 });
  t.equal(shares.take('c', 50), undefined);
  shares.give('a', 100);
  t.equal(shares.take('a', 60), undefined);
  for (const [token, amount] of Object.entries({ a: 60, b: 100, c: 50 })) shares.give(token, amount);
  t.equal(shares.all, 0);
});

t.test('who holds nothing may take one thing that is larger than a share', async (t) => {
  const shares = new Shares({ what: 'bytes', perToken: 100, inAll: 250 });
  t.equal(shares.take('a', 1000), undefined);
  t.match(shares.take('a', 1), { code: 'share_used_up' });
  t.match(shares.take('b', 1), { code: 'busy' });
});

t.test('tokens take turns, whoever asked more', async (t) => {
  const turns = new Turns();
  const order: string[] = [];
  const take = async (token: string) => {
    t.equal(await turns.take(token), undefined);
    order.push(token);
  };
  await Promise.all([...Array.from({ length: 5 }, () => take('greedy')), take('operator'), take('other')]);
  t.same(order, ['greedy', 'operator', 'other', 'greedy', 'greedy', 'greedy', 'greedy']);
});

t.test('work in slices stands in line with its token for each of them', async (t) => {
  const turns = new Turns();
  const order: string[] = [];
  const work = async (token: string, slices: number) => {
    for (let slice = 1; slice <= slices; slice++) {
      await turns.again(token);
      order.push(token);
    }
  };
  await Promise.all([work('greedy', 3), work('greedy', 3), work('operator', 2)]);
  t.same(order.slice(0, 4), ['greedy', 'operator', 'greedy', 'operator'], 'however much of another token is begun');
  t.equal(order.length, 8);
  const full = Array.from({ length: WAITING_MAX + 5 }, () => turns.again('greedy'));
  t.match(await turns.take('greedy'), { code: 'share_used_up' }, 'they count for what may still begin');
  await Promise.all(full);
});

t.test('a line has an end', async (t) => {
  const turns = new Turns();
  const all = Array.from({ length: WAITING_MAX + 1 }, () => turns.take('greedy'));
  t.match(await all.at(-1), { code: 'share_used_up', status: 429 });
  t.equal(await turns.take('operator'), undefined);
  t.same(new Set(await Promise.all(all.slice(0, -1))), new Set([undefined]));
});

t.test('a byte now and then is no progress; a slow line is', async (t) => {
  const trickle = new Progress();
  const ask = (progress: Progress, moved: number, nowMs: number) =>
    progress.isStalled({ moved, isWaiting: true }, nowMs, 30_000);
  for (let second = 0; second < 30; second++) t.notOk(ask(trickle, second, second * 1000));
  t.ok(ask(trickle, 30, 30_000));
  const slow = new Progress();
  const perSecond = Math.ceil(PROGRESS_BYTES / 25);
  for (let second = 0; second < 3600; second++) {
    if (ask(slow, second * perSecond, second * 1000)) t.fail(`stalled after ${second} s`);
  }
  t.notOk(slow.isStalled({ moved: 0, isWaiting: false }, 3_700_000, 30_000), 'nobody is waited for');
});
