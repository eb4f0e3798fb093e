/** An engine with a runner of proposals whose clock the test moves by hand; it can be killed and started again. */
import type { Test } from 'tap';
import type { Command, CommandContext } from '../../../src/control/commands/command.ts';
import { ProposalRunner } from '../../../src/control/proposals/runner.ts';
import type { Proposed } from '../../../src/model/proposed.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { bluegreen, type EngineFixture, makeEngine, temporaryFolder, zoneBody } from '../../fixtures/engine.ts';

export const app = 'app.example.com';
export const other = 'other.example.com';
export const HOUR = 3600;

/** An engine with a runner that can be killed; app wants a second person, other does not. */
export function makeWorld(t: Test) {
  const folder = temporaryFolder(t);
  const clock = new TestClock();
  const lines: object[] = [];
  const log = { warn: (line: object) => lines.push(line), error: (line: object) => lines.push(line) };
  let runner: ProposalRunner;
  const start = (): EngineFixture => {
    const made = makeEngine(t, { folder, atMs: clock.wallMs() });
    runner = new ProposalRunner({ engine: made.engine, store: made.store, clock, log });
    runner.start();
    return made;
  };
  let fixture = start();
  fixture.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(100, 0, { approval: 'required' }) });
  fixture.must({ kind: 'service.put', name: other, body: bluegreen(100, 0) });
  const as = (actor: string, more: Partial<CommandContext> = {}) => ({ actor, atMs: clock.wallMs(), ...more });
  return {
    get fixture() {
      return fixture;
    },
    clock,
    lines,
    say: (actor: string, command: Command, more?: Partial<CommandContext>) => fixture.execute(command, as(actor, more)),
    code: (actor: string, command: Command, more?: Partial<CommandContext>) => fixture.code(command, as(actor, more)),
    /** Proposes what must succeed; its id. */
    propose(actor: string, command: Command, more?: Partial<CommandContext>): string {
      const outcome = fixture.must(command, as(actor, more));
      if (outcome.isPending !== true) throw new Error('it was done at once');
      return String(outcome.revision);
    },
    proposal: (id: string) => fixture.store.proposal(id) as Proposed,
    green: (name = app) => fixture.store.service(name)?.pools[1]?.weight,
    stop: () => runner.stop(),
    start: () => runner.start(),
    restart(downSeconds = 0) {
      runner.stop();
      clock.kill();
      fixture.close();
      clock.jump(downSeconds * 1000);
      fixture = start();
    },
  };
}

export const shift = (green: number, name = app, at?: string): Command => ({
  kind: 'shift',
  services: { [name]: { blue: 100 - green, green } },
  ...(at !== undefined && { schedule: { at, timeZone: 'Europe/Berlin' } }),
});
export const approve = (id: string): Command => ({ kind: 'proposal.approve', id });
export const release = (
  services = [app],
  steps: object[] = [{ setWeight: 10 }, { pause: {} }, { setWeight: 100 }],
): Command =>
  ({ kind: 'release.create', services, body: { to: 'green', steps }, dryRun: false, single: true }) as never;
