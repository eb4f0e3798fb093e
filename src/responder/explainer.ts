/** Answers questions in the main thread as the workers do, with the same code over the same table, and tells why. */
import { CounterView, createCounterMemory } from '../table/counters.ts';
import { MAIN_READER } from '../table/layout.ts';
import { Lookup } from '../table/lookup.ts';
import type { SharedTable } from '../table/memory.ts';
import type { Random } from '../table/picking/pick.ts';
import { Responder, TCP_REPLY_BYTES_MAX } from './answer.ts';

interface ExplainedAnswer {
  readonly reply: Uint8Array;
  /** What the table calls the pool that the service picked; undefined: no service was asked. */
  readonly poolId: number | undefined;
  /** BY_*: what decided. */
  readonly by: number;
}

export class Explainer {
  readonly #responder: Responder;
  readonly #reply = new Uint8Array(TCP_REPLY_BYTES_MAX);

  constructor(shared: SharedTable, random: Random) {
    // Counters of its own, which nobody reads: what is only explained was answered to nobody.
    const counters = new CounterView(createCounterMemory());
    this.#responder = new Responder(new Lookup(shared, MAIN_READER), counters, random, options);
  }

  /** `query`: a whole message; `client`: the address that it comes from, 4 or 16 bytes. */
  answer(query: Uint8Array, client: Uint8Array): ExplainedAnswer {
    this.#responder.enter(0);
    this.#responder.client.set(client, 0, client.length);
    // As over TCP: nothing is cut.
    const length = this.#responder.answer(query, 0, query.length, this.#reply, 0, false);
    this.#responder.leave();
    const { isDone, firstPool, firstBy } = this.#responder.pick;
    return { reply: this.#reply.slice(0, length), poolId: isDone ? firstPool : undefined, by: firstBy };
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
