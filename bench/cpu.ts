/** CPU time of processes, threads included, and of the machine, from /proc. */
import fs from 'node:fs';

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

/** What was used between two readings, split by the ticks between them. */
export function cpuBetween(before: CpuTime, after: CpuTime): CpuTime {
  const totalMs = after.totalMs - before.totalMs;
  const userMs = after.userMs - before.userMs;
  const systemMs = after.systemMs - before.systemMs;
  const scale = totalMs / (userMs + systemMs || 1);
  return { totalMs, userMs: userMs * scale, systemMs: systemMs * scale };
}

/** A process and all its descendants. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = fs.readFileSync(`/proc/${entry}/stat`, 'latin1');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // It has just ended.
    }
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** Resident memory of processes, bytes. */
export function residentBytes(pids: readonly number[]): number {
  return statusBytes(pids, 'VmRSS');
}

/** The most that each of them has had, bytes. */
export function peakBytes(pids: readonly number[]): number {
  return statusBytes(pids, 'VmHWM');
}

function statusBytes(pids: readonly number[], key: 'VmRSS' | 'VmHWM'): number {
  let kilobytes = 0;
  for (const pid of pids) {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
    kilobytes += Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  }
  return kilobytes * 1024;
}
