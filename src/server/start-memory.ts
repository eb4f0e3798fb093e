/** A start reads all settings, compiles what checks them, and finds its parts: the memory that this took goes back. */
import { afterMs } from '../guard.ts';
import { giveBackFreed } from '../sockets/freed-memory.ts';

/** The start is over by then, and so are the first requests of whoever waited for it. */
const AFTER_MS = 5000;

/** To be called once what was started serves; returns how to leave it out. */
export function giveBackAfterStart(): () => void {
  const giving = afterMs('memory that the start needed', AFTER_MS, giveBackFreed);
  giving.unref();
  return () => clearTimeout(giving);
}
