/** Answers questions in the main thread as the workers do, with the same code over the same table, and tells why. */
import { CounterView, createCounterMemory } from '../table/counters.ts';
import { MAIN_READER, PLAN, PLAN_BY_NETWORK, POOL } from '../table/layout.ts';
import { Lookup } from '../table/lookup.ts';
import type { ArenaView, SharedTable } from '../table/memory.ts';
import { BY_DRAW } from '../table/network-choice.ts';
import type { Random } from '../table/pick.ts';
import { Responder, TCP_REPLY_BYTES_MAX } from './answer.ts';
import { Choice } from './choice.ts';
import type { Client } from './client.ts';
import type { QueryNetwork } from './network.ts';

/** One choice of a pool that an answer took. */
export interface ExplainedChoice {
  /** What the table calls the pool. */
  readonly poolId: number;
  /** BY_*: what decided. */
  readonly by: number;
}

export interface ExplainedAnswer {
  readonly reply: Uint8Array;
  /** In the order of the chain: the service that was asked for comes first. */
  readonly choices: readonly ExplainedChoice[];
}

export class Explainer {
  readonly #responder: Responder;
  readonly #choices: ExplainedChoice[] = [];
  readonly #reply = new Uint8Array(TCP_REPLY_BYTES_MAX);

  constructor(shared: SharedTable, random: Random) {
    const choices = this.#choices;
    class NotedChoice extends Choice {
      readonly #words: ArenaView;
      readonly #network: QueryNetwork;

      constructor(view: ArenaView, counters: CounterView, source: Random, client: Client, network: QueryNetwork) {
        super(view, counters, source, client, network);
        this.#words = view;
        this.#network = network;
      }

      override pick(plan: number): number {
        const pool = super.pick(plan);
        const { words } = this.#words;
        const byNetwork = ((words[plan + PLAN.FLAGS] as number) & PLAN_BY_NETWORK) !== 0;
        choices.push({ poolId: words[pool + POOL.ID] as number, by: byNetwork ? this.#network.by : BY_DRAW });
        return pool;
      }
    }
    // Counters of its own, which nobody reads: what is only explained was answered to nobody.
    const counters = new CounterView(createCounterMemory());
    this.#responder = new Responder(new Lookup(shared, MAIN_READER), counters, random, options, NotedChoice);
  }

  /** `query`: a whole message; `client`: the address that it comes from, 4 or 16 bytes. */
  answer(query: Uint8Array, client: Uint8Array): ExplainedAnswer {
    this.#choices.length = 0;
    this.#responder.enter(0);
    this.#responder.client.set(client, 0, client.length);
    // As over TCP: nothing is cut.
    const length = this.#responder.answer(query, 0, query.length, this.#reply, 0, false);
    this.#responder.leave();
    return { reply: this.#reply.slice(0, length), choices: [...this.#choices] };
  }
}

/** What has no part in which pool answers is left out. */
const options = {
  udpMaxBytes: TCP_REPLY_BYTES_MAX,
  nsid: '',
  identity: '',
  version: '',
  cookieSecrets: [],
  cookiesRequired: false,
  tcpIdleSeconds: 0,
  rateLimit: undefined,
};
