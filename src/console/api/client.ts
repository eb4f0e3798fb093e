/** One request to the admin API, with its outcome as a value. */

import { type Typed, whyHeaders } from '../rules/why.ts';
import { credentialsOf, PERSON, speakFor } from './credentials.ts';
import type { Failure, Reply } from './reply.ts';

export interface Request {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** An object goes as JSON, text as a zone file. */
  readonly body?: unknown;
  /** The revision that the change is made to; another one is refused with 412. */
  readonly ifMatch?: string | undefined;
  /** Only makes what is not there; what is there is refused with 412. */
  readonly ifNoneMatch?: '*' | undefined;
  /** The change is done once, however often it is sent; POST only. */
  readonly idempotencyKey?: string;
  /** Why it is done. */
  readonly why?: Typed;
  /** What the emergency is in which a freeze is passed over. */
  readonly override?: string;
  readonly accept?: 'json' | 'text';
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

/** A server that says nothing for so long is taken for one that does not answer; what is read is read again later. */
const READ_MAX_MS = 10_000;

/**
 * A part of a path: names may hold `*`, `\DDD` and other bytes. A dot alone, the root zone, or two would be taken for a step
 * in the path, percent-encoded or not: the server reads `=2E`.
 */
export function segment(text: string): string {
  return /^\.+$/.test(text) ? text.replaceAll('.', '=2E') : encodeURIComponent(text);
}

/** Relative to the page, which may lie below a path of a proxy. */
export function addressOf(path: string): string {
  return new URL(path.replace(/^\//, ''), document.baseURI.replace(/[?#].*$/, '')).href;
}

export async function send<Body>(token: string, path: string, request: Request = {}): Promise<Reply<Body>> {
  try {
    const reply = await fetch(addressOf(path), {
      method: request.method ?? 'GET',
      headers: { ...credentialsOf(token).headers, ...headersOf(request) },
      credentials: credentialsOf(token).credentials,
      redirect: 'error',
      ...signalOf(request),
      ...(request.body !== undefined && {
        body: typeof request.body === 'string' ? request.body : JSON.stringify(request.body),
      }),
    });
    const person = reply.headers.get('teal-person');
    if (person !== null && token === PERSON) speakFor(person);
    const text = await reply.text();
    const isStale = reply.headers.get('teal-stale') === 'true';
    if (!reply.ok) return { ok: false, failure: { ...failureOf(reply.status, text), ...(isStale && { isStale }) } };
    const body = request.accept === 'text' ? text : text === '' ? undefined : JSON.parse(text);
    const etag = reply.headers.get('etag') ?? undefined;
    const next = reply.headers.get('teal-next') ?? undefined;
    return { ok: true, status: reply.status, body: body as Body, etag, next, ...(isStale && { isStale }) };
  } catch {
    return { ok: false, failure: { status: 0, code: 'unreachable', detail: 'The server does not answer.' } };
  }
}

/** A whole file may take its time, and what changes something is waited for by whoever sends it. */
function signalOf({ signal, method = 'GET', accept }: Request): { signal?: AbortSignal } {
  if (signal !== undefined) return { signal };
  return method === 'GET' && accept !== 'text' ? { signal: AbortSignal.timeout(READ_MAX_MS) } : {};
}

function headersOf(request: Request): Record<string, string> {
  const { body, ifMatch, ifNoneMatch, idempotencyKey, why, override } = request;
  return {
    ...(body !== undefined && { 'content-type': typeof body === 'string' ? 'text/dns' : 'application/json' }),
    ...(ifMatch !== undefined && { 'if-match': ifMatch }),
    ...(ifNoneMatch !== undefined && { 'if-none-match': ifNoneMatch }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    ...(why !== undefined && whyHeaders(why)),
    ...(override !== undefined && { 'teal-override': encodeURIComponent(override.trim().toWellFormed()) }),
  };
}

function failureOf(status: number, text: string): Failure {
  try {
    const { code, detail, conflict, findings } = JSON.parse(text) as Partial<Failure>;
    if (typeof code === 'string' && typeof detail === 'string') {
      return { status, code, detail, ...(conflict && { conflict }), ...(findings && { findings }) };
    }
  } catch {
    // A proxy in between answers in words of its own.
  }
  return { status, code: 'unexpected', detail: `The server answered with the status ${status}.` };
}
