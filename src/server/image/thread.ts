/** The thread that copies a table to the disk. */
import { parentPort, workerData } from 'node:worker_threads';
import { LAYOUT_VERSION, UNLIKE } from '../../table/shared-memory.ts';
import { type ImageTask, writeImage } from './write.ts';

/** `layout`: of the memory, by who started this thread: what is installed may be another version by now. */
const given = workerData as { readonly entry: string; readonly task: ImageTask; readonly layout: number } | null;

// Imported by another entry module (a test's), this one does nothing by itself.
if (parentPort !== null && given?.entry === import.meta.url) {
  let failure: string | undefined;
  try {
    failure = given.layout === LAYOUT_VERSION ? writeImage(given.task) : UNLIKE;
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  parentPort.postMessage(failure);
}
