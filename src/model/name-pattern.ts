/** Patterns of names, as tokens are limited by and webhooks select with. One grammar: a name, `*.` and a name, or `*`. */
import { Problem } from './errors.ts';
import { canonicalName, isAtOrBelow } from './name.ts';

/** Patterns in one list: each request is held against all of them. */
export const PATTERNS_MAX = 100;

/**
 * A pattern as typed by a user, in canonical text. `app.example.com` means this name alone; `*.example.com` every name
 * below example.com at whatever depth, but not example.com itself; `*` every name. A `*` anywhere else is refused,
 * since it would not mean what it seems to.
 */
export function parsePattern(text: string): string | Problem {
  // The empty text would be the root, which nobody means by it: that is written as a dot.
  const name = text === '' ? undefined : canonicalName(text);
  const isStarElsewhere = typeof name === 'string' && (name.startsWith('*.') ? name.slice(2) : name).includes('*');
  if (name === undefined || name instanceof Problem || (isStarElsewhere && name !== '*')) {
    const detail = `A pattern is a name such as app.example.com, or *.example.com for every name below example.com, or *; not ${JSON.stringify(text)}.`;
    return new Problem('pattern_invalid', detail);
  }
  return name;
}

/** A list of patterns; a Problem leads to the first that is none. */
export function parsePatterns(texts: readonly string[], pointer: string): string[] | Problem {
  if (texts.length === 0 || texts.length > PATTERNS_MAX) {
    const detail = `A list of patterns has 1 to ${PATTERNS_MAX} of them, not ${texts.length}; leave it out to set no limit.`;
    return new Problem('pattern_invalid', detail, { pointer });
  }
  const patterns: string[] = [];
  for (const [i, text] of texts.entries()) {
    const pattern = parsePattern(text);
    if (pattern instanceof Problem) return new Problem(pattern.code, pattern.detail, { pointer: `${pointer}/${i}` });
    patterns.push(pattern);
  }
  return patterns;
}

/** Whether one of the patterns matches a canonical name. */
export function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    if (pattern === '*' || pattern === name) return true;
    return pattern.startsWith('*.') && name !== pattern.slice(2) && isAtOrBelow(name, pattern.slice(2));
  });
}
