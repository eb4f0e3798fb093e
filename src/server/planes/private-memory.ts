/** Memory of this process, without what it shares with others: that of the table is told once, by the table. */
import { readFileSync } from 'node:fs';

/** In bytes, by proc_pid_status(5); undefined where the system does not tell. */
export function privateBytes(): number | undefined {
  let status: string;
  try {
    status = readFileSync('/proc/self/status', 'latin1');
  } catch {
    return undefined;
  }
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]);
  const bytes = (kib('VmRSS') - kib('RssShmem')) * 1024;
  return Number.isNaN(bytes) ? undefined : bytes;
}
