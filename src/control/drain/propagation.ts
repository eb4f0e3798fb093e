/** What recursive resolvers that the operator listed hold of a service now, and for how many seconds more. */

import { AskingThread } from '../../asking/aside.ts';
import type { Answer } from '../../asking/ask.ts';
import { inBackground } from '../../guard.ts';
import type { Service } from '../../model/service.ts';

/** A resolver; its address is in the one usual spelling. */
interface ResolverAddress {
  readonly address: string;
  readonly port: number;
}

/** What one resolver said. */
interface ResolverAnswer {
  readonly resolver: string;
  /** The pool that its answer is of; null: of none. */
  readonly pool: string | null;
  readonly answers: readonly string[];
  /** For how long it goes on giving this answer; null: it gave none. */
  readonly ttlSeconds: number | null;
  readonly error?: string;
}

/** A resolver that has to ask others first takes as long; who waits for the report waits as long at most. */
const TIMEOUT_MS = 2000;
/** What was asked so recently is not asked again, whoever reads the report. */
const FRESH_MS = 5000;
/** Services that are asked for at once, each at every resolver; more have to wait for their turn. */
const CHECKS_MAX = 8;
/** Services whose last check is remembered. */
const KEPT_MAX = 1000;

interface Check {
  readonly atMs: number;
  readonly found: readonly ResolverAnswer[];
}

export class Propagation {
  readonly #resolvers: readonly ResolverAddress[];
  readonly #checks = new Map<string, Check>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #thread: AskingThread;

  constructor(resolvers: readonly ResolverAddress[], slackMs?: number) {
    this.#resolvers = resolvers;
    this.#thread = new AskingThread({ limitMs: TIMEOUT_MS, tries: 1 }, slackMs);
  }

  /** What was found last, and begins to ask again in the background where that is old. */
  known(service: Service, nowMs: number): readonly ResolverAnswer[] {
    const check = this.#checks.get(service.name);
    if (check === undefined || nowMs - check.atMs > FRESH_MS)
      inBackground('a question to a resolver', this.check(service, nowMs));
    return check?.found ?? [];
  }

  /** Asks now; resolves when all have answered, or their time is over. Never rejects. */
  check(service: Service, nowMs: number): Promise<void> {
    const running = this.#running.get(service.name);
    if (running !== undefined || this.#resolvers.length === 0) return running ?? Promise.resolve();
    if (this.#running.size >= CHECKS_MAX) return Promise.resolve();
    const check = this.#ask(service, nowMs).finally(() => this.#running.delete(service.name));
    this.#running.set(service.name, check);
    return check;
  }

  async #ask(service: Service, nowMs: number): Promise<void> {
    const found = await Promise.all(this.#resolvers.map((resolver) => this.#askOne(resolver, service)));
    this.#checks.delete(service.name);
    this.#checks.set(service.name, { atMs: nowMs, found });
    const [oldest] = this.#checks.keys();
    if (this.#checks.size > KEPT_MAX && oldest !== undefined) this.#checks.delete(oldest);
  }

  async #askOne({ address, port }: ResolverAddress, service: Service): Promise<ResolverAnswer> {
    const resolver = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    const nothing = { resolver, pool: null, answers: [], ttlSeconds: null };
    // dns2 takes names apart at each dot and knows no escapes.
    if (service.name.includes('\\')) return { ...nothing, error: 'a name with escapes cannot be asked for' };
    // Of a truncated answer (RFC 2181 §9) one address is enough.
    const answer = await this.#thread.ask(resolver, { name: service.name, type: typeOf(service), recursive: true });
    if ('error' in answer) return { ...nothing, error: answer.error.replace(/^no answer/, 'gave no answer') };
    if (answer.rcode !== 0) return { ...nothing, error: `answered with RCODE ${answer.rcode}` };
    return resolverAnswerOf(service, resolver, answer);
  }
}

function typeOf({ kind, pools }: Service): 'CNAME' | 'A' | 'AAAA' {
  if (kind === 'host') return 'CNAME';
  return pools.some(({ targets }) => targets.some((target) => !target.includes(':'))) ? 'A' : 'AAAA';
}

const TYPE_NUMBER = { A: 1, CNAME: 5, AAAA: 28 };

function resolverAnswerOf(service: Service, resolver: string, reply: Answer): ResolverAnswer {
  const type = TYPE_NUMBER[typeOf(service)];
  const records = reply.answers.filter((record) => record.type === type);
  if (records.length === 0) return { resolver, pool: null, answers: [], ttlSeconds: null };
  const answers = records.map(({ address, domain }) => canonical(address ?? domain ?? ''));
  const pool = service.pools.find(({ targets }) => answers.every((answer) => targets.map(canonical).includes(answer)));
  return { resolver, pool: pool?.name ?? null, answers, ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)) };
}

/** Addresses and names in one spelling, to be compared. */
function canonical(text: string): string {
  if (text.includes(':')) return URL.parse(`http://[${text}]`)?.hostname.slice(1, -1) ?? text;
  return text.toLowerCase().replace(/\.$/, '');
}
