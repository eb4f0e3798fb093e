/**
 * Patterns of owner names, as tokens for records are limited by: a name in which at most one label is `*`, which stands
 * for one label or more. So `_acme-challenge.*` is this label at any name, whatever its depth, and `*.example.com` every
 * name below. Matching takes a time in proportion to the name: with one `*` there is nothing to try twice.
 */
import { Problem } from './errors.ts';
import { canonicalName, isAtOrBelow, parentOf } from './name.ts';
import { PATTERNS_MAX } from './name-pattern.ts';

/** A list of patterns as typed by a user, in canonical text; a Problem leads to the first that is none. */
export function parseOwnerPatterns(texts: readonly string[], pointer: string): string[] | Problem {
  if (texts.length === 0 || texts.length > PATTERNS_MAX) {
    const detail = `A list of patterns has 1 to ${PATTERNS_MAX} of them, not ${texts.length}; leave it out to set no limit.`;
    return new Problem('pattern_invalid', detail, { pointer });
  }
  const patterns: string[] = [];
  for (const [i, text] of texts.entries()) {
    // The empty text would be the root, which nobody means by it: that is written as a dot.
    const pattern = text === '' ? undefined : canonicalName(text);
    if (pattern === undefined || pattern instanceof Problem || !isPattern(pattern)) {
      const detail = `A pattern of owner names is a name in which at most one label is *, for one label or more: www.example.com, *.example.com, _acme-challenge.*; not ${JSON.stringify(text)}.`;
      return new Problem('pattern_invalid', detail, { pointer: `${pointer}/${i}` });
    }
    patterns.push(pattern);
  }
  return patterns;
}

/** A `*` within a label would not mean what it seems to. */
function isPattern(name: string): boolean {
  const stars = labelsOf(name).filter((label) => label.includes('*'));
  return stars.length === 0 || (stars.length === 1 && stars[0] === '*');
}

/** Whether one of the patterns matches a canonical name. */
export function matchesAnyOwner(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const [before, after] = aroundStar(pattern) ?? [];
    if (before === undefined || after === undefined) return name === pattern;
    if (!name.startsWith(before)) return false;
    // The rest has to have a label in the place of the star, above those that stand behind it.
    const rest = name.slice(before.length);
    return rest !== after && rest !== '' && isAtOrBelow(rest, after);
  });
}

/** Whether one of the patterns matches every name below a canonical name. */
export function matchesAllBelow(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const [before, after] = aroundStar(pattern) ?? [];
    return before === '' && after !== undefined && isAtOrBelow(name, after);
  });
}

/** What stands before the star, with its dot, and behind it, without; undefined where there is none. */
function aroundStar(pattern: string): [before: string, after: string] | undefined {
  if (pattern === '*') return ['', ''];
  if (pattern.startsWith('*.')) return ['', pattern.slice(2)];
  // A star is never within a label, so a dot before it ends one.
  if (pattern.endsWith('.*')) return [pattern.slice(0, -1), ''];
  const star = pattern.indexOf('.*.');
  return star === -1 ? undefined : [pattern.slice(0, star + 1), pattern.slice(star + 3)];
}

function labelsOf(name: string): string[] {
  const labels: string[] = [];
  for (let rest = name; rest !== ''; ) {
    const parent = parentOf(rest) ?? '';
    labels.push(parent === '' ? rest : rest.slice(0, -parent.length - 1));
    rest = parent;
  }
  return labels;
}
