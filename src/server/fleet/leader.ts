/**
 * Leads the fleet, when it is this node's turn: steps of releases, webhooks, ends of forced states. It stands for the
 * leadership once a second by a lease of etcd, and does the leader's work for as long as it can renew it.
 */
import { Lost } from '../../control/log/keeper.ts';
import type { Duties } from '../../control/nodes.ts';
import type { Etcd } from '../../etcd/client.ts';
import { EtcdFailure } from '../../etcd/failure.ts';
import { afterMs, inBackground } from '../../guard.ts';
import type { Logger } from '../../log.ts';
import {
  deposing,
  isSilentLeader,
  LEASE_SECONDS,
  type LeaderRecord,
  type LeaderSeen,
  type Leadership,
  leadershipIn,
  progressIn,
  reporting,
  seeLeader,
  standing,
} from '../../model/fleet/election.ts';
import type { TransactionReply } from '../../model/fleet/transaction.ts';
import type { EtcdKeeper } from './keeper.ts';

const WHAT = 'the leadership of the fleet';
/** How often it is stood for and renewed: with the lease, far below the ten seconds of a takeover. */
const ROUND_MS = 1000;

interface LeaderParts {
  readonly etcd: Pick<Etcd, 'grant' | 'keepAlive' | 'revoke'>;
  readonly keeper: Pick<EtcdKeeper, 'transact'>;
  readonly who: LeaderRecord;
  /** Who does not follow the log does not lead. */
  readonly isLive: () => boolean;
  readonly steadyMs: () => number;
  readonly duties: Duties;
  readonly log: Logger;
}

export class Leader {
  readonly #parts: LeaderParts;
  #leadership: Leadership | undefined;
  /** Another's key, as long as it stays as it is. */
  #seen: LeaderSeen | undefined;
  #lease: string | undefined;
  /** As it was written last, by webhook. */
  #progress: ReadonlyMap<string, string> = new Map();
  #timer: NodeJS.Timeout | undefined;
  /** Ends the leadership when the lease may be over. */
  #end: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(parts: LeaderParts) {
    this.#parts = parts;
  }

  /** Of this node's leadership; undefined: it does not lead. */
  get epoch(): number | undefined {
    const leadership = this.#leadership;
    return leadership !== undefined && this.#parts.steadyMs() < leadership.untilMs ? leadership.epoch : undefined;
  }

  start(): void {
    this.#again(0);
  }

  /** Another may lead at once. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#resign('this node stops');
  }

  #again(ms: number): void {
    if (this.#isStopped) return;
    this.#timer = afterMs(WHAT, ms, () => {
      // Whatever becomes of a round, there is a next one.
      inBackground(
        WHAT,
        this.#round().finally(() => this.#again(ROUND_MS)),
      );
    });
  }

  async #round(): Promise<void> {
    const { isLive, steadyMs, keeper, who } = this.#parts;
    if (!isLive()) return this.#resign('this node does not follow the log now');
    const sentAtMs = steadyMs();
    if (!(await this.#holdLease())) return;
    const { lease, leadership } = { lease: this.#lease, leadership: this.#leadership };
    if (lease === undefined || this.#isStopped) return;
    const progress = leadership === undefined ? new Map<string, string>() : this.#changedProgress();
    const own = { leader: who, lease };
    const transaction = leadership === undefined ? standing(who, lease) : reporting(leadership, progress, own);
    const reply = await keeper.transact(transaction);
    if (reply instanceof Lost || this.#isStopped) return;
    if (leadership === undefined && (await this.#depose(reply))) return;
    if (reply.succeeded) this.#progress = new Map([...this.#progress, ...progress]);
    this.#hear(reply, sentAtMs);
  }

  /** Takes the place from a leader that is dead, whatever its lease says; true: it was, and we stand in the next round. */
  async #depose({ found, succeeded }: TransactionReply): Promise<boolean> {
    const { keeper, steadyMs, log } = this.#parts;
    this.#seen = succeeded ? undefined : seeLeader(this.#seen, found, steadyMs());
    if (this.#seen === undefined || !isSilentLeader(this.#seen, steadyMs())) return false;
    log.warn('the leader of the fleet is silent, and its lease goes on all the same: another may lead');
    await keeper.transact(deposing(this.#seen));
    this.#seen = undefined;
    return true;
  }

  /** A lease of our own that goes on; false: there is none. */
  async #holdLease(): Promise<boolean> {
    const { etcd } = this.#parts;
    if (this.#lease === undefined) {
      const lease = await etcd.grant(LEASE_SECONDS);
      if (!(lease instanceof EtcdFailure)) this.#lease = lease;
      return this.#lease !== undefined;
    }
    const left = await etcd.keepAlive(this.#lease);
    if (left instanceof EtcdFailure) return false;
    if (left === 0) {
      this.#lease = undefined;
      this.#cease('its lease has ended');
    }
    return left > 0;
  }

  #changedProgress(): Map<string, string> {
    const { duties } = this.#parts;
    return new Map([...duties.progress()].filter(([webhook, event]) => this.#progress.get(webhook) !== event));
  }

  #hear({ found }: TransactionReply, sentAtMs: number): void {
    const { who, steadyMs, duties, log } = this.#parts;
    const before = this.#leadership;
    const now = leadershipIn(found, who, sentAtMs);
    if (now === undefined || now.untilMs <= steadyMs()) return this.#cease('another node leads');
    this.#leadership = now;
    clearTimeout(this.#end);
    this.#end = afterMs(WHAT, now.untilMs - steadyMs(), () => this.#cease('its lease could not be renewed'));
    if (before?.epoch === now.epoch) return;
    this.#progress = progressIn(found);
    log.info({ epoch: now.epoch }, 'this node leads the fleet: it steps releases and sends webhooks');
    try {
      duties.begin(this.#progress);
    } catch (err) {
      // The store cannot be read, say. It is stood for anew.
      log.error({ err }, 'what a leader does cannot be begun');
      this.#cease('it cannot do its work');
    }
  }

  /** Does the leader's work no more. */
  #cease(why: string): void {
    clearTimeout(this.#end);
    if (this.#leadership === undefined) return;
    this.#leadership = undefined;
    this.#parts.log.info({ why }, 'this node does not lead the fleet any more');
    this.#parts.duties.end();
  }

  async #resign(why: string): Promise<void> {
    this.#cease(why);
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease !== undefined) await this.#parts.etcd.revoke(lease);
  }
}
