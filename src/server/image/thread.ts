/** The thread that copies a table to the disk. */
import { parentPort, workerData } from 'node:worker_threads';
import { type ImageTask, writeImage } from './write.ts';

const given = workerData as { readonly entry: string; readonly task: ImageTask } | null;

// Imported by another entry module (a test's), this one does nothing by itself.
if (parentPort !== null && given?.entry === import.meta.url) {
  let failure: string | undefined;
  try {
    failure = writeImage(given.task);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  parentPort.postMessage(failure);
}
