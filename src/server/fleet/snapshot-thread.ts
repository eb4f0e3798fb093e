/** A thread that copies a store and checks the copy: that reads it through, for which nothing else is to wait. */
import { parentPort, workerData } from 'node:worker_threads';
import { backupStore } from '../../store/backup.ts';

const { directory, file } = workerData as { directory: string; file: string };
const { revision } = await backupStore(directory, file, { replace: false, progress: () => {} });
parentPort?.postMessage(revision);
