/** The staging thread: brings what is read from a large file into the store, while the builder thread goes on with the table. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { listen } from '../../guard.ts';
import { type SharedStore, Staging } from '../../store/staging.ts';
import { take } from './import-staging.ts';
import type { StopRequest, TakeRequest } from './messages.ts';

function run(port: MessagePort, store: SharedStore): void {
  const staging = new Staging(store);
  listen(port, 'message', 'the staging thread', (request: TakeRequest | StopRequest) => {
    if (request.kind === 'stop') {
      staging.close();
      port.close();
    } else {
      port.postMessage(take(staging, request));
    }
  });
}

if (parentPort !== null) run(parentPort, workerData as SharedStore);
