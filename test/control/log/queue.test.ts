/** One piece of work at a time. */
import t from 'tap';
import { Queue } from '../../../src/control/log/queue.ts';

/** Something that is done when the test says so. */
function held<Result>(): { promise: Promise<Result>; resolve(result: Result): void; reject(error: Error): void } {
  return Promise.withResolvers<Result>();
}

t.test('what can be done at once is done before run returns', async (t) => {
  const queue = new Queue();
  const done: number[] = [];
  const first = queue.run(() => done.push(1));
  const second = queue.run(() => done.push(2));
  t.same(done, [1, 2]);
  t.ok(queue.isIdle);
  t.same(await Promise.all([first, second]), [1, 2]);
});

t.test('what waits keeps the others behind it, in their order', async (t) => {
  const queue = new Queue();
  const begun: string[] = [];
  const begin = (name: string, result: string | Promise<string>) => () => {
    begun.push(name);
    return result;
  };
  const [a, b] = [held<string>(), held<string>()];
  const results = [queue.run(begin('a', a.promise)), queue.run(begin('b', b.promise)), queue.run(begin('c', 'c'))];
  t.same(begun, ['a']);
  t.notOk(queue.isIdle);
  a.resolve('a');
  await results[0];
  const late = queue.run(begin('late', 'late'));
  b.resolve('b');
  t.same(await Promise.all([...results, late]), ['a', 'b', 'c', 'late']);
  t.same(begun, ['a', 'b', 'c', 'late']);
  t.ok(queue.isIdle);
});

t.test('what fails is told to its own caller only, at once or later', async (t) => {
  const queue = new Queue();
  await t.rejects(
    queue.run(() => {
      throw new Error('at once');
    }),
    /at once/,
  );
  t.ok(queue.isIdle);
  const later = held<string>();
  const first = queue.run(() => later.promise);
  const second = queue.run(() => 'fine');
  later.reject(new Error('later'));
  await t.rejects(first, /later/);
  t.equal(await second, 'fine');
  t.ok(queue.isIdle);
});

t.test('what is asked for in the midst of other work is done once that is over, in its order', async (t) => {
  for (const isSlow of [false, true]) {
    const queue = new Queue();
    const done: string[] = [];
    const inner: Promise<unknown>[] = [];
    const slow = held<string>();
    const outer = queue.run(() => {
      for (const name of ['a', 'b']) inner.push(queue.run(() => done.push(name)));
      done.push('outer');
      return isSlow ? slow.promise.then(() => done.push('over')) : 0;
    });
    const late = queue.run(() => done.push('late'));
    slow.resolve('');
    await Promise.all([outer, ...inner, late]);
    t.same(done, isSlow ? ['outer', 'over', 'a', 'b', 'late'] : ['outer', 'a', 'b', 'late']);
    t.ok(queue.isIdle);
  }
  const nested = new Queue();
  const order: string[] = [];
  const name = (text: string) => (): unknown => order.push(text);
  await nested.run(() => {
    nested.run(() => {
      order.push('b');
      nested.run(name('d'));
    });
    nested.run(name('c'));
  });
  t.same(order, ['b', 'c', 'd']);
  const queue = new Queue();
  let after: Promise<string> | undefined;
  const failed = queue.run(() => {
    after = queue.run(() => 'fine');
    throw new Error('thrown by the test');
  });
  await t.rejects(failed, /thrown by the test/);
  t.equal(await after, 'fine');
});
