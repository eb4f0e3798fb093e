/**
 * One HTTP request over a connection of its own, and the answer as clients read it: with line ends of LF, with a
 * Content-Length that is said twice alike, and with other slips that browsers and curl pass over and Node's own parser
 * refuses, so that a target would be down for which its users have no complaint.
 */

import { validateHeaderName, validateHeaderValue } from 'node:http';
import net, { type LookupFunction } from 'node:net';
import tls from 'node:tls';
import { HTTPParser } from 'http-parser-js';
import { listen, onAbort } from '../../guard.ts';

interface Exchange {
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
  /** Undefined: without TLS. */
  readonly tls?: { readonly servername: string; readonly rejectUnauthorized: boolean };
  readonly method: string;
  /** With the query, percent-encoded. */
  readonly path: string;
  /** `host` among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends it, at any time. */
  readonly signal: AbortSignal;
}

/** What is told of the answer, in this order; a header is asked for by its name in lower case. */
interface Hearing {
  head(status: number, header: (name: string) => string | undefined): void;
  body(chunk: Buffer): void;
  /** The last byte is there. */
  end(): void;
  failed(error: Error): void;
}

/** For the log, should a listener throw. */
const EXCHANGING = 'an answer of another server';

/** Of all that is no body: heads, sizes of chunks, trailers. Browsers end at about as much. */
const HEADS_MAX_BYTES = 256 * 1024;

/** Begins it; what comes of it is told, unless the signal ends it first. Throws nothing. */
export function exchange(asked: Exchange, hearing: Hearing): void {
  if (asked.signal.aborted) return;
  let request: Buffer;
  try {
    request = requestOf(asked);
  } catch (error) {
    return hearing.failed(error as Error);
  }
  const { host, port, lookup } = asked;
  const socket = asked.tls ? tls.connect({ host, port, lookup, ...asked.tls }) : net.connect({ host, port, lookup });
  let isOver = false;
  const over = (tell: () => void): void => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    tell();
  };
  const fail = (error: Error): void => over(() => hearing.failed(error));
  const parser = makeParser(asked.method === 'HEAD', {
    head: hearing.head,
    // Its head may have been enough: what came along with it is nobody's any more.
    body: (chunk) => {
      if (!isOver) hearing.body(chunk);
    },
    end: () => over(() => hearing.end()),
  });
  listen(socket, asked.tls ? 'secureConnect' : 'connect', EXCHANGING, () => socket.write(request));
  listen(socket, 'error', EXCHANGING, fail);
  listen(socket, 'data', EXCHANGING, (chunk: Buffer) => {
    const bad = isOver ? undefined : parser.read(chunk);
    if (bad !== undefined) fail(bad);
  });
  // The end of the connection is that of an answer without a length, and the loss of any other.
  listen(socket, 'end', EXCHANGING, () => {
    if (!isOver && !parser.finish()) fail(cutShort(parser.isBegun));
  });
  listen(socket, 'close', EXCHANGING, () => fail(cutShort(parser.isBegun)));
  onAbort(asked.signal, EXCHANGING, () => over(() => {}));
}

function cutShort(isBegun: boolean): Error {
  return new Error(
    `ECONNRESET, ${isBegun ? 'the answer was cut short' : 'the connection was closed without an answer'}`,
  );
}

/** RFC 9112 §3, §5. */
function requestOf({ method, path, headers, body }: Exchange): Buffer {
  const content = Buffer.from(body ?? '');
  const hasBody = body !== undefined || method === 'POST' || method === 'PUT';
  const all = {
    ...headers,
    ...(hasBody && { 'content-length': String(content.length) }),
    connection: 'close',
  };
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(all)) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    head += `${name}: ${value}\r\n`;
  }
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), content]);
}

interface Parser {
  /** What is wrong with the bytes, if anything. */
  read(chunk: Buffer): Error | undefined;
  /** The connection has ended: whether the answer has, too. */
  finish(): boolean;
  readonly isBegun: boolean;
}

function makeParser(isHead: boolean, hearing: Pick<Hearing, 'head' | 'body' | 'end'>): Parser {
  const parser = new HTTPParser(HTTPParser.RESPONSE);
  let isBegun = false;
  let isInformational = false;
  let isWhole = false;
  let headBytes = 0;
  refuseBadLengths(parser);
  parser[HTTPParser.kOnHeadersComplete] = ({ statusCode, headers }) => {
    // 100, 103 and their kind go before the answer (RFC 9110 §15.2); 101 changes the protocol and is the last.
    isInformational = statusCode >= 100 && statusCode < 200 && statusCode !== 101;
    if (!isInformational) hearing.head(statusCode, (name) => firstOf(headers, name));
    return isHead ? 1 : 0;
  };
  parser[HTTPParser.kOnBody] = (chunk) => {
    headBytes -= chunk.length;
    if (!isWhole) hearing.body(chunk);
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    if (isInformational || isWhole) return;
    isWhole = true;
    hearing.end();
  };
  return {
    read(chunk) {
      isBegun = true;
      headBytes += chunk.length;
      const read = parser.execute(chunk);
      // Bytes after an answer are not part of it.
      if (isWhole) return undefined;
      const isTooMuch = headBytes > HEADS_MAX_BYTES || (read instanceof Error && read.message.startsWith('max header'));
      if (isTooMuch) return new Error('HPE_HEADER_OVERFLOW, too many bytes of headers');
      return read instanceof Error ? read : undefined;
    },
    finish() {
      return !(parser.finish() instanceof Error) && isWhole;
    },
    get isBegun() {
      return isBegun;
    },
  };
}

/** Of several the first, as browsers have it. */
function firstOf(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}

/**
 * The parser takes a length that is no number for none. A list of equal ones is one (RFC 9110 §8.6), anything else that
 * is no number would make an answer that was cut short a whole one.
 */
function refuseBadLengths(parser: InstanceType<typeof HTTPParser>): void {
  const readHeader = parser.parseHeader;
  parser.parseHeader = function (line, headers) {
    readHeader.call(this, line, headers);
    if (headers.at(-2)?.toLowerCase() !== 'content-length') return;
    const values = new Set((headers.at(-1) as string).split(',').map((value) => value.trim()));
    const [value = ''] = values;
    if (values.size !== 1 || !/^\d{1,15}$/.test(value)) throw new Error('a Content-Length that is no number');
    headers[headers.length - 1] = value;
  };
  const states = parser as unknown as { BODY_CHUNKHEAD(): unknown; body_bytes: number | null };
  const readChunkHead = states.BODY_CHUNKHEAD;
  states.BODY_CHUNKHEAD = function () {
    const result = readChunkHead.call(this);
    if (this.body_bytes !== null && !(this.body_bytes >= 0)) throw new Error('a size of a chunk that is no number');
    return result;
  };
}
