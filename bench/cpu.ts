/** CPU time of processes, threads included, and of the machine, from /proc. */
import fs from 'node:fs';

/** USER_HZ, which is 100 on every Linux of today (time(7)). */
const TICKS_PER_SECOND = 100;

export interface CpuTime {
  /** From the scheduler's own count, nanoseconds exact. */
  readonly totalMs: number;
  /** From the clock ticks that hit user code; scaled to the exact total. */
  readonly userMs: number;
  readonly systemMs: number;
}

/** Sum over processes. */
export function cpuTime(pids: readonly number[]): CpuTime {
  let totalMs = 0;
  let userTicks = 0;
  let systemTicks = 0;
  for (const pid of pids) {
    for (const task of fs.readdirSync(`/proc/${pid}/task`)) {
      totalMs += Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
    }
    // The command, in parentheses, may hold spaces; what follows begins with field 3. utime and stime are 14 and 15.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    userTicks += Number(fields[11]);
    systemTicks += Number(fields[12]);
  }
  const ticks = userTicks + systemTicks || 1;
  return { totalMs, userMs: (totalMs * userTicks) / ticks, systemMs: (totalMs * systemTicks) / ticks };
}

/** CPU time of processes since they began, those of their threads that have ended included, to a clock tick. */
export function spentSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

/** What was used between two readings, split by the ticks between them. */
export function cpuBetween(before: CpuTime, after: CpuTime): CpuTime {
  const totalMs = after.totalMs - before.totalMs;
  const userMs = after.userMs - before.userMs;
  const systemMs = after.systemMs - before.systemMs;
  const scale = totalMs / (userMs + systemMs || 1);
  return { totalMs, userMs: userMs * scale, systemMs: systemMs * scale };
}

/** Resident memory of processes, bytes. */
export function residentBytes(pids: readonly number[]): number {
  return statusBytes(pids, 'VmRSS');
}

/** The most that each of them has had, bytes. */
export function peakBytes(pids: readonly number[]): number {
  return statusBytes(pids, 'VmHWM');
}

/**
 * Memory that processes take together, bytes: what several of them have in common (Node's own files, the table) counts
 * once, as proportional set sizes add up to (proc_pid_smaps(5)).
 */
export function takenBytes(pids: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of pids) {
    const rollup = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  return kilobytes * 1024;
}

function statusBytes(pids: readonly number[], key: 'VmRSS' | 'VmHWM'): number {
  let kilobytes = 0;
  for (const pid of pids) {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
    kilobytes += Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  }
  return kilobytes * 1024;
}
