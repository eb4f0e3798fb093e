/**
 * What the nodes of a fleet tell each other of the health of targets: each publishes what its probes see when that
 * changes, and says every few seconds that it still holds. Who missed some of it reads it. With that each says what its
 * clocks show.
 */
import { inBackground } from '../../guard.ts';
import {
  encodeBeat,
  encodeViews,
  type NodeViews,
  parseBeat,
  parseViews,
  type ToldViews,
  VIEWS_FRESH_MS,
  type Vote,
} from '../../model/fleet/health-views.ts';
import { BEAT_PREFIX, beatKey, HEALTH_PREFIX, healthKey, parseKey } from '../../model/fleet/keys.ts';
import { Unreadable } from '../../model/fleet/records.ts';
import { reading, type Stored } from '../../model/fleet/transaction.ts';
import { isLive, type View } from '../../model/fleet/view.ts';
import type { Clock } from '../clock.ts';
import type { Lines } from '../lines.ts';
import { type Keeper, Lost } from '../log/keeper.ts';
import type { FleetViews, OtherView } from '../nodes.ts';
import type { SeenHealth } from '../observed/health.ts';
import type { SharedClocks } from '../shared-clocks.ts';

const WHAT = 'the views of health of the fleet';
/** How often it is looked whether there is something to tell, or somebody has fallen silent. */
const LOOK_MS = 1000;
/** A third of what others wait for it. */
const BEAT_MS = 5000;
/** Where nothing is probed it is the clock that is told of, and that may wait; no longer than others wait for a beat. */
const IDLE_BEAT_MS = 10_000;
/**
 * Of all nodes together, each second: etcd keeps what was written before for as long as it is set to. Where much is seen
 * and much changes, it is told that much later.
 */
const FLEET_BYTES_PER_SECOND = 128 * 1024;

interface SharedViewsParts {
  readonly node: string;
  /** Random: names what this process publishes. */
  readonly incarnation: string;
  readonly keeper: Keeper;
  readonly seen: Pick<SeenHealth, 'own' | 'version'>;
  /** Whether the check of a service asks for a quorum: such views go first. */
  readonly isVoted: (service: string) => boolean;
  readonly view: () => View;
  readonly clocks: Pick<SharedClocks, 'own' | 'isSet' | 'noteTold' | 'hear' | 'look'>;
  readonly clock: Pick<Clock, 'steadyMs' | 'wallMs' | 'after'>;
  readonly log: Pick<Lines, 'warn'>;
}

interface Heard extends ToldViews {
  /** By the steady clock: when it came, for ages, and when the node said last that it holds. */
  readonly cameAtMs: number;
  readonly heardAtMs: number;
}

export class SharedViews implements FleetViews {
  readonly #parts: SharedViewsParts;
  readonly #heard = new Map<string, Heard>();
  /** Nodes whose views are being read. */
  readonly #reading = new Set<string>();
  #startedAtMs = 0;
  #isRunning = false;
  #cancelLook = (): void => {};
  #endWatch = (): void => {};
  /** Of what was published last: what it was of, when, and until when nothing more is to be. */
  #told: { readonly version: number; readonly id: string; readonly isNone: boolean } | undefined;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #notBeforeMs = 0;
  #number = 0;
  #left = 0;
  #isTelling = false;
  /** Who has a say, as it was looked at last. */
  #voters = '';
  version = 1;

  constructor(parts: SharedViewsParts) {
    this.#parts = parts;
  }

  get node(): string {
    return this.#parts.node;
  }

  start(): void {
    const { keeper, clock } = this.#parts;
    this.#isRunning = true;
    this.#startedAtMs = clock.steadyMs();
    this.#endWatch = keeper.watch([HEALTH_PREFIX, BEAT_PREFIX], {
      changed: (puts) => {
        for (const put of puts) this.#hear(put);
      },
      // What it would have told is read when the next beat names it.
      broken: () => {},
    });
    this.#look();
  }

  stop(): void {
    this.#isRunning = false;
    this.#endWatch();
    this.#cancelLook();
  }

  others(service: string, target: string): readonly OtherView[] {
    const { clock } = this.#parts;
    const wallMs = clock.wallMs();
    const nowMs = clock.steadyMs();
    return this.#others().map((node) => {
      const heard = this.#heard.get(node);
      const found = heard?.views.get(service)?.get(target);
      const standing = this.#standingOf(node);
      const vote: Vote = standing === 'heard' ? (found?.state ?? 'unknown') : standing;
      if (heard === undefined || found === undefined) return { node, vote, seen: undefined };
      const sinceMs = Math.round(wallMs - (nowMs - heard.cameAtMs) - found.ageMs);
      return { node, vote, seen: { state: found.state, sinceMs, reason: found.reason } };
    });
  }

  ages(): ReadonlyMap<string, number | null> {
    const nowMs = this.#parts.clock.steadyMs();
    return new Map(
      this.#others().map((node) => {
        const heardAtMs = this.#heard.get(node)?.heardAtMs;
        return [node, heardAtMs === undefined ? null : Math.floor((nowMs - heardAtMs) / 1000)];
      }),
    );
  }

  /** Members of the fleet but this one. */
  #others(): string[] {
    const { view, node } = this.#parts;
    return [...view().members]
      .filter(([other, { value }]) => value !== undefined && other !== node)
      .map(([other]) => other)
      .sort();
  }

  #standingOf(node: string): 'heard' | 'silent' | 'awaited' {
    const { view, clock } = this.#parts;
    if (!isLive(view(), node)) return 'silent';
    const nowMs = clock.steadyMs();
    const heardAtMs = this.#heard.get(node)?.heardAtMs;
    if (heardAtMs !== undefined) return nowMs - heardAtMs < VIEWS_FRESH_MS ? 'heard' : 'silent';
    return nowMs - this.#startedAtMs < VIEWS_FRESH_MS ? 'awaited' : 'silent';
  }

  #hear({ key, value }: Stored): void {
    const { node, clock, clocks } = this.#parts;
    const parsed = parseKey(key);
    if ((parsed?.kind !== 'health' && parsed?.kind !== 'beat') || parsed.node === node) return;
    const nowMs = clock.steadyMs();
    if (parsed.kind === 'health') {
      const told = parseViews(value);
      // A node that tells what cannot be read has not told.
      if (told instanceof Unreadable) return;
      this.#heard.set(parsed.node, { ...told, cameAtMs: nowMs, heardAtMs: nowMs });
      this.version++;
      return;
    }
    const beat = parseBeat(value);
    if (beat instanceof Unreadable) return;
    if (beat.clock !== undefined) clocks.hear(parsed.node, beat.clock);
    const heard = this.#heard.get(parsed.node);
    if (heard?.id === beat.id) this.#heard.set(parsed.node, { ...heard, heardAtMs: nowMs });
    else inBackground(WHAT, this.#read(parsed.node));
  }

  /** What a node published that this one has not heard. */
  async #read(node: string): Promise<void> {
    if (this.#reading.has(node) || !this.#isRunning) return;
    this.#reading.add(node);
    try {
      const reply = await this.#parts.keeper.transact(reading([{ key: healthKey(node) }]));
      if (!(reply instanceof Lost) && this.#isRunning) for (const stored of reply.found) this.#hear(stored);
    } finally {
      this.#reading.delete(node);
    }
  }

  #look(): void {
    if (!this.#isRunning) return;
    const { clock, clocks } = this.#parts;
    this.#cancelLook = clock.after(LOOK_MS, () => this.#look());
    clocks.look();
    const voters = JSON.stringify(this.#others().map((node) => [node, this.#standingOf(node)]));
    if (voters !== this.#voters) {
      this.#voters = voters;
      this.version++;
    }
    if (!this.#isTelling) inBackground(WHAT, this.#tell());
  }

  async #tell(): Promise<void> {
    const { node, keeper, seen, clock, clocks } = this.#parts;
    const nowMs = clock.steadyMs();
    const isNew = this.#told?.version !== seen.version && nowMs >= this.#notBeforeMs;
    const isDue = this.#told !== undefined && nowMs - this.#toldAtMs >= (this.#told.isNone ? IDLE_BEAT_MS : BEAT_MS);
    if (!isNew && !isDue && !clocks.isSet) return;
    const { version } = seen;
    const id = isNew || this.#told === undefined ? this.#nextId() : this.#told.id;
    const shown = clocks.own;
    const puts = [{ key: beatKey(node), value: encodeBeat({ id, clock: shown }) }];
    let isNone = this.#told?.isNone ?? true;
    if (isNew) {
      const views = seen.own(this.#parts.isVoted);
      isNone = views.size === 0;
      puts.unshift({ key: healthKey(node), value: this.#encode(id, views, nowMs) });
    }
    this.#isTelling = true;
    try {
      const reply = await keeper.transact({ compares: [], puts, reads: [], otherwise: [] });
      // What may not have arrived is told anew.
      if (reply instanceof Lost) return;
      if (isNew) this.#told = { version, id, isNone };
      this.#toldAtMs = nowMs;
      clocks.noteTold(shown);
    } finally {
      this.#isTelling = false;
    }
  }

  #nextId(): string {
    this.#number++;
    return `${this.#parts.incarnation}.${this.#number}`;
  }

  #encode(id: string, views: NodeViews, nowMs: number): Uint8Array {
    const { view, log } = this.#parts;
    const { value, left } = encodeViews({ id, views });
    if (left > 0 && this.#left === 0) {
      log.warn({ services: left }, 'what is seen of so many services is too much to be told to the other nodes');
    }
    this.#left = left;
    const nodes = Math.max(1, view().members.size);
    this.#notBeforeMs = nowMs + (value.length * nodes * 1000) / FLEET_BYTES_PER_SECOND;
    return value;
  }
}
