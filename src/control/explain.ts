/** What a client gets from a service, and why: asked of the code that answers, over the table that it answers from. */
import { Problem } from '../model/errors.ts';
import { failsOpen } from '../model/health-effect.ts';
import { canonicalName, nameToWire } from '../model/name.ts';
import type { Service } from '../model/service.ts';
import { shown } from '../shown.ts';
import type { Store } from '../store/sqlite.ts';
import { BY_HASH, BY_PIN } from '../table/picking/network.ts';
import type { Table } from '../table/table.ts';
import { IPV4_BYTES } from '../wire/address.ts';
import { answerText } from '../wire/answer-text.ts';
import { CLASS, EDNS_OPTION, HEADER_BYTES, TYPE } from '../wire/constants.ts';
import { OPT_BYTES, OPTION_HEADER_BYTES, writeOpt, writeOptionHeader } from '../wire/edns.ts';
import { Malformed } from '../wire/malformed.ts';
import { maskedAddress, type Network, parseNetwork } from '../wire/network.ts';
import { findPreview } from './drafts/previews.ts';
import { type HealthView, poolsSeen } from './observed/health.ts';
import type { Sliced } from './slices.ts';

/** The types whose answer a service chooses. */
export const EXPLAINED_TYPES = ['A', 'AAAA', 'CNAME'] as const;
export const DRAWS_DEFAULT = 1000;
export const DRAWS_MAX = 10_000;
/** Each is an answer, given in the main thread; so many are a slice: some milliseconds. */
export const DRAWS_AT_ONCE = 500;
/** Answers of two tables are not counted together: the draws begin anew, but not for ever. */
const BEGINNINGS_MAX = 4;

/** Stable: scripts may rely on them. */
export const EXPLAIN_REASONS = ['preview', 'pin', 'sticky', 'random', 'only_pool', 'health', 'fail_open'] as const;
type Reason = (typeof EXPLAIN_REASONS)[number];

interface ExplainQuestion {
  /** Name of a service, or a preview name, as typed by a user. */
  readonly name: string;
  /** An IP address, or a network. */
  readonly client: string;
  readonly type: (typeof EXPLAINED_TYPES)[number];
  readonly draws: number;
}

/** What a client gets at this moment, and why. */
export interface Explanation {
  /** Canonical name. */
  readonly service: string;
  /** As it was asked for. */
  readonly client: string;
  /** Any client in it would have got an answer by the same rule. */
  readonly network: Network;
  readonly type: ExplainQuestion['type'];
  /** null: no pool was asked for it. */
  readonly pool: string | null;
  readonly reason: Reason;
  /** The records of the answer section as in a zone file. */
  readonly records: readonly string[];
  /** The lowest of the answer, or that of the denial. */
  readonly ttlSeconds: number;
  /** SCOPE PREFIX-LENGTH that a resolver is told (RFC 7871). */
  readonly scopeBits: number;
  /** Each pool's share of `draws` answers to this client. */
  readonly split: Readonly<Record<string, number>>;
  readonly draws: number;
  /** A sentence for people. */
  readonly message: string;
}

interface ExplainParts {
  readonly store: Store;
  readonly table: Pick<Table, 'observed' | 'generation'>;
  readonly health: HealthView;
  /** Answers as a worker would; see responder/explainer.ts. */
  readonly answerer: {
    answer(
      query: Uint8Array,
      client: Uint8Array,
    ): { readonly reply: Uint8Array; readonly poolId: number | undefined; readonly by: number };
  };
}

interface Asked {
  readonly name: string;
  /** As it is answered: pools that are unhealthy have no weight. */
  readonly service: Service;
  /** The pool of a preview name. */
  readonly preview: string | undefined;
  /** No pool with weight is healthy, so that weights count as if all were. */
  readonly failsOpen: boolean;
}

export class Explain {
  readonly #parts: ExplainParts;

  constructor(parts: ExplainParts) {
    this.#parts = parts;
  }

  /**
   * Where the table changes between two slices it begins anew; where it always does, the shares are those of the moments
   * that they were drawn in.
   */
  *explain(question: ExplainQuestion): Sliced<Explanation | Problem> {
    for (let beginning = 1; ; beginning++) {
      const explanation = yield* this.#explain(question, beginning === BEGINNINGS_MAX);
      if (explanation !== undefined) return explanation;
    }
  }

  /** undefined: the table changed meanwhile, which only `isLast` puts up with. */
  *#explain(
    { name, client, type, draws }: ExplainQuestion,
    isLast: boolean,
  ): Sliced<Explanation | Problem | undefined> {
    const asked = this.#find(name);
    if (asked instanceof Problem) return asked;
    const network = parseNetwork(client);
    if (network instanceof Malformed) {
      return new Problem(
        'query_invalid',
        `client is an IP address or a network such as 203.0.113.0/24: ${network.reason}.`,
      );
    }
    const query = queryBytes(asked.name, type, network);
    const first = this.#ask(asked, query, network);
    if (network.prefixLength === 0 && isOfSender(asked, first.by)) return unsaid(client);
    const { records, ttlSeconds, scopeBits } = answerText(first.reply);
    const reason = reasonOf(asked, first.by);
    const { bytes, prefixLength } = network;
    const common = Math.min(scopeBits, prefixLength);
    const split = yield* this.#split(asked, query, network, draws, isLast);
    if (split === undefined) return undefined;
    return {
      service: asked.service.name,
      client,
      network: { bytes: maskedAddress(bytes, 0, bytes.length, common), prefixLength: common },
      type,
      pool: first.pool,
      reason,
      records,
      ttlSeconds,
      scopeBits,
      split,
      draws,
      message: messageOf(asked, reason, first.pool, records.length === 0 ? type : undefined),
    };
  }

  #find(text: string): Asked | Problem {
    const name = canonicalName(text);
    if (name instanceof Problem) return name;
    const own = this.#parts.table.observed.service(name);
    if (own !== undefined) return { name, service: own, preview: undefined, failsOpen: this.#failsOpen(name) };
    const preview = findPreview(this.#parts.store, name);
    const service = preview && this.#parts.table.observed.service(preview.service.name);
    if (preview !== undefined && service !== undefined) {
      return { name, service, preview: preview.pool, failsOpen: false };
    }
    return new Problem('service_unknown', `There is no service ${shown(name)} here.`);
  }

  #failsOpen(name: string): boolean {
    const configured = this.#parts.store.service(name);
    return configured !== undefined && failsOpen(poolsSeen(configured, this.#parts.health));
  }

  #ask(asked: Asked, query: Uint8Array, { bytes }: Network): { reply: Uint8Array; pool: string | null; by: number } {
    const { reply, poolId, by } = this.#parts.answerer.answer(query, bytes);
    // Another type stands at the name, or the service is hidden.
    if (poolId === undefined) return { reply, pool: null, by };
    const named = asked.preview ?? this.#parts.table.observed.poolName(asked.service.name, poolId) ?? null;
    return { reply, pool: named, by };
  }

  /** Each pool's share of so many answers to this client. */
  *#split(
    asked: Asked,
    query: Uint8Array,
    network: Network,
    draws: number,
    isLast: boolean,
  ): Sliced<Record<string, number> | undefined> {
    const counts = new Map(asked.service.pools.map((pool) => [pool.name, 0]));
    const { generation } = this.#parts.table;
    for (let i = 0; i < draws; i++) {
      if (i > 0 && i % DRAWS_AT_ONCE === 0) {
        yield;
        if (this.#parts.table.generation !== generation && !isLast) return undefined;
      }
      const { pool } = this.#ask(asked, query, network);
      if (pool !== null) counts.set(pool, (counts.get(pool) ?? 0) + 1);
    }
    return Object.fromEntries([...counts].map(([pool, count]) => [pool, count / draws]));
  }
}

/** Whether it is the address of whoever sends that decides, where he keeps the client's network secret (RFC 7871 §7.1.2). */
function isOfSender({ service, preview }: Asked, by: number): boolean {
  return preview === undefined && (by === BY_HASH || service.pins.length > 0);
}

function unsaid(client: string): Problem {
  const detail = `client is ${client}, which tells nothing of a client, and this service chooses by its network: for a query that says as little, the address of the resolver that sends it decides (RFC 7871 §7.1.2). Ask with that address.`;
  return new Problem('query_invalid', detail);
}

function reasonOf({ service, preview, failsOpen }: Asked, by: number): Reason {
  if (preview !== undefined) return 'preview';
  if (by === BY_PIN) return 'pin';
  if (failsOpen) return 'fail_open';
  if (by === BY_HASH) return 'sticky';
  if (service.pools.filter(({ weight }) => weight > 0).length > 1) return 'random';
  return unhealthy(service).length > 0 ? 'health' : 'only_pool';
}

function unhealthy({ pools }: Service): string[] {
  return pools.flatMap(({ name, isUnhealthy }) => (isUnhealthy ? [name] : []));
}

function messageOf({ name, service }: Asked, reason: Reason, pool: string | null, missing: string | undefined): string {
  const because: Record<Reason, string> = {
    preview: `${shown(name)} is a preview name: it answers from ${pool}, whatever the weights.`,
    pin: `The client's network is pinned to ${pool}, whatever the weights.`,
    sticky: `The service is sticky, and the hash of the client's network chose ${pool}: it stays there until another pool's share grows or this one's shrinks.`,
    random: `Each answer is a draw of its own by weight; this one fell on ${pool}.`,
    only_pool: `All weight is on ${pool}.`,
    fail_open: `No pool with weight is healthy, so that weights count as if all were; this answer came from ${pool}.`,
    health: `${pool} is the only pool with weight that is healthy.`,
  };
  const down = unhealthy(service);
  const leftOut = down.length > 0 ? ` Unhealthy, and left out: ${down.join(', ')}.` : '';
  if (pool === null) return `No pool of ${shown(service.name)} is asked for this.`;
  return `${because[reason]}${leftOut}${missing === undefined ? '' : ` It has no ${missing}.`}`;
}

/** A query that tells the client's network (RFC 7871 §6), as a resolver would send it. */
function queryBytes(
  name: string,
  type: (typeof EXPLAINED_TYPES)[number],
  { bytes, prefixLength }: Network,
): Uint8Array {
  const owner = nameToWire(name);
  const address = bytes.subarray(0, (prefixLength + 7) >>> 3);
  const subnet = Uint8Array.of(0, bytes.length === IPV4_BYTES ? 1 : 2, prefixLength, 0, ...address);
  const query = new Uint8Array(HEADER_BYTES + owner.length + 4 + OPT_BYTES + OPTION_HEADER_BYTES + subnet.length);
  // One question, one additional record (RFC 1035 §4.1.1).
  query[5] = 1;
  query[11] = 1;
  query.set(owner, HEADER_BYTES);
  query.set([0, TYPE[type], 0, CLASS.IN], HEADER_BYTES + owner.length);
  const opt = HEADER_BYTES + owner.length + 4;
  const options = writeOpt(query, opt, UDP_BYTES, 0, false);
  query[options - 1] = OPTION_HEADER_BYTES + subnet.length;
  query.set(subnet, writeOptionHeader(query, options, EDNS_OPTION.SUBNET, subnet.length));
  return query;
}

/** Any size will do: the answer comes back in this thread. */
const UDP_BYTES = 1232;
