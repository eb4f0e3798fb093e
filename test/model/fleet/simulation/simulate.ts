/** A fleet's life from a seed: users who change things, faults that come and go, a checker that looks, and a healing. */

import { HEAD_KEY } from '../../../../src/model/fleet/keys.ts';
import { startNode, stepNode } from '../../../../src/model/fleet/node.ts';
import { encodeRevision } from '../../../../src/model/fleet/records.ts';
import { timingsOf } from '../../../../src/model/fleet/timings.ts';
import { Checker, type Operation, Violation } from './checker.ts';
import { SimulatedEngine } from './engine.ts';
import { faults, type Scene } from './faults.ts';
import { Candidate, Lease } from './leader.ts';
import { Machine, type Protocol, type Surroundings } from './machine.ts';
import { World } from './world.ts';

export interface Options {
  readonly seed: number;
  /** Of the time in which faults come, in the world. */
  readonly lengthMs: number;
  readonly protocol?: () => Protocol;
  /** Names of `faults`; all of them by default. */
  readonly faults?: readonly string[];
}

export interface Report {
  readonly seed: number;
  readonly nodes: number;
  readonly entries: number;
  readonly confirmed: number;
  readonly unknown: number;
  readonly refused: number;
  readonly checks: number;
  /** undefined: all held. */
  readonly violation: string | undefined;
}

const STALE_AFTER_MS = 3000;
const SHIFT_EVERY_MS = 150;
const ASK_EVERY_MS = 500;
const FAULT_EVERY_MS = 1500;
/** By then all is well again after the last fault: the longest of those, taking over, and two rounds of waiting. */
const HEALING_MS = 40_000;

const realProtocol = (): Protocol => ({ start: startNode, step: stepNode });

export function simulate({ seed, lengthMs, protocol = realProtocol, faults: names }: Options): Report {
  const world = new World(seed);
  const engine = new SimulatedEngine(world);
  const checker = new Checker(world, engine);
  const timings = timingsOf(STALE_AFTER_MS);
  const fleet = new Fleet({ world, engine, checker, timings, makeProtocol: protocol });
  let violation: string | undefined;
  try {
    fleet.live(lengthMs, names ?? Object.keys(faults));
    checker.atTheEnd();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  const count = (outcome: Operation['outcome']): number =>
    checker.operations.filter((each) => each.outcome === outcome).length;
  return {
    ...{ seed, nodes: fleet.names.length, entries: engine.log.length, confirmed: checker.confirmed },
    ...{ unknown: count('unknown'), refused: count('refused'), checks: checker.checks, violation },
  };
}

class Fleet {
  readonly #around: Surroundings;
  readonly #scene: Scene;
  readonly #machines: Machine[] = [];
  readonly #candidates = new Map<Machine, Candidate>();
  readonly names: readonly string[];
  #isHealed = false;
  #shifts = 0;

  constructor(around: Surroundings) {
    this.#around = around;
    const { world, engine } = around;
    this.names = Array.from({ length: 2 + Math.floor(world.random() * 5) }, (_, i) => `ns${i + 1}`);
    this.#scene = {
      ...{ world, engine, lease: new Lease(world, engine), machines: this.#machines },
      double: (machine) => this.#double(machine),
      start: (machine) => this.#start(machine),
    };
    engine.onWrite = () => {
      for (const machine of this.#machines) machine.watch();
    };
    engine.transact({
      ...{ compares: [], puts: [{ key: HEAD_KEY, value: encodeRevision(0) }], reads: [], otherwise: [] },
    });
    for (const name of this.names) this.#start(this.#add(name));
  }

  live(lengthMs: number, names: readonly string[]): void {
    const { world } = this.#around;
    world.runUntil(3000);
    this.#often(SHIFT_EVERY_MS, () => this.#shift());
    this.#often(ASK_EVERY_MS, () => {
      const machine = this.#anyone();
      machine.later(0, () => machine.desk.ask());
    });
    this.#often(FAULT_EVERY_MS, () => this.#fault(names));
    world.runUntil(3000 + lengthMs);
    this.#heal();
  }

  #add(name: string): Machine {
    const machine = new Machine(name, this.#around);
    this.#machines.push(machine);
    this.#around.checker.nodes.push(machine);
    this.#candidates.set(machine, new Candidate(machine, this.#scene.lease));
    return machine;
  }

  #start(machine: Machine): void {
    if (machine.isUp || machine.isRetired) return;
    machine.start();
    this.#candidates.get(machine)?.begin();
  }

  #often(meanMs: number, act: () => void): void {
    const { world } = this.#around;
    world.after(world.about(meanMs), () => {
      if (this.#isHealed) return;
      act();
      this.#often(meanMs, act);
    });
  }

  #anyone(): Machine {
    return this.#around.world.oneOf(this.#machines.filter(({ isRetired }) => !isRetired));
  }

  #shift(): void {
    const machine = this.#anyone();
    this.#shifts += 1;
    const name = `shift ${this.#shifts} at ${machine.name}`;
    if (machine.isUp) machine.later(0, () => machine.desk.want(name));
  }

  #fault(names: readonly string[]): void {
    const { world } = this.#around;
    const name = world.oneOf(names);
    // At most half of them at once, most of the time.
    if (this.#machines.filter(({ isAnswering }) => !isAnswering).length > this.names.length / 2 && world.chance(0.8))
      return;
    faults[name]?.(this.#scene, this.#anyone());
  }

  #double(machine: Machine): void {
    const { world } = this.#around;
    if (!machine.isUp || machine.isRetired) return;
    machine.line.isCut = true;
    machine.isRetired = true;
    const other = this.#add(machine.name);
    world.after(world.between(100, 3000), () => this.#start(other));
    world.after(world.between(500, 9000), () => {
      machine.line.isCut = false;
      machine.watch();
    });
  }

  /** All faults end; then every node is current again, and a change at each is confirmed by all. */
  #heal(): void {
    const { world, checker, engine } = this.#around;
    this.#isHealed = true;
    for (const candidate of this.#candidates.values()) candidate.isIdle = true;
    world.runUntil(world.nowMs + HEALING_MS);
    const alive = this.#machines.filter(({ isRetired }) => !isRetired);
    const isWell = (): boolean => alive.every((each) => each.published === engine.head && each.isClaiming);
    // Lines lose something now and then when all is well, too: two heartbeats in a row are not a fault.
    for (let looks = 0; looks < 100 && !isWell(); looks += 1) world.runUntil(world.nowMs + 100);
    for (const machine of alive) {
      const { name, published, isClaiming, state } = machine;
      const words = `blocked ${state?.blocked?.words}, mode ${state?.own?.mode}, heard ${state?.heard}`;
      if (published !== engine.head)
        throw new Violation(`${name} is at ${published} of ${engine.head} after the healing: ${words}`);
      if (!isClaiming) throw new Violation(`${name} is not current after the healing: ${words}`);
    }
    for (const machine of alive) {
      const last = machine.desk.want(`last shift at ${machine.name}`);
      world.runUntil(world.nowMs + 10_000);
      if (last.outcome !== 'confirmed') throw new Violation(`${last.name} is ${last.outcome} after the healing`);
    }
    if (
      checker.nodes.some(
        ({ isClaiming, published, name }) => isClaiming && this.names.includes(name) && published < engine.head - 1,
      )
    ) {
      throw new Violation('somebody is behind after the last shifts');
    }
  }
}
