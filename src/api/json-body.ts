/** Request bodies: strict JSON in UTF-8, with each property named once (I-JSON, RFC 7493 §2). */
import type { FastifyRequest } from 'fastify';
import { atOnce, inSlices, type Sliced } from '../control/slices.ts';
import { Problem } from '../model/errors.ts';
import { Refusal } from './problems.ts';
import { escapePointer } from './validation.ts';

/** That are looked at in one slice, a few milliseconds. */
const SLICE_CHARS = 256 * 1024;

type Done = (error: Error | null, body?: unknown) => void;

/** More than any object here may have, and few enough to be looked at in one turn. */
const PROPERTIES_MAX = 1000;

/** Fastify's content type parser. An empty body is no body: the route's schema says whether it needs one. */
export function parseBody(request: FastifyRequest, bytes: Buffer, done: Done): void {
  request.bodyBytes = bytes;
  if (bytes.length === 0) return done(null, undefined);
  const body = parseJson(bytes);
  if (body instanceof Problem) return done(new Refusal(body));
  done(null, body.value);
}

/** The same for bodies that are long on purpose: what can be done in slices of it is. */
export function parseLargeBody(request: FastifyRequest, bytes: Buffer): Promise<unknown> {
  return inSlices(readLargeBody(request, bytes));
}

function* readLargeBody(request: FastifyRequest, bytes: Buffer): Sliced<unknown> {
  request.bodyBytes = bytes;
  if (bytes.length === 0) return undefined;
  const body = yield* readJson(bytes);
  if (body instanceof Problem) throw new Refusal(body);
  return body.value;
}

export function parseJson(bytes: Uint8Array): { value: unknown } | Problem {
  return atOnce(readJson(bytes));
}

function* readJson(bytes: Uint8Array): Sliced<{ value: unknown } | Problem> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new Problem('body_invalid', 'The body is not UTF-8 (RFC 8259 §8.1).');
  }
  try {
    const value: unknown = JSON.parse(text);
    return (yield* checkNames(text)) ?? { value };
  } catch (error) {
    return new Problem('body_invalid', `The body is not JSON: ${(error as Error).message}.`);
  }
}

/**
 * Refuses what JSON.parse lets pass: a property named twice (it would silently take the last, and a weight that was
 * sent twice is a mistake), and `__proto__`, which changes an object's behaviour when it is copied.
 */
function* checkNames(json: string): Sliced<Problem | undefined> {
  const open: Open[] = [];
  let nameNext = false;
  let pauseAt = SLICE_CHARS;
  for (let at = 0; at < json.length; at++) {
    if (at >= pauseAt) {
      pauseAt = at + SLICE_CHARS;
      yield;
    }
    const char = json[at];
    if (char === '{' || char === '[') {
      open.push(char === '{' ? { names: new Set(), at: '' } : { names: undefined, at: 0 });
      nameNext = char === '{';
    } else if (char === '}' || char === ']') {
      open.pop();
    } else if (char === ',') {
      const inner = open.at(-1);
      nameNext = inner?.names !== undefined;
      if (typeof inner?.at === 'number') inner.at += 1;
    } else if (char === '"') {
      const end = endOfString(json, at);
      if (nameNext) {
        const refused = checkName(JSON.parse(json.slice(at, end + 1)), open);
        if (refused !== undefined) return refused;
        nameNext = false;
      }
      at = end;
    }
  }
  return undefined;
}

/** An object or an array that has begun, and where in it the reader is. */
interface Open {
  /** The names seen in an object; undefined in an array. */
  readonly names: Set<string> | undefined;
  /** The last name of an object, the index in an array. */
  at: string | number;
}

function checkName(name: string, open: readonly Open[]): Problem | undefined {
  const inner = open.at(-1) as Open & { names: Set<string> };
  const isOneMore = inner.names.size >= PROPERTIES_MAX;
  // Where it is costs as much as it is deep, and a body can be deep all over: only what is refused is told its place.
  if (name === '__proto__' || isOneMore || inner.names.has(name)) return refuseName(name, open, isOneMore);
  inner.names.add(name);
  inner.at = name;
  return undefined;
}

function refuseName(name: string, open: readonly Open[], isOneMore: boolean): Problem {
  const path = open.slice(0, -1).map(({ at }) => String(at));
  const refuse = (what: string, where: readonly string[]) =>
    new Problem('body_invalid', what, { pointer: where.map((one) => `/${escapePointer(one)}`).join('') });
  if (name === '__proto__') return refuse('The property name "__proto__" is not allowed.', path);
  if (!isOneMore) return refuse(`The property ${JSON.stringify(name)} is there twice.`, [...path, name]);
  const subject = path.length === 0 ? 'The body' : `The property ${JSON.stringify(path.join('.'))}`;
  return refuse(`${subject} has at most ${PROPERTIES_MAX} properties: send more in several requests.`, path);
}

/** Index of the quote that ends the string that begins at `start`. The text is known to be JSON. */
function endOfString(json: string, start: number): number {
  let end = start + 1;
  while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
  return end;
}

/** A preValidation hook: the empty object may be left out. */
export async function takeNoBody(request: { body: unknown }): Promise<void> {
  request.body ??= {};
}
