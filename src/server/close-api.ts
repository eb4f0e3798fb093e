/** How the API is closed, so that who still waits for an answer has one. */
import { afterMs } from '../guard.ts';

/**
 * What a zone file may take from the stop on: what is not read and staged half a second later is cut off, which takes a
 * thread with much memory as long again, and refused before the connections of those who still wait are closed (see
 * DOOR_TIMES).
 */
const FILES_MS = 200;

/** `files`: reads and writes zone files; a stop of it may come twice. */
export async function closeApi(
  app: { readonly close: () => PromiseLike<unknown> },
  files: { readonly stop: () => Promise<void> },
  filesMs = FILES_MS,
): Promise<void> {
  const givingUp = afterMs('zone files that take longer than a stop', filesMs, () => files.stop());
  try {
    await app.close();
  } finally {
    clearTimeout(givingUp);
  }
}
