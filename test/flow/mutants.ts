/** Workers that are broken on purpose: the cutover checker must catch each of them. Run as a worker's entry module. */
import { parentPort, workerData } from 'node:worker_threads';
import { Responder } from '../../src/responder/answer.ts';
import { type MakeResponder, runWorker, type WorkerAssignment } from '../../src/sockets/worker.ts';
import type { Lookup } from '../../src/table/lookup.ts';

/** Loads the generation before it waits for queries instead of after it has them. */
class LoadsBeforeReceive extends Responder {
  override enter(): void {}
  override leave(): void {
    super.enter(Date.now());
  }
}

/** Loads the generation for every fourth batch only: plans are kept across batches. */
class KeepsPlans extends Responder {
  #batches = 0;
  override enter(nowMs: number): void {
    if (this.#batches++ % 4 === 0) super.enter(nowMs);
  }
  override leave(): void {}
}

/** Loads the generation when an event of its event loop says so, as a message from the main thread would. */
class WaitsForMessage extends Responder {
  #told = true;
  override enter(nowMs: number): void {
    if (!this.#told) return;
    this.#told = false;
    super.enter(nowMs);
    setTimeout(() => {
      this.#told = true;
    }, 1);
  }
  override leave(): void {}
}

/** Goes on with the arena as it was when the worker began: what was added since does not exist for it. */
class IgnoresGrowth extends Responder {
  constructor(lookup: Lookup, ...rest: [never, never, never]) {
    lookup.view.refreshIfGrown = () => false;
    super(lookup, ...rest);
  }
}

/** Fails, as a bug would make it, on a query whose first label starts with `boom`. */
class Throws extends Responder {
  override answer(...parts: Parameters<Responder['answer']>): number {
    const [request, start] = parts;
    const label = Buffer.from(request.subarray(start + 13, start + 17)).toString('latin1');
    if (label === 'boom') throw new Error('boom');
    return super.answer(...parts);
  }
}

const mutants: Record<string, MakeResponder> = {
  loadsBeforeReceive: (...parts) => new LoadsBeforeReceive(...parts),
  keepsPlans: (...parts) => new KeepsPlans(...parts),
  waitsForMessage: (...parts) =>
    (workerData as { assignment: WorkerAssignment }).assignment.role.kind === 'tcp'
      ? new WaitsForMessage(...parts)
      : new Responder(...parts),
  ignoresGrowth: (...parts) => new IgnoresGrowth(...(parts as unknown as [Lookup, never, never, never])),
  throws: (...parts) => new Throws(...parts),
  none: (...parts) => new Responder(...parts),
};

const { assignment, entry } = workerData as { assignment: WorkerAssignment; entry: string };
const makeResponder = mutants[new URL(entry).searchParams.get('mutant') ?? ''];
if (makeResponder === undefined) throw new Error(`no such mutant: ${entry}`);
if (parentPort !== null) await runWorker(assignment, parentPort, makeResponder);
