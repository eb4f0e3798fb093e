/** Faults of Teal itself in the main thread: exceptions that nobody caught. They end what decides, never what answers. */

interface FaultEvents {
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (fault: unknown) => void): unknown;
}

interface FaultLog {
  fatal(line: object, message: string): void;
  error(line: object, message: string): void;
}

interface Faults {
  readonly happened: boolean;
  /** From now on a fault calls this; before, it ends the start. */
  started(abandon: () => void): void;
}

/** A fault that comes again and again, from a timer say, is told so often. */
const TOLD_MAX = 10;

/** Listens from now on. The first fault is one fatal line; what it leaves is in no state to be trusted any more. */
export function catchFaults(
  events: FaultEvents,
  log: FaultLog,
  endStart: () => void,
  abandoned: () => string = () => ABANDONED,
): Faults {
  let abandon: (() => void) | undefined;
  let count = 0;
  const take = (fault: unknown): void => {
    count++;
    if (count > 1) return tell(log, count > TOLD_MAX ? 'not' : 'error', fault, 'a further fault of teal itself');
    tell(log, 'fatal', fault, abandon === undefined ? 'ended by a fault of teal itself' : abandoned());
    try {
      (abandon ?? endStart)();
    } catch (error) {
      tell(log, 'error', error, 'a further fault of teal itself');
    }
  };
  events.on('uncaughtException', take);
  events.on('unhandledRejection', take);
  return {
    get happened() {
      return count > 0;
    },
    started(listener) {
      abandon = listener;
    },
  };
}

export const ABANDONED =
  'a fault of teal itself: DNS is answered on, unchanged, and nothing else is done any more; restart when it suits';

/** Whatever was thrown, even what cannot be shown: Node would end the process if this threw. */
function tell(log: FaultLog, level: 'fatal' | 'error' | 'not', fault: unknown, message: string): void {
  if (level === 'not') return;
  try {
    log[level]({ err: fault instanceof Error ? fault : new Error(`thrown: ${String(fault)}`) }, message);
  } catch {
    log[level]({}, `${message}; what was thrown cannot be shown`);
  }
}
