/** Nodes of a fleet for tests, each an engine with its store and table, over a log in memory. */
import { randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import type { Clock } from '../../../src/control/clock.ts';
import type { Command } from '../../../src/control/commands/command.ts';
import { Engine } from '../../../src/control/engine.ts';
import { SharedLog } from '../../../src/control/log/fleet.ts';
import { Problem } from '../../../src/model/errors.ts';
import { HEAD_KEY, presenceKey } from '../../../src/model/fleet/keys.ts';
import { bytesOf, encodeRevision } from '../../../src/model/fleet/records.ts';
import { type Timings, timingsOf } from '../../../src/model/fleet/timings.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import { awaited } from '../../fixtures/awaited.ts';
import { turnClock } from '../../fixtures/clock.ts';
import { bluegreen, type EngineFixture, makeEngine, NOON_MS, zoneBody } from '../../fixtures/engine.ts';
import { MemoryKeeper } from '../../fixtures/keeper.ts';

export const app = 'app.example.com';

/** One for all nodes, which wait for each other: it counts of a turn as much for each. */
const turns = turnClock();

/** A process that gets no turn for some seconds has neither lost its fleet nor what it asked. */
export const PATIENT: Timings = { ...timingsOf(30_000), giveUpMs: 30_000 };
/** For what is only seen when these times are over. */
export const HURRIED: Timings = { ...timingsOf(2000), giveUpMs: 1000 };

export interface Node {
  readonly name: string;
  readonly fixture: EngineFixture;
  readonly engine: Engine;
  readonly log: SharedLog;
  /** What it was told of itself. */
  readonly told: string[];
  /** And in which words last. */
  words: string;
  /** Of its leadership, as it believes. */
  epoch: number | undefined;
  /** What it lives by: a test may assign others at any time. */
  readonly timings: Timings;
  /** Of the engine that keeps the log. */
  room: 'ample' | 'warn' | 'refuse';
  execute(command: Command): ReturnType<Engine['execute']>;
}

/** `life`: which process of the node it is, on the same folder; of how its table is made, see makeEngine. */
export function makeNode(
  t: Test,
  keeper: MemoryKeeper,
  name: string,
  {
    life = 1,
    timings = PATIENT,
    clock = turns,
    ...more
  }: { life?: number; timings?: Timings; clock?: Clock } & Parameters<typeof makeEngine>[1] = {},
): Node {
  const fixture = makeEngine(t, more);
  const told: string[] = [];
  const own = { ...timings };
  const { store, table } = fixture;
  const engine: Engine = new Engine(store, table);
  const log = new SharedLog({
    settings: {
      node: name,
      incarnation: `${name}-${life}`,
      earlier: life === 1 ? undefined : `${name}-${life - 1}`,
      version: '1',
      timings: own,
    },
    keeper: keeper.of(name),
    applier: {
      get lastRevision() {
        return store.lastRevision;
      },
      apply: (entry) => engine.apply(entry, systemClock.wallMs()),
      staged: engine.staged,
      leftOut: () => table.content.leftOut(),
      get isInDoubt() {
        return engine.isInDoubt;
      },
    },
    clock,
    randomBytes,
    room: async () => node.room,
    epoch: () => node.epoch,
    listener: {
      onClaim: () => {},
      onStanding: (standing, words) => {
        told.push(standing);
        node.words = words;
      },
      onEnded: (why) => told.push(`ended: ${why}`),
      onMissing: (revision) => told.push(`missing: ${revision}`),
      onBroken: () => {},
    },
  });
  const node: Node = {
    ...{ name, fixture, engine, log, told, epoch: undefined, timings: own, room: 'ample', words: '' },
    execute: (command) => engine.execute(command, { actor: 'test', atMs: NOON_MS }),
  };
  keeper.put(presenceKey(name), bytesOf(name));
  engine.follow(log);
  t.teardown(() => log.stop(0));
  return node;
}

export async function until(isSo: () => boolean): Promise<void> {
  await awaited(String(isSo), isSo);
}

/** Nodes that are live, with a zone and a service. */
export async function makeFleet(
  t: Test,
  count: number,
  timings?: Timings,
): Promise<{ keeper: MemoryKeeper; nodes: Node[] }> {
  const keeper = new MemoryKeeper();
  keeper.put(HEAD_KEY, encodeRevision(0));
  const nodes = Array.from({ length: count }, (_, n) =>
    makeNode(t, keeper, `ns${n + 1}`, { ...(timings && { timings }) }),
  );
  for (const { log } of nodes) log.start();
  await until(() => nodes.every(({ told }) => told.at(-1) === 'live'));
  await must(nodes[0], { kind: 'zone.put', zone: 'example.com', body: zoneBody });
  await must(nodes[0], { kind: 'service.put', name: app, body: bluegreen(100, 0) });
  return { keeper, nodes };
}

export async function must(node: Node, command: Command) {
  const result = await node.execute(command);
  if (result instanceof Problem) throw new Error(`${result.code}: ${result.detail}`);
  return result;
}

export const names = (nodes: readonly Node[]): string[] => nodes.map(({ name }) => name);
