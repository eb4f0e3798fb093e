/** Clients of a validating resolver: what they ask, what may be answered, and a tally of what was. */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildQuery, type Reply, UdpClient } from '../../fixtures/dns-client.ts';
import { comesTo } from '../../fixtures/soon.ts';

const SERVFAIL = 2;
/** Of a client that gives up, and asks again: a busy machine may lose a datagram. */
const LIMIT_MS = 20_000;
/** Between two questions of one client. */
const EVERY_MS = 24;
const KEPT_FAILURES = 20;
/** A cache that keeps parts of an answer for times of their own lets go of them all by then: the longest TTL that is asked for. */
const OWN_FAULT_MS = 30_000;
/** Of what a resolver and servers said to each other before a failure: what its cache had then was told in that time. */
const BEFORE_MS = 12_000;
/** Until what was on the wire when a failure was seen is known. */
const WIRE_LAG_MS = 1000;

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
  /** Whether the resolver is known to refuse it for some seconds by what its own cache has; it has to come right by itself. */
  readonly isRefusedAtTimes?: boolean;
}

/** What the clients of one resolver got. */
export interface Tally {
  asked: number;
  unanswered: number;
  servfail: number;
  /** Refused by the resolver's own known fault, and right a little later. */
  refusedAtTimes: number;
  wrong: number;
  /** Answers that the resolver vouches for (AD), and that it does not. */
  secure: number;
  insecure: number;
  /** Not vouched for while the zone was secure. */
  unproved: number;
  /** Answers that had to be vouched for. */
  due: number;
  /** The first ones, in words. */
  readonly failures: string[];
  /** What was on the wire before them. */
  readonly exchanges: string[];
  /** Answers by kind. */
  readonly kinds: Record<string, number>;
}

/** What a resolver and the servers that it asks have said to each other since a time, as far as it is about some names. */
export type Witness = (address: string, sinceMs: number, isAbout: (name: string) => boolean) => readonly string[];

type Failing = 'unanswered' | 'servfail' | 'wrong' | 'unproved';

export class Asker {
  readonly tally: Tally = {
    asked: 0,
    unanswered: 0,
    servfail: 0,
    refusedAtTimes: 0,
    wrong: 0,
    secure: 0,
    insecure: 0,
    unproved: 0,
    due: 0,
    failures: [],
    exchanges: [],
    kinds: {},
  };
  /** Whether every secure case must have AD now. */
  mustBeSecure = false;
  readonly name: string;
  readonly #address: string;
  readonly #client: UdpClient;
  readonly #cases: readonly Case[];
  readonly #witness: Witness;
  readonly #going = new Set<Promise<void>>();
  readonly #loop: Promise<void>;
  #isStopped = false;

  static async open(
    name: string,
    address: string,
    cases: readonly Case[],
    witness: Witness = () => [],
  ): Promise<Asker> {
    return new Asker({ name, address, cases, witness, client: await UdpClient.open(address, 53) });
  }

  private constructor(parts: {
    readonly name: string;
    readonly address: string;
    readonly cases: readonly Case[];
    readonly witness: Witness;
    readonly client: UdpClient;
  }) {
    this.name = parts.name;
    this.#address = parts.address;
    this.#client = parts.client;
    this.#cases = parts.cases;
    this.#witness = parts.witness;
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
      const wanted = this.#cases[n % this.#cases.length] as Case;
      // A fault of the asker's own is told like any other: a promise that nobody waits for would end the whole run.
      const told = this.#askFor(wanted).catch((error: Error) => this.#note('wrong', wanted.kind, error.message));
      const going = told.finally(() => this.#going.delete(going));
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
    const askedAtMs = Date.now();
    const reply = await this.ask(name, wanted.type).catch(() => undefined);
    const note = (count: Failing, what: string): Promise<void> =>
      this.#note(count, `${wanted.kind}: ${name} ${wanted.type}`, what, { name, askedAtMs });
    if (reply === undefined) return note('unanswered', 'no answer');
    tally.kinds[wanted.kind] = (tally.kinds[wanted.kind] ?? 0) + 1;
    if (reply.rcode === SERVFAIL) {
      if (!wanted.isRefusedAtTimes || !(await this.#comesRight(wanted, name))) return note('servfail', 'SERVFAIL');
      tally.refusedAtTimes += 1;
      console.error(
        `${this.name}: ${new Date(askedAtMs).toISOString()} ${wanted.kind}: ${name} was SERVFAIL, and right later`,
      );
      return;
    }
    if (reply.ad) tally.secure += 1;
    else tally.insecure += 1;
    const fault = wanted.fault(reply);
    if (fault !== undefined) await note('wrong', fault);
    if (!wanted.isSecure || !wasSecure || !this.mustBeSecure) return;
    tally.due += 1;
    if (reply.ad) return;
    const shown = [...reply.answers, ...reply.authority].map((record) => `${record.name} ${record.type} ${record.ttl}`);
    await note('unproved', `not vouched for: ${shown.join(', ')}`);
  }

  async #comesRight({ type, fault }: Case, name: string): Promise<boolean> {
    const isRight = (reply: Reply): boolean => reply.rcode !== SERVFAIL && fault(reply) === undefined;
    return comesTo(async () => isRight(await this.ask(name, type)), Boolean, OWN_FAULT_MS);
  }

  /** Counts a failure, and keeps the first ones in words, with what was on the wire before them. */
  async #note(
    count: Failing,
    which: string,
    what: string,
    asked?: { readonly name: string; readonly askedAtMs: number },
  ): Promise<void> {
    const { tally } = this;
    tally[count] += 1;
    if (tally.failures.length >= KEPT_FAILURES) return;
    const failure = `${new Date().toISOString()} ${which}: ${what}`;
    tally.failures.push(failure);
    // Whatever happens later, this is known.
    console.error(`${this.name}: ${failure}`);
    if (asked === undefined) return;
    await sleep(WIRE_LAG_MS);
    const { name, askedAtMs } = asked;
    // The name itself, what is above it, whose keys and DS prove it, and what is below.
    const isAbout = (other: string): boolean =>
      other === name || name.endsWith(`.${other}`) || other.endsWith(`.${name}`);
    const since = `asked at ${new Date(askedAtMs).toISOString()}`;
    const lines = this.#witness(this.#address, askedAtMs - BEFORE_MS, isAbout);
    tally.exchanges.push(`${this.name}: ${failure} (${since})`, ...lines);
  }
}
