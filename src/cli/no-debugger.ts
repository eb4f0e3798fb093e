/** SIGUSR1 opens Node's debugger, for anybody on this machine, without a password. Not here. */
import inspector from 'node:inspector';

/**
 * To be called before anything else: from then on the signal is ours, and does nothing. One that came before, while Node
 * itself started, is undone as soon as its debugger is there. `--disable-sigusr1` of Node's leaves no such moment; npm
 * start, the image and the unit give it.
 */
export function refuseDebugger(): void {
  process.on('SIGUSR1', () => {});
  const words = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  if (words.some((word) => word.startsWith('--inspect'))) return;
  closeDebugger();
  // What Node was told before this is carried out in the turns that follow.
  setImmediate(closeDebugger);
  setTimeout(closeDebugger, LATE_MS).unref();
}

/** The thread that opens the debugger is up long before. */
const LATE_MS = 1000;

function closeDebugger(): void {
  if (inspector.url() !== undefined) inspector.close();
}
