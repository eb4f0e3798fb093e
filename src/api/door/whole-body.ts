/**
 * A large body in one piece of memory: where its length is said each part goes to its place as it comes, so that it is in
 * memory once, and nobody waits at its end until it is put together.
 */
import type { Readable } from 'node:stream';
import { errorCodes, type FastifyRequest } from 'fastify';
import { listen, listenOnce } from '../../guard.ts';
import { DOOR } from './connection.ts';
import { giveBack } from './give-back.ts';

/** A part shorter than that is put where others are: by itself one byte would take 300. */
const SMALL_BYTES = 4096;
const SHARED_BYTES = 16 * SMALL_BYTES;

/**
 * The bytes of a request's body, alone in their memory. Rejects as Fastify's own parsers do. The parts are nobody else's:
 * the memory of what was copied is given back.
 */
export async function wholeBody(
  { headers }: Pick<FastifyRequest, 'headers'>,
  payload: Readable,
  maxBytes: number,
): Promise<Uint8Array> {
  const saidBytes = Number(headers['content-length']);
  if (saidBytes > maxBytes) throw new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
  // Zeros that the system has not to write before something is put there: what never comes takes no memory.
  const whole = Number.isNaN(saidBytes) ? undefined : new Uint8Array(saidBytes);
  const parts = new Parts();
  let bytes = 0;
  const take = (part: Uint8Array): Error | undefined => {
    const at = bytes;
    bytes += part.length;
    if (bytes > maxBytes) return new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
    if (whole === undefined) parts.add(part);
    else if (bytes <= saidBytes) whole.set(part, at);
    // Uncollected, parts count: of a body of 25 MB the collector went through this thread's whole heap two or three times.
    if (whole !== undefined && part.length >= SMALL_BYTES) giveBack(part);
    return undefined;
  };
  await taken(payload, take);
  if (whole === undefined) return parts.together(bytes);
  if (bytes !== saidBytes) throw new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH();
  return whole;
}

/** Resolves at the end; rejects with what `take` says, or what the stream ends with. */
function taken(payload: Readable, take: (part: Uint8Array) => Error | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = (error?: Error & { statusCode?: number }): void => {
      for (const end of listening) end();
      if (error === undefined) return resolve();
      // It is no fault of the server that a body is cut off.
      error.statusCode ??= 400;
      reject(error);
    };
    const listening = [
      listen(payload, 'data', DOOR, (part: Uint8Array) => {
        const error = take(part);
        if (error !== undefined) over(error);
      }),
      listenOnce(payload, 'end', DOOR, () => over()),
      listenOnce(payload, 'error', DOOR, over),
    ];
  });
}

/** Parts of a body whose length nobody said: however small each is, they take little more than what is in them. */
class Parts {
  readonly #parts: Uint8Array[] = [];
  #shared = new Uint8Array(0);
  /** Of what is shared: up to where it is among the parts, and up to where it is taken. */
  #from = 0;
  #end = 0;

  add(part: Uint8Array): void {
    if (part.length >= SMALL_BYTES) {
      this.#endShared();
      this.#parts.push(part);
      return;
    }
    if (this.#end + part.length > this.#shared.length) {
      this.#endShared();
      this.#shared = new Uint8Array(SHARED_BYTES);
      this.#from = 0;
      this.#end = 0;
    }
    this.#shared.set(part, this.#end);
    this.#end += part.length;
  }

  /** All of them; `bytes`: how long they are. */
  together(bytes: number): Uint8Array {
    this.#endShared();
    // A small Buffer would lie among others in memory.
    const whole = new Uint8Array(bytes);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #endShared(): void {
    if (this.#end > this.#from) this.#parts.push(this.#shared.subarray(this.#from, this.#end));
    this.#from = this.#end;
  }
}
