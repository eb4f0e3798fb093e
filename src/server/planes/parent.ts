/** A process that ends with the one that started it: whoever starts a server anew then finds the sockets free. */
import os from 'node:os';
import { listen } from '../../guard.ts';
import { LINUX, loadLibc } from '../../sockets/libc.ts';

/** `end` is for what the kernel does not see to: the other side of the channel is gone. */
export function dieWithParent(end: () => void): void {
  loadLibc()?.prctl(LINUX.PR_SET_PDEATHSIG, os.constants.signals.SIGKILL, 0, 0, 0);
  // Node tells, too, of a channel that was closed before anybody listened.
  listen(process, 'disconnect', 'the end of the process that watches this one', end);
  if (!process.connected) end();
}
