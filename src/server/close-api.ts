/** How the API is closed, so that who still waits for an answer has one. */
import { afterMs } from '../guard.ts';

/**
 * How long zone files go on once a stop has begun. Then their threads have half a second more, and one with much memory takes
 * as long again to end: that is over, and told to who waits, before the connections are closed (see DOOR_TIMES).
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
