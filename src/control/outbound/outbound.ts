/**
 * Requests to hosts that users of the API name. They are bounded in time and size, and go to no network that the
 * settings keep out. The address that is connected to counts, not the name that led to it.
 */
import net, { isIP, type LookupFunction } from 'node:net';
import { inBackground, listen, onAbort } from '../../guard.ts';
import type { Timers } from '../clock.ts';
import { exchange } from './exchange.ts';
import { type LookupName, Lookups } from './lookup.ts';
import { type PermitOptions, Permits } from './permits.ts';

/** Where to connect to. */
export interface HostPort {
  /** An IP address or a host name. */
  readonly host: string;
  readonly port: number;
}

/** What is asked. */
export interface Ask {
  readonly url: URL;
  /** GET where left out. */
  readonly method?: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Where to connect to, whatever host the URL names; a redirect to the same host stays there. */
  readonly connectTo?: HostPort;
  /** 0 where left out: a redirect is an answer like any other. */
  readonly maxRedirects?: number;
  /** False: any certificate will do. */
  readonly verifyCertificate?: boolean;
}

export interface RequestLimits {
  /** For all of it, from the name to the last byte. */
  readonly timeoutMs: number;
  /** Of the body; 0: it is not wanted. */
  readonly maxBytes: number;
  /** A longer body is cut; else it is no reply. */
  readonly isCut?: boolean;
  /**
   * Asked once of the beginning of a body, when all of it that is wanted is there: whether the rest is waited for, and
   * dropped. Left out: it is not.
   */
  readonly readsOn?: (status: number, beginning: string) => boolean;
  readonly stopped: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
  /** Its Retry-After, as it was written (RFC 9110 §10.2.3); absent: it has none. */
  readonly retryAfter?: string;
}

/** A request that got no reply; the reason completes "the gate …". */
export class NoReply {
  readonly reason: string;
  /** The settings keep this server from asking. */
  readonly isRefused: boolean;

  constructor(reason: string, isRefused = false) {
    this.reason = reason;
    this.isRefused = isRefused;
  }
}

/** Refused by the settings: the reason stands in the message. */
class Refused extends Error {}

/** For the log, should a listener throw. The request is over in its time all the same. */
const ASKING = 'a request to another server';

type End<Result> = (result: Result | NoReply) => void;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export class Outbound {
  #permits: Permits;
  readonly #timers: Timers;
  readonly #lookups: Lookups;

  constructor(options: PermitOptions, timers: Timers, lookup?: LookupName) {
    this.#permits = new Permits(options);
    this.#timers = timers;
    this.#lookups = new Lookups(lookup);
  }

  /** From now on these addresses may be asked. */
  permit(options: PermitOptions): void {
    this.#permits = new Permits(options);
  }

  /** Never rejects. */
  request(ask: Ask, limits: RequestLimits): Promise<Reply | NoReply> {
    return within<Reply>(this.#timers, limits, (end, signal) => this.#send(ask, limits, signal, end));
  }

  /** Makes a connection, and gives it up; never rejects. */
  connect(connectTo: HostPort, limits: Pick<RequestLimits, 'timeoutMs' | 'stopped'>): Promise<'connected' | NoReply> {
    return within<'connected'>(this.#timers, limits, (end, signal) => {
      const refusal = this.#literalRefusal(connectTo.host);
      if (refusal !== undefined) return end(new NoReply(refusal, true));
      const socket = net.connect({ ...connectTo, lookup: this.#lookup });
      listen(socket, 'error', ASKING, (error: Error) => end(noReply(error)));
      listen(socket, 'connect', ASKING, () => end('connected'));
      onAbort(signal, ASKING, () => socket.destroy());
    });
  }

  #send(ask: Ask, limits: RequestLimits, signal: AbortSignal, end: End<Reply>): void {
    const { url, method = 'GET', headers, body, verifyCertificate = true } = ask;
    const { host, port } = ask.connectTo ?? hostPortOf(url);
    const refusal = this.#literalRefusal(host);
    if (refusal !== undefined) return end(new NoReply(refusal, true));
    const name = bare(url.hostname);
    const over = new AbortController();
    const reader = new Reader(limits, end);
    const asked = {
      host,
      port,
      method,
      path: url.pathname + url.search,
      lookup: this.#lookup,
      headers: { host: url.host, 'user-agent': 'teal', accept: '*/*', ...headers },
      ...(body !== undefined && { body }),
      // An address is no name for SNI (RFC 6066 §3); the certificate is held against it all the same.
      ...(url.protocol === 'https:' && {
        tls: { servername: isIP(name) === 0 ? name : '', rejectUnauthorized: verifyCertificate },
      }),
      signal: AbortSignal.any([signal, over.signal]),
    };
    exchange(asked, {
      head: (status, header) => {
        const next = redirectOf(ask, status, header('location'));
        if (next === undefined) return reader.begin(status, header('retry-after'));
        over.abort();
        // Where a redirect leads is what the server says, so one that may not be asked is its failure.
        this.#send(next, limits, signal, (result) =>
          end(
            result instanceof NoReply ? new NoReply(`redirected to ${next.url.host}, which ${result.reason}`) : result,
          ),
        );
      },
      body: (chunk) => reader.read(chunk),
      end: () => reader.end(),
      failed: (error) => end(noReply(error)),
    });
  }

  /** A literal address is not looked up, so that the hook below would not see it. */
  #literalRefusal(host: string): string | undefined {
    return isIP(host) === 0 ? undefined : this.#permits.refusal(host);
  }

  /** Gives only addresses that may be connected to, so that nothing can change between the check and the connection. */
  readonly #lookup: LookupFunction = (name, options, done) => {
    const told = this.#lookups.find(name).then((found) => {
      if (found instanceof Error) return done(found, '', 0);
      const family = options.family === 4 || options.family === 6 ? options.family : 0;
      const wanted = found.filter((address) => family === 0 || address.family === family);
      const good = wanted.filter(({ address }) => this.#permits.refusal(address) === undefined);
      const [first] = good;
      if (first === undefined) return done(this.#refused(name, wanted[0]?.address), '', 0);
      if (options.all === true) return done(null, good);
      done(null, first.address, first.family);
    });
    inBackground(ASKING, told);
  };

  #refused(name: string, address: string | undefined): Error {
    if (address === undefined) return new Error(`${name} has no address`);
    return new Refused(this.#permits.refusal(address));
  }
}

/** Runs a request for as long as its limits let it; what is left of it then is given up. */
function within<Result>(
  timers: Timers,
  { timeoutMs, stopped }: Pick<RequestLimits, 'timeoutMs' | 'stopped'>,
  run: (end: End<Result>, signal: AbortSignal) => void,
): Promise<Result | NoReply> {
  const { promise, resolve } = Promise.withResolvers<Result | NoReply>();
  const over = new AbortController();
  const end: End<Result> = (result) => {
    cancel();
    unlisten();
    resolve(result);
    over.abort();
  };
  const late = (): void => end(new NoReply(`gave no whole answer within ${timeoutMs / 1000} s`));
  const cancel = timers.after(timeoutMs, late);
  const stop = (): void => end(new NoReply('was not waited for'));
  const unlisten = onAbort(stopped, ASKING, stop);
  try {
    if (stopped.aborted) stop();
    else run(end, over.signal);
  } catch (error) {
    // Node refuses at once what it cannot even begin: a port that is none, say.
    end(noReply(error as Error));
  }
  return promise;
}

function hostPortOf(url: URL): HostPort {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: bare(url.hostname), port };
}

/** A host without the brackets of an IPv6 address in a URL. */
function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/** What is to be asked next where the answer is a redirect that is followed. */
function redirectOf(ask: Ask, status: number, location: string | undefined): Ask | undefined {
  const { url, connectTo, maxRedirects = 0, method = 'GET' } = ask;
  if (maxRedirects === 0 || !REDIRECTS.has(status) || location === undefined) return undefined;
  const to = URL.parse(location, url.href);
  if (to === null || !/^https?:$/.test(to.protocol)) return undefined;
  const { host: _host, ...kept } = ask.headers ?? {};
  const isSameHost = to.hostname === url.hostname;
  // RFC 9110 §15.4: 307 and 308 keep the method; after the others a POST becomes a GET, as everybody does it.
  const keepsMethod = status >= 307 || method !== 'POST';
  return {
    url: to,
    maxRedirects: maxRedirects - 1,
    method: keepsMethod ? method : 'GET',
    // What was told to one origin (RFC 6454 §4) is not for another: at another port somebody else may listen, and without
    // TLS everybody on the way.
    ...(to.origin === url.origin && { headers: kept }),
    ...(ask.body !== undefined && keepsMethod && { body: ask.body }),
    ...(connectTo !== undefined &&
      isSameHost && { connectTo: { host: connectTo.host, port: portAfter(url, to, connectTo) } }),
    ...(ask.verifyCertificate !== undefined && { verifyCertificate: ask.verifyCertificate }),
  };
}

/** A redirect to the port that was asked stays at the port that was connected to; to another, it goes there. */
function portAfter(from: URL, to: URL, connectTo: HostPort): number {
  return hostPortOf(from).port === hostPortOf(to).port ? connectTo.port : hostPortOf(to).port;
}

/** Reads an answer as far as its limits say. */
class Reader {
  readonly #limits: RequestLimits;
  readonly #end: End<Reply>;
  readonly #chunks: Buffer[] = [];
  #status = 0;
  #retryAfter: string | undefined;
  #size = 0;
  /** All that is wanted is there; what comes now is dropped. */
  #isDropping = false;

  constructor(limits: RequestLimits, end: End<Reply>) {
    this.#limits = limits;
    this.#end = end;
  }

  begin(status: number, retryAfter: string | undefined): void {
    this.#status = status;
    this.#retryAfter = retryAfter;
    if (this.#limits.maxBytes === 0) this.#full();
  }

  read(chunk: Buffer): void {
    if (this.#isDropping) return;
    const { maxBytes, isCut } = this.#limits;
    this.#size += chunk.length;
    this.#chunks.push(chunk);
    if (this.#size <= maxBytes) return;
    if (isCut === true) this.#full();
    else this.#end(new NoReply(`answered with more than ${maxBytes} bytes`));
  }

  end(): void {
    const retryAfter = this.#retryAfter;
    this.#end({ status: this.#status, body: this.#beginning(), ...(retryAfter !== undefined && { retryAfter }) });
  }

  #full(): void {
    this.#isDropping = this.#limits.readsOn?.(this.#status, this.#beginning()) ?? false;
    if (!this.#isDropping) this.end();
  }

  #beginning(): string {
    return Buffer.concat(this.#chunks).subarray(0, this.#limits.maxBytes).toString('utf8');
  }
}

function noReply(error: Error & { code?: string }): NoReply {
  if (error instanceof Refused) return new NoReply(error.message, true);
  return new NoReply(`could not be asked: ${error.code ?? error.message}`);
}
