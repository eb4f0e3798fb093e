/** The steady clock that goes on while the machine sleeps, where the system has such a clock, so that nobody wakes up and holds what was so before: a node of a fleet its claim, a signer the time. */
import type { Clock } from '../control/clock.ts';
import { WallClock } from '../sockets/batch/wall-clock.ts';
import { LINUX, loadLibc } from '../sockets/libc.ts';
import { systemClock } from './system-clock.ts';

const libc = loadLibc();
const bootTime = libc === undefined ? undefined : new WallClock(libc, LINUX.CLOCK_BOOTTIME);

export const steadyClock: Clock = {
  ...systemClock,
  steadyMs: bootTime === undefined ? systemClock.steadyMs : () => bootTime.now(),
};
