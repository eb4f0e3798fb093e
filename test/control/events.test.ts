/** The log of events: ids, order, what is told again, and what limited listeners are told. */
import fc from 'fast-check';
import t from 'tap';
import {
  dataOf,
  type Event,
  formatId,
  isAfter,
  type Position,
  parseId,
  START,
} from '../../src/control/events/event.ts';
import { EventLog, REPLAYED_REVISIONS_MAX } from '../../src/control/events/log.ts';
import { Grant } from '../../src/control/grant.ts';
import { bluegreen, type EngineFixture, makeEngine, withService } from '../fixtures/engine.ts';
import { runs } from '../fixtures/runs.ts';

/** All events after a position, as one who listens and reads page by page. */
function readAll(log: EventLog, after: Position): Event[] {
  const all: Event[] = [];
  for (let position = after; ; ) {
    const page = log.after(position);
    const last = page.at(-1);
    if (last === undefined) return all;
    all.push(...page);
    position = last.position;
  }
}

const told = (events: Event[]): string[] =>
  events.map((event) => `${formatId(event.position)} ${event.name === 'release' ? event.trigger : event.name}`);
const everything = new Grant({ zoneOf: () => undefined, zoneAt: () => undefined, service: () => undefined }, undefined);
const shift = (fixture: EngineFixture, blue: number) =>
  fixture.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue, green: 1 } });

t.test('ids are read as they are written, and nothing else is one', async (t) => {
  const position = fc.record({ revision: fc.integer({ min: 1, max: 1e14 }), index: fc.integer({ min: 0, max: 999 }) });
  fc.assert(
    fc.property(position, position, (one, other) => {
      t.same(parseId(formatId(one)), one);
      return isAfter(one, other) === (one.revision - other.revision || one.index - other.index) > 0;
    }),
    { numRuns: runs(100) },
  );
  t.same(parseId('0'), START);
  for (const text of ['', 'x', '-1', '1.', '.1', '1.0', '01', '1.01', '1.2.3', ' 1', '1e3', '9'.repeat(16), '1.1000']) {
    t.equal(parseId(text), undefined, text);
  }
});

t.test('a release tells of its revisions, then of what they did', async (t) => {
  const fixture = withService(makeEngine(t));
  const log = new EventLog(fixture.store, fixture.engine, 'first');
  const steps = [{ setWeight: 10 }, { pause: {} }, { setWeight: 100 }];
  const { body } = fixture.must({
    kind: 'release.create',
    services: ['app.example.com'],
    body: { to: 'green', steps },
    dryRun: false,
    single: true,
  });
  const { id } = body as { id: string };
  fixture.must({ kind: 'release.pause', id });
  fixture.must({ kind: 'release.promote', id, full: false });
  const expected = [
    '3 revision',
    '3.1 on-release-started',
    '3.2 on-release-step-completed',
    '3.3 on-release-paused',
    '4 revision',
    '5 revision',
    '5.1 on-release-step-completed',
    '5.2 on-release-completed',
  ];
  t.same(told(readAll(log, { revision: 2, index: 0 })), expected);
  t.same(told(readAll(log, { revision: 3, index: 2 })), expected.slice(3), 'from the middle of a revision');
  t.same(log.end, { revision: 5, index: 2 });

  const again = new EventLog(fixture.store, fixture.engine, 'second');
  t.same(told(readAll(again, START)).slice(2), expected, 'the same after a restart');
  t.same(again.end, { revision: 5, index: 2 });
  const texts = (log: EventLog) => readAll(log, START).map((event) => JSON.stringify(dataOf(event, everything)));
  t.same(texts(again), texts(log), 'with the same data, though the release has moved on since');
  t.match(JSON.parse(texts(again)[3]), {
    trigger: 'on-release-started',
    services: ['app.example.com'],
    release: {
      id,
      state: 'paused',
      stepIndex: 1,
      to: 'green',
      services: { 'app.example.com': { weights: { blue: 90, green: 10 } } },
      revision: 3,
    },
  });
});

t.test('however many pages, and whatever is in memory, nothing is lost or told twice', async (t) => {
  const fixture = withService(makeEngine(t));
  for (let blue = 1; blue <= 250; blue++) shift(fixture, blue);
  const log = new EventLog(fixture.store, fixture.engine, 'first');
  for (let blue = 251; blue <= 600; blue++) shift(fixture, blue);
  const numbers = (after: number) =>
    readAll(log, { revision: after, index: 0 }).map(({ position }) => position.revision);
  for (const after of [0, 1, 99, 100, 101, 251, 252, 253, 340, 345, 346, 347, 400, 601, 602]) {
    t.same(
      numbers(after),
      Array.from({ length: 602 - after }, (_, i) => after + 1 + i),
      `after ${after}`,
    );
  }
});

t.test('a listener is called once for each change, until it has enough', async (t) => {
  const fixture = withService(makeEngine(t));
  const log = new EventLog(fixture.store, fixture.engine, 'first');
  let calls = 0;
  const end = log.listen(() => {
    calls += 1;
  });
  shift(fixture, 5);
  fixture.code({ kind: 'weights.put', name: 'app.example.com', weights: { blue: 0, green: 0 } });
  t.equal(calls, 1);
  end();
  shift(fixture, 6);
  t.equal(calls, 1);
});

t.test('a position of another log, or too long ago, is lost', async (t) => {
  const store = { lastRevision: REPLAYED_REVISIONS_MAX + 5, revisions: () => [], release: () => undefined };
  const log = new EventLog(store, { onChange() {} }, 'first');
  for (const [revision, isLost] of [
    [4, true],
    [5, false],
    [store.lastRevision, false],
    [store.lastRevision + 1, true],
  ] as const) {
    t.equal(log.isLost({ revision, index: 0 }), isLost, String(revision));
  }
});

t.test('who is limited is told of what he may see, and of no more', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must({ kind: 'service.put', name: 'api.example.com', body: bluegreen(100, 0) });
  const log = new EventLog(fixture.store, fixture.engine, 'first');
  const weights = { blue: 50, green: 50 };
  fixture.must({ kind: 'shift', services: { 'app.example.com': weights, 'api.example.com': weights } });
  fixture.must({ kind: 'weights.put', name: 'api.example.com', weights: { blue: 1, green: 1 } });
  const services = ['app.example.com', 'api.example.com'];
  fixture.must({
    kind: 'release.create',
    services,
    body: { to: 'green', preset: 'AllAtOnce' },
    dryRun: false,
    single: false,
  });
  const seen = (patterns: string[]) => {
    const grant = new Grant(fixture.store, { services: patterns, zones: [] });
    return readAll(log, { revision: 3, index: 0 }).flatMap((event) => dataOf(event, grant) ?? []);
  };
  const app = seen(['app.example.com']);
  t.match(app, [
    { revision: 4, services: ['app.example.com'] },
    { revision: 6, services: ['app.example.com'] },
    { trigger: 'on-release-started', services: ['app.example.com'] },
    { trigger: 'on-release-step-completed' },
    { trigger: 'on-release-completed' },
  ]);
  t.notMatch(JSON.stringify(app), 'api.example.com');
  t.equal(seen(['*.example.com']).length, 6);
  t.same(seen(['www.example.com']), []);
});

t.test('how a node stands is told among what probes see, to whoever may read', async (t) => {
  const fixture = withService(makeEngine(t));
  const log = new EventLog(fixture.store, fixture.engine, 'first');
  const seen = { silent: [], leader: 'ns2', lost: ['ns1'], back: [], changes: ['node_stale'] } as const;
  const stale = { node: 'ns1', standing: 'live', current: false, behind: ['ns1'], ...seen } as const;
  log.addNode(stale, 0);
  shift(fixture, 5);
  log.addNode({ ...stale, current: true, behind: [] }, 0);
  const events = readAll(log, { revision: 2, index: 0 });
  t.same(told(events), ['2-first.1 node', '3 revision', '3-first.2 node']);
  const limited = new Grant(fixture.store, { services: ['other.example.com'], zones: [] });
  t.same(dataOf(events[0] as Event, limited), stale);
});

t.test(
  'what probes see comes after the revision that was the last then, once, and anew from another process',
  async (t) => {
    const fixture = withService(makeEngine(t));
    const log = new EventLog(fixture.store, fixture.engine, 'first');
    const see = (to: EventLog, target: string) =>
      to.addHealth({ service: 'app.example.com', pool: 'blue', target, state: 'down', reason: 'refused' }, 0);
    see(log, '192.0.2.1');
    shift(fixture, 5);
    see(log, '192.0.2.2');
    see(log, '192.0.2.3');
    shift(fixture, 6);
    const expected = ['2-first.1 health', '3 revision', '3-first.2 health', '3-first.3 health', '4 revision'];
    t.same(told(readAll(log, { revision: 2, index: 0 })), expected);
    for (const [i, line] of expected.entries()) {
      const position = parseId(line.split(' ')[0]) as Position;
      t.same(told(readAll(log, position)), expected.slice(i + 1), `after ${line}`);
    }
    const again = new EventLog(fixture.store, fixture.engine, 'second');
    see(again, '192.0.2.1');
    const position = parseId('3-first.3') as Position;
    t.same(told(readAll(again, position)), ['4 revision', '4-second.1 health']);
    t.notOk(again.isLost(position));

    const [event] = readAll(log, { revision: 2, index: 0 }) as [Event];
    t.same(dataOf(event, everything), {
      service: 'app.example.com',
      pool: 'blue',
      target: '192.0.2.1',
      state: 'down',
      reason: 'refused',
    });
    t.equal(dataOf(event, new Grant(fixture.store, { services: ['api.example.com'], zones: [] })), undefined);
    for (let i = 0; i < 1000; i++) see(log, '192.0.2.1');
    t.ok(log.isLost({ revision: 2, index: 0 }), 'more than is kept');
    t.notOk(log.isLost({ revision: 4, index: 0 }));
  },
);
