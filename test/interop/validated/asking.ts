/** Clients of a validating resolver: what they ask, what may be answered, and a tally of what was. */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildQuery, type Reply, UdpClient } from '../../fixtures/dns-client.ts';

const SERVFAIL = 2;
/** Of a client that gives up, and asks again: a busy machine may lose a datagram. */
const LIMIT_MS = 20_000;
/** Between two questions of one client. */
const EVERY_MS = 24;
const KEPT_FAILURES = 20;

/** One thing to ask for. */
export interface Case {
  /** What kind of answer it is a case of. */
  readonly kind: string;
  /** Drawn anew for each question. */
  readonly name: () => string;
  readonly type: number | string;
  /** Why an answer is wrong; undefined: it may be so. */
  readonly fault: (reply: Reply) => string | undefined;
  /** Whether it is proved while the zone is secure: not so below an insecure delegation. */
  readonly isSecure: boolean;
}

/** What the clients of one resolver got. */
export interface Tally {
  asked: number;
  unanswered: number;
  servfail: number;
  wrong: number;
  /** Answers that the resolver vouches for (AD), and that it does not. */
  secure: number;
  insecure: number;
  /** Not vouched for while the zone was secure. */
  unproved: number;
  /** The first ones, in words. */
  readonly failures: string[];
  /** Answers by kind. */
  readonly kinds: Record<string, number>;
}

export class Asker {
  readonly tally: Tally = {
    asked: 0,
    unanswered: 0,
    servfail: 0,
    wrong: 0,
    secure: 0,
    insecure: 0,
    unproved: 0,
    failures: [],
    kinds: {},
  };
  /** Whether every secure case must have AD now. */
  mustBeSecure = false;
  readonly name: string;
  readonly #client: UdpClient;
  readonly #cases: readonly Case[];
  readonly #going = new Set<Promise<void>>();
  readonly #loop: Promise<void>;
  #isStopped = false;

  static async open(name: string, address: string, cases: readonly Case[]): Promise<Asker> {
    return new Asker(name, await UdpClient.open(address, 53), cases);
  }

  private constructor(name: string, client: UdpClient, cases: readonly Case[]) {
    this.name = name;
    this.#client = client;
    this.#cases = cases;
    this.#loop = this.#askOn();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
    await Promise.all(this.#going);
    await this.#client.close();
  }

  /** The reply to one question of its own, outside the tally. */
  ask(name: string, type: number | string): Promise<Reply> {
    return this.#client.ask(buildQuery({ name, type, rd: true, edns: { do: true } }), LIMIT_MS);
  }

  async #askOn(): Promise<void> {
    for (let n = 0; !this.#isStopped && this.#cases.length > 0; n++) {
      const going = this.#askFor(this.#cases[n % this.#cases.length] as Case).finally(() => this.#going.delete(going));
      this.#going.add(going);
      // Who waits for a slow resolver does not ask it ever more.
      if (this.#going.size > 100) await Promise.race(this.#going);
      await sleep(EVERY_MS);
    }
  }

  async #askFor(wanted: Case): Promise<void> {
    const { tally } = this;
    const name = wanted.name();
    const wasSecure = this.mustBeSecure;
    tally.asked += 1;
    const reply = await this.ask(name, wanted.type).catch(() => undefined);
    const say = (what: string): void => {
      const at = new Date().toISOString();
      const failure = `${at} ${wanted.kind}: ${name} ${wanted.type}: ${what}`;
      if (tally.failures.length >= KEPT_FAILURES) return;
      tally.failures.push(failure);
      // Whatever happens later, this is known.
      console.error(`${this.name}: ${failure}`);
    };
    if (reply === undefined) {
      tally.unanswered += 1;
      say('no answer');
      return;
    }
    tally.kinds[wanted.kind] = (tally.kinds[wanted.kind] ?? 0) + 1;
    if (reply.rcode === SERVFAIL) {
      tally.servfail += 1;
      say('SERVFAIL');
      return;
    }
    if (reply.ad) tally.secure += 1;
    else tally.insecure += 1;
    const fault = wanted.fault(reply);
    if (fault !== undefined) {
      tally.wrong += 1;
      say(fault);
    }
    if (wanted.isSecure && wasSecure && this.mustBeSecure && !reply.ad) {
      tally.unproved += 1;
      const shown = [...reply.answers, ...reply.authority].map(
        (record) => `${record.name} ${record.type} ${record.ttl}`,
      );
      say(`not vouched for: ${shown.join(', ')}`);
    }
  }
}
