/** This process as a node of its fleet: what it takes part with, what it may say of itself, and how a fleet begins and ends. */
import { randomBytes, randomUUID } from 'node:crypto';
import { NO_OTHERS, UNKNOWN } from '../../control/dnssec/shared-marks.ts';
import { SharedLog } from '../../control/log/fleet.ts';
import { localLog } from '../../control/log/local.ts';
import { timed } from '../../control/log/timed.ts';
import type {
  Duties,
  EngineRoom,
  FleetClocks,
  FleetControl,
  FleetCounts,
  FleetMarks,
  FleetView,
  FleetViews,
  Lateness,
  NodeEvent,
  NodeStanding,
} from '../../control/nodes.ts';
import { afterMs, everyMs, inBackground } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import type { NodeSign } from '../../model/fleet/holding.ts';
import { fleetPrefix, presenceKey } from '../../model/fleet/keys.ts';
import { timingsOf } from '../../model/fleet/timings.ts';
import { storeClaim } from '../../table/claim.ts';
import { StartError } from '../errors.ts';
import { steadyClock } from '../steady-clock.ts';
import { readVersion } from '../version.ts';
import { foundLog } from './found.ts';
import { MISSING, staleWords, UNHEARD } from './identity.ts';
import { applierOf, sweeperOf } from './imports.ts';
import { Leader } from './leader.ts';
import { obstacleTo } from './obstacle.ts';
import { Outlook } from './outlook.ts';
import type { FleetParts } from './parts.ts';
import type { Prepared } from './prepare.ts';
import { Presence } from './presence.ts';
import { forgetNode, inNoFleet, removeStopped } from './remove.ts';
import { RoomWatch, roomOf } from './room.ts';
import { sampleAsAll } from './secrets.ts';
import { keepSnapshots } from './snapshots.ts';
import { Standings } from './standings.ts';
import { Told } from './told.ts';
import { readFleet, type SeenNode, seenNodes } from './view.ts';

const WHAT = 'the node in its fleet';
/** Before the log's identity is looked at again. */
const LOOK_AGAIN_MS = 500;
/** What a reader waits for entries that are on their way: they take milliseconds. */
const CATCH_UP_MS = 1000;
/** For shifts of others not to wait for this node, when it stops. */
const STOP_MS = 2000;

export class FleetNode implements FleetControl {
  readonly #prepared: Prepared;
  readonly #parts: FleetParts;
  #shared: SharedLog | undefined;
  #told: Told | undefined;
  readonly outlook: Outlook;
  #presence: Presence | undefined;
  #leader: Leader | undefined;
  /** What one node does for all; undefined: nothing of it is there yet. */
  #duties: Duties | undefined;
  #incarnation = '';
  #lateUntilMs = 0;
  #lookedAt: NodeJS.Timeout | undefined;
  readonly #standings = new Standings();
  #standing: NodeStanding = 'alone';
  #words = 'the fleet is not founded, or this node is not of it';
  #isStopped = false;
  #isFounding = false;
  readonly #endSnapshots: () => void;
  readonly #room: RoomWatch;

  constructor(prepared: Prepared, parts: FleetParts) {
    this.#prepared = prepared;
    this.#parts = parts;
    const { keeper, settings } = prepared;
    this.outlook = new Outlook({ keeper, settings, clock: steadyClock, view: () => this.#shared?.view });
    const snapshots = { ...parts, keeper, lastRevision: () => parts.store.lastRevision };
    const isElected = (): boolean => this.#leader?.epoch !== undefined;
    this.#endSnapshots = keepSnapshots(snapshots, isElected, sweeperOf(keeper, parts.store));
    this.#room = new RoomWatch(prepared.etcd, parts.log);
    this.#room.start();
    parts.engine.knownBy({ behindMs: () => this.clocks?.behindMs ?? 0 });
    // So that what was late when nobody asked is known.
    this.#lookedAt = everyMs(WHAT, LOOK_AGAIN_MS, () => this.#look());
    if (prepared.standing === 'member') this.#takePart();
    else this.#beAlone();
  }

  /** Whether this node may claim that it answers from the last acknowledged revision. One node alone always may. */
  get isCurrent(): boolean {
    return this.currentForMs !== 0;
  }

  get currentForMs(): number | null {
    return this.#standing === 'alone' ? null : Math.floor(this.#shared?.claimsForMs ?? 0);
  }

  get standing(): NodeStanding {
    return this.#standing;
  }

  onStanding(listener: (event: NodeEvent) => void): void {
    this.#standings.listen(listener);
  }

  #look(): void {
    const behind = this.lateness?.late ?? [];
    this.outlook.note(behind);
    const own = { node: this.#prepared.settings.node, standing: this.#standing, current: this.isCurrent };
    this.#standings.tell({ ...own, behind, ...this.outlook.known });
  }

  get words(): string {
    return this.#standing === 'live' && !this.isCurrent ? UNHEARD : this.#words;
  }

  sign(node: string): NodeSign {
    return this.outlook.sign(node);
  }

  get leads(): boolean {
    return this.#standing === 'alone' || this.#leader?.epoch !== undefined;
  }

  get lateness(): Lateness | undefined {
    if (this.#standing === 'alone') return undefined;
    const { node } = this.#prepared.settings;
    // Who cannot tell where the log is does not know what the others answer from.
    const late = this.isCurrent ? (this.#shared?.late ?? []) : [node];
    if (late.length > 0) this.#lateUntilMs = steadyClock.wallMs();
    return { late, lateUntilMs: this.#lateUntilMs };
  }

  /** All nodes, as this one has heard of them. */
  get nodes(): SeenNode[] {
    if (this.#standing === 'alone' || this.#shared === undefined) return [];
    return seenNodes(this.#shared.view, this.#shared.late);
  }

  get room(): EngineRoom | undefined {
    return this.#room.seen;
  }

  get counts(): FleetCounts | undefined {
    return this.#standing === 'alone' ? undefined : this.#told?.counts;
  }

  get views(): FleetViews | undefined {
    return this.#standing === 'alone' ? undefined : this.#told?.views;
  }

  get clocks(): FleetClocks | undefined {
    return this.#standing === 'alone' ? undefined : this.#told?.clocks;
  }

  get marks(): FleetMarks {
    return this.#standing === 'alone' ? NO_OTHERS : (this.#told?.marks ?? UNKNOWN);
  }

  perform(duties: Duties): void {
    this.#duties = duties;
    if (this.#standing === 'alone') duties.begin();
    else this.#standForLeader();
  }

  /** When others may do what one does for all, it does it when it is elected. */
  #standForLeader(): void {
    const { keeper, etcd, settings } = this.#prepared;
    const duties = this.#duties;
    if (duties === undefined || this.#isStopped) return;
    this.#leader = new Leader({
      keeper,
      etcd,
      duties,
      steadyMs: steadyClock.steadyMs,
      log: this.#parts.log,
      who: { node: settings.node, incarnation: this.#incarnation },
      isLive: () => this.#standing === 'live',
    });
    this.#leader.start();
  }

  async catchUp(): Promise<boolean> {
    return this.#standing === 'alone' || (await this.#shared?.catchUp(CATCH_UP_MS)) === true;
  }

  async view(): Promise<FleetView> {
    const { lastRevision: revision } = this.#parts.store;
    const own = { standing: this.#standing, current: this.isCurrent, message: this.words, revision };
    const late = this.#shared?.late ?? [];
    const { found, members } = await readFleet(this.#prepared);
    const fleet = this.outlook.ofFleet(found, late, {
      countsAgeOf: (node) => this.#told?.counts.ageSeconds(node) ?? null,
      clockOf: (node) => this.#told?.clocks.of(node),
    });
    return { ...own, ...fleet, members, ...(!own.current && staleWords(own.message, found)) };
  }

  /** Makes the fleet of this node, with all its history; changes wait meanwhile for a moment, answers do not. */
  async found(): Promise<{ readonly revision: number } | Problem> {
    if (this.#isFounding) return new Problem('busy', 'The fleet is being founded; wait for the outcome.');
    this.#isFounding = true;
    try {
      const { keeper, settings } = this.#prepared;
      const { engine, store, dataDir } = this.#parts;
      const hasTakenPart = this.#standing !== 'alone' && this.#standing !== 'joining';
      const founded = await foundLog({ keeper, engine, store, dataDir, settings, hasTakenPart }, () => {
        // One that waited for a fleet that etcd has lost is a new member: what it was before nobody knows.
        if (this.#leader !== undefined) inBackground(WHAT, this.#leader.stop());
        this.#takePart();
      });
      if (!(founded instanceof Problem)) this.#parts.log.info({ ...founded }, `the fleet ${settings.name} is founded`);
      return founded;
    } finally {
      this.#isFounding = false;
    }
  }

  async remove(node: string): Promise<Problem | undefined> {
    if (this.#shared === undefined) return inNoFleet(this.#prepared.settings);
    return removeStopped(this.#prepared, node, steadyClock.steadyMs);
  }

  /** This node goes on alone, with all that it has. */
  async leave(): Promise<Problem | undefined> {
    const { store, engine, log } = this.#parts;
    if (this.#shared === undefined) return inNoFleet(this.#prepared.settings);
    await this.#leader?.stop();
    this.#leader = undefined;
    this.#told?.stop();
    this.outlook.stop();
    await this.#shared.stop(STOP_MS);
    await this.#presence?.stop();
    await forgetNode(this.#prepared.keeper, this.#prepared.settings.node);
    return engine.during(() => {
      const problem = store.keepFleet(undefined);
      if (problem !== undefined) return problem;
      engine.follow(localLog);
      this.#shared = undefined;
      this.#beAlone();
      this.#words = 'it has left the fleet';
      this.#duties?.begin();
      log.warn('this node has left the fleet, and serves as one node');
      return undefined;
    });
  }

  /** It answers for itself. */
  #beAlone(): void {
    this.#standing = 'alone';
    storeClaim(this.#parts.table.shared.control, Number.POSITIVE_INFINITY);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#lookedAt);
    this.#endSnapshots();
    this.outlook.stop();
    this.#room.stop();
    await this.#leader?.stop();
    this.#told?.stop();
    await this.#shared?.stop(STOP_MS);
    await this.#presence?.stop();
    this.#prepared.etcd.close();
  }

  /** From now on the log is the fleet's. */
  #takePart(): void {
    const { store, engine, signers, table, log } = this.#parts;
    const { control } = table.shared;
    const { settings, keeper, etcd } = this.#prepared;
    const { node, staleAfterSeconds } = settings;
    const stored = store.fleet;
    if (stored === undefined) throw new StartError('the store does not say of which fleet it is');
    const incarnation = randomUUID();
    this.#incarnation = incarnation;
    const problem = store.keepFleet({ ...stored, node, incarnation });
    if (problem !== undefined) throw new StartError(problem.detail);
    const earlier = stored.node === node ? (stored.incarnation ?? undefined) : undefined;
    const timings = timingsOf(staleAfterSeconds * 1000);
    const shared = new SharedLog({
      settings: { node, incarnation, earlier, version: readVersion(), timings },
      keeper,
      applier: applierOf(engine, store, signers, table),
      clock: steadyClock,
      randomBytes,
      room: async () => (await roomOf(etcd))?.level ?? 'ample',
      epoch: () => this.#leader?.epoch,
      listener: {
        onClaim: (untilMs) => {
          storeClaim(control, untilMs);
          this.outlook.claimed(untilMs);
        },
        onStanding: (standing, words) => {
          this.#standing = standing;
          this.#words = words;
          log.info({ standing, node }, words);
        },
        onEnded: (why, words) => {
          this.#standing = 'ended';
          this.#words = words;
          log[why === 'stopped' ? 'info' : 'error']({ why }, words);
        },
        onMissing: (revision) => log.error({ revision }, MISSING),
        onBroken: (words) => log.debug({ words }, "the watch of the fleet's log broke; it is opened again"),
      },
    });
    this.#standing = 'joining';
    storeClaim(control, 0);
    this.#shared = shared;
    this.#told = new Told(this.#parts, { node, incarnation, keeper, view: () => shared.view });
    engine.follow(timed(shared, steadyClock.steadyMs, (step, seconds) => this.outlook.timed(step, seconds)));
    // What it did alone it does when it is elected.
    this.#duties?.end();
    this.#standForLeader();
    const key = fleetPrefix(settings.name) + presenceKey(node);
    this.#presence = new Presence(etcd, key, incarnation);
    inBackground(WHAT, this.#begin(shared, stored.log));
  }

  /** Takes part once etcd was seen to have this very log. */
  async #begin(shared: SharedLog, name: string): Promise<void> {
    const isWanted = (): boolean => !this.#isStopped && this.#shared === shared;
    if (!isWanted()) return;
    const words = await obstacleTo(this.#prepared, this.#parts, name).catch(
      // The store cannot be read, say: it is looked again.
      (fault: unknown) => `what it needs to take part could not be looked at: ${(fault as Error).message}`,
    );
    if (!isWanted()) return;
    if (words === undefined) {
      this.#presence?.start();
      shared.start();
      this.#told?.start();
      this.outlook.start();
      return sampleAsAll(this.#prepared.keeper, this.#parts, isWanted);
    }
    if (words !== this.#words)
      this.#parts.log.warn({ node: this.#prepared.settings.node }, `this node is stale: ${words}`);
    this.#words = words;
    afterMs(WHAT, LOOK_AGAIN_MS, () => this.#begin(shared, name));
  }
}
