/** The builder thread: one zone file after the other, and between them the sweeping out of what no zone has any more, and of what the log keeps no longer. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { afterMs, listen, tellFault } from '../../guard.ts';
import { Staging } from '../../store/staging.ts';
import { Arena } from '../../table/memory.ts';
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

/** Words that this thread takes from the arena at a time: large enough that it and the main thread do not meet. */
const SLAB_WORDS = 16_384;
/** How often to look for rows that no zone has. */
const SWEEP_MS = 2000;
/** And how soon to go on while there are some. */
const SWEEP_NEXT_MS = 10;
/** A sweep that is due waits while requests come: each was sent by somebody who has a commit to make of it. No longer than for so many. */
const WAITED_FOR_MAX = 5;

function run(port: MessagePort, { table, store }: BuilderParts): void {
  const staging = new Staging(store);
  const builder = new Builder(new Arena(table, SLAB_WORDS), staging);
  let waitedFor = 0;
  listen(port, 'message', 'the builder thread', (request: Request | StopRequest) => {
    if (request.kind === 'stop') {
      clearTimeout(sweeping);
      staging.close();
      port.close();
    } else {
      const reply = replyTo(builder, request);
      port.postMessage(reply, [...reply.blocks.map(({ offsets }) => offsets.buffer)]);
      if (++waitedFor > WAITED_FOR_MAX) return;
      clearTimeout(sweeping);
      sweeping = afterMs('the sweep', SWEEP_MS, sweep);
    }
  });
  let sweeping: NodeJS.Timeout;
  const sweep = (): void => {
    const isMore = trySweep(staging);
    if (!isMore) waitedFor = 0;
    sweeping = afterMs('the sweep', isMore ? SWEEP_NEXT_MS : SWEEP_MS, sweep);
  };
  // Not at once: a thread is new after each large import, when whoever sent it still waits for the commit.
  sweeping = afterMs('the sweep', SWEEP_MS, sweep);
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
    // One after the other, each a small transaction: a shift comes in between.
    const isForgetting = staging.forget();
    if (staging.sweep() || isForgetting) return true;
    staging.bringIn();
    return false;
  } catch (error) {
    // A fault of this program would come again each time, and nothing would ever be swept: it must not be silent.
    if (!failureOf(error).isOfStore) tellFault(error, 'the sweep');
    return false;
  }
}

if (parentPort !== null) run(parentPort, workerData as BuilderParts);
