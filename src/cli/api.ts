/** The client of the admin API: one request at a time, with a time limit, repeated only where that cannot do harm. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding, Page } from '../contract/types.ts';
import { adviceOn, exitCodeOf, inOwnWords } from './advice.ts';
import type { Connection } from './connection.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { printable } from './format/text.ts';

/** A server that is well answers in milliseconds; one that is not shall not keep a script. */
const TIME_LIMIT_MS = 30_000;
/** A zone file of a million records takes its time. */
export const FILE_TIME_LIMIT_MS = 600_000;
/** Waits before a request is sent again. */
const RETRY_AFTER_MS = [250, 1000];
/** The most items that a page has (API contract). */
const PAGE_ITEMS = 1000;

/** What a write rests on, in the words of whoever asks for it. */
export interface Ground {
  /** What is put, such as `the zone example.com`. */
  readonly what: string;
  /** The revision that it was seen at; undefined: it is not there yet. */
  readonly revision: number | undefined;
  /** What to do where that is no longer so. */
  readonly advice: string;
}

/** Why something is changed, as it is sent with each change. */
export interface Why {
  readonly reason?: string;
  readonly links?: readonly string[];
  /** Of an emergency in which a freeze is passed over. */
  readonly override?: string;
}

interface RequestOptions {
  readonly body?: unknown;
  /** Sent as it is; `body` is JSON. */
  readonly text?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly limitMs?: number;
  /** The same key with the same body is done once. One is made for each POST without. */
  readonly idempotencyKey?: string | undefined;
}

/** A path whose values are percent-encoded: path`/v1/services/${name}`. */
export function path(pieces: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: pieces }, ...values.map(segment));
}

/** A dot alone, the root zone, or two would be taken for a step in the path, percent-encoded or not: the server reads `=2E`. */
function segment(value: string): string {
  return /^\.+$/.test(value) ? value.replaceAll('.', '=2E') : encodeURIComponent(value);
}

export class Api {
  connection: Connection;
  readonly #why: Why;

  constructor(connection: Connection, why: Why = {}) {
    this.connection = connection;
    this.#why = why;
  }

  async get<Reply>(path: string): Promise<Reply> {
    return (await this.#send('GET', path)).json() as Promise<Reply>;
  }

  /** Undefined where there is no such thing (404). */
  async find<Reply>(path: string): Promise<Reply | undefined> {
    try {
      return await this.get<Reply>(path);
    } catch (error) {
      if (error instanceof Failure && (error.problem as { status?: number })?.status === 404) return undefined;
      throw error;
    }
  }

  async text(path: string): Promise<string> {
    return (await this.#send('GET', path, { limitMs: FILE_TIME_LIMIT_MS })).text();
  }

  /** A page of a list as CSV, and where the next one begins. */
  async csv(path: string): Promise<{ readonly text: string; readonly next: string | undefined }> {
    const reply = await this.#send('GET', path);
    return { text: await reply.text(), next: reply.headers.get('teal-next') ?? undefined };
  }

  /** With a ground it is refused where that has gone: no look before could see what comes between. */
  async put<Reply>(path: string, { ground, ...options }: RequestOptions & { ground?: Ground }): Promise<Reply> {
    return (await (await this.#sendOn(ground, 'PUT', path, options)).json()) as Reply;
  }

  async post<Reply>(
    path: string,
    body: unknown,
    { ground, ...options }: RequestOptions & { ground?: Ground } = {},
  ): Promise<Reply> {
    const headers = { ...options.headers, 'idempotency-key': options.idempotencyKey ?? randomUUID() };
    return (await (await this.#sendOn(ground, 'POST', path, { ...options, body, headers })).json()) as Reply;
  }

  async delete(path: string, ground?: Ground): Promise<void> {
    await (await this.#sendOn(ground, 'DELETE', path, {})).arrayBuffer();
  }

  /** The server's clock, to the second: the Date of a reply (RFC 9110 §6.6.1). */
  async date(): Promise<string | null> {
    const reply = await this.#send('GET', '/healthz');
    await reply.body?.cancel();
    return reply.headers.get('date');
  }

  /** All items of a list, page by page. */
  async *all<Item>(path: string): AsyncGenerator<Item> {
    const join = path.includes('?') ? '&' : '?';
    for (let after: string | undefined = ''; after !== undefined; ) {
      const from: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
      const page: Page<Item> = await this.get(`${path}${join}limit=${PAGE_ITEMS}${from}`);
      yield* page.items;
      after = page.next;
    }
  }

  /** The events of the server (server-sent events), or undefined where it has none. No time limit but the signal. */
  async events(signal: AbortSignal): Promise<ReadableStream<Uint8Array> | undefined> {
    const reply = await this.#fetch('GET', '/v1/events', { headers: { accept: 'text/event-stream' } }, signal);
    if (reply.ok && reply.body !== null) return reply.body;
    await reply.body?.cancel();
    return undefined;
  }

  async #sendOn(ground: Ground | undefined, method: string, path: string, options: RequestOptions): Promise<Response> {
    if (ground === undefined) return this.#send(method, path, options);
    const { revision } = ground;
    const condition = revision === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${revision}"` };
    try {
      return await this.#send(method, path, { ...options, headers: { ...options.headers, ...condition } });
    } catch (error) {
      throw groundGone(error, ground);
    }
  }

  async #send(method: string, path: string, asked: RequestOptions = {}): Promise<Response> {
    const options = method === 'GET' ? asked : withWhy(asked, this.#why);
    // What a GET asks can be asked again, and a POST with a key is done once. A PUT that was perhaps done, and then
    // overtaken by somebody else's, must not be.
    const waits = method === 'GET' || method === 'POST' ? RETRY_AFTER_MS : [];
    for (const waitMs of waits) {
      const reply = await this.#fetch(method, path, options).catch((error: unknown) => error as Failure);
      if (reply instanceof Response && reply.status !== 503) return this.#judge(reply);
      if (reply instanceof Failure && reply.exitCode !== EXIT.TRY_LATER) throw reply;
      if (!(reply instanceof Failure) && !(reply instanceof Response)) throw reply;
      if (reply instanceof Response) await reply.body?.cancel();
      await sleep(waitMs);
    }
    return this.#judge(await this.#fetch(method, path, options));
  }

  async #fetch(method: string, path: string, options: RequestOptions, signal?: AbortSignal): Promise<Response> {
    const sent = this.connection.token;
    const reply = await this.#fetchOnceUp(method, path, options, signal);
    if (reply.status !== 401 || sent !== undefined) return reply;
    // A server's first start has its token before it listens, and perhaps after it was looked for. Another request that
    // was under way may have found it.
    if (this.connection.token === undefined) {
      const made = this.connection.local?.token();
      if (made === undefined) return reply;
      this.connection = { ...this.connection, ...made };
    }
    await reply.body?.cancel();
    return this.#fetchOnceUp(method, path, options, signal);
  }

  /** Where nobody listens nothing was sent, so that anything may be tried again. */
  async #fetchOnceUp(method: string, path: string, options: RequestOptions, signal?: AbortSignal): Promise<Response> {
    const { limitMs = TIME_LIMIT_MS } = options;
    for (;;) {
      try {
        return await this.#fetchNow(method, path, options, signal);
      } catch (error) {
        if (signal?.aborted) throw error;
        const { code } = ((error as Error).cause ?? {}) as { code?: string };
        if (code === 'ECONNREFUSED' && (await this.connection.local?.comesUp())) continue;
        throw this.#unreached(error as Error, method, limitMs);
      }
    }
  }

  async #fetchNow(method: string, path: string, options: RequestOptions, signal?: AbortSignal): Promise<Response> {
    const { url, token } = this.connection;
    const { body, text, headers, limitMs = TIME_LIMIT_MS } = options;
    const type = text === undefined ? 'application/json' : 'text/dns';
    return await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...((body !== undefined || text !== undefined) && { 'content-type': type }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(text !== undefined && { body: new Uint8Array(text) }),
      signal: signal ?? AbortSignal.timeout(limitMs),
      // The token is for this server alone.
      redirect: 'error',
    });
  }

  async #judge(reply: Response): Promise<Response> {
    if (reply.ok) return reply;
    const problem = (await reply.json().catch(() => undefined)) as Problem | undefined;
    if (typeof problem?.code !== 'string') {
      const { url } = this.connection;
      throw new Failure(
        EXIT.UNAVAILABLE,
        `${url} answered ${reply.status} as no admin API of Teal does: ${wordsOfProxy(reply.status) ?? whereFrom(this.connection)}`,
      );
    }
    const { token, tokenFrom } = this.connection;
    const todo = reply.status === 401 && token !== undefined ? `the token comes from ${tokenFrom}` : adviceOn(problem);
    const detail = inOwnWords(problem);
    const message = `${printable(detail)} [${problem.code}]${todo === undefined ? '' : ` — ${todo}`}`;
    const lines = (problem.findings ?? []).map(findingLine);
    throw new Failure(exitCodeOf(reply.status), message, { problem: { ...problem, detail }, lines });
  }

  #unreached(error: Error, method: string, limitMs: number): Failure {
    const { url } = this.connection;
    // What was only read has done nothing, and perhaps it is another server, or one that speaks TLS, that was asked.
    const meanwhile =
      method === 'GET' ? `is it the admin API? ${whereFrom(this.connection)}` : 'what was asked may have been done';
    if (error.name === 'TimeoutError') {
      return new Failure(EXIT.TRY_LATER, `${url} did not answer within ${limitMs / 1000} s; ${meanwhile}`);
    }
    const cause = error.cause as (Error & { code?: string }) | undefined;
    const code = cause?.code ?? '';
    // Only these come after the request may have arrived, and pass by themselves.
    if (['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE'].includes(code)) {
      return new Failure(EXIT.TRY_LATER, `${url} broke the connection off; ${meanwhile}`);
    }
    const why = refusals[code || (cause?.message ?? '')] ?? (cause?.message || error.message);
    const tls = /CERT|SELF_SIGNED|ISSUER/.test(code) ? '; NODE_EXTRA_CA_CERTS=FILE names a certificate to trust' : '';
    return new Failure(
      EXIT.UNAVAILABLE,
      `cannot reach the admin API at ${url}: ${printable(why)}${tls}. ${whereFrom(this.connection)}`,
    );
  }
}

/** In a body of JSON, so that no server that does not know it passes it over; what has none says it in headers. */
function withWhy(options: RequestOptions, why: Why): RequestOptions {
  const { reason, links, override } = why;
  // By a header, since not every body that moves traffic has a place for it.
  const emergency = override === undefined ? {} : { 'teal-override': encodeURIComponent(override.toWellFormed()) };
  const { body } = options;
  const headers = { ...options.headers, ...emergency };
  const said = { ...(reason !== undefined && { reason }), ...(links !== undefined && { links }) };
  if (body !== undefined) return { ...options, headers, body: { ...(body as object), ...said } };
  return {
    ...options,
    headers: {
      ...headers,
      ...(reason !== undefined && { 'teal-reason': encodeURIComponent(reason.toWellFormed()) }),
      ...(links !== undefined && { 'teal-links': links.map(inAscii).join(' ') }),
    },
  };
}

/** A URL as a header can carry it; what it has percent-encoded already stays so. */
function inAscii(url: string): string {
  return url.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}

/** The refusal of a condition, which is HTTP's way to say it, as what it means for what was asked. */
function groundGone(error: unknown, { what, revision, advice }: Ground): unknown {
  const problem = error instanceof Failure ? (error.problem as Problem | undefined) : undefined;
  if (problem?.code !== 'revision_stale') return error;
  const so = revision === undefined ? 'is there already' : 'was changed or deleted since it was looked at';
  const detail = `${what} ${so}`;
  const message = `${printable(detail)} [${problem.code}] — ${advice}`;
  return new Failure(EXIT.REFUSED, message, { problem: { code: problem.code, detail } });
}

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly findings?: readonly Finding[];
}

const refusals: Readonly<Record<string, string>> = {
  'bad port': 'no HTTP client may ask that port (https://fetch.spec.whatwg.org/#port-blocking)',
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'no such host',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what listens there speaks no TLS; without admin.tls it is http, not https',
  EAI_AGAIN: 'the host name could not be resolved',
  EHOSTUNREACH: 'no way to that address',
  ENETUNREACH: 'no way to that network',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
};

function whereFrom({ urlFrom }: Connection): string {
  return `The address comes from ${urlFrom}; --url, TEAL_ADMIN_URL or \`url:\` in the configuration file set it.`;
}

export function findingLine({ severity, code, file, line, column, message }: Finding): string {
  const where = line === 0 ? '' : `${[file, line, column].filter((part) => part !== '').join(':')}: `;
  return printable(`${where}${severity}: ${message} [${code}]`);
}

/** What a proxy in front means by a status that it gives without asking the server; undefined: it need not be one. */
function wordsOfProxy(status: number): string | undefined {
  if (status === 413) return 'a proxy in front of it takes no body as long as this (nginx: client_max_body_size)';
  return [502, 503, 504].includes(status) ? 'a proxy in front of it does not reach the server' : undefined;
}
