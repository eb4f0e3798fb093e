/** The thread that copies a table to the disk. */
import { parentPort, workerData } from 'node:worker_threads';
import { type ImageTask, writeImage } from './write.ts';

const { entry, task } = workerData as { readonly entry: string; readonly task: ImageTask };

// Imported by another entry module (a test's), this one does nothing by itself.
if (parentPort !== null && entry === import.meta.url) {
  let failure: string | undefined;
  try {
    failure = writeImage(task);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  parentPort.postMessage(failure);
}
