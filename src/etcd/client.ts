/**
 * A client of etcd: one of several members is asked, and the next one where it does not answer. Nothing is asked twice
 * here: whoever asks knows whether that is harmless.
 */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { afterMs, guarded, listen } from '../guard.ts';
import { Connecting } from './connecting.ts';
import { EtcdFailure } from './failure.ts';
import { type EtcdTls, Line } from './line.ts';
import { type MemberStatus, Members } from './members.ts';
import {
  type Keys,
  methodOf,
  type RangeReply,
  rangeReply,
  type Transaction,
  type TransactionReply,
  transactionReply,
  type WireHeader,
  type WireRangeReply,
  type WireTransactionReply,
  wireKeys,
  wireTransaction,
} from './protocol.ts';

export interface EtcdOptions {
  /** `https://10.0.0.1:2379` */
  readonly endpoints: readonly string[];
  /** Asked for each new connection: certificates are renewed in place. */
  readonly tls?: (() => EtcdTls) | undefined;
  readonly login?: { readonly user: string; readonly password: string } | undefined;
  /** For one request. */
  readonly timeoutMs: number;
  readonly random: () => number;
  readonly wallMs: () => number;
}

const RANGE = methodOf('KV', 'Range');
const TXN = methodOf('KV', 'Txn');
const DELETE = methodOf('KV', 'DeleteRange');
const GRANT = methodOf('Lease', 'LeaseGrant');
const REVOKE = methodOf('Lease', 'LeaseRevoke');
const KEEP_ALIVE = methodOf('Lease', 'LeaseKeepAlive');
const AUTHENTICATE = methodOf('Auth', 'Authenticate');

const WHAT = 'a request to etcd';

/** Own ids of leases are below 2^53, which JSON and people can read; etcd's own have 63 bits. */
const LEASE_ID_MAX = 2 ** 53 - 1;

export class Etcd {
  readonly #options: EtcdOptions;
  readonly #members: Members;
  /** Which endpoint is asked; nodes begin at different ones. */
  #at: number;
  #line: Line;
  readonly #connecting = new Connecting();
  /** Empty: etcd asks for no users. */
  #token: string | undefined;
  /** One that is on its way, for all who wait for it. */
  #login: Promise<EtcdFailure | undefined> | undefined;
  /** Of the cluster whose members are asked; undefined: none has answered yet. */
  #cluster: string | undefined;
  /** Members of another cluster that were met since one of this. */
  #strangers = 0;
  readonly #moved = new Set<() => void>();
  #isClosed = false;

  constructor(options: EtcdOptions) {
    this.#options = options;
    this.#members = new Members(options);
    this.#at = Math.floor(options.random() * options.endpoints.length);
    this.#line = this.#open();
  }

  #open(): Line {
    const endpoint = this.#options.endpoints[this.#at];
    return this.#connecting.take(endpoint) ?? new Line(endpoint, this.#options.tls?.());
  }

  /** The endpoint that is asked now. */
  get endpoint(): string {
    return this.#line.endpoint;
  }

  /** Between 0 and 1, for whoever waits before asking again. */
  get random(): () => number {
    return this.#options.random;
  }

  /** Reads what is there: linearizable, so that what was acknowledged before is in it. */
  async range(keys: Keys, more: { limit?: number; keysOnly?: boolean } = {}): Promise<RangeReply | EtcdFailure> {
    const { limit = 0, keysOnly = false } = more;
    const request = { ...wireKeys(keys), limit: `${limit}`, keys_only: keysOnly };
    const reply = await this.#ask<WireRangeReply>(RANGE, request);
    return reply instanceof EtcdFailure ? reply : rangeReply(reply);
  }

  async transact(transaction: Transaction): Promise<TransactionReply | EtcdFailure> {
    const reply = await this.#ask<WireTransactionReply>(TXN, wireTransaction(transaction));
    return reply instanceof EtcdFailure ? reply : transactionReply(reply);
  }

  /** Deletes; the reply is how many keys there were. */
  async delete(keys: Keys): Promise<number | EtcdFailure> {
    const reply = await this.#ask<{ deleted: string }>(DELETE, wireKeys(keys));
    return reply instanceof EtcdFailure ? reply : Number(reply.deleted);
  }

  /** A lease that ends by itself unless it is kept alive; the reply is its id. */
  async grant(seconds: number): Promise<string | EtcdFailure> {
    const id = 1 + Math.floor(this.#options.random() * LEASE_ID_MAX);
    const reply = await this.#ask<{ ID: string }>(GRANT, { TTL: `${seconds}`, ID: `${id}` });
    return reply instanceof EtcdFailure ? reply : reply.ID;
  }

  async revoke(lease: string): Promise<EtcdFailure | undefined> {
    const reply = await this.#ask<object>(REVOKE, { ID: lease });
    return reply instanceof EtcdFailure ? reply : undefined;
  }

  /** How long the lease lasts from now, seconds; 0: it has ended. */
  async keepAlive(lease: string): Promise<number | EtcdFailure> {
    const opened = await this.stream(KEEP_ALIVE);
    if (opened instanceof EtcdFailure) return opened;
    const { stream, line } = opened;
    return new Promise((resolve) => {
      let isOver = false;
      const end = (result: number | EtcdFailure): void => {
        isOver = true;
        clearTimeout(limit);
        stream.cancel();
        resolve(result);
      };
      const lost = (why: string) => {
        // What was cancelled tells of its end too: nothing is wrong with the line.
        if (isOver) return;
        this.moveOn(line);
        end(new EtcdFailure('unreachable', `${line.endpoint}: ${why}`));
      };
      const limit = afterMs(WHAT, this.#options.timeoutMs, () => lost('no answer in time'));
      listen(stream, 'data', WHAT, (reply: WireHeader & { TTL: string }) => {
        if (this.isOfCluster(reply, line)) end(Number(reply.TTL));
        else lost(STRANGER);
      });
      listen(stream, 'error', WHAT, (error: Error) => lost(error.message));
      listen(stream, 'end', WHAT, () => lost('the stream ended'));
      stream.write({ ID: lease });
    });
  }

  /** How each member is that the settings name. */
  async members(): Promise<(MemberStatus | EtcdFailure)[]> {
    const found = await this.#members.all();
    const isStranger = ({ cluster }: MemberStatus): boolean => this.#cluster !== undefined && cluster !== this.#cluster;
    return found.map((each) => (!(each instanceof EtcdFailure) && isStranger(each) ? stranger(each) : each));
  }

  close(): void {
    this.#isClosed = true;
    this.#line.close();
    this.#connecting.close();
    this.#moved.clear();
  }

  /** Opens a stream on the line that is in use, for `watch.ts`. */
  async stream(
    method: ReturnType<typeof methodOf>,
  ): Promise<{ readonly stream: ClientDuplexStream<object, object>; readonly line: Line } | EtcdFailure> {
    const denied = await this.#logIn();
    if (denied !== undefined) return denied;
    const line = this.#line;
    try {
      return { stream: line.stream(method, this.#token), line };
    } catch (error) {
      return new EtcdFailure('unreachable', `${line.endpoint}: ${(error as Error).message}`);
    }
  }

  /** Calls `work` whenever another line is taken; the result ends that. */
  onMove(work: () => void): () => void {
    // A fault there must not keep a request from its end.
    const told = guarded(WHAT, work);
    this.#moved.add(told);
    return () => this.#moved.delete(told);
  }

  /** The line is of no use: the next member is asked from now on, and by no connection that was there before. */
  moveOn(line: Line): void {
    if (line !== this.#line || this.#isClosed) return;
    this.#at = (this.#at + 1) % this.#options.endpoints.length;
    this.#connecting.leave(line);
    this.#line = this.#open();
    for (const work of [...this.#moved]) work();
  }

  /** The next member is asked, of whichever cluster: for who did not find at this one what there must be. */
  tryNext(): void {
    this.#cluster = undefined;
    this.moveOn(this.#line);
  }

  /**
   * Whether what came by a line is of the cluster that was asked before. An endpoint may lead to a member of another one,
   * made anew under an old address, say, or a copy of the machine: what that holds is no log of this fleet. Where all
   * endpoints are of another by now, etcd was restored, and that one counts.
   */
  isOfCluster({ header }: WireHeader, line: Line): boolean {
    const cluster = header?.cluster_id ?? this.#cluster;
    if (cluster === this.#cluster) {
      this.#strangers = 0;
      return true;
    }
    // Of several that were on their way by one line one counts.
    if (this.#cluster !== undefined && line !== this.#line) return false;
    const isFirst = this.#cluster === undefined;
    if (!isFirst && ++this.#strangers < this.#options.endpoints.length) return false;
    this.#strangers = 0;
    this.#cluster = cluster;
    return true;
  }

  /** The token may be one that is not taken any more. */
  forgetToken(): void {
    this.#token = undefined;
  }

  async #ask<Reply>(method: ReturnType<typeof methodOf>, request: object): Promise<Reply | EtcdFailure> {
    const first = await this.#askOnce<Reply>(method, request);
    if (!(first instanceof EtcdFailure) || !first.isStaleToken || this.#options.login === undefined) return first;
    // It was refused before anything was done.
    this.#token = undefined;
    return this.#askOnce(method, request);
  }

  async #askOnce<Reply>(method: ReturnType<typeof methodOf>, request: object): Promise<Reply | EtcdFailure> {
    const denied = await this.#logIn();
    if (denied !== undefined) return denied;
    const line = this.#line;
    const reply = await line.ask<Reply>(method, request, { deadline: this.#deadline(), token: this.#token });
    if (!(reply instanceof EtcdFailure)) {
      if (this.isOfCluster(reply as WireHeader, line)) return reply;
      this.moveOn(line);
      return stranger(line);
    }
    if (reply.kind === 'unreachable') {
      this.#strangers = 0;
      this.moveOn(line);
    }
    return reply;
  }

  #deadline(): Date {
    return new Date(this.#options.wallMs() + this.#options.timeoutMs);
  }

  /** Has a token where a user is set. */
  #logIn(): Promise<EtcdFailure | undefined> | undefined {
    const { login } = this.#options;
    if (login === undefined || this.#token !== undefined) return undefined;
    this.#login ??= this.#authenticate(login).finally(() => {
      this.#login = undefined;
    });
    return this.#login;
  }

  async #authenticate({ user, password }: { user: string; password: string }): Promise<EtcdFailure | undefined> {
    const line = this.#line;
    const request = { name: user, password };
    const reply = await line.ask<{ token: string }>(AUTHENTICATE, request, {
      deadline: this.#deadline(),
      token: undefined,
    });
    if (!(reply instanceof EtcdFailure)) this.#token = reply.token;
    // So that nodes can be given their users before etcd asks for them.
    else if (reply.isWithoutUsers) this.#token = '';
    else if (reply.kind === 'unreachable') this.moveOn(line);
    return reply instanceof EtcdFailure && !reply.isWithoutUsers ? reply : undefined;
  }
}

const STRANGER = 'it is a member of another cluster of etcd than those that were asked before';

function stranger({ endpoint }: { readonly endpoint: string }): EtcdFailure {
  return new EtcdFailure('unreachable', `${endpoint}: ${STRANGER}`);
}
