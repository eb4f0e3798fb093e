/** An engine with a runner whose clocks and gates the test moves by hand; it can be killed and started again. */
import type { Test } from 'tap';
import { Propagation } from '../../../src/control/drain/propagation.ts';
import { DrainReports } from '../../../src/control/drain/report.ts';
import type { AnalysisProgress } from '../../../src/control/observed/analysis.ts';
import { ReleaseRunner } from '../../../src/control/releases/runner.ts';
import type { Metric, Release, Step } from '../../../src/model/release.ts';
import type { Measurement } from '../../../src/model/release-analysis.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { bluegreen, type EngineFixture, makeEngine, temporaryFolder, zoneBody } from '../../fixtures/engine.ts';

export const app = 'app.example.com';
export const api = 'api.example.com';

export interface ReleaseWorld {
  readonly fixture: EngineFixture;
  readonly clock: TestClock;
  /** Metrics that were asked, in order. */
  readonly asked: string[];
  /** Lines of the runner's log. */
  readonly log: object[];
  /** What the gates say; a test may set it. */
  answer: (metric: Metric) => Measurement | Promise<Measurement>;
  release(id: string): Release;
  /** How far its analysis is. */
  progress(id: string): AnalysisProgress | undefined;
  /** The weight of green in force. */
  green(name?: string): number;
  /** Stops the runner; the engine still takes commands. */
  stop(): void;
  /** Starts it again. */
  start(): void;
  /** Kills the process, so to speak, and starts another one on the same data. */
  restart(): void;
}

/** The zone example.com with two services, all blue. */
export function makeWorld(t: Test, service: object = {}): ReleaseWorld {
  const folder = temporaryFolder(t);
  const clock = new TestClock();
  const asked: string[] = [];
  const lines: object[] = [];
  let runner: ReleaseRunner;
  const start = (): EngineFixture => {
    const fixture = makeEngine(t, { folder, atMs: clock.wallMs() });
    const gate = async (metric: Metric): Promise<Measurement> => {
      asked.push(metric.name);
      return world.answer(metric);
    };
    const drain = new DrainReports({
      store: fixture.store,
      table: fixture.table,
      propagation: new Propagation([]),
      startedAtMs: clock.wallMs(),
    });
    const note = (line: object) => lines.push(line);
    const log = { debug: () => {}, warn: note, error: note };
    runner = new ReleaseRunner({ engine: fixture.engine, store: fixture.store, gate, drain, clock, log });
    runner.start();
    return fixture;
  };
  let fixture = start();
  fixture.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  for (const name of [app, api]) fixture.must({ kind: 'service.put', name, body: bluegreen(100, 0, service) });
  const world: ReleaseWorld = {
    get fixture() {
      return fixture;
    },
    clock,
    asked,
    log: lines,
    answer: () => ({ outcome: 'passed', message: 'fine' }),
    release: (id) => fixture.store.release(id) as Release,
    green: (name = app) => fixture.store.service(name)?.pools.find((pool) => pool.name === 'green')?.weight as number,
    progress: (id) => runner.progressOf(id),
    stop: () => runner.stop(),
    start: () => runner.start(),
    restart() {
      runner.stop();
      clock.kill();
      fixture.close();
      fixture = start();
    },
  };
  return world;
}

/** Begins a release to green; its id. */
export function begin(
  { fixture, clock }: ReleaseWorld,
  steps: readonly Step[],
  services: readonly string[] = [app],
): string {
  const body = { to: 'green', steps };
  const command = { kind: 'release.create', services, body, dryRun: false, single: false } as const;
  return String(fixture.must(command, { atMs: clock.wallMs() }).revision);
}
