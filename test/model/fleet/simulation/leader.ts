/** Who leads: a machine stands for it, holds the key by a lease, and believes that it leads until it hears otherwise. */
import { LEADER_KEY } from '../../../../src/model/fleet/keys.ts';
import { bytesOf } from '../../../../src/model/fleet/records.ts';
import { reading, type TransactionReply } from '../../../../src/model/fleet/transaction.ts';
import type { SimulatedEngine } from './engine.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

const LEASE_MS = 3000;
const ROUND_MS = 1000;

/** The engine's side: the key is gone when its holder was silent for too long. */
export class Lease {
  readonly #world: World;
  readonly #engine: SimulatedEngine;
  #endsAtMs = 0;

  constructor(world: World, engine: SimulatedEngine) {
    this.#world = world;
    this.#engine = engine;
  }

  renew(): void {
    this.#endsAtMs = this.#world.nowMs + LEASE_MS;
    this.#world.after(LEASE_MS + 1, () => {
      if (this.#world.nowMs >= this.#endsAtMs) this.end();
    });
  }

  /** Also earlier than promised: nothing may count on a lease. */
  end(): void {
    this.#engine.expire(LEADER_KEY);
  }
}

export class Candidate {
  readonly #machine: Machine;
  readonly #lease: Lease;
  #epoch = 0;
  #steps = 0;
  #isOpen = false;
  /** It stands for nothing any more. */
  isIdle = false;

  constructor(machine: Machine, lease: Lease) {
    this.#machine = machine;
    this.#lease = lease;
    machine.desk.onDeposed = () => {
      this.#epoch = 0;
    };
  }

  /** Once for each life of its machine. */
  begin(): void {
    this.#epoch = 0;
    this.#isOpen = false;
    this.#round();
  }

  #round(): void {
    if (this.isIdle) return;
    const { world } = this.#machine.around;
    this.#machine.later(world.between(0.8, 1.2) * ROUND_MS, () => this.#round());
    if (this.#epoch === 0) return this.#stand();
    this.#keep();
    if (this.#isOpen) return;
    this.#steps += 1;
    this.#isOpen = true;
    const step = this.#machine.desk.want(`step ${this.#steps} in ${this.#epoch}`, this.#epoch);
    const look = (): void => {
      if (step.outcome === 'open') this.#machine.later(50, look);
      else this.#isOpen = false;
    };
    look();
  }

  #stand(): void {
    const value = bytesOf(this.#machine.name);
    const transaction = {
      ...{ compares: [{ key: LEADER_KEY, changedAt: 0 }], puts: [{ key: LEADER_KEY, value }] },
      ...{ reads: [{ key: LEADER_KEY }], otherwise: [] },
    };
    this.#ask(transaction, ({ succeeded, found }) => {
      const leader = found[0];
      if (!succeeded || leader === undefined) return;
      this.#lease.renew();
      this.#epoch = leader.createdAt;
    });
  }

  #keep(): void {
    this.#ask(reading([{ key: LEADER_KEY }]), ({ found }) => {
      if (found[0]?.createdAt === this.#epoch) this.#lease.renew();
      // Not always: what a leader is told of its end may come late.
      else if (this.#machine.around.world.chance(0.5)) this.#epoch = 0;
    });
  }

  #ask(transaction: Parameters<Machine['line']['ask']>[0], hear: (reply: TransactionReply) => void): void {
    this.#machine.line.ask(transaction, 1500, (outcome) => {
      if ('reply' in outcome) this.#machine.later(0, () => hear(outcome.reply));
    });
  }
}
