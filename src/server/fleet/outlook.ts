/** What this node has noticed of the others over time: who shows signs of life, who is late and since when, who leads. For display only. */
import type { Clock } from '../../control/clock.ts';
import { type Keeper, Lost } from '../../control/log/keeper.ts';
import type { FleetClocks, FleetView } from '../../control/nodes.ts';
import { afterMs, inBackground } from '../../guard.ts';
import { parseLeader } from '../../model/fleet/election.ts';
import { heldBy, type NodeSign } from '../../model/fleet/holding.ts';
import { LEADER_KEY, PRESENCE_PREFIX, parseKey } from '../../model/fleet/keys.ts';
import { Unreadable } from '../../model/fleet/records.ts';
import { reading } from '../../model/fleet/transaction.ts';
import { emptyView, memberOf, type View } from '../../model/fleet/view.ts';
import type { FleetSettings } from './connect.ts';
import type { StoredNodes } from './view.ts';

const WHAT = 'the look at who is there';
const LOOK_MS = 2000;
/** What was read so long ago says nothing of now. */
const FRESH_MS = 10_000;

interface OutlookParts {
  readonly settings: Pick<FleetSettings, 'name' | 'node' | 'staleAfterSeconds'>;
  readonly keeper: Pick<Keeper, 'transact'>;
  /** What is known of the members; undefined: this node is alone. */
  readonly view: () => View | undefined;
  readonly clock: Pick<Clock, 'wallMs' | 'steadyMs'>;
}

/** What is told of the fleet by what was noticed. */
type Noticed = Pick<FleetView, 'name' | 'node' | 'head' | 'nodes' | 'leaderSinceMs' | 'claimAgeMs'>;

export class Outlook {
  readonly #parts: OutlookParts;
  /** Unix time, milliseconds, of each node's last sign of life. */
  readonly #heard = new Map<string, number>();
  readonly #lateSince = new Map<string, number>();
  #present: ReadonlySet<string> = new Set();
  #leader: { readonly node: string; readonly sinceMs: number | undefined } | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  /** Until when it claimed last that this node is current, by the steady clock. */
  #claimedUntilMs = Number.NEGATIVE_INFINITY;
  #isRunning = false;
  #timed: (step: string, seconds: number) => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: OutlookParts) {
    this.#parts = parts;
  }

  /** The listener hears how long the steps of each change took. */
  onTimed(listener: (step: string, seconds: number) => void): void {
    this.#timed = listener;
  }

  timed(step: string, seconds: number): void {
    this.#timed(step, seconds);
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#again(0);
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
  }

  /** Takes note of who is late now. */
  note(late: readonly string[]): void {
    for (const node of this.#lateSince.keys()) if (!late.includes(node)) this.#lateSince.delete(node);
    for (const node of late) if (!this.#lateSince.has(node)) this.#lateSince.set(node, this.#parts.clock.wallMs());
  }

  /** Takes note of a claim that this node is current. */
  claimed(untilMs: number): void {
    this.#claimedUntilMs = Math.max(this.#claimedUntilMs, untilMs);
  }

  /** Since the read that proved last that this node is current, milliseconds; undefined: none has, or it is alone. */
  get claimAgeMs(): number | undefined {
    const { settings, clock, view } = this.#parts;
    const isAlone = view() === undefined || this.#claimedUntilMs <= 0;
    return isAlone
      ? undefined
      : Math.max(0, clock.steadyMs() - this.#claimedUntilMs + settings.staleAfterSeconds * 1000);
  }

  /** Who leads, and since when: undefined there where it led before this process looked. */
  get leader(): { readonly node: string; readonly sinceMs: number | undefined } | undefined {
    return this.#isFresh ? this.#leader : undefined;
  }

  /** Whether each member shows signs of life; undefined: that cannot be read now. */
  get present(): ReadonlyMap<string, boolean> | undefined {
    const view = this.#parts.view();
    if (!this.#isFresh || view === undefined) return undefined;
    const members = [...view.members].filter(([, { value }]) => value !== undefined);
    return new Map(members.map(([node]) => [node, this.#present.has(node)]));
  }

  /** Members without a sign of life, in name order; undefined: that cannot be read now. */
  get silent(): string[] | undefined {
    const silent = this.present && [...this.present].filter(([, isPresent]) => !isPresent);
    return silent?.map(([node]) => node).sort();
  }

  /** Of the others, for events. */
  get known(): { readonly silent: readonly string[] | undefined; readonly leader: string | null } {
    return { silent: this.silent, leader: this.leader?.node ?? null };
  }

  sign(node: string): NodeSign {
    return {
      isSelf: node === this.#parts.settings.node,
      isPresent: this.#isFresh ? this.#present.has(node) : undefined,
      heardAtMs: this.#heard.get(node),
      lateSinceMs: this.#lateSince.get(node),
      version: memberOf(this.#parts.view() ?? emptyView, node).value?.version,
    };
  }

  /** What etcd says of the nodes, with what was noticed of them. */
  ofFleet(
    { head, nodes }: StoredNodes,
    late: readonly string[],
    {
      countsAgeOf,
      clockOf,
    }: { readonly countsAgeOf: (node: string) => number | null; readonly clockOf: FleetClocks['of'] },
  ): Noticed {
    const nowMs = this.#parts.clock.wallMs();
    const noticed = nodes.map((stored) => {
      const { node, present } = stored;
      const isLate = late.includes(node);
      const sign = { ...this.sign(node), isPresent: present };
      return {
        ...stored,
        late: isLate,
        countsAgeSeconds: countsAgeOf(node),
        clock: clockOf(node) ?? null,
        heardAtMs: present ? nowMs : (sign.heardAtMs ?? null),
        held: isLate ? heldBy(node, { ...sign, lateSinceMs: sign.lateSinceMs ?? nowMs }, undefined, nowMs) : null,
      };
    });
    const { name, node } = this.#parts.settings;
    const leaderSinceMs = this.leader?.sinceMs ?? null;
    return { name, node, head, nodes: noticed, leaderSinceMs, claimAgeMs: this.claimAgeMs ?? null };
  }

  get #isFresh(): boolean {
    return this.#parts.clock.steadyMs() - this.#readAtMs < FRESH_MS;
  }

  #again(ms: number): void {
    if (!this.#isRunning) return;
    this.#timer = afterMs(WHAT, ms, () =>
      inBackground(
        WHAT,
        this.look().finally(() => this.#again(LOOK_MS)),
      ),
    );
  }

  /** Reads who is there. */
  async look(): Promise<void> {
    const { keeper, clock } = this.#parts;
    const askedAtMs = clock.steadyMs();
    const reply = await keeper.transact(reading([{ key: LEADER_KEY }, { key: PRESENCE_PREFIX, isPrefix: true }]));
    if (reply instanceof Lost) return;
    const nowMs = clock.wallMs();
    const present = new Set<string>();
    let leader: string | undefined;
    for (const { key, value } of reply.found) {
      const parsed = parseKey(key);
      if (parsed?.kind === 'presence') present.add(parsed.node);
      const record = parsed?.kind === 'leader' ? parseLeader(value) : undefined;
      if (record !== undefined && !(record instanceof Unreadable)) leader = record.node;
    }
    for (const node of present) this.#heard.set(node, nowMs);
    const isFirst = this.#readAtMs === Number.NEGATIVE_INFINITY;
    if (leader !== this.#leader?.node)
      this.#leader = leader === undefined ? undefined : { node: leader, sinceMs: isFirst ? undefined : nowMs };
    this.#present = present;
    this.#readAtMs = askedAtMs;
  }
}
