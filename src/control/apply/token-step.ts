/** A declared token: made where it is not there, compared where it is, and never changed: its secret is with somebody. */
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../model/errors.ts';
import { readInstant } from '../../model/instant.ts';
import { makeToken, type TokenBody, tokenBody } from '../../model/token.ts';
import { tokenReply } from '../replies/tokens.ts';
import { pointerTo } from './declared.ts';
import { asPut, type Planned, type PlanStore, type Step } from './step.ts';

/** Of a token that is only rehearsed. */
const NO_DIGEST = new Uint8Array(32);

export function tokenStep(
  store: Pick<PlanStore, 'tokens'>,
  name: string,
  body: Omit<TokenBody, 'name'>,
  atMs: number,
): Planned | Step | Problem {
  const place = (pointer: string): string => pointerTo('tokens', name) + (pointer === '/name' ? '' : pointer);
  const there = store.tokens().find((token) => token.name === name);
  if (there === undefined) {
    return {
      command: { kind: 'token.create', body: { ...body, name }, digest: NO_DIGEST },
      what: () => name,
      place,
      tell: (made) => ({ token: { key: name, ...asPut(name, made, undefined) } }),
    };
  }
  // One that has expired meanwhile is still as it was declared.
  const { expiresAt, ...lasting } = body;
  const isSameEnd = expiresAt !== undefined && readInstant(expiresAt) === there.expiresAtMs;
  const made = makeToken({ ...(isSameEnd ? lasting : body), name }, atMs);
  if (made instanceof Problem)
    return new Problem(made.code, `${name}: ${made.detail}`, { pointer: place(made.pointer ?? '') });
  const wanted = isSameEnd ? { ...made, expiresAtMs: there.expiresAtMs as number } : made;
  const [is, would] = [tokenBody(there), tokenBody(wanted)].map(sorted);
  if (isDeepStrictEqual(is, would)) {
    const shown = tokenReply(there);
    return { token: { key: name, name, action: 'none', before: shown, after: shown } };
  }
  const detail = `${name}: there is a token of this name already, and it is another one: ${differing(is, would)}. A token is never changed, since somebody has its secret: revoke it (\`teal token revoke ${name}\`), or declare one of another name.`;
  return new Problem('token_exists', detail, { pointer: place(''), conflict: name });
}

/** The order of patterns says nothing. */
function sorted(body: TokenBody): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [key, Array.isArray(value) ? [...value].sort() : value]),
  );
}

function differing(is: Record<string, unknown> = {}, would: Record<string, unknown> = {}): string {
  const keys = [...new Set([...Object.keys(is), ...Object.keys(would)])];
  const text = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));
  return keys
    .filter((key) => !isDeepStrictEqual(is[key], would[key]))
    .map((key) => `${key} is ${text(is[key])} there and ${text(would[key])} here`)
    .join(', ');
}
