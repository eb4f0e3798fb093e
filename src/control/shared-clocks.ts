/**
 * How far the times of day of the nodes of a fleet are from each other. Nothing that the fleet promises rests on them, but
 * what is planned for a time of day goes by the node that leads, and signatures and tokens by each node's own.
 */
import {
  clockOffsetMs,
  type HeardClock,
  isFarOff,
  isSet,
  lastOffsetMs,
  noteClock,
  type ToldClock,
} from '../model/fleet/clocks.ts';
import type { View } from '../model/fleet/view.ts';
import { CLOCKS_DIFFER_MS, type Clock } from './clock.ts';
import type { Lines } from './lines.ts';
import type { FleetClocks, OtherClock } from './nodes.ts';

interface SharedClocksParts {
  readonly view: () => View;
  readonly clock: Pick<Clock, 'steadyMs' | 'wallMs'>;
  readonly log: Pick<Lines, 'info' | 'warn'>;
}

export class SharedClocks implements FleetClocks {
  readonly #parts: SharedClocksParts;
  readonly #heard = new Map<string, readonly HeardClock[]>();
  /** Nodes whose time of day is far from the one here. */
  readonly #far = new Set<string>();
  #told: ToldClock | undefined;

  constructor(parts: SharedClocksParts) {
    this.#parts = parts;
  }

  /** What the clocks here show now. */
  get own(): ToldClock {
    const { clock } = this.#parts;
    return { wallMs: clock.wallMs(), steadyMs: clock.steadyMs() };
  }

  /** Whether the time of day here was set since the others were told of it. */
  get isSet(): boolean {
    return this.#told !== undefined && isSet(this.#told, this.own);
  }

  /** The others were told. */
  noteTold(told: ToldClock): void {
    this.#told = told;
  }

  /** Another node told what its clocks showed. */
  hear(node: string, told: ToldClock): void {
    const heardAtMs = this.#parts.clock.steadyMs();
    this.#heard.set(node, noteClock(this.#heard.get(node) ?? [], { ...told, heardAtMs }));
  }

  of(node: string): OtherClock | undefined {
    const offsetMs = clockOffsetMs(this.#heard.get(node) ?? [], this.own);
    return offsetMs === undefined ? undefined : { offsetMs, isFar: this.#far.has(node) };
  }

  all(): ReadonlyMap<string, OtherClock> {
    const found = [...this.#heard.keys()].map((node) => [node, this.of(node)] as const);
    return new Map(found.flatMap(([node, clock]) => (clock === undefined ? [] : [[node, clock] as const])));
  }

  /**
   * By how much the time of day here is ahead of most, in whole seconds: one clock that is years behind is not what all
   * wait for. Of two nodes nobody knows which one is right, and the later end is waited for.
   */
  get aheadMs(): number {
    const { own } = this;
    const offsets = [0, ...[...this.#heard.values()].map((each) => lastOffsetMs(each, own))].sort((a, b) => a - b);
    const middleMs = offsets[Math.floor((offsets.length - 1) / 2)];
    return Math.min(CLOCKS_DIFFER_MS, Math.max(0, Math.round(-middleMs / 1000) * 1000));
  }

  /** By how much the time of day of a member is behind the one here at the most, milliseconds; also of one that is silent now. */
  get behindMs(): number {
    const { own } = this;
    const heard = [...this.#heard.values()].map((each) => -lastOffsetMs(each, own));
    return Math.max(0, ...heard);
  }

  /** Says whose time of day has come to be far from the one here, and whose is near again. Of who is silent nothing is said. */
  look(): void {
    const { view, log } = this.#parts;
    const { members } = view();
    const [far, near]: [string[], string[]] = [[], []];
    const offsetsMs: Record<string, number> = {};
    for (const [node, heard] of this.#heard) {
      if (members.get(node)?.value === undefined) {
        this.#heard.delete(node);
        this.#far.delete(node);
        continue;
      }
      const offsetMs = clockOffsetMs(heard, this.own);
      if (offsetMs === undefined) continue;
      const wasFar = this.#far.has(node);
      const isFar = isFarOff(offsetMs, heard, { wasFar });
      if (isFar === wasFar) continue;
      offsetsMs[node] = offsetMs;
      (isFar ? far : near).push(node);
      if (isFar) this.#far.add(node);
      else this.#far.delete(node);
    }
    if (far.length > 0) log.warn({ nodes: far, offsetsMs }, FAR);
    if (near.length > 0) log.info({ nodes: near, offsetsMs }, NEAR);
  }
}

const FAR =
  'the times of day of these nodes are far from the one of this node (which may be the one that is wrong): see that NTP runs on all';
const NEAR = 'the times of day of these nodes are near the one of this node again';
