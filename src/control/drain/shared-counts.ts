/**
 * What the nodes of a fleet tell each other of their counts: who wants to know of a service asks, and the others tell, once
 * a second at most, for as long as anybody asks.
 */
import { inBackground } from '../../guard.ts';
import {
  COUNTS_FRESH_MS,
  type HeardCounts,
  notCounted,
  type ServiceCounts,
  steadied,
} from '../../model/fleet/counts.ts';
import { ASKED_MAX, encodeAsked, encodeFitting, parseAsked, parseCounts } from '../../model/fleet/counts-form.ts';
import { ASKED_PREFIX, askedKey, COUNT_PREFIX, countKey, MEMBER_PREFIX, parseKey } from '../../model/fleet/keys.ts';
import { Unreadable } from '../../model/fleet/records.ts';
import type { Put, Stored } from '../../model/fleet/transaction.ts';
import { memberOf, type View } from '../../model/fleet/view.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Table } from '../../table/table.ts';
import type { Clock } from '../clock.ts';
import type { Keeper } from '../log/keeper.ts';
import type { FleetCounts, OthersCounts, ToldCounts } from '../nodes.ts';

const WHAT = 'the counts of the fleet';
const TELL_EACH_MS = 1000;
/** Who looks at a report each few seconds goes on being told. */
const ASKED_FOR_MS = 15_000;
/**
 * Of all nodes together, each second: etcd keeps what was written before for as long as it is set to (an hour, say), and
 * its quota is 2 GB. A release that waits for a node may ask for days.
 */
const FLEET_BYTES_PER_SECOND = 128 * 1024;
/** What a report waits for that is the first to ask: a message there, and one back. */
const GATHER_MS = 2000;

interface SharedCountsParts {
  readonly node: string;
  readonly keeper: Keeper;
  readonly store: Pick<Store, 'service' | 'lastRevision'>;
  readonly observed: Table['observed'];
  readonly view: () => View;
  readonly clock: Pick<Clock, 'steadyMs' | 'wallMs' | 'after'>;
}

export class SharedCounts implements FleetCounts {
  readonly #parts: SharedCountsParts;
  /** Services that were asked about here, and when last; by the steady clock. */
  readonly #asked = new Map<string, number>();
  /** By service, then by node: since when it is not known what the node answered. Unix times, milliseconds. */
  readonly #missingSince = new Map<string, Map<string, number>>();
  /** What other nodes ask about, and when they said so last. */
  readonly #wanted = new Map<string, { readonly services: readonly string[]; readonly atMs: number }>();
  readonly #heard = new Map<string, HeardCounts>();
  /** Called when something was heard. */
  readonly #gathering = new Set<() => void>();
  #leftAtMs = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #isTelling = false;
  #isRunning = false;
  #cancelNext: (() => void) | undefined;
  #endWatch = (): void => {};

  constructor(parts: SharedCountsParts) {
    this.#parts = parts;
  }

  start(): void {
    const { keeper, clock } = this.#parts;
    this.#isRunning = true;
    this.#endWatch = keeper.watch([COUNT_PREFIX, ASKED_PREFIX, MEMBER_PREFIX], {
      changed: (puts, deletes) => {
        for (const put of puts) this.#hear(put);
        if (deletes.some(({ key }) => key.startsWith(MEMBER_PREFIX))) this.#leftAtMs = clock.wallMs();
        for (const look of [...this.#gathering]) look();
      },
      // Somebody may leave, and nobody hears of it.
      broken: () => {
        this.#leftAtMs = clock.wallMs();
      },
    });
    this.#soon();
  }

  stop(): void {
    this.#isRunning = false;
    this.#endWatch();
    this.#cancelNext?.();
  }

  about(service: string, revision: number): OthersCounts {
    this.#ask(service);
    const { node, view, clock } = this.#parts;
    const members = view();
    const nowMs = clock.steadyMs();
    const told = [...this.#heard].flatMap(([other, { counts, heardAtMs }]): ToldCounts[] => {
      const found = counts.services.get(service);
      const isGone = memberOf(members, other).value === undefined;
      return found === undefined || isGone
        ? []
        : [{ node: other, revision: counts.revision, toldAtMs: clock.wallMs() - (nowMs - heardAtMs), counts: found }];
    });
    const missing = notCounted(members, node, this.#heard, { service, revision, nowMs });
    return {
      told: told.sort((a, b) => (a.node < b.node ? -1 : 1)),
      missing,
      missingSince: this.#noteMissing(service, missing),
      leftAtMs: this.#leftAtMs,
    };
  }

  #noteMissing(service: string, missing: readonly string[]): ReadonlyMap<string, number> {
    const known = this.#missingSince.get(service);
    const nowMs = this.#parts.clock.wallMs();
    const since = new Map(missing.map((node) => [node, known?.get(node) ?? nowMs] as const));
    this.#missingSince.set(service, since);
    return since;
  }

  /** Since when a node has told nothing, seconds; null: it never told. */
  ageSeconds(node: string): number | null {
    const heardAtMs = this.#heard.get(node)?.heardAtMs;
    return heardAtMs === undefined ? null : Math.floor((this.#parts.clock.steadyMs() - heardAtMs) / 1000);
  }

  gather(service: string, revision: number): Promise<void> {
    const isNew = !this.#asked.has(service);
    if (this.about(service, revision).missing.length === 0 || !isNew || !this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#gathering.delete(look);
        resolve();
      };
      const look = (): void => {
        if (this.about(service, revision).missing.length === 0) done();
      };
      const cancel = this.#parts.clock.after(GATHER_MS, done);
      this.#gathering.add(look);
    });
  }

  #ask(service: string): void {
    // The latest at the end: where too many are asked about, the earliest are let go of.
    this.#asked.delete(service);
    this.#asked.set(service, this.#parts.clock.steadyMs());
    this.#soon();
  }

  #hear({ key, value }: Stored): void {
    const { node, clock } = this.#parts;
    const parsed = parseKey(key);
    if ((parsed?.kind !== 'count' && parsed?.kind !== 'asked') || parsed.node === node) return;
    const atMs = clock.steadyMs();
    if (parsed.kind === 'asked') {
      const services = parseAsked(value);
      if (services instanceof Unreadable) return;
      this.#wanted.set(parsed.node, { services, atMs });
      return this.#soon();
    }
    const wallMs = clock.wallMs();
    const counts = parseCounts(value, wallMs);
    // A node that tells what cannot be read has not told.
    if (counts instanceof Unreadable) return;
    const before = this.#heard.get(parsed.node)?.counts;
    this.#heard.set(parsed.node, { counts: steadied(counts, before, wallMs), heardAtMs: atMs });
  }

  /** Tells as soon as a second is over since it told last. */
  #soon(): void {
    if (this.#cancelNext !== undefined || this.#isTelling || !this.#isRunning) return;
    const { clock } = this.#parts;
    const waitMs = Math.max(0, this.#toldAtMs + TELL_EACH_MS - clock.steadyMs());
    this.#cancelNext = clock.after(waitMs, () => {
      this.#cancelNext = undefined;
      inBackground(WHAT, this.#tell());
    });
  }

  async #tell(): Promise<void> {
    const { keeper, clock } = this.#parts;
    const puts = this.#putsOrAgain();
    if (puts.length === 0 || !this.#isRunning) return;
    this.#toldAtMs = clock.steadyMs();
    this.#isTelling = true;
    try {
      await keeper.transact({ compares: [], puts, reads: [], otherwise: [] });
    } finally {
      this.#isTelling = false;
      // What did not arrive is told anew a second later.
      this.#soon();
    }
  }

  /** Where the store cannot be read, say, it is tried again a second later. */
  #putsOrAgain(): Put[] {
    const nowMs = this.#parts.clock.steadyMs();
    try {
      return this.#puts(nowMs);
    } catch (error) {
      this.#toldAtMs = nowMs;
      this.#soon();
      throw error;
    }
  }

  #puts(nowMs: number): Put[] {
    const { node, store, clock } = this.#parts;
    for (const [service, atMs] of this.#asked) if (nowMs - atMs > ASKED_FOR_MS) this.#asked.delete(service);
    while (this.#asked.size > ASKED_MAX) this.#asked.delete(this.#asked.keys().next().value as string);
    for (const service of this.#missingSince.keys()) if (!this.#asked.has(service)) this.#missingSince.delete(service);
    const fresh = [...this.#wanted.values()].filter(({ atMs }) => nowMs - atMs < COUNTS_FRESH_MS);
    const wanted = new Set(fresh.flatMap(({ services }) => services));
    const puts: Put[] = [];
    if (this.#asked.size > 0) puts.push({ key: askedKey(node), value: encodeAsked([...this.#asked.keys()]) });
    if (wanted.size > 0) {
      const services = [...wanted].flatMap((name) => {
        const counts = this.#own(name);
        return counts === undefined ? [] : [[name, counts] as const];
      });
      const counts = { revision: store.lastRevision, services: new Map(services) };
      const maxBytes = FLEET_BYTES_PER_SECOND / Math.max(1, this.#parts.view().members.size);
      const value = encodeFitting(counts, clock.wallMs(), maxBytes);
      puts.push({ key: countKey(node), value });
    }
    return puts;
  }

  #own(name: string): ServiceCounts | undefined {
    const { store, observed } = this.#parts;
    const service = store.service(name);
    return service && ownCounts(service, observed);
  }
}

/** What this node counted. */
export function ownCounts(
  { name, pools }: { readonly name: string; readonly pools: readonly { readonly name: string }[] },
  observed: Table['observed'],
): ServiceCounts {
  // Asked first: what an old answer left in the counters is in them once this is true.
  const isSettled = observed.isSettled(name);
  return {
    isSettled,
    pools: observed.poolCounts(name),
    order: pools.map((pool) => pool.name),
    sightings: observed.sightings(name),
    sampledBy: observed.sampledBy,
    weights: Object.fromEntries((observed.service(name)?.pools ?? []).map((pool) => [pool.name, pool.weight])),
  };
}
