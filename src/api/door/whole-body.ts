/**
 * A large body in one piece of memory: where its length is said each part goes to its place as it comes, so that it is in
 * memory once, and nobody waits at its end until it is put together.
 */
import type { Readable } from 'node:stream';
import { errorCodes, type FastifyRequest } from 'fastify';
import { listen, listenOnce } from '../../guard.ts';
import { DOOR } from './connection.ts';

/** The bytes of a request's body, alone in their memory. Rejects as Fastify's own parsers do. */
export async function wholeBody(
  { headers }: Pick<FastifyRequest, 'headers'>,
  payload: Readable,
  maxBytes: number,
): Promise<Uint8Array> {
  const saidBytes = Number(headers['content-length']);
  if (saidBytes > maxBytes) throw new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
  // Zeros that the system has not to write before something is put there: what never comes takes no memory.
  const whole = Number.isNaN(saidBytes) ? undefined : new Uint8Array(saidBytes);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const take = (part: Uint8Array): Error | undefined => {
    const at = bytes;
    bytes += part.length;
    if (bytes > maxBytes) return new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
    if (whole === undefined) parts.push(part);
    else if (bytes <= saidBytes) whole.set(part, at);
    return undefined;
  };
  await taken(payload, take);
  if (whole === undefined) return Buffer.concat(parts);
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
