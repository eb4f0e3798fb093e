/** The log of a fleet with a stop-watch beside it: how long a change takes until it stands, and until all answer from it. */
import type { ChangeStep } from '../../model/fleet/timings.ts';
import type { Answering } from '../commands/command.ts';
import type { Appended, FleetLog, Log } from './log.ts';

type Told = (step: ChangeStep, seconds: number) => void;

/** `told` hears of what came to its end; a refusal took as long as it took, and says nothing of the way. */
export function timed(log: Log & { readonly fleet: FleetLog }, steadyMs: () => number, told: Told): Log {
  const { fleet } = log;
  return {
    isLocal: log.isLocal,
    async append(expected, entry): Promise<Appended> {
      const beganAtMs = steadyMs();
      const appended = await log.append(expected, entry);
      if (appended === 'appended') told('append', (steadyMs() - beganAtMs) / 1000);
      return appended;
    },
    fleet: {
      contents: fleet.contents,
      applied: (revision) => fleet.applied(revision),
      notApplied: (revision, problem) => fleet.notApplied(revision, problem),
      async answered(revision) {
        const beganAtMs = steadyMs();
        const found = await fleet.answered(revision);
        if (isAnswering(found)) told('answer', (steadyMs() - beganAtMs) / 1000);
        return found;
      },
    },
  };
}

function isAnswering(found: Awaited<ReturnType<FleetLog['answered']>>): found is Answering {
  return 'answering' in found;
}
