/** The builder thread: one zone file after the other, and between them the sweeping out of what no zone has any more, and of what the log keeps no longer. */
import { randomInt } from 'node:crypto';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { afterMs, listen, soon, tellFault } from '../../guard.ts';
import { Staging } from '../../store/staging.ts';
import { Arena } from '../../table/memory.ts';
import { LAYOUT_VERSION, UNLIKE } from '../../table/shared-memory.ts';
import { Builder } from './builder.ts';
import {
  type BuilderParts,
  type BuildReply,
  type BuildRequest,
  failureOf,
  type RebuildReply,
  type RebuildRequest,
  type StageReply,
  type StageRequest,
  type StopRequest,
} from './messages.ts';
import { Sweeps } from './sweeps.ts';

/** Words that this thread takes from the arena at a time: large enough that it and the main thread do not meet. */
const SLAB_WORDS = 16_384;
/** See model/seeded-hash.ts. */
const SEEDS = 2 ** 32;

function run(port: MessagePort, { layout, table, store }: BuilderParts): void {
  // It would write anywhere into what is answered from.
  if (layout !== LAYOUT_VERSION) throw new Error(`the table cannot be written: ${UNLIKE}`);
  const staging = new Staging(store);
  const builder = new Builder(new Arena(table, SLAB_WORDS), staging, randomInt(SEEDS));
  const after = (ms: number, work: () => void): (() => void) => {
    const timer = afterMs('the sweep', ms, work);
    return () => clearTimeout(timer);
  };
  const sweeps = new Sweeps(() => trySweep(staging), { after });
  lengthenLog(staging);

  listen(port, 'message', 'the builder thread', (request: Request | StopRequest) => {
    if (request.kind === 'stop') {
      sweeps.stop();
      staging.close();
      port.close();
    } else {
      const reply = replyTo(builder, request);
      port.postMessage(reply, [...reply.blocks.map(({ offsets }) => offsets.buffer)]);
      sweeps.replied();
    }
  });
}

/** Piece by piece, and requests come in between. */
function lengthenLog(staging: Staging): void {
  soon('the length of the log', () => {
    if (tryLengthen(staging)) lengthenLog(staging);
  });
}

/** Where there is no room, or the disk cannot be written, it grows as it is needed: changes tell of that themselves. */
function tryLengthen(staging: Staging): boolean {
  try {
    return staging.lengthenLog();
  } catch (error) {
    const isOfDisk = failureOf(error).isOfStore || (error as NodeJS.ErrnoException).errno !== undefined;
    if (!isOfDisk) tellFault(error, 'the length of the log');
    return false;
  }
}

type Request = BuildRequest | StageRequest | RebuildRequest;

function replyTo(builder: Builder, request: Request): BuildReply | StageReply | RebuildReply {
  switch (request.kind) {
    case 'build':
      return builder.build(request);
    case 'stage':
      return builder.stage(request);
    case 'rebuild':
      return builder.rebuild(request);
  }
}

/** A store that cannot be written now is swept later. */
function trySweep(staging: Staging): boolean {
  try {
    if (staging.tidy()) return true;
    staging.bringIn();
    return false;
  } catch (error) {
    // A fault of this program would come again each time, and nothing would ever be swept: it must not be silent.
    if (!failureOf(error).isOfStore) tellFault(error, 'the sweep');
    return false;
  }
}

if (parentPort !== null) run(parentPort, workerData as BuilderParts);
