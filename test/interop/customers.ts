/** Customers of a shop as HTTP clients: each asks a resolver for a name of its own, and opens a connection for each request. */
import { Resolver } from 'node:dns/promises';
import { get } from 'node:http';

export interface Request {
  /** The customer's first: no cache had an answer for its name, so that it is a draw of its own. */
  readonly isFirst: boolean;
  readonly askedAt: number;
  /** When the resolver had answered. */
  resolvedAt?: number;
  /** The version that answered. */
  version?: string;
  failure?: string;
}

interface Wanted {
  readonly resolverPort: number;
  readonly shopPort: number;
  /** Customers are names below it. */
  readonly zone: string;
  /** How often each comes back. */
  readonly visits?: number;
}

const EVERY_MS = 20;
/** Some customers are there at a time; each comes back so often, over more than one TTL of two seconds, and goes. */
const AT_A_TIME = 30;
const VISITS = 6;
const LIMIT_MS = 20_000;

/** 50 requests a second, until they are stopped. */
export class Customers {
  readonly requests: Request[] = [];
  readonly #going = new Set<Promise<void>>();
  readonly #resolver: Resolver;
  readonly #wanted: Wanted;
  readonly #timer: NodeJS.Timeout;
  #sent = 0;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
    // As clients do: a datagram may be lost.
    this.#resolver = new Resolver({ timeout: LIMIT_MS / 4, tries: 4 });
    this.#resolver.setServers([`127.0.0.1:${wanted.resolverPort}`]);
    this.#timer = setInterval(() => this.#send(), EVERY_MS);
  }

  /** Waits until so many more requests have been sent, and all of those answered. */
  async more(count: number): Promise<Request[]> {
    const from = this.requests.length;
    while (this.requests.length < from + count) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    const those = this.requests.slice(from, from + count);
    await this.settled();
    return those;
  }

  /** What has been asked by now has its answer. */
  async settled(): Promise<void> {
    await Promise.all(this.#going);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.settled();
  }

  get failures(): Request[] {
    return this.requests.filter(({ failure }) => failure !== undefined);
  }

  #send(): void {
    const { visits = VISITS, zone } = this.#wanted;
    const round = Math.floor(this.#sent / AT_A_TIME);
    // They do not come and go all at once.
    const place = this.#sent++ % AT_A_TIME;
    const visit = round + (place % visits);
    const name = `c${place}-${Math.floor(visit / visits)}.${zone}`;
    const request: Request = { isFirst: visit % visits === 0, askedAt: performance.now() };
    this.requests.push(request);
    const going = this.#ask(name, request)
      .then(
        (version) => {
          request.version = version;
        },
        (error: NodeJS.ErrnoException) => {
          request.failure = error.code ?? error.message;
        },
      )
      .finally(() => this.#going.delete(going));
    this.#going.add(going);
  }

  async #ask(name: string, request: Request): Promise<string> {
    const [address = ''] = await this.#resolver.resolve4(name);
    request.resolvedAt = performance.now();
    return new Promise((resolve, reject) => {
      const options = { host: address, port: this.#wanted.shopPort, agent: false, headers: { host: name } };
      const sent = get({ ...options, timeout: LIMIT_MS }, (response) => {
        response.resume().once('end', () => resolve(String(response.headers['x-version'])));
      });
      sent.once('error', reject).once('timeout', () => sent.destroy(new Error('timeout')));
    });
  }
}
