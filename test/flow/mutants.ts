/** Workers that are broken on purpose: the checkers must catch each of them. Run as a worker's entry module. */
import { parentPort, workerData } from 'node:worker_threads';
import { Responder } from '../../src/responder/answer.ts';
import { type MakeResponder, runWorker, type WorkerAssignment } from '../../src/sockets/worker.ts';

type Parts = ConstructorParameters<typeof Responder>;

const { assignment, entry } = workerData as { assignment: WorkerAssignment; entry: string };

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

/** Loads the generation when an event of its event loop says so, as a message from the main thread would: late. */
class WaitsForMessage extends Responder {
  #told = true;
  override enter(nowMs: number): void {
    if (!this.#told) return;
    this.#told = false;
    super.enter(nowMs);
    setTimeout(() => {
      this.#told = true;
    }, 5);
  }
  override leave(): void {}
}

/** Goes on with the arena as it was when the worker began: what was added since does not exist for it. */
class IgnoresGrowth extends Responder {
  constructor(...parts: Parts) {
    super(...parts);
    this.lookup.view.refreshIfGrown = () => false;
  }
}

/** Builds a larger arena aside when there is none large enough, and ignores the changes made to the one meanwhile. */
class IgnoresChangesMeanwhile extends Responder {
  constructor(...parts: Parts) {
    super(...parts);
    const { view } = this.lookup;
    view.refreshIfGrown = () => {
      if (assignment.shared.arena.byteLength === view.bytes.length) return false;
      const copy = copyOf(assignment.shared.arena);
      view.words = new Int32Array(copy);
      view.bytes = new Uint8Array(copy);
      return true;
    };
  }
}

/** Keeps a copy of every arena that it has ever seen, as a thread that never collects its garbage would. */
class KeepsArenas extends Responder {
  readonly #kept: SharedArrayBuffer[] = [];
  constructor(...parts: Parts) {
    super(...parts);
    const { view } = this.lookup;
    const refresh = view.refreshIfGrown.bind(view);
    view.refreshIfGrown = () => {
      const grown = refresh();
      if (grown) this.#kept.push(copyOf(assignment.shared.arena));
      return grown;
    };
  }
}

/** Does something with each query before it is answered, be it one of a batch or alone. */
abstract class Meddles extends Responder {
  override read(...parts: Parameters<Responder['read']>): void {
    this.meddle(parts[1], parts[2]);
    super.read(...parts);
  }
  override answer(...parts: Parameters<Responder['answer']>): number {
    this.meddle(parts[0], parts[1]);
    return super.answer(...parts);
  }
  protected abstract meddle(request: Uint8Array, start: number): void;
}

/** Keeps a kilobyte for each query, as a buffer that somebody holds on to would. */
class KeepsQueries extends Meddles {
  readonly #kept: Uint8Array[] = [];
  protected override meddle(): void {
    this.#kept.push(new Uint8Array(1024).fill(1));
  }
}

/** Fails, as a bug would make it, on a query whose first label starts with `boom`. */
class Throws extends Meddles {
  protected override meddle(request: Uint8Array, start: number): void {
    const label = Buffer.from(request.subarray(start + 13, start + 17)).toString('latin1');
    if (label === 'boom') throw new Error('boom');
  }
}

function copyOf(arena: SharedArrayBuffer): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(arena.byteLength);
  new Uint8Array(copy).set(new Uint8Array(arena, 0, copy.byteLength));
  return copy;
}

const mutants: Record<string, MakeResponder> = {
  loadsBeforeReceive: (...parts) => new LoadsBeforeReceive(...parts),
  keepsPlans: (...parts) => new KeepsPlans(...parts),
  waitsForMessage: (...parts) => new WaitsForMessage(...parts),
  ignoresGrowth: (...parts) => new IgnoresGrowth(...parts),
  ignoresChangesMeanwhile: (...parts) => new IgnoresChangesMeanwhile(...parts),
  keepsArenas: (...parts) => new KeepsArenas(...parts),
  keepsQueries: (...parts) => new KeepsQueries(...parts),
  throws: (...parts) => new Throws(...parts),
  none: (...parts) => new Responder(...parts),
};

const { searchParams } = new URL(entry);
// Comes up, but never answers.
if (searchParams.get('mutant') === 'hangs') await new Promise(() => setInterval(() => {}, 1000));
const broken = mutants[searchParams.get('mutant') ?? ''];
if (broken === undefined) throw new Error(`no such mutant: ${entry}`);
const only = searchParams.get('only');
const protocol = assignment.transport === 'tcp' ? 'tcp' : 'udp';
const makeResponder = only === 'all' || only === protocol ? broken : (mutants.none as MakeResponder);
if (parentPort !== null) await runWorker(assignment, parentPort, makeResponder);
