/** What goes wrong, each for a while. */
import type { SimulatedEngine } from './engine.ts';
import type { Lease } from './leader.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

export interface Scene {
  readonly world: World;
  readonly engine: SimulatedEngine;
  readonly lease: Lease;
  readonly machines: Machine[];
  /** Another process begins as this node, while the first is cut off: an operator's mistake. */
  readonly double: (machine: Machine) => void;
  readonly start: (machine: Machine) => void;
}

type Fault = (scene: Scene, machine: Machine) => void;

/** Does it now, and undoes it later. */
function forAWhile(scene: Scene, low: number, high: number, act: () => void, undo: () => void): void {
  act();
  scene.world.after(scene.world.between(low, high), undo);
}

const crash =
  (isDiskLost: boolean): Fault =>
  (scene, machine) =>
    forAWhile(
      scene,
      100,
      9000,
      () => machine.crash(isDiskLost),
      () => scene.start(machine),
    );

export const faults: Readonly<Record<string, Fault>> = {
  crash: crash(false),
  lostDisk: crash(true),
  pause: (scene, machine) =>
    forAWhile(
      scene,
      50,
      9000,
      () => machine.pause(),
      () => machine.resume(),
    ),
  cut: (scene, { line, watch }) => {
    const machine = scene.machines.find((each) => each.line === line);
    forAWhile(
      scene,
      200,
      9000,
      () => {
        line.isCut = true;
      },
      () => {
        line.isCut = false;
        if (machine !== undefined) watch.call(machine);
      },
    );
  },
  flaky: (scene, { line }) =>
    forAWhile(
      scene,
      500,
      8000,
      () => {
        line.isFlaky = true;
      },
      () => {
        line.isFlaky = false;
      },
    ),
  fullDisk: (scene, machine) =>
    forAWhile(
      scene,
      500,
      8000,
      () => {
        machine.isFull = true;
      },
      () => {
        machine.isFull = false;
      },
    ),
  slow: (scene, machine) =>
    forAWhile(
      scene,
      500,
      8000,
      () => {
        machine.isSlow = true;
      },
      () => {
        machine.isSlow = false;
      },
    ),
  stalledWatch: (scene, machine) =>
    forAWhile(
      scene,
      500,
      8000,
      () => {
        machine.isWatchStalled = true;
      },
      () => {
        machine.isWatchStalled = false;
        machine.watch();
      },
    ),
  quorum: (scene) =>
    forAWhile(
      scene,
      200,
      8000,
      () => {
        scene.engine.hasQuorum = false;
      },
      () => scene.engine.restoreQuorum(),
    ),
  compaction: ({ engine }) => engine.compact(),
  trim: ({ engine, world }) => engine.trim(Math.max(0, engine.head - Math.floor(world.between(0, 20)))),
  lostLease: ({ lease }) => lease.end(),
  orderlyStop: (scene, machine) => {
    if (!machine.isUp || machine.isPaused) return;
    machine.tell({ kind: 'stop' });
    const startAgain = (): void => {
      // It stops when it is out, or as it ends by another fault.
      if (machine.isUp) scene.world.after(100, startAgain);
      else scene.start(machine);
    };
    scene.world.after(scene.world.between(100, 4000), startAgain);
  },
  double: (scene, machine) => scene.double(machine),
};
