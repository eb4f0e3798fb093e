/** A start reads all settings, compiles what checks them, and finds its parts: the memory that this took goes back. */
import { everyMs } from '../guard.ts';
import { giveBackFreed, quietness } from '../sockets/freed-memory.ts';

const LOOK_MS = 1000;
/** The start is over by then, and so are the first requests of whoever waited for it. */
const LOOKS_MIN = 5;

/**
 * To be called once what was started serves; returns how to leave it out. A shift that came meanwhile would wait for it: so
 * it is done after a second in which this thread had little to do, however long that takes to come.
 */
export function giveBackAfterStart(giveBack = giveBackFreed, isQuiet = quietness(), lookMs = LOOK_MS): () => void {
  let looks = 0;
  const looking = everyMs('memory that the start needed', lookMs, () => {
    // Asked each time: it tells of the time since the last.
    const isLastQuiet = isQuiet();
    looks++;
    if (looks < LOOKS_MIN || !isLastQuiet) return;
    clearInterval(looking);
    giveBack();
  });
  looking.unref();
  return () => clearInterval(looking);
}
