/** A process that ends with the one that started it: whoever starts a server anew then finds the sockets free. */
import fs from 'node:fs';
import os from 'node:os';
import { listen } from '../../guard.ts';
import { LINUX, loadLibc } from '../../sockets/libc.ts';

/** How much more than another process of its size one is worth ending to a kernel that is out of memory: of 1000. */
const OOM_SCORE = 500;

/** Where memory runs out this process is to go first: it is started again, and costs no answer meanwhile. */
export function goFirst(): void {
  const file = '/proc/self/oom_score_adj';
  try {
    if (Number(fs.readFileSync(file, 'latin1')) < OOM_SCORE) fs.writeFileSync(file, String(OOM_SCORE));
  } catch {
    // Not here; it is no more than a hint.
  }
}

/** `end` is for what the kernel does not see to: the other side of the channel is gone. */
export function dieWithParent(end: () => void): void {
  loadLibc()?.prctl(LINUX.PR_SET_PDEATHSIG, os.constants.signals.SIGKILL, 0, 0, 0);
  // Node tells, too, of a channel that was closed before anybody listened.
  listen(process, 'disconnect', 'the end of the process that watches this one', end);
  if (!process.connected) end();
}
