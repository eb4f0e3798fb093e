/** What is asked for: a lookup in our zones, something about this server, or what it does not do. */
import { CLASS, EXTENDED_ERROR, FLAG, RCODE, TYPE } from '../wire/constants.ts';
import type { Asked } from './asked.ts';
import { Chaos } from './chaos.ts';
import type { ResponderOptions } from './options.ts';
import type { Reply } from './reply.ts';
import type { Resolution } from './resolve.ts';

/** Stands between the parsed message and the resolution. One for each responder. */
export class Dispatch {
  /** INFO-CODE of an extended error (RFC 8914); 0: none. */
  extendedError = 0;
  /** Tells this answer from others to the same clients, for the rate limit; 0: it is no answer from our zones. */
  answerHash = 0;
  /** Whoever asks the same gets the same, as long as the table is as it is. */
  isFixed = false;
  /** Or gets what is drawn from this plan; 0: from none, or from more. */
  plan = 0;
  readonly #reply: Reply;
  readonly #resolution: Resolution;
  readonly #chaos: Chaos;

  constructor(reply: Reply, resolution: Resolution, options: ResponderOptions) {
    this.#reply = reply;
    this.#resolution = resolution;
    this.#chaos = new Chaos(options);
  }

  /** To be called for each message, before it is known whether there is a question to answer. */
  begin(): void {
    this.extendedError = 0;
    this.answerHash = 0;
    this.isFixed = false;
    this.plan = 0;
  }

  /** Whoever asks the same gets the same, or what is drawn from one plan. */
  get canBeKept(): boolean {
    return this.isFixed || this.plan !== 0;
  }

  /** Answers the question of a message that was accepted. */
  answer(asked: Asked): void {
    const { query } = asked;
    // Zone transfers are not offered.
    if (query.type === TYPE.AXFR || query.type === TYPE.IXFR) return this.#refuse(EXTENDED_ERROR.PROHIBITED);
    if (query.class === CLASS.IN) return this.#resolve(asked);
    if (query.class === CLASS.ANY) {
      this.#resolve(asked);
      // There may be other classes, of which we know nothing (RFC 1035 §6.2).
      this.#reply.flags &= ~FLAG.AA;
      return;
    }
    if (query.class !== CLASS.CH) return this.#refuse(EXTENDED_ERROR.NOT_SUPPORTED);
    if (this.#chaos.answer(query, this.#reply)) this.#reply.flags |= FLAG.AA;
    else this.#refuse(EXTENDED_ERROR.PROHIBITED);
  }

  #refuse(extendedError: number): void {
    this.#reply.rcode = RCODE.REFUSED;
    this.extendedError = extendedError;
  }

  #resolve({ question, query }: Asked): void {
    this.#resolution.resolve(question, query.type);
    this.extendedError = this.#resolution.extendedError;
    this.answerHash = this.#resolution.answerHash;
    this.isFixed = this.#resolution.isFixed;
    this.plan = this.#resolution.plan;
  }
}
