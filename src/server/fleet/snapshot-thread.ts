/** A thread that copies a store and checks the copy: that reads it through, for which nothing else is to wait. */
import { parentPort, workerData } from 'node:worker_threads';
import { backupStore } from '../../store/backup.ts';

const given = workerData as { directory: string; file: string } | null;

// Imported (tools/compile.ts), it does nothing by itself.
if (parentPort !== null && given !== null) {
  const { revision } = await backupStore(given.directory, given.file, { replace: false, progress: () => {} });
  parentPort.postMessage(revision);
}
