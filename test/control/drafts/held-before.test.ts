/** A service is made at a name that resolvers know already: what they hold of it counts, whoever answered it. */
import t, { type Test } from 'tap';
import { drainReply } from '../../../src/api/v1/replies/drain.ts';
import type { Command } from '../../../src/control/commands/command.ts';
import { Propagation } from '../../../src/control/drain/propagation.ts';
import { DrainReports } from '../../../src/control/drain/report.ts';
import { COMMIT_MAX_SECONDS, DRAIN_MARGIN_SECONDS } from '../../../src/model/drain.ts';
import { Problem } from '../../../src/model/errors.ts';
import { bluegreen, type EngineFixture, makeEngine, NOON_MS, zoneBody } from '../../fixtures/engine.ts';

const name = 'a.b.example.com';
const zone = 'example.com';
const [blue, green] = ['192.0.2.10', '192.0.2.20'];

const at = (seconds: number) => ({ atMs: NOON_MS + seconds * 1000 });
/** When answers with a TTL have expired that were given until a moment. */
const after = (seconds: number, ttlSeconds: number) =>
  new Date(at(seconds + COMMIT_MAX_SECONDS + ttlSeconds + DRAIN_MARGIN_SECONDS).atMs).toISOString();

const put = (owner: string, type: string, ttlSeconds: number, ...rdata: string[]): Command => ({
  ...{ kind: 'rrset.put', zone, name: owner, type },
  body: { ttlSeconds, rdata },
});
const make = (body: object, owner = name): Command =>
  ({ kind: 'service.put', name: owner, body: { ttlSeconds: 5, ...body } }) as Command;

/** Does them a second apart, from noon on. */
function done(t: Test, ...commands: Command[]): EngineFixture {
  const fixture = makeEngine(t);
  fixture.must({ kind: 'zone.put', zone, body: zoneBody });
  for (const [i, command] of commands.entries()) fixture.must(command, at(i));
  return fixture;
}

function drainOf({ store, table }: EngineFixture, seconds: number) {
  const reports = new DrainReports({ store, table, propagation: new Propagation([]), startedAtMs: NOON_MS });
  const found = reports.report(name, at(seconds).atMs);
  if (found instanceof Problem) throw new Error(found.detail);
  return { pools: drainReply(found).pools, releaseMs: reports.drainedAtMs([name], at(seconds).atMs) };
}

const drained = { drained: true, drainedAt: null, assumed: false };

/** `commands` end with the making of the service, at the last second; blue is what was answered before. */
const lives: [string, { commands: Command[]; blue: object; green?: object }][] = [
  [
    'a service that was deleted and is made again',
    {
      commands: [
        make({ ...bluegreen(100, 0), ttlSeconds: 300 }),
        { kind: 'service.delete', name },
        make(bluegreen(0, 1)),
      ],
      blue: { drained: false, assumed: true, drainedAt: after(1, 300) },
      green: { drained: false, drainedAt: null },
    },
  ],
  [
    'one that was shifted before it was deleted',
    {
      commands: [
        make({ ...bluegreen(100, 0), ttlSeconds: 300 }),
        { kind: 'weights.put', name, weights: { blue: 0, green: 1 } },
        { kind: 'service.delete', name },
        make(bluegreen(0, 1)),
      ],
      blue: { drained: false, assumed: true, drainedAt: after(1, 300) },
    },
  ],
  [
    'one whose pools had other names and, before, other targets',
    {
      commands: [
        make({ pools: { v1: { weight: 1, targets: [blue] }, v2: { weight: 0, targets: [green] } }, ttlSeconds: 300 }),
        make({ pools: { v1: { weight: 1, targets: ['192.0.2.9'] }, v2: { weight: 0, targets: [green] } } }),
        { kind: 'service.delete', name },
        make(bluegreen(0, 1)),
      ],
      blue: { drained: false, assumed: true, drainedAt: after(1, 300) },
    },
  ],
  [
    'one that went with its zone',
    {
      commands: [
        make({ ...bluegreen(100, 0), ttlSeconds: 300 }),
        { kind: 'zone.delete', zone, withServices: true } as Command,
        { kind: 'zone.put', zone, body: zoneBody },
        make(bluegreen(0, 1)),
      ],
      blue: { drained: false, assumed: true, drainedAt: after(1, 300) },
    },
  ],
  [
    'a pool that networks were pinned to, whatever its weight',
    {
      commands: [
        make({ ...bluegreen(0, 1), ttlSeconds: 300, pins: [{ network: '198.51.100.0/24', pool: 'blue' }] }),
        { kind: 'service.delete', name },
        make(bluegreen(0, 1)),
      ],
      blue: { drained: false, assumed: true, drainedAt: after(1, 300) },
    },
  ],
  [
    'a pool that never had traffic there',
    {
      commands: [make(bluegreen(0, 1)), { kind: 'service.delete', name }, make(bluegreen(0, 1))],
      blue: drained,
    },
  ],
  [
    'records that were deleted',
    {
      commands: [
        put(name, 'A', 300, blue, '192.0.2.11'),
        { kind: 'rrset.delete', zone, name, type: 'A' },
        make(bluegreen(0, 1)),
      ],
      blue: { drained: false, assumed: true, drainedAt: after(1, 300) },
    },
  ],
  [
    'records of a list of changes, and others in their place',
    {
      commands: [
        put(name, 'AAAA', 300, '2001:db8::1'),
        { kind: 'records.change', zone, changes: [{ delete: { name, type: 'AAAA' } }] } as Command,
        make({
          pools: { blue: { weight: 0, targets: ['2001:db8::1'] }, green: { weight: 1, targets: ['2001:db8::2'] } },
        }),
      ],
      blue: { drained: false, assumed: true, drainedAt: after(1, 300) },
    },
  ],
  [
    'a CNAME that was changed before it was adopted',
    {
      commands: [
        put(name, 'CNAME', 300, 'one.example.net.'),
        put(name, 'CNAME', 5, 'two.example.net.'),
        make({
          replace: true,
          pools: {
            blue: { weight: 0, targets: ['one.example.net'] },
            green: { weight: 1, targets: ['two.example.net'] },
          },
        }),
      ],
      blue: { drained: false, assumed: true, drainedAt: after(1, 300) },
    },
  ],
  [
    'a wildcard of records',
    {
      commands: [put('*.b.example.com', 'A', 300, blue), make(bluegreen(0, 1))],
      blue: { drained: false, assumed: true, drainedAt: after(1, 300) },
    },
  ],
  [
    'a wildcard at the top of the zone',
    {
      commands: [put('*.example.com', 'A', 300, blue), make(bluegreen(0, 1))],
      blue: { drained: false, assumed: true, drainedAt: after(1, 300) },
    },
  ],
  [
    'a wildcard that is a service, and drains',
    {
      commands: [
        make({ ...bluegreen(100, 0), ttlSeconds: 300 }, '*.b.example.com'),
        { kind: 'weights.put', name: '*.b.example.com', weights: { blue: 0, green: 1 } },
        make(bluegreen(0, 1)),
      ],
      blue: { drained: false, assumed: true, drainedAt: after(1, 300) },
    },
  ],
  [
    'records of the parent that a child zone hides',
    {
      commands: [
        put(name, 'A', 300, blue),
        { kind: 'zone.put', zone: 'b.example.com', body: zoneBody },
        make(bluegreen(0, 1)),
      ],
      blue: { drained: false, assumed: true, drainedAt: after(2, 300) },
    },
  ],
  [
    'a wildcard of the parent that a child zone hides',
    {
      commands: [
        put('*.example.com', 'A', 300, blue),
        { kind: 'zone.put', zone: 'b.example.com', body: zoneBody },
        make(bluegreen(0, 1)),
      ],
      blue: { drained: false, assumed: true, drainedAt: after(2, 300) },
    },
  ],
  [
    'other targets at the name than the pools have',
    {
      commands: [put('*.b.example.com', 'A', 300, '192.0.2.99'), make(bluegreen(0, 1))],
      blue: drained,
    },
  ],
];

for (const [what, life] of lives)
  t.test(`resolvers hold answers of ${what}`, async (t) => {
    const fixture = done(t, ...life.commands);
    const seconds = life.commands.length - 1;
    const now = drainOf(fixture, seconds);
    t.match(now.pools, { blue: life.blue, ...(life.green && { green: life.green }) });
    t.equal(
      now.releaseMs,
      Date.parse(String(now.pools.blue?.drainedAt)) || 0,
      'the step `drain` of a release waits for it',
    );
    t.match(drainOf(fixture, seconds + 310).pools, { blue: { drained: true } });
    fixture.close();
    const again = makeEngine(t, { folder: fixture.folder, ...at(seconds) });
    t.match(drainOf(again, seconds).pools.blue, { drained: now.pools.blue?.drained }, 'and over a restart');
  });

t.test(
  'a pool that is renamed, or removed and made again, is not drained before what it gave has expired',
  async (t) => {
    const fixture = done(
      t,
      make({ ...bluegreen(100, 0), ttlSeconds: 300 }),
      { kind: 'weights.put', name, weights: { blue: 0, green: 1 } },
      make({ pools: { v1: { weight: 0, targets: [blue] }, green: { targets: [green] } } }),
    );
    t.match(drainOf(fixture, 2).pools, { v1: { drained: false, assumed: true, drainedAt: after(1, 300) } });
    fixture.must(make({ pools: { v2: { weight: 0, targets: ['192.0.2.30'] }, green: { targets: [green] } } }), at(3));
    t.match(drainOf(fixture, 3).pools, { v2: { drained: true, assumed: false } }, 'others are not waited for');
    fixture.must(make({ pools: { blue: { weight: 0, targets: [blue] }, green: { targets: [green] } } }), at(4));
    t.match(drainOf(fixture, 4).pools, { blue: { drained: false, assumed: true, drainedAt: after(1, 300) } });
    t.match(drainOf(fixture, 309).pools, { blue: { drained: true } });
  },
);

t.test('a node whose clock is ahead of the others forgets nothing of what they hold', async (t) => {
  const renamed = { v1: { weight: 0, targets: [blue] }, green: { weight: 1, targets: [green] } };
  const fixture = done(
    t,
    make({ ...bluegreen(100, 0), ttlSeconds: 300 }),
    { kind: 'weights.put', name, weights: { blue: 0, green: 1 } },
    make({ pools: renamed }),
  );
  const AHEAD_SECONDS = 3600;
  fixture.engine.knownBy({ behindMs: () => AHEAD_SECONDS * 1000 });
  fixture.must(make({ pools: renamed, ttlSeconds: 6 }), at(AHEAD_SECONDS + 3));
  t.match(drainOf(fixture, 4).pools, { v1: { drained: false, assumed: true, drainedAt: after(1, 300) } });
  fixture.must({ kind: 'service.delete', name }, at(AHEAD_SECONDS + 4));
  fixture.engine.knownBy({ behindMs: () => 0 });
  fixture.must(make({ pools: renamed }), at(5));
  fixture.must({ kind: 'service.delete', name }, at(6));
  fixture.engine.knownBy({ behindMs: () => AHEAD_SECONDS * 1000 });
  fixture.must(make({ pools: renamed }), at(AHEAD_SECONDS + 7));
  t.match(drainOf(fixture, 8).pools, { v1: { drained: false, assumed: true } }, 'nor of a life before');
});

t.test('targets that change places are a cut-over too', async (t) => {
  const fixture = done(
    t,
    make({ ...bluegreen(100, 0), ttlSeconds: 300 }),
    make({ pools: { blue: { targets: [green] }, green: { targets: [blue] } } }),
  );
  t.match(drainOf(fixture, 2).pools, { green: { drained: false, assumed: true, drainedAt: after(1, 300) } });
});
