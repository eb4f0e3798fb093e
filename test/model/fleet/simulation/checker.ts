/**
 * What must hold in every history, checked at each instant at which it could cease to: nobody who claims to be current
 * answers from less than what was acknowledged; what was acknowledged stands; nothing stands twice or out of order.
 */
import type { Behind } from '../../../../src/model/fleet/turn.ts';
import type { SimulatedEngine } from './engine.ts';
import type { World } from './world.ts';

/** A node as those see it who ask it for names. */
export interface Answering {
  readonly name: string;
  /** It runs, and is not stopped. */
  readonly isAnswering: boolean;
  /** By its own clock, now. */
  readonly isClaiming: boolean;
  /** The last entry that is answered from. */
  readonly published: number;
}

/** What somebody asked for. */
export interface Operation {
  /** No other has it. */
  readonly name: string;
  /** The highest that was acknowledged when it was asked for. */
  readonly floor: number;
  outcome: 'open' | 'confirmed' | 'refused' | 'unknown';
}

export class Violation extends Error {}

export class Checker {
  readonly #world: World;
  readonly #engine: SimulatedEngine;
  readonly nodes: Answering[] = [];
  readonly operations: Operation[] = [];
  /** By node, over all of its processes. */
  readonly #publishedMost = new Map<string, number>();
  acknowledged = 0;
  confirmed = 0;
  checks = 0;

  constructor(world: World, engine: SimulatedEngine) {
    this.#world = world;
    this.#engine = engine;
  }

  begin(name: string): Operation {
    const operation: Operation = { name, floor: this.acknowledged, outcome: 'open' };
    this.operations.push(operation);
    return operation;
  }

  committed({ name }: Operation, revision: number): void {
    const entry = this.#engine.log[revision - 1];
    if (entry?.text !== name)
      this.#fail(`entry ${revision} is ${entry?.text}, and ${name} was told that it stands there`);
  }

  /** A 2xx. `operation`: where it appended something. */
  confirms(revision: number, answering: readonly string[], behind: readonly Behind[], operation?: Operation): void {
    if (revision > this.#engine.log.length) this.#fail(`revision ${revision} was confirmed and is not in the log`);
    if (operation !== undefined && revision <= operation.floor) {
      this.#fail(`${operation.name} got revision ${revision}, and ${operation.floor} was acknowledged before it began`);
    }
    for (const node of answering) {
      const most = this.#publishedMost.get(node) ?? 0;
      if (most < revision) this.#fail(`${node} is said to answer from ${revision}, and never got past ${most}`);
    }
    for (const { node, revision: last } of behind) {
      if (last >= revision) this.#fail(`${node} is said to be behind ${revision}, at ${last}`);
    }
    this.confirmed += 1;
    this.acknowledged = Math.max(this.acknowledged, revision);
    this.lookAtAll();
  }

  published(node: Answering, ids: readonly string[]): void {
    const { published, name } = node;
    const [mine, logged] = [ids[published - 1], this.#engine.log[published - 1]];
    if (mine !== logged?.id) this.#fail(`${name} has ${mine} as entry ${published}, and the log has ${logged?.id}`);
    this.#publishedMost.set(name, Math.max(published, this.#publishedMost.get(name) ?? 0));
    this.look(node);
  }

  lookAtAll(): void {
    for (const node of this.nodes) this.look(node);
  }

  /** To be called whenever a node's claim or what it answers from changes, or it goes on after a pause. */
  look(node: Answering): void {
    this.checks += 1;
    const { name, published, isAnswering, isClaiming } = node;
    if (published >= this.acknowledged || !isAnswering || !isClaiming) return;
    this.#fail(
      `${name} claims to be current and answers from ${published}, after ${this.acknowledged} was acknowledged`,
    );
  }

  /** What can only be said of a history that is over. */
  atTheEnd(): void {
    const stands = new Map<string, number>();
    for (const [i, { text, revision, epoch, leader }] of this.#engine.log.entries()) {
      if (revision !== i + 1) this.#fail(`entry ${i + 1} says that it is ${revision}`);
      if (epoch !== 0 && epoch !== leader) this.#fail(`entry ${revision} is of leader ${epoch}, when ${leader} led`);
      stands.set(text, (stands.get(text) ?? 0) + 1);
    }
    for (const operation of this.operations) {
      const { name, outcome } = operation;
      const times = stands.get(name) ?? 0;
      if (times > 1) this.#fail(`${name} stands ${times} times`);
      if (outcome === 'confirmed' && times === 0) this.#fail(`${name} was acknowledged and is lost`);
      if (outcome === 'refused' && times > 0) this.#fail(`${name} was refused and stands`);
    }
  }

  #fail(words: string): never {
    throw new Violation(`at ${this.#world.nowMs.toFixed(1)} ms: ${words}`);
  }
}
