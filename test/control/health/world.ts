/** An engine whose services are watched by probes and clocks that the test moves by hand; it can be killed and started again. */
import type { Test } from 'tap';
import { HealthMonitor } from '../../../src/control/health/monitor.ts';
import { inForce, SeenHealth } from '../../../src/control/observed/health.ts';
import { Queries } from '../../../src/control/queries.ts';
import { Problem } from '../../../src/model/errors.ts';
import type { ProbeResult } from '../../../src/model/health-state.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { type EngineFixture, makeEngine, temporaryFolder, zoneBody } from '../../fixtures/engine.ts';
import { showQueries } from '../../fixtures/shown.ts';

export const app = 'app.example.com';
export const BLUE = ['192.0.2.10', '192.0.2.11'];
export const GREEN = ['192.0.2.20'];
export const SPARE = ['192.0.2.30'];

/** Three pools: blue has most of the weight, green some, spare none. */
export const pools = {
  blue: { weight: 90, targets: BLUE },
  green: { weight: 10, targets: GREEN },
  spare: { weight: 0, targets: SPARE },
};

export const passed: ProbeResult = { outcome: 'passed', reason: 'answered 200' };
export const failed: ProbeResult = { outcome: 'failed', reason: 'answered 503' };

/** What GET shows of a service's health. */
export interface ShownHealth {
  readonly quorum: object | null;
  readonly failOpen: boolean;
  readonly pools: Record<
    string,
    {
      readonly healthy: boolean;
      readonly share: number;
      readonly forced: { readonly state: string; readonly until: string } | null;
      readonly targets: Record<string, { readonly state: string; readonly reason: string; readonly forced: unknown }>;
    }
  >;
}

export interface HealthWorld {
  readonly fixture: EngineFixture;
  readonly clock: TestClock;
  readonly monitor: HealthMonitor;
  /** Targets that were probed, in order, with the path of the check. */
  readonly probed: string[];
  /** Lines of the monitor's log, with what happened as `text`. */
  readonly log: Record<string, unknown>[];
  /** What listeners were told. */
  readonly events: object[];
  /** Whether another node of a fleet writes down that forced states are over. */
  isLed: boolean;
  /** What each target answers; what is not in it passes. */
  readonly down: Set<string>;
  /** A test may answer otherwise. */
  probe: (target: string) => ProbeResult | Promise<ProbeResult>;
  health(name?: string): ShownHealth;
  /** The addresses that so many queries get, each once, sorted. */
  answers(name?: string, queries?: number): string[];
  put(body: object, name?: string): void;
  force(pool: string, body: object, name?: string): void;
  restart(options?: { tableMaxBytes?: number }): void;
}

export const check = { http: { path: '/up' }, intervalSeconds: 10, timeoutSeconds: 5, rise: 2, fall: 3 };

interface WorldOptions {
  readonly service?: object;
  readonly tableMaxBytes?: number;
  /** Where it is a node of a fleet: at each start, what it hears of the others. */
  readonly others?: (seen: SeenHealth, clock: TestClock) => Parameters<SeenHealth['hearOthers']>[0];
}

/** The zone example.com with one service. */
export function makeHealthWorld(
  t: Test,
  { service = { pools, health: check }, others, ...options }: WorldOptions = {},
): HealthWorld {
  const folder = temporaryFolder(t);
  const clock = new TestClock();
  let seen: SeenHealth;
  const start = (more: object): { fixture: EngineFixture; monitor: HealthMonitor } => {
    seen = new SeenHealth(clock);
    if (others !== undefined) seen.hearOthers(others(seen, clock));
    const fixture = makeEngine(t, { folder, atMs: clock.wallMs(), inForce: (each) => inForce(each, seen), ...more });
    const line = (fields: object, text: string): void => void world.log.push({ ...fields, text });
    const monitor = new HealthMonitor({
      ...{ engine: fixture.engine, store: fixture.store, seen, clock, random: () => 0.5, leads: () => !world.isLed },
      log: { info: line, warn: line, error: line },
      probe: async (of, target) => {
        world.probed.push(`${target}${of.http?.path ?? ''}`);
        // No answer is there at once.
        await null;
        return world.probe(target);
      },
    });
    monitor.onHealth((event) => world.events.push(event));
    monitor.start();
    return { fixture, monitor };
  };
  let running: ReturnType<typeof start>;
  const world: HealthWorld = {
    get fixture() {
      return running.fixture;
    },
    get monitor() {
      return running.monitor;
    },
    clock,
    probed: [],
    log: [],
    events: [],
    isLed: false,
    down: new Set(),
    probe: (target) => (world.down.has(target) ? failed : passed),
    health(name = app) {
      const shown = showQueries(new Queries(running.fixture.store, { health: seen })).health(name);
      if (shown instanceof Problem) throw new Error(shown.detail);
      return shown as ShownHealth;
    },
    answers(name = app, queries = 400) {
      const found = new Set<string>();
      for (let i = 0; i < queries; i++) for (const address of running.fixture.ask(name) as string[]) found.add(address);
      return [...found].sort();
    },
    put: (body, name = app) => running.fixture.must({ kind: 'service.put', name, body: body as never }),
    force(pool, body, name = app) {
      const command = { kind: 'health.force', name, pool, body: body as never } as const;
      running.fixture.must(command, { atMs: clock.wallMs() });
    },
    restart(more = {}) {
      running.monitor.stop();
      clock.kill();
      running.fixture.close();
      running = start({ ...options, ...more });
    },
  };
  running = start(options);
  running.fixture.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  world.put(service);
  return world;
}
