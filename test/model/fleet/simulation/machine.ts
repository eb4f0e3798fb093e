/** A machine that runs a node: it drives the state machine as the server does, over a line that fails and a clock that errs. */

import { entryId } from '../../../../src/model/fleet/envelope.ts';
import { LOG_PREFIX, logKey, parseKey } from '../../../../src/model/fleet/keys.ts';
import { type Stepped, type startNode, type stepNode, wakeAtMs } from '../../../../src/model/fleet/node.ts';
import type { Timings } from '../../../../src/model/fleet/timings.ts';
import { reading } from '../../../../src/model/fleet/transaction.ts';
import type { NodeEffect, NodeEvent, NodeState } from '../../../../src/model/fleet/turn.ts';
import type { Answering, Checker } from './checker.ts';
import { Desk } from './desk.ts';
import type { Change, SimulatedEngine } from './engine.ts';
import { Line } from './line.ts';
import type { World } from './world.ts';

/** The functions that are simulated, or what a mutant makes of them; made anew for each process. */
export interface Protocol {
  readonly start: typeof startNode;
  readonly step: typeof stepNode;
}

export interface Surroundings {
  readonly world: World;
  readonly engine: SimulatedEngine;
  readonly checker: Checker;
  readonly timings: Timings;
  readonly makeProtocol: () => Protocol;
}

/** Clocks differ by less than this from the world's. */
const CLOCK_ERROR = 0.025;

export class Machine implements Answering {
  readonly name: string;
  readonly around: Surroundings;
  readonly line: Line;
  readonly desk: Desk;
  readonly #rate: number;
  readonly #offsetMs: number;
  /** Ids of the entries that are on the disk. */
  #disk: string[] = [];
  #earlier: string | undefined;
  #incarnation = '';
  #protocol: Protocol | undefined;
  state: NodeState | undefined;
  published = 0;
  #claimUntilMs = 0;
  /** Grows with each start, and makes an end of what was on the way. */
  #life = 0;
  #isPaused = false;
  #deferred: (() => void)[] = [];
  #wakeAtMs = Number.POSITIVE_INFINITY;
  readonly #heard = new Map<number, string>();
  #watchAt = 0;
  #isWatchPlanned = false;
  isWatchStalled = false;
  isFull = false;
  isSlow = false;
  /** It is driven no more: another has its id. */
  isRetired = false;

  constructor(name: string, around: Surroundings) {
    this.name = name;
    this.around = around;
    const { world, engine } = around;
    this.line = new Line(world, engine);
    this.desk = new Desk(this);
    this.#rate = 1 + world.between(-CLOCK_ERROR, CLOCK_ERROR);
    this.#offsetMs = world.between(0, 1e6);
  }

  get isUp(): boolean {
    return this.state !== undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get isAnswering(): boolean {
    return this.isUp && !this.#isPaused;
  }

  get isClaiming(): boolean {
    return this.clockMs < this.#claimUntilMs;
  }

  get clockMs(): number {
    return this.#offsetMs + this.around.world.nowMs * this.#rate;
  }

  start(): void {
    if (this.isUp || this.isRetired) return;
    const { world, timings, makeProtocol, checker } = this.around;
    this.#life += 1;
    this.#protocol = makeProtocol();
    this.#incarnation = world.id();
    this.#claimUntilMs = 0;
    this.#watchAt = 0;
    this.published = this.#disk.length;
    // The process before this one may have ended between the two: it is answered from now, for the first time.
    checker.published(this, this.#disk);
    const ids = { node: this.name, incarnation: this.#incarnation, earlier: this.#earlier };
    const settings = { ...ids, version: '0.1.0', timings };
    this.#turn(this.#protocol.start(settings, this.published, this.clockMs));
    this.watch();
  }

  crash(isDiskLost: boolean): void {
    if (!this.isUp) return;
    this.#down();
    if (!isDiskLost) return;
    this.#disk = [];
    this.#earlier = undefined;
  }

  #down(): void {
    this.#life += 1;
    this.state = undefined;
    this.#deferred = [];
    this.#isPaused = false;
    this.#isWatchPlanned = false;
    this.#claimUntilMs = 0;
    this.#heard.clear();
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.desk.close();
  }

  pause(): void {
    if (this.isUp) this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.around.checker.look(this);
    for (const act of this.#deferred.splice(0)) this.#do(this.#life, act);
  }

  tell(event: NodeEvent): void {
    if (this.state === undefined || this.#protocol === undefined) return;
    this.#turn(this.#protocol.step(this.state, event, this.clockMs));
  }

  /** In this life, when the machine is not stopped. */
  later(delayMs: number, act: () => void): void {
    const life = this.#life;
    this.around.world.after(delayMs, () => this.#do(life, act));
  }

  #do(life: number, act: () => void): void {
    if (life !== this.#life) return;
    if (this.#isPaused) this.#deferred.push(() => this.#do(life, act));
    else act();
  }

  #turn({ state, effects }: Stepped): void {
    this.state = state;
    for (const effect of effects) {
      this.#carryOut(effect);
      if (this.state === undefined) return;
    }
    this.#plan();
  }

  #plan(): void {
    if (this.state === undefined) return;
    const atMs = wakeAtMs(this.state);
    if (atMs === this.#wakeAtMs || atMs === Number.POSITIVE_INFINITY) return;
    this.#wakeAtMs = atMs;
    this.later((atMs - this.clockMs) / this.#rate + 0.01, () => {
      if (this.#wakeAtMs !== atMs) return;
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.tell({ kind: 'tick' });
    });
  }

  #carryOut(effect: NodeEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.#send(effect);
      case 'claim':
        this.#claimUntilMs = effect.untilMs;
        return this.around.checker.look(this);
      case 'apply':
        return this.#apply(effect.revision);
      case 'restore':
        return this.#restore();
      case 'standing':
        this.#earlier = this.#incarnation;
        return;
      case 'ended':
        this.isRetired = effect.why === 'taken';
        return this.#down();
      default:
        return this.desk.hear(effect);
    }
  }

  #send({ call, transaction }: NodeEffect & { kind: 'send' }): void {
    const life = this.#life;
    this.line.ask(transaction, this.around.timings.rpcTimeoutMs / this.#rate, (outcome) =>
      this.#do(life, () => this.tell({ kind: 'reply' in outcome ? 'reply' : 'lost', call, ...outcome } as NodeEvent)),
    );
  }

  #apply(revision: number): void {
    const { world, timings } = this.around;
    const id = this.#heard.get(revision);
    if (id !== undefined) return this.later(this.#applyMs(), () => this.#applied(revision, id));
    const life = this.#life;
    this.line.ask(reading([{ key: logKey(revision) }]), timings.rpcTimeoutMs, (outcome) =>
      this.#do(life, () => {
        if (!('reply' in outcome)) return this.later(world.between(50, 300), () => this.#apply(revision));
        const [stored] = outcome.reply.found;
        if (stored === undefined) return this.tell({ kind: 'missing', revision });
        this.#heard.set(revision, entryId(stored.value) ?? '');
        this.#apply(revision);
      }),
    );
  }

  #applyMs(): number {
    const { world } = this.around;
    return this.isSlow ? world.between(200, 4000) : world.between(0.1, 2);
  }

  #applied(revision: number, id: string): void {
    if (this.isFull) return this.tell({ kind: 'refused', revision, why: 'full', words: 'found the disk full' });
    this.#disk.push(id);
    // It is durable before it is answered from.
    this.later(this.around.world.between(0.05, 0.5), () => {
      this.#heard.delete(revision);
      this.published = revision;
      this.around.checker.published(this, this.#disk);
      this.tell({ kind: 'applied', revision });
    });
  }

  #restore(): void {
    const { engine, world, timings, checker } = this.around;
    const life = this.#life;
    this.line.ask(reading([]), timings.rpcTimeoutMs, (outcome) =>
      this.#do(life, () => {
        if (!('reply' in outcome)) return this.later(world.between(50, 300), () => this.#restore());
        const upTo = Math.max(engine.trimmedUpTo, this.published);
        this.#disk = engine.log.slice(0, upTo).map(({ id }) => id);
        this.published = upTo;
        checker.published(this, this.#disk);
        this.tell({ kind: 'restored', revision: upTo });
      }),
    );
  }

  /** Has the engine tell what changed, one message after the other. */
  watch(): void {
    if (!this.isUp || this.#isWatchPlanned || this.line.isCut || this.isWatchStalled) return;
    if (this.#watchAt >= this.around.engine.place) return;
    this.#isWatchPlanned = true;
    this.later(this.line.latencyMs(), () => {
      this.#isWatchPlanned = false;
      if (this.line.isCut || this.isWatchStalled) return;
      this.#hearWatch();
      this.watch();
    });
  }

  #hearWatch(): void {
    const { engine } = this.around;
    const changes = engine.changesAfter(this.#watchAt) ?? engine.everything();
    this.#watchAt = engine.place;
    const wanted = changes.filter(({ key }) => /^(?:member|ack|log)\//.test(key));
    for (const change of wanted) this.#note(change);
    const puts = wanted.flatMap(({ stored }) => (stored === undefined ? [] : [stored]));
    const deletes = wanted.flatMap(({ stored, key, at }) => (stored === undefined ? [{ key, at }] : []));
    if (wanted.length > 0) this.tell({ kind: 'changed', puts, deletes });
  }

  #note({ key, stored }: Change): void {
    const parsed = key.startsWith(LOG_PREFIX) ? parseKey(key) : undefined;
    if (parsed?.kind !== 'log' || stored === undefined || parsed.revision <= this.published) return;
    this.#heard.set(parsed.revision, entryId(stored.value) ?? '');
  }
}
