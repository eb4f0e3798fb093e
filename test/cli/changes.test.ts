/** Waiting for changes: an event of the server is a reason to look at once, and what has no events is looked at. */
import t from 'tap';
import { Changes } from '../../src/cli/changes.ts';
import type { Session } from '../../src/cli/session.ts';
import { TestClock } from '../fixtures/clock.ts';
import { comesTo } from '../fixtures/soon.ts';

interface Fake {
  readonly session: Session;
  readonly interrupt: AbortController;
  /** How often events were asked for. */
  asked: number;
}

function fake(events: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array> | undefined>): Fake {
  const interrupt = new AbortController();
  const made: Fake = { asked: 0, interrupt, session: undefined as unknown as Session };
  const api = {
    events(signal: AbortSignal) {
      made.asked += 1;
      return events(signal);
    },
  };
  const shell = {
    interrupted: () => interrupt.signal,
    stdout: { isTerminal: false, lost: new AbortController().signal },
  };
  return Object.assign(made, { session: { api, shell, json: false } as unknown as Session });
}

t.test('an event ends the wait; one that came before it is not forgotten', async (t) => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const { session } = fake(async () => readable);
  const changes = new Changes(session);
  t.teardown(() => changes.stop());
  // No time passes here: what waits for the next look, which would come after five seconds, waits for ever.
  t.intercept(globalThis, 'setTimeout', { value: () => undefined });
  for (let event = 0; event < 10; event++) {
    const isEarly = event % 2 === 0;
    const early = isEarly ? undefined : changes.next();
    await writer.write(Buffer.from('event: revision\n\n'));
    // Until it has been read.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    const next = early ?? changes.next();
    t.equal(await next, true);
  }
});

t.test('a server without events is asked for them once, and looked at all the same', async (t) => {
  const made = fake(async () => undefined);
  const changes = new Changes(made.session);
  t.teardown(() => changes.stop());
  t.equal(await changes.next(), true);
  t.equal(await changes.next(), true);
  t.equal(made.asked, 1);
});

t.test('Ctrl-C ends a wait at once, and every later one', async (t) => {
  const { session, interrupt } = fake(async () => undefined);
  const changes = new Changes(session);
  t.teardown(() => changes.stop());
  const next = changes.next();
  interrupt.abort();
  t.equal(await next, false);
  t.equal(await changes.next(), false);
});

t.test('a stream that breaks off is opened again', async (t) => {
  const made = fake(async () => new ReadableStream({ start: (controller) => controller.error(new Error('broken')) }));
  const changes = new Changes(made.session);
  t.teardown(() => changes.stop());
  while (made.asked < 2) await changes.next();
  t.ok(made.asked >= 2);
});

t.test('a stream that says nothing for longer than a server that lives is given up, and opened again', async (t) => {
  const isGivenUp: boolean[] = [];
  const beats = new TransformStream<Uint8Array, Uint8Array>();
  const writer = beats.writable.getWriter();
  t.intercept(globalThis, 'setTimeout', { value: (work: () => void, ms: number) => clock.after(ms, work) });
  t.intercept(globalThis, 'clearTimeout', { value: (cancel?: () => void) => cancel?.() });
  const clock = new TestClock();
  const made = fake(async (signal) => {
    const at = isGivenUp.push(false) - 1;
    signal.addEventListener('abort', () => {
      isGivenUp[at] = true;
      if (at === 0) void writer.abort(signal.reason);
    });
    if (at === 0) return beats.readable;
    // No answer comes at all, as where the network is cut.
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
  const changes = new Changes(made.session);
  t.teardown(() => changes.stop());
  for (let beat = 0; beat < 12; beat++) {
    await clock.pass(5);
    void writer.write(Buffer.from(': \n\n'));
  }
  t.same(isGivenUp, [false], 'a minute of heartbeats');
  await clock.pass(12);
  t.same(isGivenUp, [false], 'one may be late');
  await clock.pass(4);
  t.equal(isGivenUp[0], true);
  await comesTo(
    () => made.asked,
    (asked) => asked === 2,
  );
  await clock.pass(14);
  t.equal(isGivenUp[1], true, 'nor is an answer waited for without end');
  const next = changes.next();
  await clock.pass(1);
  t.equal(await next, true, 'it is looked each second meanwhile');
});
