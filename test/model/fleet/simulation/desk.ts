/** Where a machine's users come with their changes: one is appended at a time, several may wait to be confirmed. */
import { sealEntry } from '../../../../src/model/fleet/envelope.ts';
import type { NodeEffect, NodeEvent, NodeState } from '../../../../src/model/fleet/turn.ts';
import type { Checker, Operation } from './checker.ts';
import type { World } from './world.ts';

/** What a desk hears of changes. */
type Heard = Exclude<NodeEffect, { kind: 'send' | 'claim' | 'apply' | 'restore' | 'standing' | 'ended' }>;

interface Job {
  readonly operation: Operation;
  readonly epoch: number;
  id: string;
}

const noTools = {
  compress: (bytes: Uint8Array) => bytes,
  decompress: (bytes: Uint8Array) => bytes,
  sha256: () => '',
};

/** The machine that it is at. */
interface Host {
  readonly around: { readonly world: World; readonly checker: Checker };
  readonly state: NodeState | undefined;
  readonly published: number;
  tell(event: NodeEvent): void;
  later(delayMs: number, act: () => void): void;
}

export class Desk {
  readonly #machine: Host;
  readonly #queue: Job[] = [];
  #appending: Job | undefined;
  /** By the name that the state machine knows them by. */
  readonly #jobs = new Map<string, Job>();
  #asked = 0;
  /** Told when the leader's fence refused a change. */
  onDeposed: () => void = () => {};

  constructor(machine: Host) {
    this.#machine = machine;
  }

  /** What was on the way is unknown to those who asked. */
  close(): void {
    for (const { operation } of [...this.#queue.splice(0), ...this.#jobs.values()]) {
      if (operation.outcome === 'open') operation.outcome = 'unknown';
    }
    this.#jobs.clear();
    this.#appending = undefined;
  }

  /** `epoch`: the leader's own work. */
  want(name: string, epoch = 0): Operation {
    const operation = this.#machine.around.checker.begin(name);
    this.#queue.push({ operation, epoch, id: '' });
    this.#next();
    return operation;
  }

  /** A reply that appends nothing, and says what is answered from here. */
  ask(): void {
    const { published } = this.#machine;
    if (published === 0) return;
    this.#asked += 1;
    this.#machine.tell({ kind: 'confirm', shift: `ask ${this.#asked}`, revision: published });
  }

  #next(): void {
    if (this.#appending !== undefined || this.#machine.state === undefined) return;
    const job = this.#queue.shift();
    if (job !== undefined) this.#try(job);
  }

  #try(job: Job): void {
    const { around, state } = this.#machine;
    if (state === undefined) return;
    job.id = around.world.id();
    this.#appending = job;
    this.#jobs.set(job.id, job);
    const { applied: expected } = state;
    const name = { id: job.id, revision: expected + 1, epoch: job.epoch };
    const { value } = sealEntry(name, job.operation.name, noTools);
    const epoch = job.epoch === 0 ? undefined : job.epoch;
    this.#machine.tell({ kind: 'shift', shift: job.id, id: job.id, expected, value, epoch });
  }

  hear(effect: Heard): void {
    const { checker } = this.#machine.around;
    const job = this.#jobs.get(effect.shift);
    if (job === undefined) {
      if (effect.kind === 'confirmed') checker.confirms(effect.revision, effect.answering, effect.behind);
      return;
    }
    const { operation } = job;
    if (effect.kind === 'committed') checker.committed(operation, effect.revision);
    else this.#jobs.delete(effect.shift);
    const isAppending = this.#appending === job;
    if (isAppending) this.#appending = undefined;
    switch (effect.kind) {
      case 'confirmed':
        operation.outcome = 'confirmed';
        checker.confirms(effect.revision, effect.answering, effect.behind, operation);
        break;
      case 'behind':
        this.#queue.unshift(job);
        break;
      case 'unconfirmed':
        operation.outcome = 'unknown';
        break;
      case 'unavailable':
      case 'deposed':
        operation.outcome = 'refused';
        if (effect.kind === 'deposed') this.onDeposed();
        break;
    }
    // The state machine is in the middle of a turn.
    if (isAppending) this.#machine.later(0, () => this.#next());
  }
}
