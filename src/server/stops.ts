/** How to stop what was started. */
import { tellFault } from '../guard.ts';

/** The last that was started stops first. */
type Stops = (() => void | Promise<void>)[];

/** The control plane stops before the data plane. */
export interface PlaneStops {
  readonly dataPlane: Stops;
  readonly controlPlane: Stops;
}

/** One after the other; what is stopped is not stopped again. One that fails keeps none of the others from it. */
export async function stopAll(stops: Stops): Promise<void> {
  for (let last = stops.pop(); last !== undefined; last = stops.pop()) {
    try {
      await last();
    } catch (fault) {
      tellFault(fault, 'a part that was to stop');
    }
  }
}

/** Begins all of it, waits for none, and lets none keep the next one from it. */
export function abandonAll(stops: Stops): void {
  for (let last = stops.pop(); last !== undefined; last = stops.pop()) {
    try {
      Promise.resolve(last()).catch(() => {});
    } catch {
      // A part that is broken already is abandoned as it is.
    }
  }
}
