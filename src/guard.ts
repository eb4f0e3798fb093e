/**
 * What runs by itself (timers, listeners, promises that nobody waits for) has nobody above it who would catch what it
 * throws: Node ends the process then, and with it the answers. So each of them is made here, with a guard around it; a
 * test (test/tidy.test.ts) finds those in the control plane that are not.
 */

/** Is told of what was thrown, and by what. */
export type Report = (fault: unknown, what: string) => void;

/** Until somebody listens, whoever runs the program is shown it. */
let report: Report = (fault, what) => process.emitWarning(`${what}: ${(fault as Error)?.stack ?? fault}`, 'TealFault');

// biome-ignore lint/suspicious/noExplicitAny: emitters are typed like this, each with events of its own
type Listener = (...values: any[]) => void;

/** Where an event can be listened to: Node's emitters, and what Fastify and others make of them. */
interface Emitter {
  on(event: string, listener: Listener): unknown;
  once(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/** From now on faults are told to this one. */
export function reportFaults(to: Report): void {
  report = to;
}

/** Tells of a fault that was caught; never throws. */
export function tellFault(fault: unknown, what: string): void {
  try {
    report(fault, what);
  } catch {
    // The listener is broken itself; there is nobody left to tell.
  }
}

/** The same work, which never throws. `what`: who is to blame, for the log. */
export function guarded<Values extends unknown[]>(
  what: string,
  work: (...values: Values) => unknown,
): (...values: Values) => void {
  return (...values) => {
    try {
      const result = work(...values);
      if (result instanceof Promise) inBackground(what, result);
    } catch (fault) {
      tellFault(fault, what);
    }
  };
}

/** A promise that nobody waits for. */
export function inBackground(what: string, promise: Promise<unknown>): void {
  promise.catch((fault: unknown) => tellFault(fault, what));
}

/** setTimeout, guarded. */
export function afterMs(what: string, ms: number, work: () => unknown): NodeJS.Timeout {
  return setTimeout(guarded(what, work), ms);
}

/** setImmediate, guarded. */
export function soon(what: string, work: () => unknown): void {
  setImmediate(guarded(what, work));
}

/** setInterval, guarded. */
export function everyMs(what: string, ms: number, work: () => unknown): NodeJS.Timeout {
  return setInterval(guarded(what, work), ms);
}

/** Listens to an event; the listener is guarded. The result ends that. */
export function listen<Values extends unknown[]>(
  emitter: Emitter,
  event: string,
  what: string,
  listener: (...values: Values) => unknown,
): () => void {
  return attach(emitter, 'on', event, guarded(what, listener));
}

/** Listens to an event before all others do; the listener is guarded. */
export function listenFirst<Values extends unknown[]>(
  emitter: Pick<NodeJS.EventEmitter, 'prependListener'>,
  event: string,
  what: string,
  listener: (...values: Values) => unknown,
): void {
  emitter.prependListener(event, guarded(what, listener) as Listener);
}

/** Listens to the next event of its kind; the listener is guarded. The result ends that. */
export function listenOnce<Values extends unknown[]>(
  emitter: Emitter,
  event: string,
  what: string,
  listener: (...values: Values) => unknown,
): () => void {
  return attach(emitter, 'once', event, guarded(what, listener));
}

function attach(emitter: Emitter, how: 'on' | 'once', event: string, own: Listener): () => void {
  emitter[how](event, own);
  return () => emitter.off(event, own);
}

/** Calls `work` when the signal is aborted; the result ends that. */
export function onAbort(signal: AbortSignal, what: string, work: () => unknown): () => void {
  const listener = guarded(what, work);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
