/** What the processes of a server that was killed still hold: they end a moment after it. */
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 1500;
const RETRY_MS = 50;

/** Opens something; for a moment it tries again where it fails with an error of the class `held`. */
export async function patiently<Opened>(
  open: () => Opened | Promise<Opened>,
  held: new (...parts: never[]) => Error,
): Promise<Opened> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof held) || performance.now() > endsAtMs) throw error;
    }
    await sleep(RETRY_MS);
  }
}
