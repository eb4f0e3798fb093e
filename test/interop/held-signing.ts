/** Loaded into a server before all else: its threads sign nothing before a file is there. */
import crypto from 'node:crypto';
import { existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const file = process.env.SIGNS_ONCE_FILE as string;
const asleep = new Int32Array(new SharedArrayBuffer(4));

if (!isMainThread) {
  const plain = crypto.sign as (...values: unknown[]) => unknown;
  crypto.sign = ((...values: unknown[]) => {
    while (!existsSync(file)) Atomics.wait(asleep, 0, 0, 5);
    return plain(...values);
  }) as typeof crypto.sign;
  syncBuiltinESMExports();
}
