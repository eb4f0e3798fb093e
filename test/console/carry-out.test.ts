/** What becomes of a change whose reply is late or lost. */
import t from 'tap';
import { HEARTBEAT_MS } from '../../src/api/v1/event-streams.ts';
import type { Reply } from '../../src/console/api/reply.ts';
import { SILENCE_MAX_MS, SILENT_MS } from '../../src/console/rules/silence.ts';
import { carryOut, SLOW_MS, type Word } from '../../src/console/state/carry-out.ts';

const done: Reply<string> = { ok: true, status: 200, body: 'done', etag: '"2"' };
const refused: Reply<string> = { ok: false, failure: { status: 412, code: 'revision_stale', detail: '' } };
const lost: Reply<string> = { ok: false, failure: { status: 0, code: 'unreachable', detail: '' } };
const proxied: Reply<string> = { ok: false, failure: { status: 504, code: 'unexpected', detail: '' } };
const unconfirmed: Reply<string> = { ok: false, failure: { status: 504, code: 'fleet_unconfirmed', detail: '' } };
const never = new Promise<never>(() => {});

/** Time passes at once, save for the wait before the reply counts as late where `isPrompt`. */
function world(reply: Reply<string> | Promise<Reply<string>>, words: Word<string>[] = []) {
  const said: string[] = [];
  let isWanted = true;
  const work = {
    send: async (signal: AbortSignal) => {
      signal.addEventListener('abort', () => said.push('given up'));
      said.push('sent');
      return reply;
    },
    ask: async () => {
      said.push('asked');
      const word = words.shift();
      if (word === undefined) isWanted = false;
      return word ?? ('silent' as const);
    },
    after: (ms: number) => (ms === SLOW_MS && !(reply instanceof Promise) ? never : Promise.resolve()),
    onLate: () => said.push('late'),
    isWanted: () => isWanted,
  };
  return { work, said };
}

t.test('a reply in time is the outcome, whatever it says', async (t) => {
  for (const reply of [done, refused]) {
    const { work, said } = world(reply);
    t.same(await carryOut(work), reply);
    t.same(said, ['sent']);
  }
});

t.test('a reply that was lost: the server is asked until it has a word', async (t) => {
  for (const reply of [lost, proxied, unconfirmed]) {
    const { work, said } = world(reply, ['silent', 'silent', done]);
    t.same(await carryOut(work), done);
    t.same(said, ['sent', 'late', 'asked', 'asked', 'asked', 'given up']);
  }
  t.same(await carryOut(world(lost, [refused]).work), refused, 'somebody else was faster');
});

t.test('a change that never arrived is told as one that was not done', async (t) => {
  const { work, said } = world(lost, ['unchanged']);
  t.match(await carryOut(work), { ok: false, failure: { code: 'not_done' } });
  t.same(said, ['sent', 'late', 'asked', 'given up']);
});

t.test(
  'a reply that is late: what is in force counts, and a request on its way is not called lost at once',
  async (t) => {
    t.same(await carryOut(world(never, [done]).work), done);
    const slow = world(
      never,
      Array.from({ length: 30 }, () => 'unchanged' as const),
    );
    t.match(await carryOut(slow.work), { ok: false, failure: { code: 'not_done' } });
    t.ok(slow.said.filter((word) => word === 'asked').length > 5, 'it is asked again and again');
    t.equal(slow.said.at(-1), 'given up', 'so that it cannot be done later');
  },
);

t.test('a late reply that comes after all is the outcome', async (t) => {
  let arrive = (_reply: Reply<string>): void => {};
  const reply = new Promise<Reply<string>>((resolve) => {
    arrive = resolve;
  });
  const { work, said } = world(reply);
  work.ask = async () => {
    said.push('asked');
    arrive(done);
    await new Promise((resolve) => setImmediate(resolve));
    return 'silent';
  };
  t.same(await carryOut(work), done);
  t.same(said, ['sent', 'late', 'asked', 'given up']);
});

t.test('nobody is asked for somebody who has left', async (t) => {
  t.equal(await carryOut(world(lost).work), undefined);
});

t.test(
  'the page knows sooner that a server is silent than a person needs to be told, and later than it says a word',
  (t) => {
    t.ok(SILENT_MS > HEARTBEAT_MS * 1.5 && SILENCE_MAX_MS > SILENT_MS);
    t.ok(SILENCE_MAX_MS <= 15_000);
    t.end();
  },
);
